"""GLM's own tool-call markup, leaked into text or thinking."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glimway.wire.chat.healing import leaks
from glimway.wire.chat.healing.declared import Declared, declared
from glimway.wire.chat.healing.leaks import Leaks
from glimway.wire.chat.healing.markup import HEAD_CHARS_MAX, Leaked
from glimway.wire.chat.healing.values import typed
from wire.chat.grammar import Clean, check_whole
from wire.chat.replies import (
    READ,
    TOOLS,
    Told,
    answer,
    asking,
    call,
    calls,
    chunk,
    named,
    sse,
    told,
    told_whole,
)

END = chunk({}, "stop")
NEW = (
    "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value>"
    "<arg_key>days</arg_key><arg_value>2</arg_value></tool_call>"
)
OLD = (
    "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n"
    "<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>"
)
JSON = (
    '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris", "days": 2}}\n</tool_call>'
)
NAMED = '<tool_call>get_weather\n{"city": "Paris", "days": 2}</tool_call>'
EMPTY = "<tool_call>now</tool_call>"
FORMS = {"4.7": NEW, "4.5": OLD, "json": JSON, "name and json": NAMED}
PARIS = ("get_weather", {"city": "Paris", "days": 2})


def streamed(said: str, size: int, member: str = "content", tools: Any = TOOLS) -> Told:
    frames = [chunk({member: said[at : at + size]}) for at in range(0, len(said), size)]
    found = told(sse(*frames, END), tools=tools)
    if found.fault is None:
        Clean(found.written, n=1)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 40, 1000])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("member", ["content", "reasoning_content"])
def test_a_leaked_call_is_a_call(form: str, member: str, size: int) -> None:
    """github.com/vllm-project/vllm/pull/45915 (inside thinking); Baseten 2026-06-23 (as text)."""
    found = streamed(f"Let me see. {FORMS[form]}", size, member)
    assert named(found) == [PARIS]
    assert found.text + found.thought == "Let me see. "
    assert found.finish == "tool_calls"
    whole = told_whole(answer({"content": "", member: "So. " + FORMS[form]}), tools=TOOLS)
    assert named(whole) == [PARIS]
    assert check_whole(whole.written)["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("size", [1, 4, 9, 1000])
def test_several_calls_and_the_order_of_the_text_around_them(size: int) -> None:
    found = streamed(f"One <b>\n{NEW}\n{EMPTY}\n\ntwo {OLD}  ", size)
    assert named(found) == [PARIS, ("now", {}), PARIS]
    assert (found.text, found.order) == ("One <b>\n\n\ntwo ", "TCTC")


@pytest.mark.parametrize("size", [1, 6, 1000])
def test_a_call_swallowed_by_thinking_with_text_behind(size: int) -> None:
    thinking = [chunk({"reasoning_content": c}) for c in f"I call. {NEW}"]
    found = told(sse(*thinking, chunk({"content": "Done."}), END), tools=TOOLS)
    assert (found.thought, named(found), found.order) == ("I call. ", [PARIS], "HCT")


UNTOUCHED = [
    "<tool_call>other<arg_key>a</arg_key><arg_value>b</arg_value></tool_call>",
    '<tool_call>{"name": "other", "arguments": {}}</tool_call> and more',
    "<tool_call>get_weather is how it begins",
    "<tool_call>get_weather tonight</tool_call>",
    "<tool_call></tool_call>",
    "<tool_call>",
    "<tool_call>get_weather",
    "<tool_call>get_weather<arg_key>city</arg_key>Paris</tool_call> is broken",
    "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Par",
    "a < b, <tool, </tool_call>, <tool_calls>",
    "<tool_call><tool_call>other</tool_call></tool_call>",
    '<tool_call>{"name": broken}</tool_call>',
]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("said", UNTOUCHED)
@pytest.mark.parametrize("member", ["content", "reasoning_content"])
def test_what_is_no_call_of_a_declared_tool_is_not_touched(
    said: str, member: str, size: int
) -> None:
    found = streamed(said, size, member)
    assert (found.text + found.thought, found.calls) == (said, [])
    whole = told_whole(answer({"content": "", member: said}), tools=TOOLS)
    assert (whole.text + whole.thought, whole.calls) == (said, [])


@pytest.mark.parametrize("members", [{}, {"tools": TOOLS, "tool_choice": "none"}])
def test_without_tools_markup_is_text(members: dict[str, Any]) -> None:
    tools = members.pop("tools", None)
    found = told(sse(chunk({"content": NEW}), END), tools=tools, **members)
    assert (found.text, found.calls) == (NEW, [])


def test_an_undeclared_call_does_not_hold_back_the_text_behind_it() -> None:
    watch = Leaks(Declared({"now": None}))
    assert "".join(map(str, watch.feed("<tool_call>other</tool_call> text"))).endswith(" text")
    assert not watch.busy
    said = '<tool_call>{"name":"other"}</tool_call> text'
    assert "".join(map(str, watch.feed(said))) == said


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    "value",
    [
        "a </arg_value> b",
        "<tool_call>now</tool_call>",
        "see </tool_call> there",
        "<arg_key>x",
        "line\nline\n",
        '"quoted"',
        "",
        " 5 ",
    ],
)
def test_a_text_argument_is_verbatim_whatever_it_holds(value: str, size: int) -> None:
    said = f"<tool_call>read<arg_key>filePath</arg_key><arg_value>{value}</arg_value></tool_call>"
    assert named(streamed(said, size)) == [("read", {"filePath": value})]


@pytest.mark.parametrize("end", ["", "<", "</tool_", "\n"])
def test_a_call_whose_closing_tag_was_eaten(end: str) -> None:
    """A host that stops at ``</tool_call>`` leaves it out."""
    said = NEW.removesuffix("</tool_call>") + end
    assert named(streamed(said, 3)) == [PARIS]
    assert named(told_whole(answer({"content": said}), tools=TOOLS)) == [PARIS]


@pytest.mark.parametrize(
    ("said", "arguments"),
    [
        (NEW[: NEW.index("Paris") + 3], '{"city":"Par'),
        (NEW[: NEW.index("2</arg") + 1], '{"city":"Paris","days":"2'),
        (NEW[: NEW.index("<arg_key>days") + 12], '{"city":"Paris"'),
    ],
)
def test_a_call_cut_by_the_length_stays_cut(said: str, arguments: str) -> None:
    found = told(sse(chunk({"content": said}), chunk({}, "length")), tools=TOOLS)
    assert [one[1:] for one in found.calls] == [("get_weather", arguments)]
    assert found.finish == "length"


def test_a_leaked_call_beside_a_real_one() -> None:
    real = calls(call(0, "now", "{}", id="a"))
    found = told(sse(chunk({"content": NEW}), real, chunk({}, "tool_calls")), tools=TOOLS)
    assert named(found) == [PARIS, ("now", {})]
    found = told(sse(real, chunk({"content": NEW}), chunk({}, "tool_calls")), tools=TOOLS)
    assert named(found) == [("now", {}), PARIS]


def test_text_held_back_comes_before_a_real_call() -> None:
    real = calls(call(0, "now", "{}", id="a"))
    found = told(sse(chunk({"content": "a <tool_"}), real, chunk({}, "tool_calls")), tools=TOOLS)
    assert (found.text, found.order) == ("a <tool_", "TC")


def test_what_is_held_back_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "CALL_CHARS_MAX", 1000)
    opened = "<tool_call>read<arg_key>filePath</arg_key><arg_value>"
    watch = Leaks(Declared({"read": None}))
    out = [item for _ in range(300) for item in watch.feed("x" * 10)]
    assert out
    out = watch.feed(opened) + [item for _ in range(200) for item in watch.feed("x" * 10)]
    assert "".join(map(str, out)) == opened + "x" * 2000
    space = "<tool_call>" + " " * HEAD_CHARS_MAX
    assert "".join(map(str, watch.feed(space))) == space
    many = opened + "</tool_call>" * 100
    assert "".join(str(i) for c in many for i in watch.feed(c)) == many


SCHEMA = {
    "type": "object",
    "$defs": {"Size": {"type": "integer"}, "Loop": {"$ref": "#/$defs/Loop"}},
    "properties": {},
}


@pytest.mark.parametrize(
    ("written", "schema", "value"),
    [
        ("5", {"type": "string"}, "5"),
        ("5", {"type": "integer"}, 5),
        ("5.0", {"type": "integer"}, 5),
        ("5.5", {"type": "number"}, 5.5),
        ("five", {"type": "integer"}, "five"),
        ("true", {"type": "boolean"}, True),
        ("True", {"type": "boolean"}, True),
        ("False", {"type": "boolean"}, False),
        ("None", {"type": "null"}, None),
        ("None", {"type": "string"}, "None"),
        ("null", {"type": ["string", "null"]}, None),
        ("None", {"type": ["string", "null"]}, None),
        ("text", {"type": ["string", "null"]}, "text"),
        ("5", {"type": ["string", "null"]}, "5"),
        ("5", {"anyOf": [{"type": "string"}, {"type": "integer"}]}, 5),
        ("x", {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "x"),
        ("5", {"oneOf": [{"type": "integer"}, {"type": "null"}]}, 5),
        ('["a", True]', {"type": "array"}, ["a", True]),
        ('{"a": "True", "b": None}', {"type": "object"}, {"a": "True", "b": None}),
        ("[1, 2", {"type": "array"}, "[1, 2"),
        ("7", {"$ref": "#/$defs/Size"}, 7),
        ("7", {"$ref": "#/$defs/Loop"}, 7),
        ("7", {"$ref": "#/$defs/Nothing"}, 7),
        ("7", {"allOf": [{"type": "string"}]}, "7"),
        ("1", {"enum": ["1", "2"]}, "1"),
        ("1", {"enum": [1, 2]}, 1),
        ("1", {"const": "1"}, "1"),
        ("5", None, 5),
        ("Paris", None, "Paris"),
        ("Paris", True, "Paris"),
        (" 5 ", {}, 5),
        ("", {}, ""),
    ],
)
def test_values_are_typed_by_the_schema(written: str, schema: Any, value: Any) -> None:
    """The chat template writes texts verbatim and all else as JSON; only the schema can tell."""
    found = typed(written, schema, SCHEMA)
    assert (found, type(found)) == (value, type(value))


def test_declared_tools_are_functions_that_may_be_called() -> None:
    assert declared(None) is None
    assert declared(asking()) is None
    assert declared(asking(TOOLS, tool_choice="none")) is None
    tools = declared(asking([READ, {"type": "web_search", "web_search": {}}]))
    assert tools is not None
    assert "read" in tools
    assert "web_search" not in tools


MORSELS = ["text ", "<", "<tool_call>", NEW, OLD, EMPTY, JSON, "</tool_call>", "\n", *UNTOUCHED]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(MORSELS), max_size=6).map("".join), st.data())
def test_any_cut_of_any_text_finds_the_same(said: str, data: st.DataObject) -> None:
    tools = Declared({"get_weather": None, "now": None, "read": None})

    def found(pieces: list[str]) -> list[str | Leaked]:
        watch = Leaks(tools)
        merged: list[str | Leaked] = [""]
        items = [item for piece in pieces for item in watch.feed(piece)] + watch.end(cut=False)
        for item in items:
            if isinstance(item, str) and isinstance(merged[-1], str):
                merged[-1] += item
            else:
                merged.append(item)
        return merged

    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=8)))
    places = [0, *cuts, len(said)]
    pieces = [said[a:b] for a, b in itertools.pairwise(places)]
    assert found(pieces) == found([said])
    assert found(list(said)) == found([said])
