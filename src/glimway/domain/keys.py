"""API keys: how one is written, read and recognised.

Knows the token's shape, its checksum, and when a key may be used. Refuses to know where keys are
kept, a clock and a source of entropy: the time and the random bytes are parameters.

A token reads ``glim_<id>_<secret><checksum>``, 67 characters. The prefix lets scanners find a
leaked key, the id (12 characters, public) finds its record, the secret (43 characters, 256 bits)
proves it, and the checksum (6 characters, CRC-32 of everything before) tells a mistyped key from a
foreign one. CRC-32 finds every change within 32 neighbouring bits, so every single wrong character
and every swapped pair. What is stored is SHA-256 of the secret: with 256 random bits no salt and
no slow hash is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b, sha256
from hmac import compare_digest
from typing import Final, Literal, NamedTuple
from zlib import crc32

import msgspec

from glimway.domain.limits import Limits
from glimway.wire.refusal import Refusal

PREFIX: Final = "glim_"
ID_CHARS: Final = 12
SECRET_CHARS: Final = 43
CHECKSUM_CHARS: Final = 6
TOKEN_CHARS: Final = len(PREFIX) + ID_CHARS + 1 + SECRET_CHARS + CHECKSUM_CHARS
ID_ENTROPY_BYTES: Final = 8
SECRET_ENTROPY_BYTES: Final = 32
ANY_ORIGIN: Final = "*"
NO_KEY: Final = "missing_api_key"
"""Code of the refusal that says so; mounts that have no word of their own for it spell it as for a
wrong key."""
SHOWN_ID_CHARS: Final = 4
"""How much of the id a list shows: enough to tell keys apart."""

Billing = Literal["postpaid", "prepaid"]
State = Literal["active", "revoked", "expired"]

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS: Final = tuple((a + b).encode() for a in _BASE62 for b in _BASE62)
_SECRET_AT: Final = len(PREFIX) + ID_CHARS + 1
_CHECKSUM_AT: Final = _SECRET_AT + SECRET_CHARS
_TOKEN: Final = re.compile(
    rb"glim_([0-9A-Za-z]{%d})_[0-9A-Za-z]{%d}" % (ID_CHARS, SECRET_CHARS + CHECKSUM_CHARS)
)
_QUOTES: Final = b"\"'`"
_NOBODY: Final = bytes(32)
"""Compared with when no key has the id, so that an unknown id takes as long as a wrong secret."""


class Minted(NamedTuple):
    """A new token. ``token`` is shown once and never kept; the rest is kept."""

    id: str
    token: str
    digest: bytes
    prefix: str


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one key."""

    id: str
    digest: bytes
    """SHA-256 of the secret's 43 characters."""
    name: str
    organization: str
    project: str
    """Ids, not names."""
    created_ms: int
    expires_ms: int | None = None
    """First millisecond at which the key is refused; None for never."""
    revoked_ms: int | None = None
    """As ``expires_ms``. It lies ahead while a rotated key overlaps with its successor."""
    limits: Limits | None = None
    """None: the limits of the configuration."""
    allowed_origins: tuple[str, ...] = ()
    prefix: str = ""
    """The part that lists show: ``glim_k3Vb…``."""
    billing: Billing = "postpaid"

    def allows(self, origin: str) -> bool:
        """Whether it may be used from this browser origin. Origins compare exactly."""
        return origin in self.allowed_origins or ANY_ORIGIN in self.allowed_origins

    def state(self, now_ms: int) -> State:
        """What the key is at ``now_ms``; revoked counts more than expired."""
        if self.revoked_ms is not None and now_ms >= self.revoked_ms:
            return "revoked"
        if self.expires_ms is not None and now_ms >= self.expires_ms:
            return "expired"
        return "active"


def mint(id_entropy: bytes, secret_entropy: bytes) -> Minted:
    """Make a token. Different entropy gives a different id and a different secret.

    Args:
        id_entropy: ``ID_ENTROPY_BYTES`` random bytes.
        secret_entropy: ``SECRET_ENTROPY_BYTES`` random bytes.

    Raises:
        ValueError: another number of bytes.
    """
    if len(id_entropy) != ID_ENTROPY_BYTES or len(secret_entropy) != SECRET_ENTROPY_BYTES:
        raise ValueError(f"a key takes {ID_ENTROPY_BYTES} and {SECRET_ENTROPY_BYTES} random bytes")
    key_id = _written(int.from_bytes(id_entropy), ID_CHARS)
    secret = _written(int.from_bytes(secret_entropy), SECRET_CHARS)
    text = f"{PREFIX}{key_id}_{secret}"
    token = text + _checksum(text.encode()).decode()
    shown = f"{PREFIX}{key_id[:SHOWN_ID_CHARS]}…"
    return Minted(key_id, token, sha256(secret.encode()).digest(), shown)


def parse(token: str | bytes | None) -> tuple[str, bytes]:
    """Read a token as a caller sent it.

    Returns:
        its id and the digest of its secret. Neither proves anything yet; ``Keyring`` compares.

    Raises:
        Refusal: ``unauthenticated``; says what is wrong with the text and never repeats it.
    """
    try:
        raw = token.encode("ascii") if isinstance(token, str) else token or b""
    except UnicodeEncodeError:
        raise _malformed("it has a character that no key has") from None
    match = _TOKEN.fullmatch(raw)
    if match is None:
        raise _misshapen(raw)
    if raw[_CHECKSUM_AT:] != _checksum(raw[:_CHECKSUM_AT]):
        raise _malformed("its checksum does not match, so it looks mistyped; copy it again")
    return match[1].decode(), sha256(raw[_SECRET_AT:_CHECKSUM_AT]).digest()


class Keyring:
    """All keys at one moment; never changed, replaced whole.

    Args:
        keys: every key that may still matter. Of two with one id the later counts.
    """

    __slots__ = ("_keys", "_origins", "_proved")

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self._keys: Final = {key.id: key for key in keys}
        # Digests of whole tokens that were proved before: at most one for each key, so it cannot
        # outgrow the keys, and no token itself is kept.
        self._proved: Final[dict[bytes, Key]] = {}
        self._origins: Final = frozenset(
            origin for key in self._keys.values() for origin in key.allowed_origins
        )

    def allows(self, origin: str) -> bool:
        """Whether any key may be used from this browser origin: all that a preflight can ask, since
        it carries no key."""
        return origin in self._origins or ANY_ORIGIN in self._origins

    def identify(self, token: str | bytes | None, now_ms: int) -> Key:
        """The key that a token proves, if it may be used at ``now_ms``.

        An unknown id and a wrong secret read the same and take the same time.

        Raises:
            Refusal: ``unauthenticated``; why a key is refused (revoked, expired) is said only to
                those who hold its secret.
        """
        raw = token.encode("utf-8", "surrogatepass") if isinstance(token, str) else token or b""
        whole = blake2b(raw, digest_size=32).digest()
        key = self._proved.get(whole)
        if key is None:
            key = self._prove(token)
            self._proved[whole] = key
        # Most keys have neither date; the test is cheaper than asking for the state.
        if (key.revoked_ms is None and key.expires_ms is None) or (
            state := key.state(now_ms)
        ) == "active":
            return key
        raise Refusal(
            "unauthenticated",
            f"This API key ({key.prefix}) was revoked. Use another key."
            if state == "revoked"
            else f"This API key ({key.prefix}) has expired. Use another key.",
            detail=f"key {key.id} is {state}",
        )

    def _prove(self, token: str | bytes | None) -> Key:
        key_id, digest = parse(token)
        key = self._keys.get(key_id)
        if not compare_digest(_NOBODY if key is None else key.digest, digest) or key is None:
            raise Refusal(
                "unauthenticated",
                "Incorrect API key: it is well formed, but it is not a key of this server. "
                "Check that the base URL and the key belong together.",
                detail=f"no key has id {key_id}" if key is None else f"wrong secret for {key_id}",
            )
        return key

    def get(self, key_id: str) -> Key | None:
        """The key with this id, whatever its state."""
        return self._keys.get(key_id)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys.values())


def _written(value: int, chars: int) -> str:
    """``value`` in base 62, most significant digit first, padded to ``chars``."""
    digits = []
    for _ in range(chars):
        value, digit = divmod(value, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def _checksum(text: bytes) -> bytes:
    """CRC-32 of ``text`` in six characters of base 62."""
    value, low = divmod(crc32(text), 3844)
    high, middle = divmod(value, 3844)
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]


def _misshapen(raw: bytes) -> Refusal:
    """Say what keeps ``raw`` from being a key, the likeliest slip first."""
    bare = raw.strip()
    if not bare:
        return Refusal(
            "unauthenticated",
            "No API key was sent. Send the header 'Authorization: Bearer glim_...'.",
            code=NO_KEY,
        )
    if bare != raw or any(byte <= 0x20 for byte in raw):
        return _malformed("it has a space or line break in or around it; remove that")
    if raw[0] in _QUOTES or raw[-1] in _QUOTES:
        return _malformed("it stands in quotes; send it without them")
    if not raw.startswith(PREFIX.encode()):
        if raw[: len(PREFIX)].lower() == PREFIX.encode():
            return _malformed(f'its prefix is "{PREFIX}" in lower case; it looks mistyped')
        return _malformed(
            f'keys of this server begin with "{PREFIX}" and the one sent does not, '
            "so it belongs to another service"
        )
    if len(raw) != TOKEN_CHARS:
        slip = "cut off" if len(raw) < TOKEN_CHARS else "more than one key, or has text added"
        return _malformed(
            f"a key has {TOKEN_CHARS} characters and the one sent has {len(raw)}; it looks {slip}"
        )
    return _malformed("it has a character where no key has one, so it looks mistyped")


def _malformed(reason: str) -> Refusal:
    return Refusal("unauthenticated", f"Incorrect API key: {reason}.")
