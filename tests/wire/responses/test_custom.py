"""Free text out of a function's arguments, while they stream."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.responses.custom import Unwrapped, stand_in

PIECES = st.text(
    st.one_of(st.sampled_from('"\\/\n\t{}é😀\u2028'), st.characters(codec="utf-8")), max_size=12
)


def cut(text: str, sizes: list[int]) -> list[str]:
    pieces = []
    for size in sizes:
        pieces.append(text[:size])
        text = text[size:]
    return [*pieces, text]


@given(PIECES, st.lists(st.integers(1, 4), max_size=8), st.booleans(), st.booleans())
def test_every_text_in_every_cut(text: str, sizes: list[int], ascii_only: bool, wide: bool) -> None:
    separators = (", ", ": ") if wide else (",", ":")
    arguments = json.dumps({"input": text}, ensure_ascii=ascii_only, separators=separators)
    unwrapped = Unwrapped()
    said = [unwrapped.feed(piece) for piece in cut(arguments, sizes)]
    assert "".join(said) == unwrapped.whole() == unwrapped.said() == text


def test_it_streams() -> None:
    unwrapped = Unwrapped()
    said = [
        unwrapped.feed(piece)
        for piece in ('{"inp', 'ut": "*** B', "egin\\", "n\\ud83d", '\\ude00"}')
    ]
    assert said == ["", "*** B", "egin", "\n", "😀"]


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        ("*** Begin Patch", "*** Begin Patch"),
        ('"quoted"', "quoted"),
        ('{"patch": "x"}', "x"),
        ('{"a": "x", "input": "y"}', "y"),
        ('{"a": "x", "b": "y"}', '{"a": "x", "b": "y"}'),
        ("{}", ""),
        ("", ""),
        ('{"input": "cut o', "cut o"),
        ('{"input": 5}', '{"input": 5}'),
    ],
)
def test_models_that_get_the_wrapping_wrong(arguments: str, whole: str) -> None:
    unwrapped = Unwrapped()
    unwrapped.feed(arguments)
    assert unwrapped.whole() == whole


def test_halves_of_pairs_are_replaced() -> None:
    unwrapped = Unwrapped()
    assert unwrapped.feed('{"input":"\\ud83dx\\ude00\\uZZZZ"}') == "\ufffdx\ufffd\ufffd"


def test_the_grammar_is_told() -> None:
    form = {"type": "grammar", "syntax": "lark", "definition": "start: x"}
    about = stand_in({"name": "p", "format": form})["properties"]["input"]["description"]
    assert "lark grammar" in about
    assert "start: x" in about
    assert "grammar" not in json.dumps(stand_in({"name": "p"}))
