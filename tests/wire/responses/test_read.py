"""The reader: streams in every cut, whole replies, and hosts that leave things out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.events import Cited, Opaque, Start, Stop, Text, Thought, Usage
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.responses import RESPONSES_PROVIDER
from glimway.wire.responses import answer as answer_module
from glimway.wire.responses.read import Reader
from wire.responses.making import (
    PLAIN,
    Told,
    Whole,
    about,
    added,
    completed,
    created,
    done,
    function,
    message,
    response,
    sse,
    text_stream,
)

REASONING = {"id": "rs_1", "type": "reasoning", "summary": []}


def everything() -> list[Any]:
    """One answer of all kinds of item."""
    thought = {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "blob",
    }
    action = {"type": "search", "query": "x"}
    search = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": action}
    custom = {
        "id": "ctc_1",
        "type": "custom_tool_call",
        "call_id": "call_2",
        "name": "patch",
        "input": "*** é",
    }
    said, call = message("Grüße\u2028!"), function('{"a": 1}')
    return [
        created(),
        {"type": "response.in_progress", "response": response("in_progress")},
        added(0, REASONING),
        about("reasoning_summary_part.added", "rs_1", 0, summary_index=0, part={}),
        about("reasoning_summary_text.delta", "rs_1", 0, summary_index=0, delta="H"),
        about("reasoning_summary_text.delta", "rs_1", 0, summary_index=0, delta="m."),
        about("reasoning_summary_text.done", "rs_1", 0, summary_index=0, text="Hm."),
        done(0, thought),
        added(1, {**search, "status": "in_progress"}),
        about("web_search_call.searching", "ws_1", 1),
        done(1, search),
        added(2, message()),
        about("output_text.delta", "msg_1", 2, content_index=0, delta="Grü"),
        about("output_text.delta", "msg_1", 2, content_index=0, delta="ße\u2028!"),
        about("output_text.done", "msg_1", 2, content_index=0, text="Grüße\u2028!"),
        done(2, said),
        added(3, function()),
        about("function_call_arguments.delta", "fc_1", 3, delta='{"a": '),
        about("function_call_arguments.delta", "fc_1", 3, delta="1}"),
        about("function_call_arguments.done", "fc_1", 3, arguments='{"a": 1}'),
        done(3, call),
        added(4, {**custom, "input": ""}),
        about("custom_tool_call_input.delta", "ctc_1", 4, delta="*** é"),
        about("custom_tool_call_input.done", "ctc_1", 4, input="*** é"),
        done(4, custom),
        completed(thought, search, said, call, custom, service_tier="flex"),
    ]


def expected(told: Any) -> None:
    assert told.text == "Grüße\u2028!"
    assert told.summary == "Hm."
    assert told.sealed == ["blob"]
    assert told.calls == [["call_1", "get_weather", '{"a": 1}'], ["call_2", "patch", "*** é"]]
    assert told.stops == ["tool_calls"]
    assert told.reader.answer_id == "resp_theirs"
    assert told.reader.done
    usage = told.reader.usage
    assert (usage.input, usage.cached, usage.output, usage.reasoning) == (7, 2, 5, 3)
    assert told.opaque[-1].value == {"service_tier": "flex"}


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 7, 64, 1000])
def test_every_item_in_every_cut(cut: int) -> None:
    told = Told(sse(*everything()), cut)
    assert told.fault is None
    expected(told)


def test_cut_in_two_at_every_byte() -> None:
    stream = sse(*everything()[:8], completed())
    for at in range(len(stream)):
        reader = Reader(PLAIN, "stem")
        frames = reader.feed(stream[:at]) + reader.feed(stream[at:]) + reader.close()
        assert reader.fault is None
        events = [event for frame in frames for event in frame]
        assert "".join(e.text for e in events if isinstance(e, Thought)) == "Hm."


def test_a_stream_that_ends_at_any_byte_is_a_fault() -> None:
    stream = sse(*text_stream("Hello", " world"))
    last = stream.rindex(b"}") + 1
    for at in range(last):
        told = Told(stream[:at])
        assert told.fault is not None, at
        assert told.fault.kind == "broken"
        assert not told.reader.done
    for at in range(last, len(stream) + 1):
        assert Told(stream[:at]).fault is None


def test_carriage_returns_comments_and_a_done_mark() -> None:
    stream = sse(*text_stream("a"), done=True).replace(b"\n", b"\r\n")
    told = Told(b": ping\r\n\r\n" + stream, 5)
    assert (told.text, told.fault) == ("a", None)
    early = Told(b"data: [DONE]\n\n")
    assert early.fault is not None


def test_events_without_names_and_names_without_types() -> None:
    events = text_stream("a")
    plain = b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in events)
    assert Told(plain).text == "a"
    named = b"".join(
        b"event: %b\ndata: %b\n\n"
        % (e["type"].encode(), json.dumps({k: v for k, v in e.items() if k != "type"}).encode())
        for e in events
    )
    told = Told(named)
    assert (told.text, told.fault) == ("a", None)


def test_the_whole_reply_says_the_same() -> None:
    last = everything()[-1]["response"]
    expected(Whole(last))
    again = Told(sse(created(), everything()[-1]))
    expected(again)


def test_a_first_event() -> None:
    (start, *_) = Told(sse(*text_stream("a"))).events
    assert start == Start("resp_theirs", "glm-up")


def test_signs_of_life_carry_nothing() -> None:
    events = text_stream("a")
    events[2:2] = [{"type": "keepalive"}, {"type": "ping", "x": 1}]
    told = Told(sse(*events) + b"data: null\n\n")
    assert (told.text, told.fault, told.opaque) == ("a", None, [])


# ---- what hosts leave out ---------------------------------------------------------------------


def test_deltas_without_any_announcement() -> None:
    told = Told(
        sse(
            about("output_text.delta", "msg_1", 0, delta="Hel"),
            about("output_text.delta", "msg_1", 0, delta="lo"),
            completed(),
        )
    )
    assert (told.text, told.stops, told.fault) == ("Hello", ["stop"], None)


def test_deltas_without_ids_and_indices() -> None:
    told = Told(
        sse(
            {"type": "response.output_text.delta", "delta": "Hel"},
            {"type": "response.output_text.delta", "delta": "lo"},
            {"type": "response.output_text.done", "text": "Hello"},
            completed(message("Hello")),
        )
    )
    assert told.text == "Hello"


@pytest.mark.parametrize("count", range(1, 7))
def test_any_of_the_repetitions_alone_is_enough(count: int) -> None:
    """The text comes in delta, text.done, part.done, item.done and in the last event."""
    part = {"type": "output_text", "text": "Hello", "annotations": []}
    ways = [
        about("output_text.delta", "msg_1", 0, content_index=0, delta="Hello"),
        about("output_text.done", "msg_1", 0, content_index=0, text="Hello"),
        about("content_part.done", "msg_1", 0, content_index=0, part=part),
        done(0, message("Hello")),
        completed(message("Hello")),
    ]
    for at in range(5):
        kept = ways[at : at + count]
        last = [] if kept[-1]["type"] == "response.completed" else [completed()]
        assert Told(sse(created(), added(0, message()), *kept, *last)).text == "Hello"


def test_done_with_more_than_the_deltas_said() -> None:
    told = Told(
        sse(
            added(0, message()),
            about("output_text.delta", "msg_1", 0, content_index=0, delta="Hel"),
            about("output_text.done", "msg_1", 0, content_index=0, text="Hello"),
            completed(),
        )
    )
    assert told.text == "Hello"


def test_done_that_contradicts_the_deltas_is_not_said_again() -> None:
    told = Told(
        sse(
            about("output_text.delta", "msg_1", 0, delta="Hello"),
            about("output_text.done", "msg_1", 0, text="Good evening"),
            completed(),
        )
    )
    assert told.text == "Hello"


def test_several_parts_of_a_message() -> None:
    told = Told(
        sse(
            added(0, message()),
            about("output_text.delta", "msg_1", 0, content_index=0, delta="a"),
            about("refusal.delta", "msg_1", 0, content_index=1, delta="no"),
            about("refusal.done", "msg_1", 0, content_index=1, refusal="no"),
            completed(),
        )
    )
    assert (told.text, told.refusal, told.stops) == ("a", "no", ["refusal"])
    part = {"type": "refusal", "refusal": "no"}
    only = Whole(response(output=[message(content=[part])]))
    assert (only.refusal, only.stops) == ("no", ["refusal"])


def test_annotations_streamed_or_not() -> None:
    note = {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 0}
    part = {"type": "output_text", "text": "a", "annotations": [note, {**note, "url": "https://b"}]}
    told = Told(
        sse(
            added(0, message()),
            about("output_text.delta", "msg_1", 0, content_index=0, delta="a"),
            about("output_text.annotation.added", "msg_1", 0, content_index=0, annotation=note),
            about("content_part.done", "msg_1", 0, content_index=0, part=part),
            done(0, message(content=[part])),
            completed(message(content=[part])),
        )
    )
    cited = [e for e in told.events if isinstance(e, Cited)]
    assert [(one.url, one.title, one.start, one.end) for one in cited] == [
        ("https://a", "A", 0, None),
        ("https://b", "A", 0, None),
    ]


def test_log_probabilities_come_before_their_text() -> None:
    logprobs = [{"token": "a", "logprob": -0.1}]
    told = Told(
        sse(
            about("output_text.delta", "msg_1", 0, content_index=0, delta="a", logprobs=logprobs),
            completed(),
        )
    )
    assert told.events[:2] == [
        Opaque("delta", {"logprobs": logprobs}, dialect="responses"),
        Text("a"),
    ]


# ---- thinking -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reasoning_text", "reasoning"])
def test_thinking_under_both_names(name: str) -> None:
    told = Told(
        sse(
            added(0, REASONING),
            about(f"{name}.delta", "rs_1", 0, content_index=0, delta="H"),
            about(f"{name}.delta", "rs_1", 0, content_index=0, delta="m"),
            about(f"{name}.done", "rs_1", 0, content_index=0, text="Hm"),
            completed(),
        )
    )
    assert (told.thought, told.summary) == ("Hm", "")


def test_parts_of_a_summary_are_paragraphs() -> None:
    events = [
        about("reasoning_summary_text.delta", "rs_1", 0, summary_index=at, delta=text)
        for at, text in enumerate(["One.", "Two."])
    ]
    told = Told(sse(added(0, REASONING), *events, completed()))
    assert told.summary == "One.\n\nTwo."


def test_the_same_thought_in_both_places_is_thought_once() -> None:
    item = {
        **REASONING,
        "summary": [{"type": "summary_text", "text": "Hm"}],
        "content": [{"type": "reasoning_text", "text": "Hm"}],
    }
    told = Whole(response(output=[item]))
    assert (told.summary, told.thought) == ("Hm", "")
    other = Whole(response(output=[{**item, "content": [{"type": "t", "text": "Hm, longer"}]}]))
    assert (other.summary, other.thought) == ("Hm", "Hm, longer")


def test_thinking_only_in_the_item() -> None:
    item = {**REASONING, "summary": [{"type": "summary_text", "text": "Hm"}]}
    assert Told(sse(added(0, REASONING), done(0, item), completed(item))).summary == "Hm"


# ---- calls --------------------------------------------------------------------------------------


def test_no_arguments_are_an_empty_object() -> None:
    assert Told(sse(added(0, function()), completed())).calls[0][2] == "{}"


def test_a_name_that_comes_late() -> None:
    told = Told(
        sse(
            about("function_call_arguments.delta", "fc_1", 0, delta='{"a": 1'),
            about("function_call_arguments.delta", "fc_1", 0, delta="}"),
            done(0, function('{"a": 1}')),
            completed(),
        )
    )
    assert told.calls == [["call_1", "get_weather", '{"a": 1}']]


def test_a_call_without_an_id_gets_one() -> None:
    (first, second) = Whole(
        response(output=[function("{}", call_id=None), function("{}", "fc_2", call_id="")])
    ).calls
    assert first[0].startswith("call_stem_")
    assert first[0] != second[0]


def test_mixed_calls_keep_their_arguments() -> None:
    told = Told(
        sse(
            added(0, function()),
            added(1, function(item_id="fc_2", call_id="call_2")),
            about("function_call_arguments.delta", "fc_2", 1, delta='{"b":'),
            about("function_call_arguments.delta", "fc_1", 0, delta='{"a":'),
            about("function_call_arguments.delta", "fc_2", 1, delta="2}"),
            about("function_call_arguments.delta", "fc_1", 0, delta="1}"),
            completed(),
        )
    )
    assert [call[2] for call in told.calls] == ['{"a":1}', '{"b":2}']


def test_a_namespace_is_part_of_the_neutral_name() -> None:
    assert Whole(response(output=[function("{}", namespace="fs")])).calls[0][1] == (
        "fs__get_weather"
    )


def test_arguments_as_an_object() -> None:
    item = {**function(), "arguments": {"a": 1}}
    assert Whole(response(output=[item])).calls[0][2] == '{"a":1}'


def test_arguments_that_are_not_json_are_a_fault_unless_the_answer_was_cut() -> None:
    item = function('{"a": ')
    with pytest.raises(Fault, match="not JSON"):
        Whole(response(output=[item]))
    cut = response("incomplete", [item], incomplete_details={"reason": "max_output_tokens"})
    told = Whole(cut)
    assert (told.stops, told.calls[0][2]) == (["length"], '{"a": ')


def test_a_call_without_a_name() -> None:
    events = [about("function_call_arguments.delta", "fc_1", 0, delta="{}"), completed()]
    fault = Told(sse(*events)).fault
    assert fault is not None
    assert "without a name" in fault.detail


# ---- the end ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("max_output_tokens", "length"),
        ("content_filter", "content_filter"),
        ("max_messages", "length"),
        (None, "length"),
    ],
)
def test_incomplete(word: str | None, reason: str) -> None:
    details = {"reason": word} if word else None
    last = completed(message("a"), status="incomplete", incomplete_details=details)
    told = Told(sse(created(), last))
    assert (told.stops, told.fault) == ([reason], None)
    assert told.reader.done


def test_a_hosts_own_word_for_the_end() -> None:
    quirks = Quirks(finish_reasons={"sensitive": "content_filter"})
    last = completed(status="incomplete", incomplete_details={"reason": "sensitive"})
    assert Told(sse(last), quirks=quirks).stops == ["content_filter"]


def test_the_status_is_believed_over_the_events_name() -> None:
    last = {
        "type": "response.completed",
        "response": response("incomplete", incomplete_details={"reason": "max_output_tokens"}),
    }
    assert Told(sse(last)).stops == ["length"]
    assert Told(sse({"type": "response.done", "response": response()})).stops == ["stop"]


@pytest.mark.parametrize(
    ("error", "kind", "refusal"),
    [
        ({"code": "server_error", "message": "m"}, "overloaded", None),
        ({"code": "rate_limit_exceeded", "message": "m"}, "rate_limited", None),
        ({"code": "insufficient_quota", "message": "m"}, "quota", None),
        ({"code": "context_length_exceeded", "message": "m"}, "rejected", "context_too_long"),
        ({"code": "invalid_prompt", "message": "m"}, "rejected", "content_filter"),
        ({"code": "invalid_image_url", "message": "m"}, "rejected", None),
        ({"code": None, "message": "m"}, "broken", None),
        (None, "broken", None),
    ],
)
def test_failures(error: Any, kind: str, refusal: str | None) -> None:
    last = completed(status="failed", error=error)
    inline = {"type": "error", **(error or {})}
    nested = {"type": "error", "error": error or {}}
    faults = [
        Told(sse(created(), added(0, message()), event)).fault for event in (last, inline, nested)
    ]
    for fault in faults:
        assert fault is not None
        assert (fault.kind, fault.refusal) == (kind, refusal)
    with pytest.raises(Fault) as raised:
        Whole(last["response"])
    assert raised.value.kind == kind


@pytest.mark.parametrize("status", ["cancelled", "queued", "in_progress"])
def test_an_answer_that_is_none(status: str) -> None:
    with pytest.raises(Fault, match=status):
        Whole(response(status))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>", b"\xff", b'{"choices": []}'])
def test_unreadable_replies(body: bytes) -> None:
    with pytest.raises(Fault):
        Reader(PLAIN, "stem").whole(body)


def test_an_unreadable_frame_ends_the_stream() -> None:
    events = sse(*text_stream("a")[:4])
    told = Told(events + b"data: {broken\n\n")
    assert told.fault is not None
    assert told.text == "a"


def test_an_error_object_where_an_event_was_due() -> None:
    fault = Told(b'data: {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}\n\n')
    assert fault.fault is not None
    assert fault.fault.kind == "rate_limited"


def test_error_answers() -> None:
    body = b'{"error": {"message": "no", "type": "invalid_request_error", "code": null}}'
    fault = RESPONSES_PROVIDER.fault(400, [], body, PLAIN)
    assert (fault.kind, fault.message) == ("rejected", "no")
    assert RESPONSES_PROVIDER.fault(429, [(b"retry-after", b"3")], b"", PLAIN).retry_after_s == 3


def test_an_answer_of_too_many_items_or_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "ITEMS_MAX", 3)
    monkeypatch.setattr(answer_module, "ANSWER_CHARS_MAX", 10)
    many = [added(at, message(item_id=f"m{at}")) for at in range(5)]
    assert "more than 3 items" in str(Told(sse(*many)).fault)
    long = [about("output_text.delta", "msg_1", 0, delta="abcdef")] * 2
    assert "longer than 10" in str(Told(sse(*long)).fault)


def test_usage_that_is_missing_or_strange() -> None:
    assert Whole(response() | {"usage": None}).reader.usage is None
    strange = {"input_tokens": -1, "output_tokens": "5", "input_tokens_details": "x", "extra": 1}
    usage = Whole(response() | {"usage": strange}).reader.usage
    assert usage == Usage(0, 5, extra={"extra": 1})
    assert [type(e) for e in Whole(response()).events][-2:] == [Stop, Usage]


def test_items_of_other_kinds_pass_whole() -> None:
    told = Told(sse(*everything()))
    places = [(one.place, one.value.get("type")) for one in told.opaque]
    assert ("event", "response.output_item.added") in places
    assert ("event", "response.web_search_call.searching") in places
    assert ("item", "web_search_call") in places
    assert not any("sequence_number" in one.value for one in told.opaque)
