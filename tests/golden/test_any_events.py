"""Any legal answer at all, to clients of every dialect: no grammar breaks and nothing is lost,
also where one dialect's writer is another's host."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glimway.wire.events import (
    Cited,
    Declined,
    Event,
    Start,
    Stop,
    StopReason,
    Text,
    Thought,
    ToolArgs,
    ToolOpen,
    Usage,
)
from golden.cases import CLIENT_DIALECTS, HOST_DIALECTS
from golden.clients import STREAMED, WHOLE, Understood, mount_of, plain_call
from golden.hosts import COST_USD, heard, streamed

USED = Usage(40, 12, cached=8, cache_write=2, reasoning=5)
CALLS = {client: plain_call(client) for client in CLIENT_DIALECTS}
ERROR = b'{"type":"error","error":{"type":"api_error","message":"m","code":"x","param":null}}'

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
ARGUMENTS = st.sampled_from(['{"a": [1, {"b": "}"}]}', "{}", '{"x": "é\\n{"}', '{"i": 1.5}'])
CUTS: list[StopReason] = ["length", "content_filter", "context", "pause"]


@st.composite
def call(draw: Any, index: int) -> list[Event]:
    """One call, its arguments in one or two pieces."""
    arguments = draw(ARGUMENTS)
    size = draw(st.integers(1, len(arguments)))
    pieces = [piece for piece in (arguments[:size], arguments[size:]) if piece]
    return [
        ToolOpen(index, f"call_{index}", f"f{index}"),
        *(ToolArgs(index, piece) for piece in pieces),
    ]


@st.composite
def replies(draw: Any) -> list[Event]:
    """What a reader may say of one answer: anything in any order, calls one after the other or
    with their pieces mixed."""
    events: list[Event] = [Start("theirs", "m-1")]
    number = 0
    for kind in draw(st.lists(st.sampled_from("ttthhrcccmsw"), max_size=8)):
        if kind == "t":
            events.append(Text(draw(TEXTS)))
        elif kind == "h":
            events.append(Thought(draw(TEXTS)))
        elif kind == "r":
            events.append(Declined(draw(TEXTS)))
        elif kind == "s":
            events.append(Thought("", signature="sig"))
        elif kind == "w":
            events.append(Cited("https://a.test", "A", 0, 1))
        elif kind == "c":
            events += draw(call(number))
            number += 1
        else:
            one, other = draw(call(number)), draw(call(number + 1))
            events += [one[0], other[0], *other[1:], *one[1:]]
            number += 2
    return events


def framed(events: list[Event], sizes: list[int]) -> list[list[Event]]:
    """The events in frames of these sizes."""
    frames, left = [], events
    for size in sizes:
        frames.append(left[:size])
        left = left[size:]
    return [frame for frame in [*frames, left] if frame]


def ending(events: list[Event]) -> Stop:
    """The usual end of such an answer."""
    called = any(isinstance(event, ToolOpen) for event in events)
    return Stop("tool_calls" if called else "stop")


def held(client: str, found: Understood, events: list[Event]) -> None:
    """The client was told all of it."""
    beside = client in ("chat", "responses")
    spoken = Text if beside else Text | Declined
    assert found.text == "".join(e.text for e in events if isinstance(e, spoken))
    assert found.thought == "".join(e.text for e in events if isinstance(e, Thought))
    assert found.refusal == (
        "".join(e.text for e in events if isinstance(e, Declined)) if beside else ""
    )
    opened = {event.index: [event.name, ""] for event in events if isinstance(event, ToolOpen)}
    for event in events:
        if isinstance(event, ToolArgs):
            opened[event.index][1] += event.text
    meant = sorted((name, json.dumps(json.loads(text))) for name, text in opened.values())
    assert sorted((name, json.dumps(json.loads(text))) for name, text in found.calls) == meant


@pytest.mark.parametrize("client", CLIENT_DIALECTS)
@given(events=replies(), sizes=st.lists(st.integers(1, 4), max_size=6))
def test_no_answer_breaks_a_grammar_or_loses_anything(
    client: str, events: list[Event], sizes: list[int]
) -> None:
    mount, asked, stop = mount_of(client), CALLS[client], ending(events)
    writer = mount.writer(asked, "01golden", 1_700_000_000, 40)
    out = b"".join(writer.frame(frame) for frame in framed(events, sizes))
    held(client, STREAMED[client](out + writer.end([stop], USED, COST_USD)), events)
    writer = mount.writer(asked, "01golden", 1_700_000_000, 40)
    held(client, WHOLE[client](writer.whole([*events, stop], USED, COST_USD)), events)


@pytest.mark.parametrize("client", CLIENT_DIALECTS)
@given(events=replies(), size=st.integers(0, 9), reason=st.sampled_from(CUTS))
def test_no_answer_that_was_cut_or_failed_breaks_a_grammar(
    client: str, events: list[Event], size: int, reason: StopReason
) -> None:
    # A host pauses while it searches, never inside a call that the client is to run.
    assume(reason != "pause" or not any(isinstance(one, ToolOpen) for one in events[:size]))
    mount = mount_of(client)
    writer = mount.writer(CALLS[client], "01golden", 1_700_000_000, 40)
    out = writer.frame(events[:size])
    assert STREAMED[client](out + writer.error(ERROR)).stop is None
    writer = mount.writer(CALLS[client], "01golden", 1_700_000_000, 40)
    out = writer.frame(events[:size]) + writer.end([Stop(reason)], USED, COST_USD)
    assert STREAMED[client](out).stop is not None


@pytest.mark.parametrize("client", CLIENT_DIALECTS)
@pytest.mark.parametrize("host", HOST_DIALECTS)
@given(events=replies())
def test_what_one_dialect_writes_another_tells(client: str, host: str, events: list[Event]) -> None:
    writer = mount_of(host).writer(CALLS[host], "01golden", 1_700_000_000, 40)
    stream = writer.frame(events) + writer.end([ending(events)], USED, COST_USD)
    read = heard(host, [stream], CALLS[client])
    assert read.fault is None
    found = STREAMED[client](streamed(client, CALLS[client], read))
    if host == "messages":
        # A host of this dialect says a refusal in words as text.
        events = [Text(e.text) if isinstance(e, Declined) else e for e in events]
    held(client, found, events)
    assert found.usage is not None
    assert (found.usage.input, found.usage.output, found.usage.cached) == (40, 12, 8)
