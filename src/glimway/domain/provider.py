"""A provider as it was configured: a profile, an address and a key.

Knows how the key travels in a request. Refuses to know where the key is kept (it is opaque until
a request head is written) and how the address is reached.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from glimway.domain.profile import Profile
from glimway.domain.proxy import Proxy
from glimway.domain.said import NOTHING, Said
from glimway.wire.quirks import Quirks


class Sealed(Protocol):
    """A secret that shows itself only when asked."""

    def reveal(self) -> str:
        """The value."""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One configured provider.

    Args:
        id: what endpoints, pins and receipts say.
        profile: what is known of it.
        base_url: everything before the path; give the profile's own where none was configured.
        key: None: it asks for none.
        private: consent to a private or loopback address.
        deadlines: its own deadlines, or None; opaque here.
        ca_file: an authority to trust besides the public ones, an absolute path.
        proxy: what its requests go through, or None.
        extra_headers: the operator's own headers.
        more_keys: further keys, used when the first is limited or refused.
        said: what the operator says of all its endpoints.
    """

    id: str
    profile: Profile
    base_url: str | None
    key: Sealed | None = None
    private: bool = False
    deadlines: Any = None
    ca_file: str | None = None
    proxy: Proxy | None = None
    extra_headers: tuple[tuple[str, str | Sealed], ...] = ()
    more_keys: tuple[Sealed, ...] = ()
    said: Said = NOTHING

    @property
    def dialect(self) -> str:
        """How it speaks."""
        return self.profile.dialect

    @property
    def quirks(self) -> Quirks:
        """How it spells its dialect; an endpoint may differ (``Endpoint.quirks``)."""
        return self.profile.quirks

    @property
    def path(self) -> str:
        """What follows the base URL in a call."""
        return self.profile.call_path

    @property
    def at_home(self) -> bool:
        """Whether its address is the host's own, so that the host's model ids and prices hold."""
        home = (self.profile.base_url, *self.profile.regions.values())
        return self.base_url is not None and self.base_url in home

    @property
    def keys(self) -> tuple[Sealed, ...]:
        """All its keys, in the order in which they are used; none: it asks for none."""
        return () if self.key is None else (self.key, *self.more_keys)

    def headers(self, key: Sealed | None = None) -> dict[str, str]:
        """Headers of every call, the key among them; the operator's own come last and win.

        Args:
            key: which of its keys; None: the first.
        """
        found = {name.lower(): value for name, value in self.profile.headers.items()}
        key = key or self.key
        if key is not None and self.profile.auth != "none":
            if self.profile.auth == "bearer":
                found["authorization"] = f"Bearer {key.reveal()}"
            else:
                found[self.profile.auth.lower()] = key.reveal()
        for name, value in self.extra_headers:
            found[name.lower()] = value if isinstance(value, str) else value.reveal()
        return found
