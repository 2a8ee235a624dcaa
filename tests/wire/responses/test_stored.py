"""What is kept of an answer, and going on from it."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses import (
    CompactedResponse,
    InputTokenCountResponse,
    ResponseItemList,
)

from glimway.wire.events import Event, Start, Stop, Text, Thought, ToolArgs, ToolOpen, Usage
from glimway.wire.refusal import Refusal
from glimway.wire.responses.request import decode
from glimway.wire.responses.stored import (
    cancelled,
    compacted,
    compaction,
    continued,
    counted,
    deleted,
    given_items,
    not_found,
    page_of,
    resolved,
    retrieved,
    stored_items,
)
from glimway.wire.sse import encoded
from wire.responses.grammar import Clean
from wire.responses.making import encoded as sent
from wire.responses.making import seal, style, unseal, written

EVENTS: list[Event] = [
    Start("x", "up"),
    Thought("Hm"),
    Text("Looking."),
    ToolOpen(0, "c1", "f"),
    ToolArgs(0, "{}"),
    Stop("tool_calls"),
]


def test_what_is_kept_has_the_ids_that_were_shown() -> None:
    shown = Clean(written(style(), *([event] for event in EVENTS[:-1]))).response["output"]
    kept = stored_items(EVENTS, style())
    assert [item["id"] for item in kept] == [item["id"] for item in shown]
    assert kept[0]["encrypted_content"].startswith("gw1.")
    assert kept[1:] == shown[1:]


def test_a_loop_of_tools_by_id_is_the_loop_by_replay() -> None:
    first = {"model": "m", "input": "Hi", "instructions": "Not inherited."}
    output = stored_items(EVENTS, style())
    earlier = [*given_items(first, "01a"), *output]
    answer = {"type": "function_call_output", "call_id": "c1", "output": "4"}
    by_id = continued({"model": "m", "previous_response_id": "r", "input": [answer]}, earlier)
    assert [item["type"] for item in by_id["input"]] == [
        "message",
        "reasoning",
        "message",
        "function_call",
        "function_call_output",
    ]
    call = decode(by_id, unseal)
    assert [turn.role for turn in call.turns] == ["user", "assistant", "tool"]
    assert "instructions" not in sent(call)


def test_given_items_have_types_and_ids() -> None:
    items = given_items(
        {"input": [{"role": "user", "content": "Hi"}, {"id": "own", "type": "x"}]}, "01a"
    )
    assert items[0] == {"type": "message", "role": "user", "content": "Hi", "id": "msg_01a_in0"}
    assert items[1]["id"] == "own"
    (one,) = given_items({"input": "Hi"}, "01a")
    assert one["content"] == [{"type": "input_text", "text": "Hi"}]
    assert given_items({}, "01a") == []


def test_references_are_put_in() -> None:
    kept = {"id": "msg_1", "type": "message", "role": "user", "content": "Hi"}
    body = {"input": [{"type": "item_reference", "id": "msg_1"}, {"role": "user", "content": "?"}]}
    assert continued(body, [kept])["input"] == [kept, body["input"][1]]
    assert resolved(body, {"msg_1": kept}.get)["input"][0] == kept
    with pytest.raises(Refusal) as raised:
        resolved(body, lambda _id: None)
    assert (raised.value.kind, raised.value.param) == ("not_found", "input[0].id")
    assert resolved({"input": "Hi"}, lambda _id: None) == {"input": "Hi"}
    assert continued({"input": "Hi"}, [kept])["input"][1] == {"role": "user", "content": "Hi"}


def test_an_unknown_answer() -> None:
    refusal = not_found("resp_1")
    assert refusal.code == "previous_response_not_found"
    assert refusal.param == "previous_response_id"


def test_sealed_thinking_is_shown_where_it_is_asked_for() -> None:
    response = {"id": "resp_1", "output": stored_items(EVENTS, style())}
    assert "encrypted_content" not in retrieved(response)["output"][0]
    asked = retrieved(response, ["reasoning.encrypted_content"])
    assert "encrypted_content" in asked["output"][0]


def test_shapes() -> None:
    assert deleted("resp_1") == {"id": "resp_1", "object": "response", "deleted": True}
    assert cancelled({"status": "in_progress"})["status"] == "cancelled"
    InputTokenCountResponse.model_validate(counted(5), strict=True)
    item = compaction("Summary.", "cmp_1", seal)
    body = encoded(compacted("resp_1", 1, [item], Usage(3, 4), b"0.1"))
    said = CompactedResponse.model_validate_json(body, strict=True)
    assert said.usage.total_tokens == 7


def test_pages() -> None:
    items: list[Any] = given_items({"input": [{"role": "user", "content": "x"}] * 5}, "a")
    for item in items:
        item["content"] = [{"type": "input_text", "text": "x"}]
    first = page_of(items, limit=2)
    assert (first["first_id"], first["last_id"], first["has_more"]) == (
        "msg_a_in4",
        "msg_a_in3",
        True,
    )
    ResponseItemList.model_validate_json(encoded(first), strict=True)
    rest = page_of(items, limit=100, after="msg_a_in3")
    assert [item["id"] for item in rest["data"]] == ["msg_a_in2", "msg_a_in1", "msg_a_in0"]
    assert not rest["has_more"]
    assert page_of(items, order="asc")["first_id"] == "msg_a_in0"
    assert page_of([])["data"] == []
    wrongs: list[dict[str, Any]] = [{"limit": 0}, {"limit": 101}, {"order": "up"}, {"after": "no"}]
    for wrong in wrongs:
        with pytest.raises(Refusal):
            page_of(items, **wrong)
