"""The writer: its grammar, its modes, and that nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

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
from glimway.wire.responses.style import Style
from glimway.wire.responses.write import Writer
from glimway.wire.sse import Cutter
from wire.responses.grammar import Clean, calls, check_response
from wire.responses.making import USED, style, written

_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
PLAIN = style()
SEALED = style(include=["reasoning.encrypted_content"])
ERROR = {
    "error": {"message": "It broke.", "type": "api_error", "param": None, "code": "upstream_error"},
    "trace_id": "01abc",
}


def kinds(clean: Clean) -> list[str]:
    return [event["type"].removeprefix("response.") for event in clean.events]


def whole(style: Style, events: list[Event], stop: Any = "stop") -> Any:
    body = Writer(style).whole([*events, Stop(stop)], USED, b"0.00012")
    return check_response(body)


def test_a_message_in_every_step() -> None:
    clean = Clean(written(PLAIN, [Start("x", "m")], [Text("Hel")], [Text("lo")]))
    assert kinds(clean) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert clean.text == "Hello"
    assert clean.response["model"] == "glm-4.7"
    assert clean.response["output"][0]["id"] == "msg_01ours_0"


def test_usage_and_cost() -> None:
    usage = Clean(written(PLAIN, [Text("a")])).response["usage"]
    assert usage["cost"] == usage["estimated_cost"] == 0.00012
    assert usage["input_tokens_details"] == {"cached_tokens": 2, "cache_write_tokens": 0}
    assert usage["output_tokens_details"] == {"reasoning_tokens": 3}
    assert usage["total_tokens"] == 12


def test_the_terminal_event_is_the_last_and_there_is_no_done_mark() -> None:
    body = written(PLAIN, [Text("a")])
    assert b"[DONE]" not in body
    assert body.rstrip().rpartition(b"\n\n")[2].startswith(b"event: response.completed\n")


def test_thinking_streams_as_a_summary_and_stands_in_the_item() -> None:
    clean = Clean(written(PLAIN, [Thought("H")], [Thought("m")], [Text("a")]))
    assert clean.summary == "Hm"
    thought = clean.response["output"][0]
    assert thought["summary"] == [{"type": "summary_text", "text": "Hm"}]
    assert thought["content"] == [{"type": "reasoning_text", "text": "Hm"}]
    assert "encrypted_content" not in thought


def test_thinking_under_its_own_name() -> None:
    raw = msgspec.structs.replace(PLAIN, thoughts="raw")
    clean = Clean(written(raw, [Thought("H")], [Thought("m")], [Text("a")]))
    assert (clean.thought, clean.summary) == ("Hm", "")
    assert clean.response["output"][0]["summary"] == []


def test_a_summary_of_the_providers_own_beside_its_thinking() -> None:
    clean = Clean(written(PLAIN, [Thought("s", summary=True)], [Thought("t")], [Text("a")]))
    assert (clean.summary, clean.thought) == ("s", "t")


def test_thinking_is_sealed_where_the_client_asks_for_it() -> None:
    frames: list[list[Event]] = [[Start("x", "m")], [Thought("Hm")], [Text("a")]]
    token = Clean(written(SEALED, *frames)).response["output"][0]["encrypted_content"]
    assert token.startswith("gw1.<")
    assert "mH" in token
    for members in ({"store": False}, {"include": ["reasoning.encrypted_content"]}):
        assert style(**members).encrypted
    assert not style(store=True).encrypted


def test_a_proof_ends_a_thought() -> None:
    frames: list[list[Event]] = [
        [Thought("a"), Thought("", signature="s1")],
        [Thought("b"), Thought("", sealed="blob")],
        [Thought("", sealed="redacted")],
    ]
    clean = Clean(written(SEALED, *frames))
    assert [item["type"] for item in clean.items] == ["reasoning"] * 3
    assert all(item["encrypted_content"] for item in clean.items)


def test_without_a_seal_a_providers_own_is_shown() -> None:
    bare = msgspec.structs.replace(SEALED, seal=None)
    clean = Clean(written(bare, [Thought("a"), Thought("", sealed="blob")], [Thought("b")]))
    assert [item.get("encrypted_content") for item in clean.items] == ["blob", None]


def test_what_is_kept_is_sealed_though_the_client_did_not_ask() -> None:
    writer = Writer(PLAIN)
    writer.frame([Thought("a"), Thought("", sealed="blob")])
    writer.end([Stop("stop")], USED, None)
    assert "encrypted_content" not in writer.response["output"][0]
    assert writer.kept()["output"][0]["encrypted_content"].startswith("gw1.")
    assert writer.kept()["id"] == writer.response["id"]


def test_text_and_refusal_are_parts_of_one_message() -> None:
    clean = Clean(written(PLAIN, [Text("a")], [Declined("no")], [Text("b")]))
    (item,) = clean.items
    assert [part["type"] for part in item["content"]] == ["output_text", "refusal", "output_text"]
    assert (clean.text, clean.refusal) == ("ab", "no")


def test_calls_have_two_ids_and_all_their_arguments() -> None:
    frames: list[list[Event]] = [
        [ToolOpen(0, "call_a", "f"), ToolArgs(0, '{"a":')],
        [ToolArgs(0, "1}")],
        [ToolOpen(1, "call_b", "g"), ToolArgs(1, "{}")],
    ]
    clean = Clean(written(PLAIN, *frames, stop="tool_calls"))
    assert calls(clean.response) == [("f", '{"a":1}'), ("g", "{}")]
    first = clean.items[0]
    assert (first["id"], first["call_id"]) == ("fc_01ours_0", "call_a")
    assert clean.response["status"] == "completed"


def test_free_text_tools_of_either_making() -> None:
    asked = style(tools=[{"type": "custom", "name": "patch"}])
    native: list[Event] = [ToolOpen(0, "c", "patch", kind="custom"), ToolArgs(0, "*** Begin")]
    wrapped: list[Event] = [ToolOpen(0, "c", "patch"), ToolArgs(0, '{"input": "*** Begin"}')]
    for events in (native, wrapped):
        clean = Clean(written(asked, events, stop="tool_calls"))
        assert calls(clean.response) == [("patch", "*** Begin")]
        assert clean.items[0]["type"] == "custom_tool_call"


def test_a_tool_of_a_namespace_is_called_by_its_own_name() -> None:
    inner = {"type": "function", "name": "read", "parameters": {}}
    asked = style(tools=[{"type": "namespace", "name": "fs", "description": "d", "tools": [inner]}])
    events: list[Event] = [ToolOpen(0, "c", "fs__read"), ToolArgs(0, "{}")]
    (item,) = Clean(written(asked, events)).items
    assert (item["namespace"], item["name"]) == ("fs", "read")


@pytest.mark.parametrize(
    ("stop", "status", "details"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("refusal", "completed", None),
        ("pause", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("context", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_why_it_ended(stop: Any, status: str, details: Any) -> None:
    clean = Clean(written(PLAIN, [Text("a")], stop=stop))
    assert clean.response["status"] == status
    assert clean.response["incomplete_details"] == details
    assert clean.items[-1]["status"] == status
    assert whole(PLAIN, [Text("a")], stop)["status"] == status


def test_a_call_that_was_cut_is_incomplete() -> None:
    events: list[Event] = [ToolOpen(0, "c", "f"), ToolArgs(0, '{"a": [1,')]
    clean = Clean(written(PLAIN, events, stop="length"))
    assert clean.items[0]["status"] == "incomplete"


def test_an_empty_answer_is_an_answer() -> None:
    clean = Clean(written(PLAIN, stop="stop"))
    assert clean.response["output"] == []
    assert kinds(clean) == ["created", "in_progress", "completed"]


def test_citations() -> None:
    own = {
        "type": "url_citation",
        "url": "https://a",
        "title": "A",
        "start_index": 1,
        "end_index": 2,
    }
    frames: list[list[Event]] = [
        [Text("abc"), Cited("https://b")],
        [Cited("https://a", value=own, dialect="responses")],
    ]
    (note, other) = Clean(written(PLAIN, *frames)).items[0]["content"][0]["annotations"]
    assert note == {**own, "url": "https://b", "title": "https://b", "start_index": 0} | {
        "end_index": 3
    }
    assert other == own
    # With no text to stand on, a citation has a part of its own.
    assert Clean(written(PLAIN, [Cited("https://b")])).items[0]["content"][0]["text"] == ""


def test_log_probabilities_ride_on_their_text() -> None:
    probable = [{"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": []}]
    mark = Opaque("delta", {"logprobs": probable}, dialect="responses")
    clean = Clean(written(PLAIN, [mark, Text("a")], [Text("b")]))
    deltas = [e["logprobs"] for e in clean.events if e["type"].endswith("text.delta")]
    assert deltas == [probable, []]
    assert clean.items[0]["content"][0]["logprobs"] == probable


def test_unknown_things_of_another_dialect_are_not_written() -> None:
    foreign = Opaque("frame", {"system_fingerprint": "x"}, dialect="chat")
    assert "system_fingerprint" not in Clean(written(PLAIN, [foreign, Text("a")])).response


def test_members_of_the_response_pass_but_never_ours() -> None:
    passing = Opaque("frame", {"tool_usage": None, "x": 1, "id": "theirs"}, dialect="responses")
    clean = Clean(written(PLAIN, [Text("a")], [passing]))
    assert clean.response["x"] == 1
    assert clean.response["id"] == "resp_01ours"


def test_an_error_is_said_twice_and_then_fails() -> None:
    writer = Writer(PLAIN)
    body = writer.frame([Thought("Hm")]) + writer.frame([Text("Hel")])
    clean = Clean(body + writer.error(json.dumps(ERROR).encode()))
    assert kinds(clean)[-2:] == ["error", "failed"]
    event = clean.events[-2]
    assert event["message"] == event["error"]["message"] == "It broke."
    assert clean.response["error"] == {
        "code": "server_error",
        "message": "It broke.",
        "trace_id": "01abc",
    }
    assert clean.response["output"][1]["content"][0]["text"] == "Hel"
    assert clean.response["output"][1]["status"] == "incomplete"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("rate_limit_exceeded", "rate_limit_exceeded"),
        ("upstream_rate_limited", "rate_limit_exceeded"),
        ("insufficient_quota", "insufficient_quota"),
        ("context_length_exceeded", "context_length_exceeded"),
        ("timeout", "server_error"),
        (1234, "server_error"),
    ],
)
def test_codes_that_agents_act_on(code: Any, told: str) -> None:
    body = json.dumps({"error": {"message": "m", "type": "t", "param": None, "code": code}})
    out = Writer(PLAIN).error(body.encode())
    last = json.loads(out.rstrip().rpartition(b"data: ")[2])
    assert last["response"]["error"]["code"] == told


def test_an_error_before_anything_and_an_unreadable_one() -> None:
    for body in (b"", b"[]", b"{}", json.dumps(ERROR).encode()):
        clean = Clean(Writer(PLAIN).error(body), typed=False)
        assert clean.failed
        assert clean.response["error"]["message"]


def test_whole_and_streamed_are_the_same_response() -> None:
    events: list[Event] = [
        Start("x", "m"),
        Thought("Hm"),
        Text("a"),
        Declined("no"),
        ToolOpen(0, "c", "f"),
        ToolArgs(0, "{}"),
    ]
    streamed = Clean(written(SEALED, *([event] for event in events))).response
    assert whole(SEALED, events) == streamed


def test_the_request_is_repeated_in_its_own_form() -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    schema = {"type": "json_schema", "name": "n", "schema": {"type": "object"}}
    asked = style(
        instructions="Be kind.",
        tools=[tool, {"type": "web_search"}],
        tool_choice={"type": "function", "name": "f"},
        text={"format": schema, "verbosity": "low"},
        reasoning={"effort": "high", "summary": "auto"},
        metadata={"a": "b"},
        max_output_tokens=100,
        temperature=0.5,
        truncation="auto",
        user="u",
        store=False,
        previous_response_id="resp_0",
    )
    said = Clean(written(asked, [Text("a")])).response
    assert said["instructions"] == "Be kind."
    assert said["tools"][0] == {**tool, "description": None, "strict": False}
    assert said["tools"][1] == {"type": "web_search"}
    assert said["tool_choice"] == {"type": "function", "name": "f"}
    assert said["text"]["format"] == {**schema, "description": None, "strict": False}
    assert said["text"]["verbosity"] == "low"
    assert said["reasoning"] == {"effort": "high", "summary": "auto"}
    assert (said["metadata"], said["store"], said["user"]) == ({"a": "b"}, False, "u")
    assert said["previous_response_id"] == "resp_0"
    assert said["service_tier"] == "default"
    assert "user" not in Clean(written(PLAIN, [Text("a")])).response


def test_the_time_of_the_end() -> None:
    late = msgspec.structs.replace(PLAIN, now_s=lambda: 1_700_000_009)
    assert Clean(written(late, [Text("a")])).response["completed_at"] == 1_700_000_009


def test_signs_that_line_readers_take_for_an_end_are_escaped() -> None:
    body = written(PLAIN, [Text("a\u2028b\u0085c")])
    assert len(body.decode().splitlines()) == body.count(b"\n")
    assert Clean(body).text == "a\u2028b\u0085c"


def test_openais_own_client_folds_the_stream_to_the_same_answer() -> None:
    frames: list[list[Event]] = [
        [Start("x", "m"), Thought("Hm"), Thought("", sealed="blob")],
        [Text("Hel")],
        [Text("lo"), Cited("https://a")],
        [Declined("no")],
        [ToolOpen(0, "c0", "f"), ToolOpen(1, "c1", "patch", kind="custom")],
        [ToolArgs(1, "*** x"), ToolArgs(0, '{"a":'), ToolArgs(0, "1}")],
    ]
    body = written(style(tools=[{"type": "custom", "name": "patch"}]), *frames, stop="tool_calls")
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=omit, text_format=omit)
    seen: list[Any] = []
    for _, data in Cutter().feed(body):
        event: Any = _EVENT.validate_json(data)
        seen += state.handle_event(event)
    (last,) = [event for event in seen if event.type == "response.completed"]
    assert last.response.output_text == "Hello"
    assert [item.type for item in last.response.output] == [
        "reasoning",
        "message",
        "function_call",
        "custom_tool_call",
    ]
