"""Requests of the usual kind: what is read in one step is what the general way reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.body import decode_object
from glimway.wire.chat.plain import BODY_BYTES_MAX, read_plain
from glimway.wire.chat.request import MODEL_CHARS_MAX, decode
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

USUAL: dict[str, Any] = {
    "model": "zai/glm-4.7",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi ✓"}],
}


def general(body: bytes) -> Call | None:
    try:
        return decode(decode_object(body))
    except Refusal:
        return None


def body(**members: Any) -> bytes:
    return json.dumps(USUAL | members).encode()


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"temperature": 0.2, "max_tokens": 100},
        {"temperature": 1, "top_p": 1, "max_completion_tokens": 7},
        {"stream": True, "stream_options": {"include_usage": True}},
        {"stream": False, "stream_options": {}},
        {"stream": None, "stream_options": None, "temperature": None, "max_tokens": None},
        {"stream": True, "stream_options": {"include_usage": None}, "top_p": 0},
        {"model": "x" * MODEL_CHARS_MAX},
        {"messages": [{"role": "assistant", "content": ""}, {"role": "developer", "content": "x"}]},
    ],
)
def test_the_usual_kind_is_read_in_one_step(members: dict[str, Any]) -> None:
    call = read_plain(body(**members))
    assert call is not None
    assert call == general(body(**members))


@pytest.mark.parametrize(
    "members",
    [
        {"tools": []},
        {"n": 2},
        {"max_tokens": 0},
        {"max_tokens": 5, "max_completion_tokens": 6},
        {"max_tokens": "5"},
        {"top_p": 1.5},
        {"temperature": "0.5"},
        {"temperature": True},
        {"stream": "true"},
        {"stream_options": {"include_usage": True, "more": 1}},
        {"model": " "},
        {"model": "x" * (MODEL_CHARS_MAX + 1)},
        {"model": None},
        {"messages": []},
        {"messages": None},
        {"messages": "Hi"},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": None}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        {"messages": [{"role": "user", "content": "x", "name": "y"}]},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "human", "content": "x"}]},
        {"messages": [{"role": "assistant", "content": "<think>x</think>y"}]},
        {"messages": [{"role": "user", "content": "x" * BODY_BYTES_MAX}]},
        {"unknown": None},
    ],
)
def test_any_other_is_left_to_the_general_way(members: dict[str, Any]) -> None:
    assert read_plain(body(**members)) is None


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b'{"model":"\xff"}', b"[" * 5000])
def test_what_is_no_request_is_left_to_the_general_way(text: bytes) -> None:
    assert read_plain(text) is None


VALUES = st.sampled_from(
    [
        *(
            "null",
            "true",
            "false",
            "0",
            "1",
            "-1",
            "0.5",
            "1.0",
            "1.5",
            "2e0",
            "100.0",
            "1e400",
            "-0",
        ),
        *("9223372036854775808", "-9223372036854775809", "18446744073709551616", '"5"', '""', "{}"),
        *('{"include_usage":true}', '{"include_usage":false,"include_usage":true}', "[]", '"m"'),
        '[{"role":"user","content":"x"}]',
        '[{"role":"user","content":"\\ud83d\\ude00"},{"content":"<think","role":"assistant"}]',
        '[{"role":"user","role":"system","content":"x","content":"y"}]',
        '[{"role":"user","content":"\\ud800"}]',
        '[{"role":"user","content":"x","x":null}]',
    ]
)
NAMES = st.sampled_from(
    [
        *("model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens"),
        *("max_completion_tokens", "user", "extra_body"),
    ]
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_what_is_read_in_one_step_is_what_the_general_way_reads(
    members: list[tuple[str, str]],
) -> None:
    """Doubled members too: of those the last one counts."""
    usual = json.dumps(USUAL)[1:-1]
    text = "{" + ", ".join([usual, *(f'"{name}": {value}' for name, value in members)]) + "}"
    call = read_plain(text.encode())
    assert call is None or call == general(text.encode())
