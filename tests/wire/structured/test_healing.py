"""JSON is taken out of its wrapping, and never mended."""

from __future__ import annotations

import pytest

from glimway.wire.structured.healing import json_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('\ufeff \n{"a": 1}\n', '{"a": 1}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ("```\r\n[1]\r\n```\r\n", "[1]"),
        ('Here it is:\n```json\n{"a":\n1}\n```\nEnjoy!', '{"a":\n1}'),
        ('"```json\\n1\\n```"', '"```json\\n1\\n```"'),
        ("3", "3"),
    ],
)
def test_it_is_found(text: str, found: str) -> None:
    made = json_in(text)
    assert not isinstance(made, str)
    assert made.text == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("Sorry.", "not JSON"),
        ('{"a": 1', "not JSON"),
        ('{"a": 1,}', "not JSON"),
        ('{"a": NaN}', "not JSON"),
        ('{"a": 1} and {"b": 2}', "not JSON"),
        ("```json\n1\n```\n```json\n2\n```", "not JSON"),
        ("```json\n1", "not JSON"),
        ('"\ud800"', "not JSON"),
        ("[" * 70 + "]" * 70, "deeper"),
        ("[" * 70_000, "deeper"),
    ],
)
def test_it_is_not_made_up(text: str, words: str) -> None:
    made = json_in(text)
    assert isinstance(made, str)
    assert words in made
