"""Any stream at all: it is read alike however it is cut, and what is written of it is clean."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.events import Stop
from glimway.wire.refusal import Fault
from glimway.wire.responses.read import Reader
from glimway.wire.responses.write import Writer
from wire.responses.grammar import Clean
from wire.responses.making import PLAIN, USED, Told, completed, created, sse, style

ODD: Any = st.one_of(st.none(), st.integers(-2, 3), st.just("x"), st.just([]), st.just({"a": None}))
IDS = st.one_of(st.sampled_from(["a", "b", "c"]), ODD)
INDICES = st.one_of(st.integers(0, 2), ODD)
TEXTS = st.one_of(st.sampled_from(["", "a", "ab", "é", '{"a": 1}', "{}"]), ODD)
PARTS = st.lists(
    st.one_of(
        ODD,
        st.fixed_dictionaries(
            {"type": st.sampled_from(["output_text", "refusal", "reasoning_text", "summary_text"])},
            optional={"text": TEXTS, "refusal": TEXTS, "annotations": ODD, "logprobs": ODD},
        ),
    ),
    max_size=2,
)
ITEMS = st.one_of(
    ODD,
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                ["message", "reasoning", "function_call", "custom_tool_call", "mcp_call", "new"]
            )
        },
        optional={
            "id": IDS,
            "call_id": IDS,
            "name": TEXTS,
            "namespace": TEXTS,
            "arguments": TEXTS,
            "input": TEXTS,
            "content": st.one_of(PARTS, ODD),
            "summary": st.one_of(PARTS, ODD),
            "encrypted_content": TEXTS,
            "phase": ODD,
        },
    ),
)
KINDS = [
    f"response.{name}"
    for name in (
        "output_item.added output_item.done content_part.added content_part.done "
        "output_text.delta output_text.done output_text.annotation.added refusal.delta "
        "refusal.done reasoning_summary_part.done reasoning_summary_text.delta "
        "reasoning_summary_text.done reasoning_text.delta reasoning_text.done "
        "function_call_arguments.delta function_call_arguments.done "
        "custom_tool_call_input.delta custom_tool_call_input.done web_search_call.searching"
    ).split()
]
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS)},
    optional={
        "item": ITEMS,
        "item_id": IDS,
        "output_index": INDICES,
        "content_index": INDICES,
        "summary_index": INDICES,
        "part": st.one_of(ODD, PARTS.map(lambda parts: parts[0] if parts else None)),
        "delta": TEXTS,
        "text": TEXTS,
        "refusal": TEXTS,
        "arguments": TEXTS,
        "input": TEXTS,
        "name": TEXTS,
        "annotation": st.one_of(ODD, st.just({"type": "url_citation", "url": "https://a"})),
        "logprobs": ODD,
    },
)
ENDS = st.one_of(
    st.builds(lambda output: completed(*output), st.lists(ITEMS, max_size=3)),
    st.just(
        completed(status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
    ),
)


@given(st.lists(EVENTS, max_size=8), ENDS, st.integers(1, 40))
def test_read_alike_however_it_is_cut(events: list[Any], last: Any, size: int) -> None:
    stream = sse(created(), *events, last)
    told, cut = Told(stream), Told(stream, size)
    assert told.frames == cut.frames
    assert str(told.fault) == str(cut.fault)
    assert told.reader.done == (told.fault is None)


@given(st.lists(EVENTS, max_size=8), ENDS)
def test_what_a_client_gets_of_it_is_clean(events: list[Any], last: Any) -> None:
    told = Told(sse(created(), *events, last))
    writer = Writer(style(include=["reasoning.encrypted_content"]))
    out = b"".join(writer.frame(frame) for frame in told.frames)
    stops = [event for event in told.events if isinstance(event, Stop)]
    if told.fault is None:
        out += writer.end(stops, told.reader.usage or USED, None)
    else:
        out += writer.error(b'{"error": {"message": "m"}}')
    clean = Clean(out, typed=False)
    assert clean.failed == (told.fault is not None)


@given(st.recursive(ODD, lambda inner: st.dictionaries(IDS.map(str), inner)), ITEMS)
def test_whole_replies_of_any_kind(odd: Any, item: Any) -> None:
    for body in (odd, {"output": odd}, {"output": [item]}, {"output": [], "error": odd}):
        try:
            Reader(PLAIN, "stem").whole(json.dumps(body).encode())
        except Fault:
            continue


@given(st.binary(max_size=60), st.integers(1, 9))
def test_any_bytes(noise: bytes, size: int) -> None:
    told = Told(b"event: response.output_text.delta\ndata: " + noise + b"\n\n", size)
    assert told.fault is not None
