"""A provider as it was configured: a profile, an address and a key.

Knows how the key travels in a request. Refuses to know where the key is kept (it is opaque until
a request head is written) and how the address is reached.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from glimway.domain.profile import Profile
from glimway.domain.proxy import Proxy
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

    def headers(self) -> dict[str, str]:
        """Headers of every call, the key among them; the operator's own come last and win."""
        found = {name.lower(): value for name, value in self.profile.headers.items()}
        if self.key is not None and self.profile.auth != "none":
            if self.profile.auth == "bearer":
                found["authorization"] = f"Bearer {self.key.reveal()}"
            else:
                found[self.profile.auth.lower()] = self.key.reveal()
        for name, value in self.extra_headers:
            found[name.lower()] = value if isinstance(value, str) else value.reveal()
        return found
