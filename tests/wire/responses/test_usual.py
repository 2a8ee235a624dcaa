"""Pieces of text as hosts usually send them are read in one step, and like all others."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.events import Opaque, Text
from wire.responses.making import Told, completed, created, sse
from wire.responses.test_read_random import ENDS, EVENTS, IDS, INDICES, ODD, TEXTS

KIND = "response.output_text.delta"
ITEM = {"id": "a", "type": "message", "role": "assistant", "content": []}
OPENED = {"type": "response.output_item.added", "output_index": 0, "item": ITEM}
PIECES = st.fixed_dictionaries(
    {"type": st.just(KIND), "item_id": IDS, "delta": TEXTS},
    optional={
        "output_index": INDICES,
        "content_index": INDICES,
        "logprobs": ODD,
        "obfuscation": TEXTS,
        "new": ODD,
    },
)


def unnamed(stream: bytes) -> bytes:
    """The same without names, which keeps every frame from the short way."""
    return re.sub(rb"^event: .*\n", b"", stream, flags=re.MULTILINE)


@given(st.lists(st.one_of(PIECES, EVENTS), max_size=8), ENDS)
def test_read_alike_with_and_without_names(events: list[Any], last: Any) -> None:
    stream = sse(created(), OPENED, *events, last)
    named, other = Told(stream), Told(unnamed(stream))
    assert named.frames == other.frames
    assert str(named.fault) == str(other.fault)


def test_a_host_whose_every_piece_is_unusual_loses_nothing() -> None:
    piece = {"type": KIND, "item_id": "a", "output_index": 0, "content_index": 0, "delta": "x"}
    probability = [{"token": "x", "logprob": -1.0}]
    odd = [{**piece, "logprobs": probability}] * 40
    told = Told(sse(created(), OPENED, *odd, piece, completed()))
    assert told.fault is None
    assert sum(isinstance(event, Text) for event in told.events) == 41
    noted = [event.value for event in told.events if isinstance(event, Opaque)]
    assert noted == [{"logprobs": probability}] * 40
