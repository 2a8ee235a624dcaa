"""The writer: its grammar, its modes, and that nothing unknown is lost."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from glimway.wire.chat.style import Style
from glimway.wire.chat.write import Writer
from glimway.wire.events import (
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
from glimway.wire.sse import Cutter
from wire.chat.grammar import Clean, check_whole
from wire.chat.replies import STYLE, USAGE, chunk, sse, text, told, told_whole

USED = Usage(7, 5, reasoning=2)
STOP = [Stop("stop")]


def frames(written: bytes) -> list[Any]:
    data = [data for _, data in Cutter().feed(written)]
    assert data[-1] == b"[DONE]"
    return [json.loads(item) for item in data[:-1]]


def style(**members: Any) -> Style:
    return msgspec.structs.replace(STYLE, **members)


def written(style: Style, *lists: list[Event], stops: list[Stop] = STOP) -> list[Any]:
    writer = Writer(style)
    body = b"".join(writer.frame(events) for events in lists) + writer.end(stops, USED, b"0.00012")
    Clean(body, usage_null=style.usage_null, n=len(stops))
    return frames(body)


@pytest.mark.parametrize("usage_null", [False, True])
def test_usage_in_a_last_frame(usage_null: bool) -> None:
    said = written(style(usage_null=usage_null), [Start()], [Text("a")], [Text("b")])
    *before, last = said
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 12
    assert last["usage"]["cost"] == last["usage"]["estimated_cost"] == 0.00012
    expected = {"usage": None} if usage_null else {}
    assert all({k: f[k] for k in f if k == "usage"} == expected for f in before)


def test_usage_in_the_finish_frame_or_nowhere() -> None:
    both = [Stop("stop"), Stop("length", 1)]
    *before, last = written(style(usage="finish"), [Text("a")], [Text("b", 1)], stops=both)
    assert last["choices"][0] == {"index": 1, "delta": {}, "finish_reason": "length"}
    assert last["usage"]["prompt_tokens"] == 7
    assert not any("usage" in frame for frame in before)
    assert not any("usage" in frame for frame in written(style(usage="off"), [Text("a")]))


def test_thinking_under_two_names() -> None:
    pieces: list[list[Event]] = [[Thought("H")], [Thought("m")], [Thought("", signature="s")]]
    said = written(style(reasoning_too=True), *pieces, [Thought("m"), Text("a")])
    deltas = [frame["choices"][0]["delta"] for frame in said if frame["choices"]]
    assert {"reasoning_content": "H", "reasoning": "H"} in deltas
    assert {"reasoning_content": "m", "reasoning": "m"} in deltas
    assert not any(delta.get("reasoning_content") == "" for delta in deltas)
    assert {"reasoning_content": "m", "reasoning": "m", "content": "a"} in deltas
    whole = Writer(style(reasoning_too=True)).whole([Thought("Hm"), Text("a"), *STOP], USED, None)
    message = json.loads(whole)["choices"][0]["message"]
    assert message["reasoning"] == message["reasoning_content"] == "Hm"


def test_an_empty_answer_still_says_its_role() -> None:
    said = written(STYLE)
    assert said[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}


def test_the_order_of_one_frames_events_survives() -> None:
    events: list[Event] = [
        Text("a"),
        ToolOpen(0, "i", "f"),
        ToolArgs(0, "{}"),
        Text("b"),
        Thought("Hm"),
        Text("c"),
        Declined("no"),
    ]
    said = written(STYLE, events, stops=[Stop("tool_calls")])
    deltas = [list(frame["choices"][0]["delta"]) for frame in said if frame["choices"]][1:-1]
    assert deltas == [
        ["content", "tool_calls"],
        ["content"],
        ["reasoning_content", "content", "refusal"],
    ]


EXTRAS = {
    "provider": "P",
    "service_tier": "default",
    "choices": [
        {
            "index": 0,
            "logprobs": {
                "content": [{"token": "a", "logprob": -1.5, "bytes": [97], "top_logprobs": []}]
            },
            "delta": {"content": "a", "annotations": [{"u": 1}], "audio": {"id": "x"}},
            "finish_reason": None,
        }
    ],
}
FINISH = {
    "timings": {"n": 1},
    "choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "matched_stop": 154827}],
}
AFTER = {"provider": "P", "choices": [], "usage": USAGE, "time_info": {"queue": 0.1}}


def test_unknown_members_are_written_back_at_their_place() -> None:
    """Golden: everything a host sends beyond the dialect reaches a client of the same dialect."""
    head = {"id": "theirs", "object": "chat.completion.chunk", "created": 1, "model": "theirs"}
    found = told(sse({**head, **EXTRAS}, {**head, **FINISH}, {**head, **AFTER}))
    ours = {"id": STYLE.id, "object": head["object"], "created": STYLE.created, "model": "glm-4.7"}
    role, first, last, usage = frames(found.written)
    assert role["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert first == {**ours, **EXTRAS}
    assert last == {**ours, "choices": FINISH["choices"]}
    assert (usage["provider"], usage["time_info"]) == ("P", {"queue": 0.1})
    assert usage["timings"] == {"n": 1}
    Clean(found.written, n=1)


def test_unknown_members_of_a_whole_reply_are_written_back_at_their_place() -> None:
    given = {
        "id": "theirs",
        "request_id": "r",
        "web_search": [{"title": "t"}],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "a", "images": [1]},
                "finish_reason": "stop",
                "matched_stop": 154827,
            }
        ],
        "usage": {**USAGE, "odd": 1},
    }
    reply = check_whole(told_whole(json.dumps(given).encode()).written)
    assert reply["choices"] == given["choices"]
    assert (reply["request_id"], reply["web_search"]) == ("r", given["web_search"])
    assert reply["usage"]["odd"] == 1


@pytest.mark.parametrize("usage", ["last", "finish", "off"])
def test_members_without_a_delta_ride_on_the_end(usage: Any) -> None:
    lists: list[list[Event]] = [
        [Text("a")],
        [Opaque("frame", {"x": 1})],
        [Opaque("choice", {"y": 2})],
        [Opaque("frame", {"x": 1, "z": 3})],
    ]
    said = written(style(usage=usage), *lists)
    assert (said[-1]["x"], said[-1]["z"]) == (1, 3)
    finish = next(
        f["choices"][0] for f in said if f["choices"] and f["choices"][0]["finish_reason"]
    )
    assert finish["y"] == 2


def test_waiting_members_of_one_name_do_not_displace_each_other() -> None:
    for place in ("frame", "choice"):
        lists: list[list[Event]] = [[Opaque(place, {"x": n})] for n in range(3)]
        said = json.dumps(written(STYLE, [Text("a")], *lists))
        assert all(f'"x": {n}' in said for n in range(3)), place


def test_members_that_come_with_text_go_with_it() -> None:
    first = written(STYLE, [Opaque("frame", {"x": 1})], [Text("a")])[1]
    assert (first["x"], first["choices"][0]["delta"]) == (1, {"content": "a"})


def test_pieces_that_arrive_are_pieces_that_leave() -> None:
    """Arguments and text are streamed unbuffered: one frame in, one frame out."""
    stream = sse(*(text(piece) for piece in "abc"), chunk({}, "stop"))
    assert len(frames(told(stream).written)) == 1 + 3 + 2


def test_custom_tools() -> None:
    events: list[Event] = [
        ToolOpen(0, "i", "f", kind="custom"),
        ToolArgs(0, "in"),
        ToolArgs(0, "x"),
    ]
    whole = Writer(STYLE).whole([*events, Stop("tool_calls")], USED, None)
    (made,) = json.loads(whole)["choices"][0]["message"]["tool_calls"]
    assert made == {"id": "i", "type": "custom", "custom": {"name": "f", "input": "inx"}}
