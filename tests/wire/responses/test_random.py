"""Any events at all: the grammar holds, and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

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
    Usage,
)
from glimway.wire.responses.style import Style
from glimway.wire.responses.write import Writer
from wire.responses.grammar import Clean, calls, check_response
from wire.responses.making import USED, Folded, Told, seal, style

STYLES = [
    style(),
    style(include=["reasoning.encrypted_content"], tools=[{"type": "custom", "name": "patch"}]),
    Style("resp_1", "m", 1, style().echo, thoughts="raw"),
]
TEXT = st.text(max_size=4)
ARGUMENTS = ['{"a": [1, {"b": "}"}]}', "{}", '{"x": "y"}', "[]", '{"input": "*** é\\n"}']


@st.composite
def mixed_calls(draw: Any) -> list[Event]:
    """Calls that are opened and filled in any order, as a mixing host sends them."""
    events: list[Event] = []
    left: list[tuple[int, str]] = []
    for index in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["function", "function", "custom"]))
        name = draw(st.sampled_from(["f", "patch"]))
        events.append(ToolOpen(index, f"c{index}", name, kind=kind))
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


PASSING = st.one_of(
    st.builds(
        lambda item_id: Opaque(
            "item", {"type": "mcp_call", "id": item_id, "x": 1}, dialect="responses"
        ),
        st.sampled_from(["m1", "m2", None]),
    ),
    st.builds(
        lambda item_id: Opaque(
            "event",
            {
                "type": "response.output_item.added",
                "output_index": 3,
                "item": {"type": "mcp_call", "id": item_id},
            },
            dialect="responses",
        ),
        st.sampled_from(["m1", "m2", "m3"]),
    ),
    st.builds(
        lambda item_id, kind: Opaque(
            "event", {"type": kind, "item_id": item_id, "output_index": 3}, dialect="responses"
        ),
        st.sampled_from(["m1", "m9"]),
        st.sampled_from(["response.new", "response.completed"]),
    ),
    st.builds(
        lambda kind: Opaque("item", {"type": kind, "phase": "x"}, dialect="responses"),
        st.sampled_from(["message", "reasoning", "function_call"]),
    ),
    st.just(Opaque("delta", {"part": "summary"}, dialect="responses")),
    st.just(Opaque("frame", {"new": 1, "id": "theirs"}, dialect="responses")),
    st.just(Opaque("delta", {"x": 1})),
)
SINGLE = st.one_of(
    st.builds(Text, TEXT),
    st.builds(Thought, TEXT, summary=st.booleans()),
    st.builds(Thought, st.just(""), signature=st.just("s")),
    st.builds(Thought, st.just(""), sealed=st.just("s")),
    st.builds(Declined, TEXT),
    st.builds(Cited, st.just("https://a"), start=st.one_of(st.none(), st.integers(0, 3))),
    st.just(Start("x", "m")),
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


def held(clean: Clean, events: list[Event]) -> None:
    said = Folded(events)
    assert clean.text == said.text
    assert clean.refusal == said.refusal
    mark = "\n\n"  # between parts, which are parts here
    shown = (clean.summary + clean.thought).replace(mark, "")
    assert sorted(shown) == sorted((said.summary + said.thought).replace(mark, ""))
    assert len(calls(clean.response)) == len(said.calls)


@given(answers(), st.lists(st.integers(0, 3), max_size=6), st.integers(0, 2))
def test_the_grammar_holds_and_nothing_is_lost(
    events: list[Event], sizes: list[int], which: int
) -> None:
    writer = Writer(STYLES[which])
    out = b"".join(writer.frame(frame) for frame in framed(events, sizes))
    out += writer.end([Stop("stop")], USED, None)
    clean = Clean(out, typed=False)
    held(clean, events)
    # Whole, it is the same response.
    whole = Writer(STYLES[which]).whole([*events, Stop("stop")], USED, None)
    assert json.loads(whole) == clean.response


@given(mixed_calls(), st.lists(st.integers(0, 3), max_size=6))
def test_mixed_calls_keep_their_arguments(events: list[Event], sizes: list[int]) -> None:
    plain = style()
    writer = Writer(plain)
    out = b"".join(writer.frame(frame) for frame in framed(events, sizes))
    clean = Clean(out + writer.end([Stop("tool_calls")], USED, None), typed=False)
    said = Folded(events)
    assert [list(call) for call in calls(clean.response)] == [call[1:] for call in said.calls]
    assert clean.text == said.text


@given(answers(), st.sampled_from(["length", "content_filter", "context"]))
def test_a_cut_answer_is_clean_too(events: list[Event], reason: Any) -> None:
    writer = Writer(STYLES[1])
    out = writer.frame(events) + writer.end([Stop(reason)], Usage(1, 1), None)
    assert Clean(out, typed=False).response["status"] == "incomplete"


@given(answers())
def test_a_failed_answer_is_clean_too(events: list[Event]) -> None:
    writer = Writer(STYLES[0])
    body = json.dumps({"error": {"message": "m", "type": "t", "param": None, "code": None}})
    clean = Clean(writer.frame(events) + writer.error(body.encode()), typed=False)
    assert clean.failed


@given(answers())
def test_what_is_written_reads_the_same_again(events: list[Event]) -> None:
    writer = Writer(STYLES[2])
    out = writer.frame(events) + writer.end([Stop("stop")], USED, None)
    clean = Clean(out, typed=False)
    told = Told(out)
    assert told.fault is None
    assert (told.text, told.refusal) == (clean.text, clean.refusal)
    assert [tuple(call[1:]) for call in told.calls] == calls(clean.response)


def test_the_seal_is_only_called() -> None:
    said: list[str] = []

    def sealing(text: str) -> str:
        said.append(text)
        return seal(text)

    style_ = Style("resp_1", "m", 1, style().echo, seal=sealing, encrypted=True)
    check_response(Writer(style_).whole([Thought("Hm"), Stop("stop")], USED, None))
    assert said == ['{"text":"Hm"}']
