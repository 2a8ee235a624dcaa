"""Keys: tokens, typos, the keyring."""

from __future__ import annotations

import re
import string
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.keys import (
    ID_ENTROPY_BYTES,
    SECRET_ENTROPY_BYTES,
    TOKEN_CHARS,
    Key,
    Keyring,
    Minted,
    mint,
    parse,
)
from glimway.wire.refusal import Refusal

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
id_entropies = st.binary(min_size=ID_ENTROPY_BYTES, max_size=ID_ENTROPY_BYTES)
secret_entropies = st.binary(min_size=SECRET_ENTROPY_BYTES, max_size=SECRET_ENTROPY_BYTES)
minted = st.builds(mint, id_entropies, secret_entropies)
SAMPLE = mint(b"\x01\x80\x3f\x00\xff\x10\x20\x7e", bytes(range(SECRET_ENTROPY_BYTES)))


def key_of(new: Minted, **changes: int | None) -> Key:
    return Key(
        id=new.id,
        digest=new.digest,
        name="a key",
        organization="default",
        project="default",
        created_ms=0,
        prefix=new.prefix,
        **changes,  # type: ignore[arg-type]
    )


def refused(token: str | bytes | None, keys: Keyring | None = None, now_ms: int = 0) -> Refusal:
    with pytest.raises(Refusal) as caught:
        if keys is None:
            parse(token)
        else:
            keys.identify(token, now_ms)
    assert caught.value.kind == "unauthenticated"
    return caught.value


# ---- tokens -----------------------------------------------------------------------------------


@given(minted)
def test_a_token_has_one_shape_and_reads_back(new: Minted) -> None:
    assert re.fullmatch(r"glim_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}", new.token)
    assert len(new.token) == TOKEN_CHARS == 67
    assert new.token[5:17] == new.id
    assert parse(new.token) == parse(new.token.encode()) == (new.id, new.digest)
    assert new.digest == sha256(new.token[18:61].encode()).digest()
    assert new.prefix == new.token[:9] + "…"


@given(minted)
def test_the_checksum_is_crc32_in_base62(new: Minted) -> None:
    value = 0
    for char in new.token[61:]:
        value = value * 62 + BASE62.index(char)
    assert value == crc32(new.token[:61].encode())


def test_the_extremes_of_entropy_fit() -> None:
    low = mint(bytes(ID_ENTROPY_BYTES), bytes(SECRET_ENTROPY_BYTES))
    high = mint(b"\xff" * ID_ENTROPY_BYTES, b"\xff" * SECRET_ENTROPY_BYTES)
    assert low.token.startswith("glim_000000000000_" + "0" * 43)
    for new in (low, high):
        assert parse(new.token) == (new.id, new.digest)


@given(id_entropies, secret_entropies, id_entropies, secret_entropies)
def test_tokens_collide_only_if_their_entropy_does(
    id_1: bytes, secret_1: bytes, id_2: bytes, secret_2: bytes
) -> None:
    one, two = mint(id_1, secret_1), mint(id_2, secret_2)
    assert (one.id == two.id) == (id_1 == id_2)
    assert (one.digest == two.digest) == (secret_1 == secret_2)
    assert (one.token == two.token) == ((id_1, secret_1) == (id_2, secret_2))


@given(secret_entropies)
def test_entropy_can_be_read_back_so_no_two_secrets_are_equal(secret: bytes) -> None:
    text = mint(bytes(ID_ENTROPY_BYTES), secret).token[18:61]
    value = 0
    for char in text:
        value = value * 62 + BASE62.index(char)
    assert value.to_bytes(SECRET_ENTROPY_BYTES) == secret


@pytest.mark.parametrize(("id_bytes", "secret_bytes"), [(7, 32), (9, 32), (8, 31), (8, 33), (0, 0)])
def test_another_amount_of_entropy_is_refused(id_bytes: int, secret_bytes: int) -> None:
    with pytest.raises(ValueError, match="8 and 32 random bytes"):
        mint(bytes(id_bytes), bytes(secret_bytes))


# ---- typos ------------------------------------------------------------------------------------


def test_every_single_wrong_character_is_caught() -> None:
    token = SAMPLE.token
    for place, right in enumerate(token):
        for wrong in map(chr, range(0x20, 0x7F)):
            if wrong != right:
                refused(token[:place] + wrong + token[place + 1 :])


def test_every_wrong_letter_or_digit_within_a_key_looks_mistyped() -> None:
    token = SAMPLE.token
    for place in (*range(5, 17), *range(18, TOKEN_CHARS)):
        for wrong in BASE62:
            if wrong != token[place]:
                bad = token[:place] + wrong + token[place + 1 :]
                assert "looks mistyped" in refused(bad).message


def test_every_swapped_lost_and_doubled_character_is_caught() -> None:
    token = SAMPLE.token
    for place in range(TOKEN_CHARS - 1):
        swapped = token[:place] + token[place + 1] + token[place] + token[place + 2 :]
        if swapped != token:
            refused(swapped)
    for place in range(TOKEN_CHARS):
        assert "66" in refused(token[:place] + token[place + 1 :]).message or place < 5
        refused(token[:place] + token[place] + token[place:])


def test_every_bit_flip_is_caught() -> None:
    raw = SAMPLE.token.encode()
    for place in range(TOKEN_CHARS):
        for bit in range(8):
            refused(raw[:place] + bytes([raw[place] ^ 1 << bit]) + raw[place + 1 :])


@given(st.one_of(st.none(), st.text(max_size=200), st.binary(max_size=200)))
def test_reading_anything_raises_only_refusals(token: str | bytes | None) -> None:
    refused(token)
    refused(token, Keyring())


@given(st.text(max_size=80))
def test_reading_anything_behind_the_prefix_raises_only_refusals(text: str) -> None:
    refused("glim_" + text)
    refused(("glim_" + text).encode("utf-8", "surrogatepass"))


@given(st.from_regex(r"glim_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}", fullmatch=True))
def test_a_well_shaped_text_is_no_key(text: str) -> None:
    assert "looks mistyped" in refused(text).message


@pytest.mark.parametrize(
    ("token", "says"),
    [
        (None, "No API key was sent"),
        ("", "No API key was sent"),
        (b"  ", "No API key was sent"),
        (" " + SAMPLE.token, "space or line break"),
        (SAMPLE.token + "\n", "space or line break"),
        (SAMPLE.token[:20] + " " + SAMPLE.token[20:], "space or line break"),
        ('"' + SAMPLE.token + '"', "in quotes"),
        (SAMPLE.token.replace("glim_", "sk-"), "belongs to another service"),
        (SAMPLE.token.replace("glim_", "GLIM_"), "in lower case"),
        (SAMPLE.token[:-3], "has 64; it looks cut off"),
        (SAMPLE.token * 2, "has 134; it looks more than one key"),
        (SAMPLE.token[:30] + "-" + SAMPLE.token[31:], "a character where no key has one"),
        (SAMPLE.token[:30] + "é" + SAMPLE.token[31:], "a character that no key has"),
        (SAMPLE.token.swapcase().replace("GLIM_", "glim_"), "looks mistyped"),
    ],
)
def test_a_refusal_says_what_is_wrong(token: str | bytes | None, says: str) -> None:
    message = refused(token).message
    assert says in message
    assert SAMPLE.token[18:40] not in message


# ---- keyring ----------------------------------------------------------------------------------

OTHER = mint(b"\x02" * ID_ENTROPY_BYTES, b"\x03" * SECRET_ENTROPY_BYTES)
KEY = key_of(SAMPLE)
RING = Keyring([KEY, key_of(OTHER)])


def test_a_key_is_recognised_by_its_token() -> None:
    assert RING.identify(SAMPLE.token, 5) is KEY
    assert RING.identify(SAMPLE.token.encode(), 5) is KEY
    assert RING.identify(OTHER.token, 5).id == OTHER.id
    assert len(RING) == 2
    assert next(iter(RING)) is RING.get(SAMPLE.id) is KEY
    assert RING.get("x") is None


def test_a_token_that_was_proved_before_is_judged_anew_each_time() -> None:
    ring = Keyring([key_of(SAMPLE, expires_ms=100)])
    for token in (SAMPLE.token, SAMPLE.token.encode()):
        assert ring.identify(token, 99) is ring.identify(token, 5)
        assert "expired" in refused(token, ring, 100).message
        refused(token[:-1], ring)
        refused(token[1:], ring)
        assert ring.identify(token, 99).id == SAMPLE.id


def test_an_unknown_id_and_a_wrong_secret_read_the_same() -> None:
    forged = mint(b"\x02" * ID_ENTROPY_BYTES, b"\x04" * SECRET_ENTROPY_BYTES)
    nobody = mint(b"\x05" * ID_ENTROPY_BYTES, b"\x03" * SECRET_ENTROPY_BYTES)
    wrong, unknown = refused(forged.token, RING), refused(nobody.token, RING)
    assert wrong.message == unknown.message
    assert "not a key of this server" in wrong.message
    assert wrong.detail == f"wrong secret for {OTHER.id}"
    assert unknown.detail == f"no key has id {nobody.id}"


def test_the_state_is_told_only_to_the_owner() -> None:
    ring = Keyring([key_of(OTHER, revoked_ms=0)])
    forged = mint(b"\x02" * ID_ENTROPY_BYTES, b"\x04" * SECRET_ENTROPY_BYTES)
    assert "revoked" in refused(OTHER.token, ring).message
    assert "revoked" not in refused(forged.token, ring).message


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "active"),
        ({"expires_ms": 101}, "active"),
        ({"expires_ms": 100}, "expired"),
        ({"revoked_ms": 101}, "active"),
        ({"revoked_ms": 100}, "revoked"),
        ({"revoked_ms": 0, "expires_ms": 0}, "revoked"),
        ({"revoked_ms": 500, "expires_ms": 100}, "expired"),
    ],
)
def test_keys_end_at_their_millisecond(changes: dict[str, int], state: str) -> None:
    key = key_of(SAMPLE, **changes)
    assert key.state(100) == state
    ring = Keyring([key])
    if state == "active":
        assert ring.identify(SAMPLE.token, 100) is key
    else:
        refusal = refused(SAMPLE.token, ring, 100)
        assert state in refusal.message
        assert SAMPLE.prefix in refusal.message


def test_of_two_keys_with_one_id_the_later_counts() -> None:
    renamed = key_of(SAMPLE, expires_ms=9)
    assert Keyring([KEY, renamed]).get(SAMPLE.id) is renamed


def test_the_key_on_the_page_about_keys_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "keys.md").read_text()
    (token,) = re.findall(r"\bglim_[0-9A-Za-z]{12}_\w+", page)
    key_id, _ = parse(token)
    assert token.startswith(f"glim_{key_id}_")
