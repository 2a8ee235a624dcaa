"""Any events at all: the grammar holds, and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.aisdk.flow import CUTS
from glimway.wire.aisdk.write import Writer
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
    Usage,
)
from wire.aisdk.grammar import check_result, check_stream, told
from wire.aisdk.making import COST, USED, streamed, style

TEXT = st.text(max_size=4)
ARGUMENTS = ['{"a": [1, {"b": "}"}]}', "{}", '{"x": "y"}', '{"i": "é\\n{"}', ""]
MARK = st.one_of(st.none(), st.sampled_from(["s1", "s2"]))
REASONS = st.sampled_from(["stop", "length", "tool_calls", "content_filter", "error", "pause"])

SPOKEN = st.one_of(
    st.builds(Text, TEXT),
    st.builds(Declined, TEXT),
    st.builds(Thought, TEXT, signature=MARK, sealed=MARK),
    st.builds(Cited, st.sampled_from(["https://a.test", "https://b.test", None]), TEXT),
    st.builds(Start, st.none(), st.sampled_from([None, "up"])),
    st.just(Opaque("frame", {"a": 1})),
    st.just(Usage(1, 1)),
    st.just(Text("no", choice=1)),
)


@st.composite
def replies(draw: Any) -> list[Event]:
    """Things said, with calls that are opened and filled in any order between them."""
    events: list[Event] = []
    left: list[tuple[int, str]] = []
    opened = 0
    for _ in range(draw(st.integers(0, 12))):
        step = draw(st.integers(0, 3))
        if step == 0:
            kind = draw(st.sampled_from(["function", "function", "custom"]))
            events.append(ToolOpen(opened, f"c{opened}", "f", kind=kind))
            left.append((opened, draw(st.sampled_from(ARGUMENTS))))
            opened += 1
        elif step == 1 and left:
            at = draw(st.integers(0, len(left) - 1))
            index, rest = left.pop(at)
            size = draw(st.integers(1, 9))
            events.append(ToolArgs(index, rest[:size]))
            if rest[size:]:
                left.append((index, rest[size:]))
        else:
            events.append(draw(SPOKEN))
    events += [ToolArgs(index, rest) for index, rest in left]
    return events


@st.composite
def cut_up(draw: Any, events: list[Event]) -> list[list[Event]]:
    """The same events in frames of any size."""
    frames: list[list[Event]] = []
    left = list(events)
    while left:
        size = draw(st.integers(1, 4))
        frames.append(left[:size])
        left = left[size:]
    return frames


def arguments(events: list[Event]) -> dict[str, tuple[bool, str]]:
    found: dict[int, tuple[str, bool, str]] = {}
    for event in events:
        if isinstance(event, ToolOpen):
            found[event.index] = (event.id, event.kind == "custom", "")
        elif isinstance(event, ToolArgs):
            call_id, free, text = found[event.index]
            found[event.index] = (call_id, free, text + event.text)
    return {call_id: (free, text) for call_id, free, text in found.values()}


@given(st.data(), replies(), REASONS, st.sampled_from(["3", "4"]))
def test_any_reply_is_clean_and_whole(
    data: st.DataObject, events: list[Event], reason: Any, version: str
) -> None:
    frames = data.draw(cut_up(events))
    parts = check_stream(streamed(frames, Stop(reason), version), version)
    for kind, types in (("text", Text | Declined), ("reasoning", Thought)):
        said = "".join(p["delta"] for p in parts if p["type"] == f"{kind}-delta")
        spoken = (e.text for e in events if isinstance(e, types) and e.choice == 0)
        assert said == "".join(spoken)
    calls = {p["toolCallId"]: p["input"] for p in parts if p["type"] == "tool-call"}
    for call_id, (free, text) in arguments(events).items():
        if free:
            # Nobody can tell whether free text is complete, so what was cut is not said whole.
            assert (call_id in calls) == (reason not in CUTS)
            assert call_id not in calls or json.loads(calls[call_id]) == text
        elif text or call_id in calls:
            assert calls[call_id] == (text or "{}")
    marks = [
        entry["providerMetadata"]["glimway"] for entry in told(parts) if "providerMetadata" in entry
    ]
    told_of = [e for e in events if isinstance(e, Thought) and (e.signature or e.sealed)]
    assert [(m.get("signature"), m.get("sealed")) for m in marks] == [
        (e.signature, e.sealed) for e in told_of
    ]


@given(replies(), REASONS, st.sampled_from(["3", "4"]))
def test_a_whole_result_says_what_the_stream_says(
    events: list[Event], reason: Any, version: str
) -> None:
    parts = check_stream(streamed([events], Stop(reason), version), version)
    body = Writer(style(version)).whole([*events, Stop(reason)], USED, COST)
    result = check_result(body, version)
    assert result["content"] == told(parts)
    finish = dict(parts[-1])
    del finish["type"]
    assert {name: result[name] for name in finish if name != "finishReason"} == {
        name: member for name, member in finish.items() if name != "finishReason"
    }
