from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.events import (
    Cited,
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
from glimway.wire.messages.read import Reader
from glimway.wire.quirks import Errors as HostErrors
from glimway.wire.quirks import Meaning, Quirks
from glimway.wire.refusal import Fault
from wire.messages.making import (
    OTHERS,
    OURS,
    PLAIN,
    begin,
    end,
    grow,
    reply,
    sse,
    start,
    stop,
    text,
    thinking,
    told,
    tool,
)

FULL = sse(
    start(),
    {"type": "ping"},
    *thinking(0, "Let ", "me"),
    *text(1, "Hé", "llo 😀"),
    *tool(2, '{"a"', ": 1}", call_id="toolu_a"),
    *tool(3, call_id="toolu_b", name="g"),
    *end("tool_use", output_tokens_details={"thinking_tokens": 3}),
)

EVENTS: list[Event] = [
    Start("msg_theirs", "theirs-1"),
    Usage(28, 1, cached=20),
    Thought("Let "),
    Thought("me"),
    Thought("", signature="sig"),
    Text("Hé"),
    Text("llo 😀"),
    ToolOpen(0, "toolu_a", "f"),
    ToolArgs(0, '{"a"'),
    ToolArgs(0, ": 1}"),
    ToolOpen(1, "toolu_b", "g"),
    ToolArgs(1, "{}"),
    Stop("tool_calls", raw="tool_use"),
    Usage(28, 8, cached=20, reasoning=3),
]


def test_a_stream() -> None:
    events, reader = told(FULL)
    assert events == EVENTS
    assert (reader.done, reader.fault, reader.cut_short) == (True, None, False)
    assert reader.answer_id == "msg_theirs"
    assert reader.usage == EVENTS[-1]


def test_frames_are_those_of_the_host() -> None:
    frames = Reader(PLAIN, "stem", OTHERS).feed(sse(start(), *text(0, "a", "b")))
    assert frames == [EVENTS[:2], [Text("a")], [Text("b")]]


@pytest.mark.parametrize("call", [OTHERS, OURS])
def test_a_stream_cut_at_every_byte(call: Any) -> None:
    whole, _ = told(FULL, call)
    for at in range(1, len(FULL)):
        reader = Reader(PLAIN, "stem", call)
        frames = reader.feed(FULL[:at]) + reader.feed(FULL[at:]) + reader.close()
        assert reader.fault is None
        assert [event for events in frames for event in events] == whole


def test_a_stream_byte_by_byte() -> None:
    reader = Reader(PLAIN, "stem", OTHERS)
    frames = [events for at in range(len(FULL)) for events in reader.feed(FULL[at : at + 1])]
    assert [event for events in frames for event in events] == EVENTS


def test_a_stream_that_ends_anywhere_before_its_end_is_a_fault() -> None:
    events = FULL.rstrip()
    for at in range(len(events)):
        reader = Reader(PLAIN, "stem", OTHERS)
        reader.feed(FULL[:at])
        reader.close()
        assert reader.fault is not None, at
        assert reader.fault.kind == "broken"
        assert not reader.done


def test_the_last_empty_line_may_be_missing() -> None:
    events, reader = told(FULL.rstrip())
    assert (events, reader.fault) == (EVENTS, None)


def test_what_follows_the_end_belongs_to_nobody() -> None:
    events, reader = told(FULL + b"data: [DONE]\n\n" + sse(*text(9, "more")))
    assert (events, reader.fault) == (EVENTS, None)


def test_names_of_events_are_enough() -> None:
    stream = b"event: message_start\ndata: " + json.dumps({"message": start()["message"]}).encode()
    events, _ = told(stream + b"\n\n" + sse(*text(0, "a"), *end()))
    assert events[0] == Start("msg_theirs", "theirs-1")


def test_data_without_names_are_enough() -> None:
    stream = b"".join(line + b"\n\n" for line in FULL.split(b"\n") if line.startswith(b"data"))
    assert told(stream)[0] == EVENTS


# ---- whole replies --------------------------------------------------------------------------


def test_a_whole_reply() -> None:
    body = reply(
        {"type": "thinking", "thinking": "Let me", "signature": "sig"},
        {"type": "redacted_thinking", "data": "enc"},
        {"type": "text", "text": "Hello"},
        {"type": "tool_use", "id": "toolu_a", "name": "f", "input": {"a": 1}},
        reason="tool_use",
        usage={"input_tokens": 8, "output_tokens": 8, "cache_creation_input_tokens": 4},
    )
    reader = Reader(PLAIN, "stem", OTHERS)
    assert reader.whole(body) == [
        Start("msg_theirs", "theirs-1"),
        Usage(12, 8, cache_write=4),
        Thought("Let me"),
        Thought("", signature="sig"),
        Thought("", sealed="enc"),
        Text("Hello"),
        ToolOpen(0, "toolu_a", "f"),
        ToolArgs(0, '{"a":1}'),
        Stop("tool_calls", raw="tool_use"),
        Usage(12, 8, cache_write=4),
    ]
    assert reader.done


def test_content_may_be_a_string() -> None:
    message = json.loads(reply())
    events = Reader(PLAIN, "stem").whole(json.dumps({**message, "content": "Hi"}).encode())
    assert Text("Hi") in events


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"content": {}}',
        reply({"type": "text", "text": "x"}, reason=None),
        reply({"type": "tool_use", "id": "a", "input": {}}, reason="tool_use"),
        b"[" * 100_000,
    ],
)
def test_whole_replies_that_are_none(body: bytes) -> None:
    with pytest.raises(Fault) as caught:
        Reader(PLAIN, "stem").whole(body)
    assert caught.value.kind == "broken"


def test_an_error_inside_a_200() -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with pytest.raises(Fault) as caught:
        Reader(PLAIN, "stem").whole(json.dumps(body).encode())
    assert caught.value.kind == "overloaded"


# ---- reasons --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "called", "reason"),
    [
        ("end_turn", False, "stop"),
        ("end_turn", True, "tool_calls"),
        ("stop_sequence", False, "stop"),
        ("max_tokens", False, "length"),
        ("max_tokens", True, "length"),
        ("tool_use", True, "tool_calls"),
        ("tool_use", False, "stop"),
        ("pause_turn", False, "pause"),
        ("refusal", False, "content_filter"),
        ("model_context_window_exceeded", False, "context"),
        ("END_TURN", False, "stop"),
        ("later_invention", False, "stop"),
        ("later_invention", True, "tool_calls"),
    ],
)
def test_reasons(word: str, called: bool, reason: str) -> None:
    content = tool(0, "{}") if called else text(0, "x")
    events, _ = told(sse(start(), *content, *end(word)))
    assert events[-2] == Stop(reason, raw=word)  # type: ignore[arg-type]


def test_a_hosts_own_reasons() -> None:
    stream = sse(start(), *text(0, "x"), *end("sensitive"))
    host = Quirks(finish_reasons={"sensitive": "content_filter"})
    assert told(stream, quirks=host)[0][-2] == Stop("content_filter", raw="sensitive")
    failed = told(stream, quirks=Quirks(finish_reasons={"sensitive": "error"}))[1].fault
    assert failed is not None
    assert failed.kind == "broken"


def test_the_stop_string_that_was_met() -> None:
    events, _ = told(sse(start(), *text(0, "x"), *end("stop_sequence", "END")))
    assert events[-2] == Stop("stop", raw="stop_sequence", sequence="END")


def test_an_end_in_two_steps() -> None:
    first, last = end("tool_use"), end(None, output_tokens=9)
    events, reader = told(sse(start(), *tool(0, "{}"), first[0], *last))
    assert events[-2] == Stop("tool_calls", raw="tool_use")
    assert reader.usage == Usage(28, 9, cached=20)


@pytest.mark.parametrize("reason", [None, ""])
def test_an_end_without_a_reason_is_a_fault(reason: str | None) -> None:
    assert told(sse(start(), *text(0, "x"), *end(reason)))[1].fault is not None


def test_an_answer_of_nothing_is_one() -> None:
    events, reader = told(sse(start(), *end()))
    assert reader.fault is None
    assert [type(event) for event in events] == [Start, Usage, Stop, Usage]


# ---- calls ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [('{"a"',), ("[1]",), ("words",), ('{"a": 1} x',)])
def test_arguments_that_end_invalid_are_a_fault(pieces: tuple[str, ...]) -> None:
    _, reader = told(sse(start(), *tool(0, *pieces), *end("tool_use")))
    assert reader.fault is not None
    assert reader.fault.kind == "broken"
    assert not reader.done


@pytest.mark.parametrize("word", ["max_tokens", "model_context_window_exceeded", "refusal"])
def test_a_cut_may_end_them_anywhere(word: str) -> None:
    events, reader = told(sse(start(), *tool(0, '{"a"'), *end(word)))
    assert reader.fault is None
    assert ToolArgs(0, '{"a"') in events
    # A call that was cut before its arguments has none: {} would look complete.
    events, reader = told(sse(start(), *tool(0), *end(word)))
    assert not [event for event in events if type(event) is ToolArgs]


def test_input_may_come_whole_at_the_beginning() -> None:
    first = begin(0, type="tool_use", id="a", name="f", input={"a": 1})
    events, _ = told(sse(start(), first, stop(0), *end("tool_use")))
    assert events[2:4] == [ToolOpen(0, "a", "f"), ToolArgs(0, '{"a":1}')]
    events, _ = told(
        sse(start(), first, grow(0, "input_json_delta", partial_json="{}"), stop(0), *end())
    )
    assert events[2:4] == [ToolOpen(0, "a", "f"), ToolArgs(0, "{}")]


def test_a_call_without_an_id_gets_one() -> None:
    one = begin(0, type="tool_use", name="f", input={})
    other = begin(1, type="tool_use", id="", name="g", input={})
    events, _ = told(sse(start(), one, stop(0), other, stop(1), *end("tool_use")))
    opens = [event for event in events if isinstance(event, ToolOpen)]
    assert [event.id for event in opens] == ["toolu_stem0", "toolu_stem1"]


def test_blocks_that_never_end_end_with_the_message() -> None:
    one = [begin(0, type="tool_use", id="a", name="f", input={})]
    one.append(grow(0, "input_json_delta", partial_json="{}"))
    events, reader = told(sse(start(), *one, *end("tool_use")))
    assert reader.fault is None
    assert ToolArgs(0, "{}") in events


@pytest.mark.parametrize("index", [-1, 4096, 10**12])
def test_numbers_of_blocks_have_a_bound(index: int) -> None:
    for event in (begin(index, type="text", text=""), grow(index, "text_delta", text="x")):
        assert told(sse(start(), event))[1].fault is not None


# ---- sources --------------------------------------------------------------------------------

HIT = {
    "type": "web_search_result_location",
    "url": "https://a",
    "title": "A",
    "encrypted_index": "E",
    "cited_text": "sea",
}


def test_others_get_sources_with_their_place_in_the_whole_text() -> None:
    block = [
        begin(1, type="text", text=""),
        grow(1, "citations_delta", citation=HIT),
        grow(1, "text_delta", text="the sea"),
        stop(1),
    ]
    events, _ = told(sse(start(), *text(0, "By "), *block, *end()))
    assert events[2:5] == [
        Text("By "),
        Text("the sea"),
        Cited("https://a", "A", 3, 10, 0, HIT, "messages"),
    ]


def test_sources_without_an_address_say_nothing_to_others() -> None:
    page = {"type": "page_location", "cited_text": "x", "document_index": 0}
    block = {"type": "text", "text": "x", "citations": [page]}
    assert not [
        event for event in Reader(PLAIN, "s", OTHERS).whole(reply(block)) if type(event) is Cited
    ]
    assert [event for event in Reader(PLAIN, "s", OURS).whole(reply(block)) if type(event) is Cited]


# ---- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("overloaded_error", "overloaded"),
        ("api_error", "overloaded"),
        ("rate_limit_error", "rate_limited"),
        ("authentication_error", "auth"),
        ("permission_error", "auth"),
        ("billing_error", "quota"),
        ("timeout_error", "timeout"),
        ("not_found_error", "rejected"),
        ("request_too_large", "rejected"),
        ("invalid_request_error", "rejected"),
        ("later_invention", "broken"),
    ],
)
def test_errors_in_a_stream(kind: str, fault: str) -> None:
    error = {"type": "error", "error": {"type": kind, "message": "Sorry"}}
    events, reader = told(sse(start(), *text(0, "x"), error, *end()))
    assert events[-1] == Text("x")
    assert reader.fault is not None
    assert (reader.fault.kind, reader.done) == (fault, False)
    assert "Sorry" in reader.fault.detail


def test_an_error_in_plain_words() -> None:
    _, reader = told(sse(start()) + b"event: error\ndata: overloaded, go away\n\n")
    assert reader.fault is not None
    assert "go away" in reader.fault.detail


def test_a_flat_error() -> None:
    _, reader = told(b'data: {"error": {"code": "rate_limit_exceeded", "message": "x"}}\n\n')
    assert reader.fault is not None
    assert reader.fault.kind == "rate_limited"


def test_a_frame_that_cannot_be_read() -> None:
    events, reader = told(sse(start(), *text(0, "x")) + b"data: {oops\n\n" + sse(*end()))
    assert events[-1] == Text("x")
    assert reader.fault is not None
    assert reader.fault.kind == "broken"


def test_frames_that_cannot_carry_content_are_skipped() -> None:
    noise = b": hi\n\ndata: null\n\ndata: 3\n\ndata: [DONE]\n\n" + sse({"type": "vendor_event"})
    events, reader = told(sse(start()) + noise + sse(*text(0, "x"), *end()))
    assert reader.fault is None
    assert [type(event) for event in events] == [Start, Usage, Text, Stop, Usage]


def http(status: int, kind: str, message: str, quirks: Quirks = PLAIN) -> Fault:
    from glimway.wire.messages.errors import read_error

    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "r"}
    return read_error(status, [(b"retry-after", b"7")], json.dumps(body).encode(), quirks)


@pytest.mark.parametrize(
    ("status", "kind", "message", "fault", "refusal"),
    [
        (400, "invalid_request_error", "x", "rejected", None),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum",
            "rejected",
            "context_too_long",
        ),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            "rejected",
            "context_too_long",
        ),
        (
            400,
            "invalid_request_error",
            "Output blocked by content filtering policy",
            "rejected",
            "content_filter",
        ),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the API.",
            "quota",
            None,
        ),
        (401, "authentication_error", "invalid x-api-key", "auth", None),
        (402, "billing_error", "x", "quota", None),
        (403, "permission_error", "x", "auth", None),
        (404, "not_found_error", "model: nope", "rejected", None),
        (413, "request_too_large", "x", "rejected", None),
        (429, "rate_limit_error", "x", "rate_limited", None),
        (500, "api_error", "x", "overloaded", None),
        (504, "timeout_error", "x", "timeout", None),
        (529, "overloaded_error", "Overloaded", "overloaded", None),
    ],
)
def test_error_answers(
    status: int, kind: str, message: str, fault: str, refusal: str | None
) -> None:
    found = http(status, kind, message)
    assert (found.kind, found.refusal, found.status) == (fault, refusal, status)
    assert (found.code, found.message, found.retry_after_s) == (kind, message, 7)


def test_a_hosts_own_table_counts_first() -> None:
    codes = {"billing_error": Meaning(fault="rate_limited")}
    host = Quirks(errors=HostErrors(codes=codes))
    assert http(400, "billing_error", "credit balance is too low", host).kind == "rate_limited"


# ---- halves of characters -------------------------------------------------------------------


def test_halves_of_a_character_are_joined() -> None:
    stream = sse(start(), begin(0, type="text", text=""))
    for piece in (r"a\ud83d", r"\ude00b", r"\ud83d"):
        stream += (
            b'data: {"type":"content_block_delta","index":0,"delta":'
            b'{"type":"text_delta","text":"%b"}}\n\n' % piece.encode()
        )
    events, reader = told(stream + sse(stop(0), *end()))
    assert reader.fault is None
    pieces = [event.text for event in events if isinstance(event, Text)]
    assert pieces == ["a", "😀b", "\ufffd"]


def test_a_half_inside_a_whole_reply_is_replaced() -> None:
    body = reply({"type": "text", "text": "PLACE"}).replace(b"PLACE", rb"a\ud83d")
    assert Text("a\ufffd") in Reader(PLAIN, "s").whole(body)


# ---- clients of this dialect ----------------------------------------------------------------


def test_they_get_blocks_as_they_were() -> None:
    server = begin(0, type="server_tool_use", id="s", name="web_search", input={})
    piece = {"type": "input_json_delta", "partial_json": '{"query":"x"}'}
    use = begin(1, type="tool_use", id="a", name="f", input={}, caller={"type": "direct"})
    stream = sse(
        start(container={"id": "c"}),
        server,
        {"type": "content_block_delta", "index": 0, "delta": piece},
        stop(0),
        use,
        stop(1),
        {"type": "vendor_event", "x": 1},
        {**end("tool_use")[0], "context_management": {"applied_edits": []}},
        {"type": "message_stop"},
    )
    events, _ = told(stream, OURS)

    def opaque(place: Any, value: dict[str, Any]) -> Opaque:
        return Opaque(place, value, dialect="messages")

    assert events == [
        Start("msg_theirs", "theirs-1"),
        opaque("message", {"container": {"id": "c"}}),
        Usage(28, 1, cached=20),
        opaque("block", server["content_block"]),
        opaque("event", {"type": "content_block_delta", "delta": piece}),
        opaque("event", {"type": "content_block_stop"}),
        opaque("block", {"type": "tool_use", "caller": {"type": "direct"}}),
        ToolOpen(0, "a", "f"),
        opaque("event", {"type": "vendor_event", "x": 1}),
        opaque("frame", {"context_management": {"applied_edits": []}}),
        ToolArgs(0, "{}"),
        opaque("event", {"type": "content_block_stop", "call": 0}),
        Stop("tool_calls", raw="tool_use"),
        Usage(28, 8, cached=20),
    ]
    assert not [event for event in told(stream, OTHERS)[0] if type(event) is Opaque]
