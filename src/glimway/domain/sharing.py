"""What a project lets its requests share: one provider call between twins, and answers kept.

Knows the rules and their ranges, and how the price of one call is divided. Refuses to know which
requests are alike (``coalesce``) and who waits for whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec

from glimway.domain.coalesce import TTL_S_DEFAULT, TTL_S_MAX, WINDOW_MS_DEFAULT, Rule

WINDOW_MS_MAX: Final = 10_000


class Coalescing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When requests of one project share a provider call.

    Args:
        use: whether they do.
        window_ms: how long after the first of them others may still join.
        alike: ``near``: the texts of users may differ in white space, case and last punctuation.
        requests: also those that ask for variety, or only those meant to be ``deterministic``.
        twins_pay: each the ``full`` price, or all together one price, ``split`` between them.
    """

    use: Literal["never", "always"] = "never"
    window_ms: Annotated[int, msgspec.Meta(ge=1, le=WINDOW_MS_MAX)] = WINDOW_MS_DEFAULT
    alike: Literal["exact", "near"] = "exact"
    requests: Literal["deterministic", "all"] = "deterministic"
    twins_pay: Literal["full", "split"] = "full"

    @property
    def rule(self) -> Rule:
        """Which requests are twins."""
        return Rule(alike=self.alike, any_sampling=self.requests == "all")


class Keeping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When answers are kept for the same question asked again.

    Args:
        use: ``always``: for requests meant to be deterministic; ``asked``: only where a request
            asks for it.
        ttl_s: how long an answer is kept.
        hits_pay: what an answer costs that was kept.
    """

    use: Literal["never", "asked", "always"] = "never"
    ttl_s: Annotated[int, msgspec.Meta(ge=1, le=TTL_S_MAX)] = TTL_S_DEFAULT
    hits_pay: Literal["nothing", "full"] = "nothing"


class Sharing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Both, as one project has them."""

    coalesce: Coalescing = Coalescing()
    cache: Keeping = Keeping()

    @property
    def idle(self) -> bool:
        """Nothing is shared."""
        return self.coalesce.use == "never" and self.cache.use == "never"


ALONE: Final = Sharing()
SETTING: Final = "sharing"
"""The name under which a project has its rules among its settings."""


def of_project(settings: Mapping[str, object], default: Sharing) -> Sharing:
    """A project's rules: what it says, and the operator's word for the rest.

    Args:
        settings: what the project chose, by name.
        default: the operator's.

    Raises:
        msgspec.ValidationError: it says what no rule may be.
    """
    said = settings.get(SETTING)
    if not said:
        return default
    if not isinstance(said, Mapping):
        raise msgspec.ValidationError(f"Expected `object` - at `$.{SETTING}`")
    whole: dict[str, object] = msgspec.to_builtins(default)
    for part, members in said.items():
        known = whole.get(part)
        both = isinstance(known, dict) and isinstance(members, Mapping)
        whole[part] = {**known, **members} if both else members  # type: ignore[dict-item]
    return msgspec.convert(whole, Sharing)


class Bill:
    """Divides the price of one call between those who share it, so that the parts sum up exactly.

    Each pays when it leaves, in any order: its part of what is not paid yet, rounded up. So all
    together never pay more than one would alone, and when the last one has the whole answer they
    pay precisely that.
    """

    __slots__ = ("_paid_nanousd", "_payers")

    def __init__(self) -> None:
        self._payers = 0
        self._paid_nanousd = 0

    def join(self) -> None:
        """One more will pay."""
        self._payers += 1

    def part(self, alone_nanousd: int) -> int:
        """What the next one pays, once.

        Args:
            alone_nanousd: what it would pay if nobody shared with it: for all of the answer, or
                for what had come when it left.

        Raises:
            RuntimeError: more paid than joined.
        """
        if not self._payers:
            raise RuntimeError("somebody pays who did not join")
        part = -(-max(alone_nanousd - self._paid_nanousd, 0) // self._payers)
        self._payers -= 1
        self._paid_nanousd += part
        return part
