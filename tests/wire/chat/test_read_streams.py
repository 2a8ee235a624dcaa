"""Any stream of any host, cut anywhere: clean frames, and the same answer."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glimway.data import load_profiles
from glimway.sandbox import describe
from glimway.sandbox.families import FAMILIES
from glimway.wire.quirks import Quirks
from kit.splits import all_ways, byte_by_byte, seeded_cuts
from sandbox.answers import STOCKS, WEATHER, raw, reply
from wire.chat.grammar import Clean, check_whole
from wire.chat.replies import PLAIN, USAGE, Told, chunk, event, told, told_whole

MODEL = "glm-4.7-flash"
TOOLS = [WEATHER, STOCKS]
PROFILES = load_profiles()


@cache
def quirks_of(family: str) -> Quirks:
    return PROFILES[family].quirks if family in PROFILES else PLAIN


def essence(found: Told) -> tuple[Any, ...]:
    """What must not depend on how the bytes were cut."""
    fault = found.fault and (found.fault.kind, found.fault.code)
    return (found.text, found.thought, found.calls, found.order, found.finish, found.usage, fault)


def check(stream: bytes, quirks: Quirks, tools: Any = None, *, bytewise: bool = True) -> Told:
    """Read a stream whole, byte by byte and in a few other cuts: clean, and always the same."""
    found = told(stream, quirks, tools)
    clean = Clean(found.written)
    assert clean.failed == (found.fault is not None)
    if found.fault is None:
        assert clean.text.get(0, "") == found.text
        assert clean.thought.get(0, "") == found.thought
        assert [tuple(one) for one in clean.calls.get(0, [])] == found.calls
    ways = [seeded_cuts(stream, seed=1, n=9)]
    if bytewise:
        ways.append(byte_by_byte(stream))
    for pieces in ways:
        again = told(pieces, quirks, tools)
        assert again.written == found.written
        assert essence(again) == essence(found)
    return found


# ---- the sandbox ------------------------------------------------------------------------------

SPOILED = [row for row in describe() if row.group in ("stream", "usage", "model", "tools")]
SPOILED = [row for row in SPOILED if row.name not in ("huge-line", "think-loop")]
SPOILED += [row for row in describe() if row.name in ("split-utf8", "echo", "tokens-N", "cached-N")]

FAULTS = {
    "error-frame-N",
    "glued-cut",
    "malformed-first",
    "malformed-N",
    "network_error",
    "no-done",
    "tool-bad-args",
}
UNMENDED = {
    "garbled",  # nothing can be mended
    "refusal",  # another answer
    "sensitive",  # a cut answer
    "think-only",
    "tool-ignored",
    "finish-tool-no-call",
    "tool-name-cut",  # no guess is made
    "tool-repeat-N",
    "tool-with-text",
    "tool-in-thinking",  # the text is gone
    "bad-utf8",  # U+FFFD is in it
    "half-surrogate",
    "split-utf8",  # other text
    "box-tokens",  # a space more
    "echo",
    "tokens-N",
    "json-fenced",
    "json-broken",
    "json-wrong",
}


def scripted(name: str, family: str, **asked: Any) -> bytes:
    script = name.replace("-N", "-3").replace("-X", "-abc")
    model = f"{MODEL}:{script}" if script else MODEL
    return raw(model, family=family, stream_options={"include_usage": True}, **asked)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("row", SPOILED, ids=lambda row: row.name)
def test_every_script_of_the_sandbox(row: Any, family: str) -> None:
    asked: dict[str, Any] = {"tools": TOOLS} if row.group == "tools" else {}
    quirks = quirks_of(family)
    if row.name in ("think-tags", "think-open"):
        mode: Any = row.name.replace("-", "_")
        quirks = msgspec.structs.replace(quirks, reasoning_out=(mode,))
    if row.name == "eos":
        quirks = msgspec.structs.replace(quirks, end_of_sequence=("</s>",))
    stream = scripted(row.name, family, **asked)
    found = check(stream, quirks, asked.get("tools"), bytewise=family == "zai")
    assert (found.fault is not None) == (row.name in FAULTS), found.fault
    if row.name in FAULTS | UNMENDED:
        return
    clean = told(scripted("", family, **asked), quirks_of(family), asked.get("tools"))
    assert found.text.strip() == clean.text.strip()
    assert found.thought == clean.thought
    assert [one[1:] for one in found.calls] == [one[1:] for one in clean.calls] or (
        row.name == "tool-empty-args"
    )
    assert found.finish == clean.finish


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("row", SPOILED, ids=lambda row: row.name)
def test_every_script_of_the_sandbox_as_a_whole_reply(row: Any, family: str) -> None:
    if row.only == "streams":
        return
    asked: dict[str, Any] = {"tools": TOOLS} if row.group == "tools" else {}
    script = row.name.replace("-N", "-3")
    body = reply(f"{MODEL}:{script}", family=family, **asked).body
    found = told_whole(body, quirks_of(family), asked.get("tools"))
    assert (found.fault is not None) == (row.name in FAULTS & {"network_error", "tool-bad-args"})
    if found.fault is None:
        check_whole(found.written)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_says_the_same_in_both_forms(family: str) -> None:
    for tools in (None, TOOLS):
        asked: dict[str, Any] = {"tools": tools} if tools else {}
        streamed = check(scripted("", family, **asked), quirks_of(family), tools)
        whole = told_whole(reply(MODEL, family=family, **asked).body, quirks_of(family), tools)
        assert (streamed.text, streamed.thought) == (whole.text, whole.thought)
        assert [one[1:] for one in streamed.calls] == [one[1:] for one in whole.calls]
        assert streamed.finish == whole.finish
        assert streamed.usage is not None
        assert whole.usage is not None
        assert streamed.usage.output == whole.usage.output
        check_whole(whole.written)


def test_thinking_without_end() -> None:
    found = check(scripted("think-loop", "zai"), quirks_of("zai"), bytewise=False)
    assert (found.text, found.finish) == ("", "length")


def test_a_line_that_is_too_large_is_a_fault() -> None:
    found = told(raw(f"{MODEL}:huge-line"), quirks_of("zai"))
    assert found.fault is not None
    assert Clean(found.written).failed


def test_parallel_calls_of_every_family() -> None:
    text = "What is the weather in Paris, and the stock price of Acme?"
    for family in FAMILIES:
        stream = raw(MODEL, text, family=family, tools=TOOLS, stream_options={})
        assert check(stream, quirks_of(family), TOOLS).calls


# ---- random legal streams ---------------------------------------------------------------------

WORDS = st.sampled_from(
    ["a", " b", "<", "</", "<|", "你好", "🚀", "\n", "<b>", '"', "\\", "`<think>`", "<tool", "</s>"]
)
TEXT = st.lists(WORDS, min_size=1, max_size=5).map("".join)
ARGS = st.dictionaries(TEXT, TEXT | st.integers() | st.none(), max_size=3).map(json.dumps)


class Said:
    """What a made stream says."""

    def __init__(self) -> None:
        self.text = self.thought = ""
        self.calls: list[tuple[str, str]] = []


@st.composite
def streams(draw: Any) -> tuple[bytes, Said]:
    """A stream as some host might send it, and what it says."""
    said = Said()
    thinking_member = draw(st.sampled_from(["reasoning_content", "reasoning", "typed"]))
    role = draw(st.booleans())
    null = draw(st.sampled_from([{}, {"usage": None}, {"provider": "P"}]))
    absent = draw(st.booleans())
    ascii_only = draw(st.booleans())
    line = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    comment = draw(st.booleans())

    def frame(delta: dict[str, Any], **members: Any) -> Any:
        made = chunk({**({"role": "assistant"} if role else {}), **delta}, **{**null, **members})
        if absent and made["choices"][0]["finish_reason"] is None:
            del made["choices"][0]["finish_reason"]
        return made

    items = []
    for piece in draw(st.lists(TEXT, max_size=3)):
        said.thought += piece
        typed = [{"type": "thinking", "thinking": [{"type": "text", "text": piece}]}]
        items.append(
            frame({"content": typed} if thinking_member == "typed" else {thinking_member: piece})
        )
    for piece in draw(st.lists(TEXT, max_size=3)):
        said.text += piece
        items.append(frame({"content": piece}))
    for at, arguments in enumerate(draw(st.lists(ARGS, max_size=2))):
        said.calls.append((f"tool_{at}", arguments))
        cut = draw(st.integers(0, len(arguments)))
        opening = {"index": at, "id": f"c{at}", "type": "function"}
        items.append(frame({"tool_calls": [{**opening, "function": {"name": f"tool_{at}"}}]}))
        items.extend(
            frame({"tool_calls": [{"index": at, "function": {"arguments": part}}]})
            for part in (arguments[:cut], arguments[cut:])
        )
    finish = "tool_calls" if said.calls else "stop"
    own = draw(st.booleans())
    items.append(frame({}, finish=finish, **({} if own else {"usage": USAGE})))
    if own:
        items.append({**chunk(), "choices": [], "usage": USAGE})
    data = [json.dumps(item, ensure_ascii=ascii_only).encode() for item in items]
    events = [event(one) + (b": keep-alive\n\n" if comment else b"") for one in data]
    return (b"".join(events) + b"data: [DONE]\n\n").replace(b"\n", line), said


@settings(max_examples=60, deadline=None)
@given(streams())
def test_any_legal_stream_is_read_as_it_was_meant(made: tuple[bytes, Said]) -> None:
    stream, said = made
    found = check(stream, PLAIN, [WEATHER])
    assert found.fault is None
    assert (found.text, found.thought) == (said.text, said.thought)
    assert [one[1:] for one in found.calls] == said.calls
    assert found.usage is not None
    assert found.usage.output == 5


def test_every_cut_of_a_short_stream() -> None:
    """Every byte of a stream with each kind of frame is once the border of two chunks."""
    leaked = "<tool_call>get_weather<arg_key>city</arg_key><arg_value>巴黎</arg_value></tool_call>"
    items = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning": "Hm 🚀"}),
        chunk({"content": leaked[:30]}),
        chunk({"content": leaked[30:]}),
        chunk({"tool_calls": [{"function": {"name": "stock_price", "arguments": {}}}]}),
        chunk({"content": "</s>"}),
        chunk({}, "stop", usage=USAGE),
    ]
    lines = [f"data: {json.dumps(item, ensure_ascii=False)}\r\n\r\n".encode() for item in items]
    stream = b"\xef\xbb\xbf" + b"".join(lines) + b"data: [DONE]\n\n"
    quirks = Quirks(end_of_sequence=("</s>",))
    expected = essence(told(stream, quirks, TOOLS))
    assert expected[:2] == ("", "Hm 🚀")
    assert [one[1] for one in expected[2]] == ["get_weather", "stock_price"]
    for pieces in all_ways(stream):
        assert essence(told(pieces, quirks, TOOLS)) == expected


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.binary(max_size=20)
        | st.sampled_from(
            [b"data: ", b"\n\n", b'{"choices":[{"delta":{"content":"a"}}]}', b"[DONE]", b"event: "]
        ),
        max_size=12,
    )
)
def test_no_bytes_at_all_break_the_reader(pieces: list[bytes]) -> None:
    found = told(pieces)
    Clean(found.written)
