"""Seals: what a client keeps for this gateway and must neither read nor change.

Knows one envelope, and whom it is for. Refuses to know what is inside and where secrets are kept.

The envelope is AES-GCM under a key that is derived from a secret of this instance. Its associated
data name the project and the dialect, so that what one project was given cannot be opened by
another. It begins with the key's id: the newest secret seals, every known one opens, so a secret
can be replaced while conversations go on.
Source: NIST SP 800-38D, for the size of the nonce and how many may be drawn under one key.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_ID_BYTES: Final = 4
NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = KEY_ID_BYTES + NONCE_BYTES
_TAG_BYTES: Final = 16

_PURPOSE: Final = b"glimway: thinking that clients keep, 1"


class Seals:
    """Seals and opens.

    Args:
        secrets: of this instance, the newest first; each has at least 32 bytes.
        entropy: gives so many random bytes.

    Raises:
        ValueError: there is no secret.
    """

    __slots__ = ("_entropy", "_key", "_key_id", "_known")

    def __init__(self, secrets: Sequence[bytes], entropy: Callable[[int], bytes]) -> None:
        if not secrets:
            raise ValueError("at least one secret is needed")
        keys = [hmac.digest(secret, _PURPOSE, hashlib.sha256) for secret in secrets]
        self._known = {_id_of(key): AESGCM(key) for key in keys}
        self._key_id = _id_of(keys[0])
        self._key = self._known[self._key_id]
        self._entropy = entropy

    def seal(self, project: str, dialect: str, text: str) -> str:
        """Seal a text: URL-safe base64."""
        nonce = self._entropy(NONCE_BYTES)
        inner = self._key.encrypt(nonce, text.encode(), _bound(project, dialect))
        return base64.urlsafe_b64encode(self._key_id + nonce + inner).rstrip(b"=").decode()

    def unseal(self, project: str, dialect: str, sealed: str) -> str | None:
        """What was sealed; None: it is not ours, was altered, or is another project's."""
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        key = self._known.get(raw[:KEY_ID_BYTES])
        if key is None or len(raw) < _HEAD_BYTES + _TAG_BYTES:
            return None
        nonce, inner = raw[KEY_ID_BYTES:_HEAD_BYTES], raw[_HEAD_BYTES:]
        try:
            return key.decrypt(nonce, inner, _bound(project, dialect)).decode()
        except (InvalidTag, UnicodeDecodeError):
            return None

    def sealing(self, project: str, dialect: str) -> Callable[[str], str]:
        """``seal`` for one project's requests of one dialect."""
        return functools.partial(self.seal, project, dialect)

    def unsealing(self, project: str, dialect: str) -> Callable[[str], str | None]:
        """``unseal`` for one project's requests of one dialect."""
        return functools.partial(self.unseal, project, dialect)


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:KEY_ID_BYTES]


def _bound(project: str, dialect: str) -> bytes:
    return f"{dialect}\n{project}".encode()
