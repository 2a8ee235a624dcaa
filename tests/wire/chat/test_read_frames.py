"""Framing and text that hosts get wrong: each defect by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.chat.healing.torn import TORN_BYTES_MAX, Torn
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from kit.splits import all_ways
from wire.chat.grammar import Clean, check_whole
from wire.chat.replies import (
    DONE,
    USAGE,
    answer,
    call,
    calls,
    chunk,
    event,
    sse,
    text,
    thought,
    told,
    told_whole,
)

END = chunk({}, "stop", usage=USAGE)
HELLO = [chunk({"role": "assistant", "content": ""}), text("Hel"), text("lo"), END]


def raw(item: Any) -> bytes:
    return json.dumps(item).encode()


def test_a_plain_openai_stream() -> None:
    found = told(sse(*HELLO))
    assert (found.text, found.finish, found.fault) == ("Hello", "stop", None)
    assert Clean(found.written).text == {0: "Hello"}


def test_role_repeated_and_finish_absent_until_the_end() -> None:
    """Z.ai's own shape (docs.z.ai, recorded exchanges): role in every delta, no finish_reason."""

    def bare(delta: Any, **members: Any) -> Any:
        return {
            "id": "20260101",
            "created": 1,
            "object": "chat.completion.chunk",
            "model": "glm-4.7",
            "choices": [{"index": 0, "delta": {"role": "assistant", **delta}, **members}],
        }

    last = {**bare({"content": ""}, finish_reason="stop"), "usage": USAGE}
    stream = sse(
        bare({"reasoning_content": "\nHm"}), bare({"content": "A"}), bare({"content": ""}), last
    )
    found = told(stream)
    clean = Clean(found.written, n=1)
    assert (clean.thought[0], clean.text[0]) == ("\nHm", "A")
    assert found.usage is not None
    assert found.usage.output == 5


def test_missing_object_and_index() -> None:
    stream = sse(
        {"choices": [{"delta": {"content": "Hi"}}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    )
    assert Clean(told(stream).written).text == {0: "Hi"}


@pytest.mark.parametrize(
    "odd",
    [
        {"id": "", "choices": None, "usage": None},
        {"choices": None},
        {"choices": []},
        {},
        {"choices": [None]},
        {"choices": [{"index": 0, "delta": None}]},
    ],
    ids=str,
)
@pytest.mark.parametrize("at", range(4))
def test_frames_without_anything_are_skipped(odd: Any, at: int) -> None:
    """github.com/zai-org/GLM-5/issues/91: ``{"id":"","choices":null,"usage":null}``."""
    found = told(sse(*HELLO[:at], odd, *HELLO[at:]))
    assert (found.text, found.fault) == ("Hello", None)
    Clean(found.written, n=1)


@pytest.mark.parametrize("odd", [b"", b"null", b"7", b'"ping"', b"[]", b"INFO 01-19 done", b"  "])
@pytest.mark.parametrize("at", range(4))
def test_data_that_cannot_carry_content_are_skipped(odd: bytes, at: int) -> None:
    found = told(sse(*HELLO[:at], odd, *HELLO[at:]))
    assert (found.text, found.fault) == ("Hello", None)


def test_comments_pings_and_other_events_say_nothing() -> None:
    """openrouter.ai/docs/api-reference/streaming: comment lines between frames."""
    comment = b": OPENROUTER PROCESSING\n\n"
    stream = comment + event(HELLO[1]) + comment + b"event: ping\n\n" + sse(HELLO[2], END)
    assert told(stream).text == "Hello"


@pytest.mark.parametrize("glue", [b"", b"data: ", b"data:", b"\ndata: ", b" "])
def test_objects_glued_together_are_parted(glue: bytes) -> None:
    """github.com/Kilo-Org/kilocode/issues/9432: no ``\\n\\n`` between frames."""
    stream = b"data: " + raw(HELLO[1]) + glue + raw(HELLO[2]) + b"\n\n" + sse(END)
    for pieces in all_ways(stream):
        found = told(pieces)
        assert (found.text, found.fault) == ("Hello", None), pieces


def test_the_end_mark_glued_to_the_last_frame() -> None:
    stream = b"data: " + raw(HELLO[1]) + b"\n\ndata: " + raw(END) + b"data: [DONE]\n\n"
    assert told(stream).text == "Hel"


def test_the_leftover_of_another_answer_glued_in_front_is_dropped() -> None:
    """github.com/zai-org/GLM-5/issues/66: the first object is the beginning of a frame that was
    never sent whole, with another id than the frame that follows it in the same line."""
    leftover = b'{"id":"2026a","created":1,"object":"chat.cdata: '
    found = told(b"data: " + leftover + raw(HELLO[1]) + b"\n\n" + sse(HELLO[2], END))
    assert (found.text, found.fault) == ("Hello", None)
    leftover = b'{"id":"2026a","choices":[{"index":0,"delta":{"roledata: '
    assert told(b"data: " + leftover + raw(HELLO[1]) + b"\n\n" + sse(END)).text == "Hel"


@pytest.mark.parametrize(
    "torn",
    [
        b'{"id":"theirs","object":"chat.c',  # the same answer: something is missing
        b'{"id":"2026a","choices":[{"index":0,"delta":{"content":"He',  # it carried text
        b'{"i',
    ],
)
def test_an_object_that_was_cut_off_is_a_fault(torn: bytes) -> None:
    for stream in (
        b"data: " + torn + b"data: " + raw(HELLO[1]) + b"\n\n" + sse(END),
        event(torn) + sse(HELLO[1], END),
        event(torn) + DONE,
    ):
        found = told(stream)
        assert found.fault is not None
        assert found.fault.kind == "broken"
        assert found.text == ""
        assert Clean(found.written).failed


def test_a_cut_object_after_text_is_a_fault_even_where_its_id_differs() -> None:
    torn = b'{"id":"2026a","object":"chat.cdata: '
    found = told(sse(HELLO[1], torn + raw(HELLO[2]), END))
    assert found.fault is not None
    assert found.text == "Hel"
    assert Clean(found.written).failed


def test_text_before_an_unreadable_frame_of_the_same_bytes_is_delivered() -> None:
    found = told(sse(HELLO[1], b'{"broken', HELLO[2]))
    assert found.text == "Hel"
    assert found.fault is not None


def test_an_object_spread_over_two_events_is_joined() -> None:
    whole = raw(text("你好"))
    for at in range(1, len(whole)):
        stream = event(HELLO[1]) + event(whole[:at]) + event(whole[at:]) + sse(END)
        assert told(stream).text == "Hel你好", at


def test_an_object_spread_over_data_lines_of_one_event_is_joined() -> None:
    whole = raw(text("two words"))
    for at in range(1, len(whole)):
        stream = b"data: " + whole[:at] + b"\ndata: " + whole[at:] + b"\n\n" + sse(END)
        assert told(stream).text == "two words", at


def test_a_torn_object_that_grows_without_end_is_a_fault() -> None:
    torn = Torn()
    with pytest.raises(Fault):
        for _ in range(TORN_BYTES_MAX // (1024 * 1024) + 2):
            torn.take(b'{"a":"' if not torn.pending else b"x" * 1024 * 1024, fresh=True)


def test_characters_split_over_http_chunks_stay_whole() -> None:
    """github.com/anomalyco/opencode/issues/39694: U+FFFD in Chinese."""
    said = "你好，世界 🚀 naïve 👩‍🚀"  # noqa: RUF001 - a full-width comma
    stream = "".join(f"data: {json.dumps(i, ensure_ascii=False)}\n\n" for i in [text(said), END])
    for pieces in all_ways(stream.encode() + DONE):
        assert told(pieces).text == said


def test_a_byte_that_is_no_utf8_becomes_a_replacement_character() -> None:
    bad = raw(text("a?b")).replace(b"?", b"\xff")
    found = told(sse(bad, HELLO[2], END))
    assert (found.text, found.fault) == ("a\ufffdblo", None)
    assert told_whole(answer({"content": "a?b"}).replace(b"?", b"\xff")).text == "a\ufffdb"


@pytest.mark.parametrize("member", ["content", "reasoning_content", "reasoning"])
def test_halves_of_a_surrogate_pair_in_two_frames_are_joined(member: str) -> None:
    frames = [chunk({member: "a\ud83d"}), chunk({member: "\ude00b"}), END]
    found = told(sse(*frames))
    assert found.text + found.thought == "a😀b"
    Clean(found.written, n=1)


def test_halves_are_joined_over_a_frame_that_says_nothing() -> None:
    assert told(sse(text("\ud83d"), {"choices": None}, text("\ude00"), END)).text == "😀"


def test_halves_in_tool_arguments_are_joined() -> None:
    stream = sse(calls(call(0, "f", '{"a":"\ud83d', id="c")), calls(call(0, None, '\ude00"}')), END)
    found = told(stream)
    assert found.calls == [("c", "f", '{"a":"😀"}')]


@pytest.mark.parametrize("last", [text("b"), END, thought("b")], ids=["text", "end", "thinking"])
def test_half_a_surrogate_pair_alone_becomes_a_replacement_character(last: Any) -> None:
    found = told(sse(text("a\ud83d"), last, *([] if last is END else [END])))
    assert found.text == ("a\ufffdb" if last["choices"][0]["delta"].get("content") else "a\ufffd")
    Clean(found.written, n=1)


def test_half_a_surrogate_pair_in_a_whole_reply_and_in_unknown_members() -> None:
    found = told_whole(answer({"content": "a\ud83db", "odd": ["\ude00"]}))
    assert found.text == "a\ufffdb"
    assert check_whole(found.written)["choices"][0]["message"]["odd"] == ["\ufffd"]


def test_text_after_the_finish_is_dropped() -> None:
    found = told(sse(*HELLO, text(" late"), calls(call(0, "f", "{}"))))
    assert (found.text, found.finish, found.calls) == ("Hello", "stop", [])


def test_a_duplicate_finish_counts_once() -> None:
    found = told(sse(*HELLO, END, chunk({}, "length")))
    assert found.finish == "stop"
    Clean(found.written, n=1)


def test_text_in_the_finish_frame_counts() -> None:
    assert told(sse(text("a"), chunk({"content": "b"}, "stop"))).text == "ab"


def test_a_missing_end_mark_is_a_fault() -> None:
    found = told(sse(*HELLO, end=b""))
    assert found.fault is not None
    assert found.text == "Hello"
    assert Clean(found.written).failed


@pytest.mark.parametrize("end", [b"data: [DONE]", b"data:[DONE]\n", b"data: [DONE] \r\n"])
def test_the_empty_line_behind_the_end_mark_may_be_missing(end: bytes) -> None:
    assert told(sse(*HELLO, end=end)).fault is None


def test_an_end_mark_without_an_answer_or_without_a_finish_is_a_fault() -> None:
    assert told(DONE).fault is not None
    assert told(sse(text("a"))).fault is not None


@pytest.mark.parametrize("ends", [("</s>",), ("[EOS]",), ("</s>", "<|im_end|>")])
def test_an_end_of_sequence_frame_before_the_finish_is_dropped(ends: tuple[str, ...]) -> None:
    """deepinfra.com's own streaming example: a last text frame ``</s>``."""
    quirks = Quirks(end_of_sequence=ends)
    for end in ends:
        assert told(sse(*HELLO[:3], text(end), END), quirks).text == "Hello"
        assert told(sse(*HELLO[:3], text(""), text(end), END), quirks).text == "Hello"
        assert told(sse(*HELLO[:3], chunk({"content": end}, "stop")), quirks).text == "Hello"
        # Elsewhere it is text: in the middle, or as a part of a frame.
        assert told(sse(HELLO[1], text(end), HELLO[2], END), quirks).text == f"Hel{end}lo"
    assert told(sse(text("<s>old</s>"), END), quirks).text == "<s>old</s>"
    assert told(sse(*HELLO[:3], text("</s>"), END)).text == "Hello</s>"


@pytest.mark.parametrize("frames", [["a<|user|>"], ["a", "<|user|>"], ["a<|us", "er|>", "\n"]])
def test_a_stop_token_at_the_very_end_is_dropped(frames: list[str]) -> None:
    """github.com/ggml-org/llama.cpp/pull/15186: ``<|user|>`` at the end of the text."""
    found = told(sse(*(text(piece) for piece in frames), END))
    assert found.text == "a"
    assert told_whole(answer({"content": "".join(frames)})).text == "a"


def test_a_stop_token_inside_the_text_is_text() -> None:
    said = "The token `<|user|>` begins a turn; <|use"
    assert told(sse(*(text(c) for c in said), END)).text == said
    assert told_whole(answer({"content": said})).text == said


@pytest.mark.parametrize("size", [1, 3, 100])
def test_box_tokens_are_dropped_wherever_they_are_cut(size: int) -> None:
    """docs.z.ai (vision models): the result stands between box tokens."""
    said = "It is <|begin_of_box|>42<|end_of_box|>!"
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    assert told(sse(*(text(piece) for piece in pieces), END)).text == "It is 42!"
    assert told_whole(answer({"content": said})).text == "It is 42!"


def test_a_lone_angle_bracket_is_kept_and_comes_before_what_follows() -> None:
    found = told(sse(text("a <"), calls(call(0, "f", "{}", id="c")), chunk({}, "tool_calls")))
    assert (found.text, found.order) == ("a <", "TC")
    assert told(sse(text("1 <"), END)).text == "1 <"
    assert told(sse(text("1 <"), text(" 2 <b>"), END)).text == "1 < 2 <b>"


def test_several_choices_keep_apart() -> None:
    stream = sse(
        text("a"),
        {**text("b"), "choices": [{"index": 1, "delta": {"content": "b"}}]},
        chunk({}, "stop"),
        chunk({}, "length", 1),
    )
    clean = Clean(told(stream).written, n=2)
    assert (clean.text, clean.finish) == ({0: "a", 1: "b"}, {0: "stop", 1: "length"})


def test_several_choices_in_one_frame() -> None:
    both = [{"index": i, "delta": {"content": c}} for i, c in enumerate("ab")]
    stream = sse({**chunk(), "choices": both}, chunk({}, "stop"), chunk({}, "stop", 1))
    assert Clean(told(stream).written, n=2).text == {0: "a", 1: "b"}


def test_an_absurd_choice_index_is_a_fault() -> None:
    assert told(sse(chunk({"content": "a"}, None, 10**9))).fault is not None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"choices":[]}', "no choices"),
        (b'{"choices":null}', "no choices"),
        (b'{"choices":[{"index":0,"message":{"content":"a"}}]}', "finish_reason"),
        (answer({"content": "a"})[:-9], "not JSON"),
        (answer({"content": "a"}) + b"{}", "not JSON"),
    ],
)
def test_whole_replies_that_are_none_are_faults(body: bytes, why: str) -> None:
    fault = told_whole(body).fault
    assert fault is not None
    assert why in fault.detail


def test_a_frame_that_nests_too_deeply_is_a_fault() -> None:
    for depth in (600, 900, 100_000):
        deep = b'{"a":' * depth + b'"\xff"' + b"}" * depth
        for stream in (event(deep) + sse(END), event(b'{"x":"\xff"}') + event(deep) + sse(END)):
            found = told(stream)
            assert found.fault is not None or found.finish == "stop"
        assert told_whole(deep).fault is not None
