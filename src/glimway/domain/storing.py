"""What a project says of keeping the answers to its requests.

Knows the words and who has the last one. Refuses to know what an answer is, and where it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Use = Literal["always", "asked", "never"]
"""always: unless a request forbids it. asked: where a request asks for it. never: none."""

NEVER: Final[Use] = "never"
SETTING: Final = "responses"
"""The name under which a project has its choice among its settings."""


class Storing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project's choice; None: as the operator says for all."""

    store: Use | None = None


def of_project(settings: Mapping[str, object]) -> Use | None:
    """A project's choice.

    Args:
        settings: what the project chose, by name.

    Raises:
        msgspec.ValidationError: it says what no choice may be.
    """
    said = settings.get(SETTING)
    return msgspec.convert(said, Storing).store if said else None


def keeps(operator: Use, project: Use | None, *, asked: bool | None) -> bool:
    """Whether an answer is kept.

    Args:
        operator: for projects that say nothing; its ``never`` is the last word.
        project: what the project says.
        asked: the request asked for it (True), forbade it (False), or neither (None).
    """
    if operator == "never" or asked is False:
        return False
    use = project or operator
    return use == "always" or (use == "asked" and asked is True)
