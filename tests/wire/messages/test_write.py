from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.surface.errors import messages_error
from glimway.wire.events import (
    Cited,
    Declined,
    Event,
    Opaque,
    Start,
    Stop,
    StopReason,
    Text,
    Thought,
    ToolArgs,
    ToolOpen,
    Usage,
)
from glimway.wire.messages.write import PING, Writer
from glimway.wire.refusal import Fault
from wire.messages.grammar import Clean, check_whole
from wire.messages.making import USED, seal, style, unseal, written

MARK = {"type": "content_block_stop"}


def opaque(place: Any, value: dict[str, Any]) -> Opaque:
    return Opaque(place, value, dialect="messages")


def clean(*events: Event, reason: StopReason = "stop", **styling: Any) -> Clean:
    """The stream for these events, one in each frame; whole it must say the same."""
    how = style(**styling)
    last = Stop(reason)
    found = Clean(written([[event] for event in events], last, how=how))
    whole = check_whole(Writer(how).whole([*events, last], USED, None))
    assert whole == found.message
    assert Clean(written([list(events)], last, how=how)).message == found.message
    return found


def shape(found: Clean) -> list[str]:
    return [block["type"] for block in found.blocks]


# ---- the stream -----------------------------------------------------------------------------


def test_a_stream_byte_for_byte() -> None:
    out = written([[Start("x", "theirs")], [Text("Hé")], [Text("llo")]])
    assert out.decode() == (
        "event: message_start\n"
        'data: {"type":"message_start","message":{"id":"msg_1","type":"message",'
        '"role":"assistant","model":"zai/m","content":[],"stop_reason":null,'
        '"stop_sequence":null,"usage":{"input_tokens":11,"cache_creation_input_tokens":0,'
        '"cache_read_input_tokens":0,"output_tokens":0}}}\n\n'
        "event: content_block_start\n"
        'data: {"type":"content_block_start","index":0,'
        '"content_block":{"type":"text","text":""}}\n\n'
        "event: content_block_delta\n"
        'data: {"type":"content_block_delta","index":0,'
        '"delta":{"type":"text_delta","text":"Hé"}}\n\n'
        "event: content_block_delta\n"
        'data: {"type":"content_block_delta","index":0,'
        '"delta":{"type":"text_delta","text":"llo"}}\n\n'
        "event: content_block_stop\n"
        'data: {"type":"content_block_stop","index":0}\n\n'
        "event: message_delta\n"
        'data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
        '"usage":{"input_tokens":8,"cache_creation_input_tokens":2,'
        '"cache_read_input_tokens":20,"output_tokens":8,'
        '"output_tokens_details":{"thinking_tokens":3}}}\n\n'
        "event: message_stop\n"
        'data: {"type":"message_stop"}\n\n'
    )


def test_all_kinds_in_their_order() -> None:
    found = clean(
        Thought("Hm"),
        Thought("m."),
        Text("Let me look."),
        ToolOpen(0, "toolu_1", "f"),
        ToolArgs(0, '{"a"'),
        ToolArgs(0, ": 1}"),
        Thought("And"),
        Text("So"),
        reason="tool_calls",
    )
    assert shape(found) == ["thinking", "text", "tool_use", "thinking", "text"]
    assert (found.thought, found.text) == ("Hmm.And", "Let me look.So")
    assert found.calls == [("toolu_1", "f", {"a": 1})]
    assert found.message["stop_reason"] == "tool_use"


def test_the_prompts_length_is_said_before_the_answer() -> None:
    assert clean(Text("x")).first_usage["input_tokens"] == 11


def test_a_host_that_counts_first_is_believed() -> None:
    found = Clean(written([[Start(), Usage(28, 1, cached=20)], [Text("x")]]))
    assert found.first_usage == {
        "input_tokens": 8,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 20,
        "output_tokens": 1,
    }


def test_zeros_are_not() -> None:
    found = Clean(written([[Start(), Usage()], [Text("x")]]))
    assert found.first_usage["input_tokens"] == 11


def test_the_end_has_the_true_counts_and_the_cost() -> None:
    out = Writer(style()).end([Stop("stop")], USED, b"0.0000123")
    usage = Clean(out).message["usage"]
    assert usage["input_tokens"] == 8
    assert usage["cost"] == usage["estimated_cost"] == 0.0000123


def test_a_ping_is_an_event_of_the_dialect() -> None:
    writer = Writer(style())
    assert writer.ping() == PING
    out = PING + writer.frame([Text("x")]) + PING + writer.end([Stop("stop")], USED, None) + PING
    Clean(out[: -len(PING)])


def test_an_answer_of_nothing_has_an_empty_text() -> None:
    assert clean().blocks == [{"type": "text", "text": ""}]
    assert clean(Text(""), Thought(""), ToolArgs(3, "{}")).blocks == [{"type": "text", "text": ""}]


# ---- reasons --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "called", "word", "sequence"),
    [
        (Stop("stop"), False, "end_turn", None),
        (Stop("stop"), True, "tool_use", None),
        (Stop("stop", sequence="END"), False, "stop_sequence", "END"),
        (Stop("stop", sequence="END"), True, "tool_use", None),
        (Stop("tool_calls"), True, "tool_use", None),
        (Stop("tool_calls"), False, "end_turn", None),
        (Stop("length"), True, "max_tokens", None),
        (Stop("length", raw="max_tokens"), False, "max_tokens", None),
        (Stop("content_filter"), False, "refusal", None),
        (Stop("refusal"), False, "refusal", None),
        (Stop("pause", raw="pause_turn"), False, "pause_turn", None),
        (Stop("pause", raw="compaction"), False, "compaction", None),
        (Stop("context"), False, "model_context_window_exceeded", None),
        (Stop("error"), False, "end_turn", None),
    ],
)
def test_reasons(stop: Stop, called: bool, word: str, sequence: str | None) -> None:
    events: list[Event] = [ToolOpen(0, "a", "f"), ToolArgs(0, "{}")] if called else [Text("x")]
    message = Clean(written([events], stop)).message
    assert (message["stop_reason"], message["stop_sequence"]) == (word, sequence)
    assert json.loads(Writer(style()).whole([*events, stop], USED, None)) == message


def test_a_refusal_in_words() -> None:
    found = clean(Declined("I will"), Declined(" not."))
    assert (found.text, found.message["stop_reason"]) == ("I will not.", "refusal")


# ---- blocks ---------------------------------------------------------------------------------

STEPS: dict[str, list[Event]] = {
    "text": [Text("a")],
    "thinking": [Thought("b")],
    "signed": [Thought("b"), Thought("", signature="s")],
    "sealed": [Thought("", sealed="d")],
    "tool": [ToolOpen(0, "t", "f"), ToolArgs(0, "{}")],
    "passing": [opaque("block", {"type": "server_tool_use", "id": "s", "input": {}})],
}


@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("second", STEPS)
def test_every_change_of_block_keeps_the_delta_that_caused_it(first: str, second: str) -> None:
    events: list[Event] = []
    for number, name in enumerate((first, second, first)):
        events += [
            ToolOpen(number, f"t{number}", one.name)
            if isinstance(one, ToolOpen)
            else ToolArgs(number, one.text)
            if isinstance(one, ToolArgs)
            else one
            for one in STEPS[name]
        ]
    found = clean(*events)
    texts = "".join(event.text for event in events if isinstance(event, Text))
    thoughts = "".join(event.text for event in events if isinstance(event, Thought))
    assert (found.text, found.thought) == (texts, thoughts)
    one_block = {"text"} if first == "text" else {"thinking", "signed"}
    if not {first, second} <= one_block:
        assert len(found.blocks) == 3


def test_calls_that_come_mixed_are_one_after_the_other() -> None:
    found = clean(
        ToolOpen(0, "a", "f"),
        ToolOpen(1, "b", "g"),
        ToolArgs(1, '{"y"'),
        ToolArgs(0, '{"x"'),
        ToolArgs(1, ":2}"),
        Text("Done."),
        ToolArgs(0, ":1}"),
    )
    assert found.calls == [("a", "f", {"x": 1}), ("b", "g", {"y": 2})]
    assert shape(found) == ["tool_use", "tool_use", "text"]


def test_a_call_whose_arguments_come_last_is_waited_for() -> None:
    found = clean(
        ToolOpen(0, "a", "f"), ToolOpen(1, "b", "g"), ToolArgs(1, "{}"), ToolArgs(0, "{}")
    )
    assert found.calls == [("a", "f", {}), ("b", "g", {})]


def test_a_call_that_was_cut() -> None:
    out = written([[ToolOpen(0, "a", "f"), ToolArgs(0, '{"x')]], Stop("length"))
    found = Clean(out)
    assert found.message["stop_reason"] == "max_tokens"
    assert found.blocks[0]["input"] == '{"x', "the client puts together what there is"
    whole = Writer(style()).whole(
        [ToolOpen(0, "a", "f"), ToolArgs(0, '{"x'), Stop("length")], USED, None
    )
    assert check_whole(whole)["content"][0]["input"] == {"_raw": '{"x'}


def test_a_call_of_free_text_has_it_in_one_property() -> None:
    found = clean(ToolOpen(0, "a", "patch", kind="custom"), ToolArgs(0, "*** "), ToolArgs(0, "é"))
    assert found.calls == [("a", "patch", {"input": "*** é"})]


def test_other_answers_than_the_first_are_not_mixed_in() -> None:
    assert clean(Text("a"), Text("b", 1), ToolOpen(0, "x", "f", 1), Text("c")).text == "ac"


def test_characters_that_end_lines_are_escaped() -> None:
    said = "a\u2028b\u2029c\x85d"
    out = written([[Text("x")], [Text(said)], [Thought(said)]])
    assert Clean(out).text == "x" + said
    assert len(out.decode().splitlines()) == out.count(b"\n")


# ---- thinking -------------------------------------------------------------------------------


def test_thinking_always_ends_with_a_signature() -> None:
    found = clean(Thought("Hm"), Text("x"))
    assert found.blocks[0]["signature"] == "gw1.unsigned"
    assert found.deltas[0] == ["thinking_delta", "signature_delta"]


def test_a_makers_own_signature_is_shown_where_nothing_can_be_sealed() -> None:
    found = clean(Start("x", "glm"), Thought("Hm"), Thought("", signature="s"), Text("x"))
    assert found.blocks[0] == {"type": "thinking", "thinking": "Hm", "signature": "s"}


def test_a_sealed_signature_holds_the_makers_and_its_name() -> None:
    found = clean(
        Start("x", "glm"), Thought("Hm"), Thought("", signature="s"), Thought("Then"), seal=seal
    )
    first, second = found.blocks
    assert unseal(first["signature"][4:]) == '{"signature":"s","model":"glm"}'
    assert unseal(second["signature"][4:]) == '{"model":"glm"}'


def test_redacted_thinking_comes_whole() -> None:
    found = clean(Thought("", sealed="enc"), Text("x"))
    assert found.blocks[0] == {"type": "redacted_thinking", "data": "enc"}
    sealed = clean(Start("x", "glm"), Thought("", sealed="enc"), seal=seal).blocks[0]
    assert unseal(sealed["data"][4:]) == '{"sealed":"enc","model":"glm"}'


def test_thinking_with_its_sealed_form_is_one_block() -> None:
    found = clean(Start("x", "glm"), Thought("Hm"), Thought("", sealed="enc"), seal=seal)
    (block,) = found.blocks
    assert unseal(block["signature"][4:]) == '{"sealed":"enc","model":"glm"}'


def test_thinking_that_is_not_to_be_shown() -> None:
    found = clean(Start("x", "glm"), Thought("H"), Thought("m"), Text("x"), seal=seal, omit=True)
    assert found.blocks[0]["thinking"] == ""
    assert unseal(found.blocks[0]["signature"][4:]) == '{"text":"Hm","model":"glm"}'


# ---- sources --------------------------------------------------------------------------------


def test_a_source_of_another_dialect() -> None:
    found = clean(Text("The sea "), Text("is blue."), Cited("https://a", "A", 4, 7))
    assert found.blocks[0]["citations"] == [
        {
            "type": "web_search_result_location",
            "url": "https://a",
            "title": "A",
            "encrypted_index": "",
            "cited_text": "sea",
        }
    ]


def test_a_source_that_comes_before_any_text_waits_for_it() -> None:
    found = clean(Cited("https://a"), Thought("Hm"), Text("x"))
    assert [("citations" in block) for block in found.blocks] == [False, True]


def test_a_source_without_any_text_is_none() -> None:
    assert clean(Cited("https://a"), Thought("Hm")).blocks[0]["type"] == "thinking"


def test_a_source_of_this_dialect_is_as_it_was() -> None:
    value = {"type": "page_location", "cited_text": "x", "document_index": 0}
    found = clean(Text("x"), Cited(None, value=value, dialect="messages"))
    assert found.blocks[0]["citations"] == [value]


# ---- what passes ----------------------------------------------------------------------------


def test_members_of_the_message_at_their_place() -> None:
    frames: list[list[Event]] = [
        [Start(), opaque("message", {"container": {"id": "c"}, "id": "theirs"})],
        [Text("x")],
        [opaque("message", {"stop_details": {"type": "refusal"}}), opaque("frame", {"y": 1})],
    ]
    out = written(frames, Stop("refusal"))
    assert b'"container":{"id":"c"},"usage"' in out.split(b"\n\n")[0]
    assert b'"stop_details":{"type":"refusal"}},"usage"' in out.split(b"\n\n")[-3]
    found = Clean(out)
    assert (found.message["id"], found.message["y"]) == ("msg_1", 1)


def test_blocks_that_nobody_knows() -> None:
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    piece = {"type": "input_json_delta", "partial_json": '{"query":"x"}'}
    found = clean(
        opaque("block", block),
        opaque("event", {"type": "content_block_delta", "delta": piece}),
        opaque("event", MARK),
        opaque("block", {"type": "web_search_tool_result", "content": [1]}),
        Text("x"),
    )
    assert shape(found) == ["server_tool_use", "web_search_tool_result", "text"]
    assert found.blocks[0]["input"] == {"query": "x"}


def test_a_block_that_nobody_knows_grows_by_whatever_members_come() -> None:
    delta = {"type": "compaction_delta", "content": "all", "encrypted_content": "e"}
    events: list[Event] = [
        opaque("block", {"type": "compaction", "content": None}),
        opaque("event", {"type": "content_block_delta", "delta": delta}),
    ]
    assert b'"delta":{"type":"compaction_delta","content":"all"' in written([events])
    whole = json.loads(Writer(style()).whole([*events, Stop("stop")], USED, None))
    assert whole["content"] == [{"type": "compaction", "content": "all", "encrypted_content": "e"}]


def test_members_of_a_call() -> None:
    found = clean(
        opaque("block", {"type": "tool_use", "caller": {"type": "direct"}}),
        ToolOpen(0, "a", "f"),
        ToolArgs(0, "{}"),
        opaque("event", {**MARK, "call": 0}),
        ToolOpen(1, "b", "f"),
    )
    assert [block.get("caller") for block in found.blocks] == [{"type": "direct"}, None]


def test_blocks_of_the_same_kind_stay_apart_where_they_were() -> None:
    block = {"type": "text"}
    found = clean(
        opaque("block", block), Text("a"), opaque("event", MARK), opaque("block", block), Text("b")
    )
    assert [one["text"] for one in found.blocks] == ["a", "b"]


@pytest.mark.parametrize(
    "value",
    [
        {"type": "message_stop"},
        {"type": "content_block_start", "index": 0},
        {"type": "error", "error": {}},
        {"type": "later_invention", "index": 3},
        {"type": "content_block_stop", "call": 7},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "x"}},
    ],
)
def test_events_that_would_break_the_order_do_not_pass(value: dict[str, Any]) -> None:
    assert clean(Text("a"), opaque("event", value), Text("b")).text == "ab"


def test_an_event_that_nobody_knows_passes() -> None:
    out = written([[Text("a")], [opaque("event", {"type": "later_invention", "x": 1})]])
    assert Clean(out).passed == [{"type": "later_invention", "x": 1}]


def test_what_is_of_another_dialect_never_does() -> None:
    found = clean(Text("a"), Opaque("block", {"type": "x"}), Opaque("frame", {"y": 1}))
    assert found.blocks == [{"type": "text", "text": "a"}]
    assert "y" not in found.message


# ---- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("events", [[], [Text("a")], [Thought("a")], [ToolOpen(0, "a", "f")]])
def test_an_error_ends_the_stream_anywhere(events: list[Event]) -> None:
    writer = Writer(style())
    out = writer.frame(events) if events else b""
    refused = messages_error(Fault("overloaded", "inner words"), "req_1")
    out += writer.error(refused.body)
    found = Clean(out)
    assert found.failed
    assert found.error["type"] == "overloaded_error"
    assert b"message_stop" not in out
    assert b"content_block_stop" not in out
    assert b"inner words" not in out


# ---- whole ----------------------------------------------------------------------------------


def test_a_whole_reply_byte_for_byte() -> None:
    body = Writer(style()).whole([Start("x", "t"), Text("Hi"), Stop("stop"), USED], USED, b"0.01")
    assert body.decode() == (
        '{"id":"msg_1","type":"message","role":"assistant","model":"zai/m",'
        '"content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,'
        '"usage":{"input_tokens":8,"cache_creation_input_tokens":2,"cache_read_input_tokens":20,'
        '"output_tokens":8,"output_tokens_details":{"thinking_tokens":3},'
        '"cost":0.01,"estimated_cost":0.01}}'
    )
