"""Deltas as hosts usually send them are read in one step, and like all others."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.events import Text
from glimway.wire.talk import Call
from wire.messages.making import OTHERS, OURS, begin, end, grow, sse, start, stop, told

ODD: Any = st.one_of(st.none(), st.integers(-2, 3), st.just([]), st.just({"a": None}))
TEXTS = st.one_of(st.sampled_from(["", "a", "é", '{"a": 1}', "{}", "}"]), ODD)
INDICES = st.one_of(st.integers(0, 3), ODD)
DELTAS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["text_delta", "thinking_delta", "input_json_delta", "signature_delta", "new_delta"]
        )
    },
    optional={"text": TEXTS, "thinking": TEXTS, "partial_json": TEXTS, "new": ODD},
)
GROWING = st.fixed_dictionaries(
    {"type": st.just("content_block_delta"), "index": INDICES, "delta": st.one_of(DELTAS, ODD)},
    optional={"new": ODD},
)
OPEN = [
    begin(0, type="text", text=""),
    begin(1, type="thinking", thinking="", signature=""),
    begin(2, type="tool_use", id="toolu_1", name="f", input={}),
]


def unnamed(stream: bytes) -> bytes:
    """The same without names, which keeps every frame from the short way."""
    return re.sub(rb"^event: .*\n", b"", stream, flags=re.MULTILINE)


@pytest.mark.parametrize("call", [OURS, OTHERS], ids=["ours", "others"])
@given(growing=st.lists(GROWING, max_size=8), ended=st.booleans())
def test_read_alike_with_and_without_names(call: Call, growing: list[Any], ended: bool) -> None:
    after = [stop(0), *growing] if ended else []
    stream = sse(start(), *OPEN, *growing, *after, *end("tool_use"))
    events, reader = told(stream, call)
    others, other = told(unnamed(stream), call)
    assert events == others
    assert str(reader.fault) == str(other.fault)


def test_a_host_whose_every_delta_is_unusual_loses_nothing() -> None:
    odd = [grow(0, "text_delta", text="x", new=1)] * 40
    events, reader = told(sse(start(), OPEN[0], *odd, grow(0, "text_delta", text="y"), *end()))
    assert reader.fault is None
    assert "".join(e.text for e in events if isinstance(e, Text)) == "x" * 40 + "y"


def test_a_torn_character_is_put_together_across_usual_deltas() -> None:
    half = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    half += b'"delta":{"type":"text_delta","text":"%b"}}\n\n'
    stream = sse(start(), OPEN[0]) + half % b"\\ud83d" + half % b"\\ude42" + half % b"!"
    events, reader = told(stream + sse(stop(0), *end()))
    assert reader.fault is None
    assert "".join(event.text for event in events if isinstance(event, Text)) == "\U0001f642!"
