from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.config.lines import KeyPath, find_lines

DOCUMENT = '''\
# a comment with [brackets] and "quotes"
title = "x"   # line 2
[server]
port = 8000
"quoted.key" = 1
a.b.c = """
not = "a key"
[nor.a.table]
"""
after = \'\'\'
two\'\'\'
[[models]]
id = "m0"
aliases = [
  "one",  # comment, with a comma ] and bracket
  "two", ["deep",
    "deeper"],
]
price = { input = "1", nested = { a = [1,
  2] }, "odd key" = 1979-05-27 07:32:00 }
  [[models.endpoints]]
  provider = "p"
  [[models.endpoints]]
  provider = "q"
    [models.endpoints.more]
    x = 1
[[models]]
[[models.endpoints]]
provider = "r"
[limits.default]
burst = 0x1f
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("server",), 3),
        (("server", "port"), 4),
        (("server", "quoted.key"), 5),
        (("server", "a", "b", "c"), 6),
        (("server", "a", "b"), 6),
        (("server", "after"), 10),
        (("models",), 12),
        (("models", 0), 12),
        (("models", 0, "id"), 13),
        (("models", 0, "aliases"), 14),
        (("models", 0, "aliases", 0), 15),
        (("models", 0, "aliases", 1), 16),
        (("models", 0, "aliases", 2), 16),
        (("models", 0, "aliases", 2, 0), 16),
        (("models", 0, "aliases", 2, 1), 17),
        (("models", 0, "price", "input"), 19),
        (("models", 0, "price", "nested", "a", 0), 19),
        (("models", 0, "price", "nested", "a", 1), 20),
        (("models", 0, "price", "odd key"), 20),
        (("models", 0, "endpoints"), 21),
        (("models", 0, "endpoints", 0, "provider"), 22),
        (("models", 0, "endpoints", 1, "provider"), 24),
        (("models", 0, "endpoints", 1, "more"), 25),
        (("models", 0, "endpoints", 1, "more", "x"), 26),
        (("models", 1), 27),
        (("models", 1, "endpoints", 0), 28),
        (("models", 1, "endpoints", 0, "provider"), 29),
        (("limits",), 30),
        (("limits", "default", "burst"), 31),
    ],
)
def test_each_key_has_its_line(path: KeyPath, line: int) -> None:
    tomllib.loads(DOCUMENT)
    lines = find_lines(DOCUMENT)
    assert path in lines
    assert lines.of(path) == line


@pytest.mark.parametrize("path", [("server", "missing"), ("server", "missing", 3, "x")])
def test_what_is_missing_has_the_line_of_its_table(path: KeyPath) -> None:
    assert find_lines(DOCUMENT).of(path) == 3


def test_what_has_no_table_has_line_1() -> None:
    assert find_lines(DOCUMENT).of(("nowhere", "x")) == 1
    assert find_lines("").of(()) == 1


@pytest.mark.parametrize("quotes", ['"""', "'''"])
@pytest.mark.parametrize("inner", ["", '"', '""', "'", "''", "\n", "\n\n"])
@pytest.mark.parametrize("end", ["", "quotes1", "quotes2"])
def test_long_strings_end_where_they_end(quotes: str, inner: str, end: str) -> None:
    tail = quotes[0] * (int(end[-1]) if end else 0)
    text = f"a = {quotes}x{inner}y{tail}{quotes}\nb = 1\n"
    assert tomllib.loads(text)["b"] == 1
    assert find_lines(text).of(("b",)) == 2 + inner.count("\n")


def test_line_ends_of_windows_count_once() -> None:
    text = "a = 1\r\n\r\n[t]\r\nb = [1,\r\n2]\r\n"
    tomllib.loads(text)
    assert find_lines(text).of(("t", "b", 1)) == 5


def test_text_that_is_not_toml_ends_the_map_without_harm() -> None:
    lines = find_lines("a = 1\n= 2\nc = 3\n")
    assert lines.of(("a",)) == 1
    assert ("c",) not in lines


# ---- every key of any document -------------------------------------------------------------------

_names = st.text(st.sampled_from("ab0-_. \"'#[]{}=,é\\"), min_size=1, max_size=4)
_scalars = st.one_of(
    st.integers(-9, 9),
    st.booleans(),
    st.text(st.sampled_from("ab \"'\\#[]{}=,\n\té"), max_size=6),
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_names, inner, max_size=3)
    ),
    max_leaves=6,
)
_documents = st.dictionaries(_names, _values, max_size=5)


def _quoted(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(escapes.get(letter, letter) for letter in text) + '"'


def _written(value: Any, spread: bool) -> str:
    """A value as TOML; ``spread`` puts array items on lines of their own."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return (
            f"'''{value}'''"
            if spread and "'" not in value and value[:1] != "\n"
            else _quoted(value)
        )
    if isinstance(value, list):
        space = "\n # ] note\n" if spread else " "
        return "[" + f",{space}".join(_written(one, spread) for one in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{_quoted(key)} = {_written(one, spread)}" for key, one in value.items())
        return "{ " + ", ".join(pairs) + " }"
    return str(value)


def _paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, one in value.items():
            found += _paths(one, (*path, key))
    if isinstance(value, list):
        for place, one in enumerate(value):
            found += _paths(one, (*path, place))
    return found


@given(_documents, st.booleans(), st.booleans())
def test_every_key_of_a_document_is_found_on_its_line(
    document: dict[str, Any], spread: bool, headers: bool
) -> None:
    text = ""
    starts = {}
    for key, value in document.items():
        starts[key] = text.count("\n") + 1
        if headers and isinstance(value, dict):
            text += f"[{_quoted(key)}]\n"
            text += "".join(f"{_quoted(k)} = {_written(v, spread)}\n" for k, v in value.items())
        elif not headers or not starts.keys() & {
            k for k, v in document.items() if isinstance(v, dict)
        }:
            text += f"{_quoted(key)} = {_written(value, spread)}\n"
        else:
            del starts[key]  # a plain pair below a header would belong to that header's table
    parsed = tomllib.loads(text)
    lines = find_lines(text)
    for path in _paths(parsed):
        assert path in lines
    for key, line in starts.items():
        assert lines.of((key,)) == line
