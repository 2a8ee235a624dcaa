"""From a provider of this dialect to a client of it: nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.events import Opaque, Text
from wire.responses.grammar import Clean, calls
from wire.responses.making import (
    Whole,
    about,
    added,
    completed,
    created,
    done,
    function,
    message,
    sse,
    style,
    text_stream,
    through,
    written,
)
from wire.responses.test_read import everything

ALL = style(include=["reasoning.encrypted_content"])


def without_ids(items: list[Any]) -> list[Any]:
    return [{k: v for k, v in item.items() if k not in ("id", "status")} for item in items]


def test_every_kind_of_item_comes_through_in_its_order() -> None:
    clean = Clean(through(sse(*everything()), ALL))
    kinds = [item["type"] for item in clean.response["output"]]
    assert kinds == [
        "reasoning",
        "web_search_call",
        "message",
        "function_call",
        "custom_tool_call",
    ]
    assert clean.response["output"][1]["id"] == "ws_1"
    assert clean.response["service_tier"] == "flex"
    assert calls(clean.response) == [("get_weather", '{"a": 1}'), ("patch", "*** é")]


def test_events_about_passing_items_have_our_indices() -> None:
    events = everything()
    events[1:1] = [added(0, message("x", "msg_0")), done(0, message("x", "msg_0"))]
    clean = Clean(through(sse(*events), ALL))
    searching = [e for e in clean.events if e["type"].endswith("searching")]
    assert clean.items[searching[0]["output_index"]]["type"] == "web_search_call"


def test_a_passing_item_that_never_ends_is_ended() -> None:
    item = {"id": "mcp_1", "type": "mcp_call", "arguments": "", "name": "n", "server_label": "s"}
    clean = Clean(through(sse(created(), added(0, item), completed()), ALL))
    assert clean.response["output"] == [item]


def test_a_passing_item_only_in_the_last_event() -> None:
    item = {"id": "ig_1", "type": "image_generation_call", "result": "x", "status": "completed"}
    clean = Clean(through(sse(created(), completed(message("a"), item, message("b", "m2"))), ALL))
    assert [one["type"] for one in clean.items] == ["message", "image_generation_call", "message"]


def test_two_messages_stay_two_and_keep_their_phase() -> None:
    first = message("Looking.", "msg_1", phase="commentary")
    second = message("Done.", "msg_2", phase="final_answer")
    said = Clean(through(sse(created(), completed(first, second)), ALL)).response["output"]
    assert without_ids(said) == [
        {**item, "content": [{**item["content"][0], "logprobs": []}]}
        for item in without_ids([first, second])
    ]


def test_two_thoughts_stay_two() -> None:
    thoughts = [
        {
            "id": f"rs_{at}",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": text} for text in texts],
        }
        for at, texts in enumerate([["One.", "Two."], ["Three."]])
    ]
    said = Clean(through(sse(created(), completed(*thoughts)), style(store=True))).response
    assert without_ids(said["output"]) == without_ids(thoughts)


def test_two_free_texts_stay_two() -> None:
    items = [
        {"id": f"c{at}", "type": "custom_tool_call", "call_id": f"k{at}", "name": "p", "input": "{"}
        for at in range(2)
    ]
    events = [event for at, item in enumerate(items) for event in (added(at, item), done(at, item))]
    clean = Clean(through(sse(created(), *events, completed(*items)), ALL))
    assert calls(clean.response) == [("p", "{"), ("p", "{")]
    # The second streams: it does not wait for the end of the answer.
    last = [e["type"] for e in clean.events].index("response.completed")
    assert clean.events[last - 3]["type"] == "response.custom_tool_call_input.delta"


def test_members_of_a_call_that_have_no_neutral_place() -> None:
    caller = {"type": "direct"}
    clean = Clean(through(sse(created(), completed(function("{}", caller=caller))), ALL))
    assert clean.items[0]["caller"] == caller


@pytest.mark.parametrize(
    "value",
    [
        {"type": "response.completed", "response": {}},
        {"type": "response.output_text.delta", "item_id": "x", "delta": "y"},
        {"type": "error", "message": "m"},
        {"item_id": "x"},
        {"type": "response.future", "item_id": "unknown", "output_index": 9},
        {"type": "response.output_item.added", "item": {"type": "message", "id": "m"}},
        {"type": "response.output_item.added", "item": None},
    ],
)
def test_an_event_that_would_break_the_grammar_is_not_written(value: Any) -> None:
    event = Opaque("event", value, dialect="responses")
    plain = Clean(written(ALL, [event], [Text("a")]))
    assert len(plain.events) == 9


def test_an_event_about_the_open_item_gets_its_id() -> None:
    event = Opaque(
        "event",
        {"type": "response.future", "item_id": "theirs", "output_index": 7},
        dialect="responses",
    )
    clean = Clean(written(ALL, [Text("a")], [event]))
    (future,) = [e for e in clean.events if e["type"] == "response.future"]
    assert (future["item_id"], future["output_index"]) == ("msg_01ours_0", 0)


def test_plain_text_streams_piece_by_piece() -> None:
    clean = Clean(through(sse(*text_stream("a", "b", "c")), ALL))
    deltas = [e["delta"] for e in clean.events if e["type"] == "response.output_text.delta"]
    assert deltas == ["a", "b", "c"]


def test_whole_replies_pass_alike() -> None:
    told = Whole(everything()[-1]["response"])
    assert [e.value["type"] for e in told.opaque if e.place == "item"] == ["web_search_call"]


def test_events_without_an_index_pass_as_they_are() -> None:
    events = [created(), {"type": "response.future", "x": 1}, completed(message("a"))]
    clean = Clean(through(sse(*events), ALL))
    assert any(e["type"] == "response.future" and e["x"] == 1 for e in clean.events)


def test_unknown_events_of_unknown_items() -> None:
    item = {"id": "new_1", "type": "new_call"}
    events = [
        created(),
        added(0, item),
        about("new_call.working", "new_1", 0, step=1),
        {"type": "response.new_call.more", "output_index": 0},
        done(0, {**item, "status": "completed"}),
        completed(),
    ]
    stream = through(sse(*events), ALL)
    assert b'"type":"response.new_call.working"' in stream
    assert b'"type":"response.new_call.more"' in stream
