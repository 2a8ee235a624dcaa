"""What comes with Glimway and a configuration builds on: profiles and models.

Knows what reading a configuration needs of them. Refuses to know the files that they stand in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Self

from glimway.data import load_models, load_profiles
from glimway.domain.names import fold
from glimway.domain.offer import Entry
from glimway.domain.profile import Profile

SANDBOX: Final = "sandbox"
"""Id of the sandbox's profile and of the provider that has it; its models' maker. No file may take
it: the sandbox is always there."""


class Shipped:
    """Profiles by id, and models with their offers.

    Args:
        profiles: by id.
        entries: models; their order is kept.
    """

    def __init__(self, profiles: Mapping[str, Profile], entries: Iterable[Entry]) -> None:
        self.profiles = dict(profiles)
        self.entries = tuple(entries)
        self.models = {fold(entry.model.id): entry.model.id for entry in self.entries}
        """Ids by their folded form, in which names compare."""

    @classmethod
    def load(cls) -> Self:
        """The profiles and models of this release.

        Raises:
            domain.strict.DataError: the installation is damaged.
        """
        return cls(load_profiles(), load_models())


def usual_homes(profile: Profile) -> tuple[str, ...]:
    """The base URLs of the host itself, for which a key in its usual variable was made."""
    homes = (profile.base_url, *profile.regions.values())
    return tuple(home.rstrip("/") for home in homes if home is not None)
