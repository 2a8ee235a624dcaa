"""Strict JSON bodies."""

from __future__ import annotations

import pytest

from glimway.wire.body import decode_object
from glimway.wire.refusal import Refusal


def refusal(body: bytes, **options: int) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decode_object(body, **options)
    assert (caught.value.kind, caught.value.code) == ("invalid", "invalid_json")
    return caught.value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"a": 1}'.encode("utf-16"), "byte order mark"),
        (b'{"a": ' + b"1" * 5000 + b"}", "out of range"),
        (b"[]", "an array; send a JSON object"),
        (b'"x"', "a string; send"),
        (b"null", "null; send"),
        (b"7", "a number; send"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": 1,}', "not valid JSON"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a"', "ends in the middle"),
        (b'{"a": 1e999}', "a number is out of range"),
        (b'{"a": NaN}', "NaN is not JSON: send a number or null"),
        (b'{"a": -Infinity}', "Infinity is not JSON"),
        (b'{"a": None}', "None is not JSON: send null"),
        (b'{"a": [True]}', "True is not JSON: send true"),
        (b"{'a': 1}", "strings stand in double quotes"),
        (b'{"a": 1 // one\n}', "comments are not allowed"),
        (b'{"a": undefined}', "leave the member out"),
    ],
)
def test_each_mistake_is_named(body: bytes, words: str) -> None:
    assert words in refusal(body).message


def test_nesting_is_bounded_and_brackets_in_strings_do_not_count() -> None:
    deep = b'{"a":' + b"[" * 127 + b"]" * 127 + b"}"
    assert decode_object(deep, depth_max=128)
    assert "deeper than 127" in refusal(deep, depth_max=127).message
    assert decode_object(b'{"a": "' + b"[" * 5000 + b'"}', depth_max=4)
    assert decode_object(b'{"a": [' + b"[]," * 500 + b"[]]}", depth_max=3)


def test_a_depth_bomb_is_a_refusal_not_a_crash() -> None:
    assert "deeper" in refusal(b'{"a":' + b"[" * 100_000).message


def test_of_a_doubled_key_the_last_counts() -> None:
    assert decode_object(b'{"a": 1, "a": 2}') == {"a": 2}
