"""Any events and any streams at all: the grammar holds, and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.chat.write import Style as ChatStyle
from glimway.wire.chat.write import Writer as ChatWriter
from glimway.wire.events import (
    Cited,
    Declined,
    Event,
    Opaque,
    Start,
    Stop,
    Text,
    Thought,
    ToolArgs,
    ToolOpen,
)
from glimway.wire.messages.read import Reader
from glimway.wire.messages.write import Writer
from wire.chat.grammar import Clean as ChatClean
from wire.messages.grammar import Clean, check_whole
from wire.messages.making import (
    OTHERS,
    OURS,
    PLAIN,
    USED,
    begin,
    end,
    grow,
    passed,
    seal,
    sse,
    start,
    stop,
    style,
    told,
)

STYLES = [style(), style(seal=seal), style(seal=seal, omit=True)]
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=4)
ARGUMENTS = ['{"a": [1, {"b": "}"}]}', "{}", '{"x": "y"}', '{"input": "*** é\\n"}']


@st.composite
def mixed_calls(draw: Any) -> list[Event]:
    """Calls that are opened and filled in any order, as a mixing host sends them."""
    events: list[Event] = []
    left: list[tuple[int, str]] = []
    for index in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["function", "function", "function", "custom"]))
        events.append(ToolOpen(index, f"c{index}", draw(st.sampled_from(["f", "g"])), kind=kind))
        left.append((index, draw(st.sampled_from(ARGUMENTS))))
    while left:
        at = draw(st.integers(0, len(left) - 1))
        index, rest = left.pop(at)
        size = draw(st.integers(1, 9))
        events.append(ToolArgs(index, rest[:size]))
        if rest[size:]:
            left.insert(at, (index, rest[size:]))
        if draw(st.integers(0, 5)) == 0:
            events.append(Text(draw(TEXT)))
    return events


DELTA = st.sampled_from(
    [
        {"type": "text_delta", "text": ""},
        {"type": "thinking_delta", "thinking": "", "estimated_tokens": 50},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "compaction_delta", "content": "x"},
        {"type": "signature_delta", "signature": "s"},
    ]
)
PASSING = st.one_of(
    st.builds(
        lambda value: Opaque("block", value, dialect="messages"),
        st.sampled_from(
            [
                {"type": "text"},
                {"type": "text", "x": 1},
                {"type": "thinking"},
                {"type": "tool_use", "caller": {"type": "direct"}},
                {"type": "server_tool_use", "id": "s", "name": "n", "input": {}},
                {"type": "compaction", "content": None},
            ]
        ),
    ),
    st.builds(
        lambda delta: Opaque(
            "event", {"type": "content_block_delta", "delta": delta}, dialect="messages"
        ),
        DELTA,
    ),
    st.builds(
        lambda value: Opaque("event", value, dialect="messages"),
        st.sampled_from(
            [
                {"type": "content_block_stop"},
                {"type": "content_block_stop", "call": 1},
                {"type": "message_start"},
                {"type": "later_invention", "x": 1},
            ]
        ),
    ),
    st.just(Opaque("message", {"container": {"id": "c"}, "id": "theirs"}, dialect="messages")),
    st.just(Opaque("frame", {"x": 1, "usage": None}, dialect="messages")),
    st.just(Opaque("delta", {"x": 1})),
)
SINGLE = st.one_of(
    st.builds(Text, TEXT),
    st.builds(Thought, TEXT, summary=st.booleans()),
    st.just(Thought("", signature="s")),
    st.just(Thought("", sealed="s")),
    st.builds(Declined, TEXT),
    st.builds(Cited, st.just("https://a"), start=st.none() | st.integers(0, 3), end=st.just(2)),
    st.just(Cited(None, value={"type": "page_location"}, dialect="messages")),
    st.just(Start("x", "m")),
    st.just(ToolArgs(9, "{}")),
    PASSING,
)


@st.composite
def answers(draw: Any) -> list[Event]:
    events: list[Event] = draw(st.lists(SINGLE, max_size=6))
    if draw(st.booleans()):
        events += draw(mixed_calls())
        events += draw(st.lists(SINGLE, max_size=3))
    return events


def framed(events: list[Event], sizes: list[int]) -> list[list[Event]]:
    frames = []
    for size in sizes:
        frames.append(events[:size])
        events = events[size:]
    return [*frames, events]


def held(found: Clean, events: list[Event], which: int) -> None:
    """Nothing is lost; what waits for a call comes after it, so only its order may change."""
    texts = "".join(event.text for event in events if isinstance(event, Text | Declined))
    thoughts = "".join(event.text for event in events if isinstance(event, Thought))
    assert sorted(found.text) == sorted(texts)
    if which != 2:
        assert sorted(found.thought) == sorted(thoughts)
    opened = [event for event in events if isinstance(event, ToolOpen)]
    assert [call[0] for call in found.calls] == [event.id for event in opened]
    for event, (_, _, given_input) in zip(opened, found.calls, strict=True):
        args = "".join(
            one.text for one in events if isinstance(one, ToolArgs) and one.index == event.index
        )
        expected = {"input": args} if event.kind == "custom" else json.loads(args)
        assert given_input == expected


@given(answers(), st.lists(st.integers(0, 3), max_size=6), st.integers(0, 2))
def test_the_grammar_holds_and_nothing_is_lost(
    events: list[Event], sizes: list[int], which: int
) -> None:
    writer = Writer(STYLES[which])
    out = b"".join(writer.frame(frame) for frame in framed(events, sizes))
    found = Clean(out + writer.end([Stop("stop")], USED, None))
    held(found, events, which)
    # Whole, it is the same message, but for blocks that nobody knows.
    whole = check_whole(Writer(STYLES[which]).whole([*events, Stop("stop")], USED, None))
    spoken = ("text", "thinking", "tool_use", "redacted_thinking")
    assert [block for block in whole["content"] if block["type"] in spoken] == [
        block for block in found.blocks if block["type"] in spoken
    ]


@given(answers(), st.sampled_from(["length", "content_filter", "context", "refusal", "pause"]))
def test_a_cut_answer_is_clean_too(events: list[Event], reason: Any) -> None:
    writer = Writer(STYLES[1])
    found = Clean(writer.frame(events) + writer.end([Stop(reason)], USED, None))
    assert found.message["stop_reason"] not in ("end_turn", "tool_use")


@given(answers(), st.integers(0, 8))
def test_a_failed_answer_is_clean_too(events: list[Event], size: int) -> None:
    writer = Writer(STYLES[0])
    error = {"type": "error", "error": {"type": "api_error", "message": "m"}, "request_id": "r"}
    out = b"".join(writer.frame(frame) for frame in framed(events, [size]))
    assert Clean(out + writer.error(json.dumps(error).encode())).failed


# ---- streams of hosts -----------------------------------------------------------------------

pieces = st.lists(TEXT.filter(bool), max_size=3)


@st.composite
def blocks(draw: Any, index: int) -> list[Any]:
    """One block of a host of this dialect."""
    kind = draw(st.sampled_from(["text", "thinking", "redacted", "tool", "server", "found"]))
    if kind == "text":
        extra = draw(st.sampled_from([{}, {"x_new": 1}]))
        deltas = [grow(index, "text_delta", text=piece) for piece in draw(pieces)]
        if draw(st.booleans()):
            value = {"type": "page_location", "cited_text": "x", "document_index": 0}
            deltas.append(grow(index, "citations_delta", citation=value))
        return [begin(index, type="text", text="", **extra), *deltas, stop(index)]
    if kind == "thinking":
        deltas = [grow(index, "thinking_delta", thinking=piece) for piece in draw(pieces)]
        deltas.append(grow(index, "signature_delta", signature=draw(TEXT.filter(bool))))
        return [begin(index, type="thinking", thinking="", signature=""), *deltas, stop(index)]
    if kind == "redacted":
        return [begin(index, type="redacted_thinking", data="enc"), stop(index)]
    if kind == "found":
        return [
            begin(index, type="web_search_tool_result", tool_use_id="s", content=[{"x": 1}]),
            stop(index),
        ]
    arguments = draw(st.sampled_from(ARGUMENTS))
    size = draw(st.integers(1, len(arguments)))
    deltas = [
        grow(index, "input_json_delta", partial_json=piece)
        for piece in (arguments[:size], arguments[size:])
        if piece
    ]
    name = "tool_use" if kind == "tool" else "server_tool_use"
    extra = draw(st.sampled_from([{}, {"caller": {"type": "direct"}}]))
    first = begin(index, type=name, id=f"toolu_{index}", name="f", input={}, **extra)
    return [first, *deltas, stop(index)]


@st.composite
def streams(draw: Any) -> list[Any]:
    """Streams as the dialect's maker writes them."""
    events = [start(**draw(st.sampled_from([{}, {"container": {"id": "c"}}])))]
    for index in range(draw(st.integers(1, 5))):
        events += draw(blocks(index))
    called = any(one.get("content_block", {}).get("type") == "tool_use" for one in events)
    last, over = end("tool_use" if called else "end_turn")
    last.update(draw(st.sampled_from([{}, {"context_management": {"applied_edits": []}}])))
    return [*events, last, over]


def expected(events: list[Any]) -> list[Any]:
    """What a client of this dialect must get: all of it, with our own id and model."""
    (first, *rest) = json.loads(json.dumps(events))
    first["message"].update(id="msg_1", model="zai/m")
    first["message"]["usage"]["cache_creation_input_tokens"] = 0
    rest[-2]["usage"].update(
        input_tokens=8, cache_read_input_tokens=20, cache_creation_input_tokens=0
    )
    return [first, *rest]


@given(streams())
def test_nothing_is_lost_within_the_dialect(events: list[Any]) -> None:
    out = passed(sse(*events))
    Clean(out)
    got = [json.loads(line[6:]) for line in out.splitlines() if line.startswith(b"data: ")]
    assert got == expected(events)


@given(streams())
def test_nothing_is_lost_of_a_whole_reply(events: list[Any]) -> None:
    message = Clean(sse(*expected(events))).message
    theirs = {**message, "id": "msg_theirs", "model": "theirs-1"}
    reader = Reader(PLAIN, "stem", OURS)
    read = reader.whole(json.dumps(theirs).encode())
    assert reader.usage is not None
    assert json.loads(Writer(style()).whole(read, reader.usage, None)) == message


@given(streams(), st.lists(st.integers(1, 40), max_size=20))
def test_others_get_clean_streams_wherever_it_is_cut(events: list[Any], sizes: list[int]) -> None:
    stream = sse(*events)
    whole, _ = told(stream, OTHERS)
    reader = Reader(PLAIN, "stem", OTHERS)
    frames: list[list[Event]] = []
    for size in sizes:
        frames += reader.feed(stream[:size])
        stream = stream[size:]
    frames += reader.feed(stream) + reader.close()
    assert [event for events_ in frames for event in events_] == whole
    writer = ChatWriter(ChatStyle("chatcmpl-1", "m", 1))
    out = b"".join(writer.frame(events_) for events_ in frames)
    stops = [event for event in whole if isinstance(event, Stop)]
    ChatClean(out + writer.end(stops, USED, None))


@given(st.lists(st.binary(max_size=30) | st.just(b"\n\ndata: {}\n\n"), max_size=5))
def test_anything_at_all_is_read_or_is_a_fault(chunks: list[bytes]) -> None:
    reader = Reader(PLAIN, "stem", OURS)
    for chunk in chunks:
        reader.feed(chunk)
    reader.close()
    assert reader.fault is not None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


@given(st.data())
def test_any_value_at_any_place_of_a_stream_is_read_or_is_a_fault(data: st.DataObject) -> None:
    events = json.loads(json.dumps(data.draw(streams())))
    place: Any = data.draw(st.sampled_from(events))
    while True:
        inner = {k: v for k, v in place.items() if type(v) is dict and v}
        if not inner or data.draw(st.booleans()):
            break
        place = inner[data.draw(st.sampled_from(sorted(inner)))]
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(VALUES)
    stream = b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in events)
    for call in (OURS, OTHERS):
        reader = Reader(PLAIN, "stem", call)
        frames = reader.feed(stream) + reader.close()
        writer = Writer(style())
        out = b"".join(writer.frame(read) for read in frames)
        if reader.fault is None:
            stops = [one for read in frames for one in read if isinstance(one, Stop)]
            Clean(out + writer.end(stops, USED, None))
        else:
            Clean(out, whole=False)
