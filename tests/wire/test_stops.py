"""Stop strings cut here, whatever the pieces the text came in."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.chat.read import Reader
from glimway.wire.events import Event, Stop, Text, ToolOpen
from glimway.wire.quirks import Quirks
from glimway.wire.stops import StoppingReader


def frame(delta: dict[str, object], finish: str | None = None, index: int = 0) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "x", "choices": [choice]}).encode() + b"\n\n"


def reader(*stops: str, choices: int = 1) -> StoppingReader:
    return StoppingReader(Reader(Quirks(), "stem"), stops, choices)


def read(stopping: StoppingReader, *frames: bytes) -> list[Event]:
    events = [event for one in frames for events in stopping.feed(one) for event in events]
    return events + [event for events in stopping.close() for event in events]


def text_of(events: list[Event], choice: int = 0) -> str:
    return "".join(e.text for e in events if isinstance(e, Text) and e.choice == choice)


def stops_of(events: list[Event]) -> list[Stop]:
    return [event for event in events if isinstance(event, Stop)]


TEXT = st.text("ab<>", max_size=40)
STRINGS = st.lists(st.text("ab<>", min_size=1, max_size=5), min_size=1, max_size=4)


@given(TEXT, STRINGS, st.lists(st.integers(0, 40)))
def test_any_pieces_end_before_the_first_stop_string(
    text: str, stops: list[str], cuts: list[int]
) -> None:
    points = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    pieces = [text[a:b] for a, b in itertools.pairwise(points)]
    stopping = reader(*stops)
    frames = [frame({"content": piece}) for piece in pieces]
    events = read(stopping, *frames, frame({}, "length"), b"data: [DONE]\n\n")
    found = [(at + len(stop), at) for stop in stops if (at := text.find(stop)) >= 0]
    assert text_of(events) == (text[: min(found)[1]] if found else text)
    (stop,) = stops_of(events)
    assert stop.reason == ("stop" if found else "length")
    assert stop.sequence is None or text[min(found)[1] :].startswith(stop.sequence)
    assert stopping.fault is None
    assert stopping.done


def test_what_could_begin_a_stop_string_waits_for_the_next_piece() -> None:
    stopping = reader("END")
    assert text_of(read_one(stopping, frame({"content": "the E"}))) == "the "
    assert text_of(read_one(stopping, frame({"content": "N"}))) == ""
    assert text_of(read_one(stopping, frame({"content": "ough"}))) == "ENough"
    assert not stopping.cut_short


def read_one(stopping: StoppingReader, data: bytes) -> list[Event]:
    return [event for events in stopping.feed(data) for event in events]


def test_when_all_is_cut_the_reply_is_done_and_the_provider_is_not_waited_for() -> None:
    stopping = reader("END")
    events = read_one(stopping, frame({"content": "the END of it"}) + frame({"content": "more"}))
    assert text_of(events) == "the "
    assert stops_of(events) == [Stop("stop", 0, "stop", "END")]
    assert stopping.done
    assert stopping.cut_short
    assert stopping.usage is None


def test_one_choice_that_is_cut_leaves_the_others_running() -> None:
    stopping = reader("END", choices=2)
    first = read_one(stopping, frame({"content": "a END"}) + frame({"content": "b"}, index=1))
    assert not stopping.cut_short
    more = read_one(stopping, frame({"content": " x"}) + frame({"content": " y END z"}, index=1))
    assert text_of(first + more, 0) == "a "
    assert text_of(first + more, 1) == "b y "
    assert stopping.cut_short


def test_text_that_waits_comes_before_a_tool_call() -> None:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    events = read(
        reader("END"),
        frame({"content": "see EN"}),
        frame({"tool_calls": [call]}),
        frame({}, "tool_calls"),
        b"data: [DONE]\n\n",
    )
    kinds = [type(event) for event in events if isinstance(event, Text | ToolOpen)]
    assert kinds == [Text, Text, ToolOpen]
    assert text_of(events) == "see EN"


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_a_whole_reply_is_cut_too(finish: str) -> None:
    message = {"role": "assistant", "content": "one\n\ntwo"}
    body = {
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }
    stopping = reader("\n\n", "###")
    events = stopping.whole(json.dumps(body).encode())
    assert text_of(events) == "one"
    assert stops_of(events) == [Stop("stop", 0, "stop", "\n\n")]
    assert not stopping.cut_short
