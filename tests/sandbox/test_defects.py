from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.sandbox.stream import HUGE_BYTES, NOISE, spoiled_body
from sandbox.answers import frames, raw, reply, whole

MODEL = "glm-4.7-flash"
CLEAN = "gpt-x"  # plain shapes: the defect is all that differs


def events(script: str, **body: Any) -> list[bytes]:
    return raw(f"{CLEAN}:{script}", **body).split(b"\n\n")[:-1]


def deltas(script: str, **body: Any) -> list[Any]:
    items = frames(f"{CLEAN}:{script}", **body)
    return [choice for item in items for choice in item["choices"] or ()]


def test_a_null_chunk() -> None:
    assert {"id": "", "choices": None, "usage": None} in frames(CLEAN + ":null-chunk")


def test_an_end_of_sequence_frame_comes_just_before_the_finish() -> None:
    assert deltas("eos")[-2]["delta"] == {"content": "</s>"}
    assert deltas("eos")[-1]["finish_reason"] == "stop"


def test_roles_everywhere() -> None:
    assert all(choice["delta"]["role"] == "assistant" for choice in deltas("role-every"))


def test_finish_reason_absent() -> None:
    said = deltas("no-finish-null")
    assert all("finish_reason" not in choice for choice in said[:-1])
    assert said[-1]["finish_reason"] == "stop"


def test_finish_twice_and_text_after_it() -> None:
    assert [choice["finish_reason"] for choice in deltas("dup-finish")][-2:] == ["stop", "stop"]
    late = deltas("late-text")
    assert late[-2]["finish_reason"] == "stop"
    assert late[-1]["delta"]["content"]


def test_usage_in_odd_places() -> None:
    asked: Any = {"stream_options": {"include_usage": True}}
    for model in (CLEAN, MODEL):
        usage = whole(model)["usage"]
        early = frames(model + ":usage-early", **asked)
        assert early[0]["usage"] == usage
        assert all("usage" not in item for item in early[1:])
        twice = [item for item in frames(model + ":usage-twice", **asked) if item.get("usage")]
        assert [item["usage"] for item in twice] == [usage, usage]
        assert twice[-1]["choices"] == []
        none = frames(model + ":no-usage", **asked)
        assert all(item.get("usage") is None for item in none)
        assert "usage" not in whole(model + ":no-usage")


def test_usage_of_odd_values() -> None:
    assert whole(MODEL + ":usage-negative")["usage"]["completion_tokens"] < 0
    assert whole(MODEL + ":usage-huge")["usage"]["prompt_tokens"] == 2**63
    assert whole(MODEL + ":usage-text")["usage"]["total_tokens"].isdecimal()
    cached = whole(MODEL + ":cached-7")["usage"]
    assert cached["prompt_tokens_details"]["cached_tokens"] == 7
    cached = whole(MODEL + ":cached-9999")["usage"]
    assert cached["prompt_tokens_details"]["cached_tokens"] == cached["prompt_tokens"]


def test_frames_cut_in_their_json() -> None:
    for script, place in (("malformed-first", 0), ("malformed-1", 0), ("malformed-4", 3)):
        said = events(script)
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            json.loads(said[place][6:])
        assert [event for at, event in enumerate(said) if at != place] == [
            event for at, event in enumerate(events("fast")) if at != place
        ]


def test_a_line_of_a_log() -> None:
    said = events("noise-3")
    assert said[2] == b"data: " + NOISE
    assert said[:2] + said[3:] == events("fast")


def test_glued_frames_can_be_told_apart() -> None:
    clean, said = events("fast"), events("glued")
    assert said[1] == clean[1] + clean[2]
    assert said[3] == clean[4] + b"\n" + clean[5]
    assert said[4:] == clean[6:]


def test_a_cut_frame_with_the_next_one_in_its_line() -> None:
    clean, said = events("fast"), events("glued-cut")
    assert said[1].endswith(clean[2])
    assert clean[1].startswith(said[1].removesuffix(clean[2]))
    assert said[2:] == clean[3:]


def test_one_object_over_two_events() -> None:
    clean, said = events("fast"), events("split-frame")
    assert said[1] + said[2].removeprefix(b"data: ") == clean[1]
    assert said[3:] == clean[2:]


def test_an_error_frame_ends_the_stream_with_its_mark() -> None:
    for number in (1, 4, 9_999):
        said = events(f"error-frame-{number}")
        assert json.loads(said[-2][6:])["error"]
        assert said[-1] == b"data: [DONE]"
        assert said[:-2] == events("fast")[: min(number, len(events("fast"))) - 1]
    assert reply(CLEAN + ":error-frame-1").body == reply(CLEAN).body


def test_line_ends_comments_and_a_missing_end_mark() -> None:
    said = raw(CLEAN + ":crlf")
    assert said.replace(b"\r\n", b"\n") == raw(CLEAN)
    assert said.count(b"\n") == said.count(b"\r\n")
    said = raw(CLEAN + ":comments")
    assert said.startswith(b": OPENROUTER PROCESSING\n\n")
    assert said.count(b": OPENROUTER") > 5
    assert said.replace(b": OPENROUTER PROCESSING\n\n", b"") == raw(CLEAN)
    assert raw(CLEAN + ":no-done") + b"data: [DONE]\n\n" == raw(CLEAN)


def test_a_huge_line() -> None:
    said = events("huge-line")
    assert len(said[1]) > HUGE_BYTES
    assert json.loads(said[1][6:])["choices"]


def test_text_that_is_no_text() -> None:
    for model in (CLEAN, MODEL):
        with pytest.raises(UnicodeDecodeError):
            raw(model + ":bad-utf8").decode()
        with pytest.raises(UnicodeDecodeError):
            _sent(model)
        assert b"\\ud83d" in raw(model + ":half-surrogate")


def _sent(model: str) -> str:
    said = reply(model + ":bad-utf8")
    return spoiled_body(said.body, said.script).decode()
