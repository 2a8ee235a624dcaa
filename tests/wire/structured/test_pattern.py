"""Patterns match as Python's do, and in bounded time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.structured.pattern import Steps, TooCostly, pattern_of

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "\\d", "\\w", "[a-c1]", "\\.", "\\b"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{2,}", "*?"])
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("|".join).map("(?:{})".format),
        st.tuples(inner, signs).map(lambda pair: f"({pair[0]}){pair[1]}"),
    )


PATTERNS = st.recursive(ATOMS, _grown, max_leaves=6)
ANCHORED = st.tuples(st.sampled_from(["", "^"]), PATTERNS, st.sampled_from(["", "$"])).map("".join)


@given(ANCHORED, st.text(alphabet="abc1. ", max_size=8))
def test_it_finds_what_python_finds(source: str, text: str) -> None:
    made = pattern_of(source)
    assert made is not None
    assert made.found_in(text, Steps(1_000_000)) == bool(re.search(source, text, re.ASCII))


@pytest.mark.parametrize(
    ("source", "fits", "fails"),
    [
        ("^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$", "ab@cd.org", "ab@cd"),
        ("^(19|20)\\d{2}-(0[1-9]|1[0-2])$", "2026-11", "2026-13"),
        ("^\\u0041\\x42$", "AB", "ab"),
        ("^[\\w-]+$", "a-b", "a b"),
        ("^[-a]$", "-", "b"),
        ("^(?<year>\\d+)$", "12", "x"),
        ("^$", "", "x"),
        ("^a{0}b$", "b", "ab"),
        ("[\\]]", "]", "["),
        ("^(|a)$", "", "b"),
    ],
)
def test_usual_patterns(source: str, fits: str, fails: str) -> None:
    made = pattern_of(source)
    assert made is not None
    assert made.found_in(fits, Steps(10_000))
    assert not made.found_in(fails, Steps(10_000))


@pytest.mark.parametrize(
    "source",
    [
        *("(?=a)", "(?<!a)", "\\1", "\\p{L}", "a**", "(", ")", "[", "a{2", "*", "a{3,2}", "[b-a]"),
        *("\\", "(" * 40 + ")" * 40, "(((a{100}){100}){100})", "(((){2000}){2000}){2000}"),
    ],
)
def test_what_is_not_understood_is_not_checked(source: str) -> None:
    assert pattern_of(source) is None


def test_a_pattern_that_backtracks_takes_bounded_steps() -> None:
    made = pattern_of("^(a+)+$")
    assert made is not None
    assert not made.found_in("a" * 5_000 + "b", Steps(60_000))
    with pytest.raises(TooCostly):
        made.found_in("a" * 50_000, Steps(60_000))
