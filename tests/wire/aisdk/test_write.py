from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.aisdk.write import FINISH_REASONS, Writer
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
from wire.aisdk.grammar import check_result, check_stream, parts_of, told
from wire.aisdk.making import COST, USED, streamed, style


def kinds(parts: list[Any]) -> list[str]:
    return [part["type"] for part in parts]


def test_a_stream_of_thinking_and_text() -> None:
    frames: list[list[Event]] = [
        [Start("up", "glm-up")],
        [Thought("h")],
        [Thought("m")],
        [Text("He")],
        [Text("llo")],
    ]
    parts = check_stream(streamed(frames))
    assert parts == [
        {"type": "stream-start", "warnings": []},
        {
            "type": "response-metadata",
            "id": "gen_01ours",
            "modelId": "zai/glm-4.7",
            "timestamp": "2023-11-14T22:13:20.000Z",
        },
        {"type": "reasoning-start", "id": "reasoning-0"},
        {"type": "reasoning-delta", "id": "reasoning-0", "delta": "h"},
        {"type": "reasoning-delta", "id": "reasoning-0", "delta": "m"},
        {"type": "reasoning-end", "id": "reasoning-0"},
        {"type": "text-start", "id": "text-0"},
        {"type": "text-delta", "id": "text-0", "delta": "He"},
        {"type": "text-delta", "id": "text-0", "delta": "llo"},
        {"type": "text-end", "id": "text-0"},
        {
            "type": "finish",
            "finishReason": {"unified": "stop", "raw": "stop"},
            "usage": {
                "inputTokens": {"total": 10, "noCache": 5, "cacheRead": 3, "cacheWrite": 2},
                "outputTokens": {"total": 7, "text": 3, "reasoning": 4},
                "raw": {
                    "input_tokens": 10,
                    "output_tokens": 7,
                    "cost": 1.25e-06,
                    "estimated_cost": 1.25e-06,
                },
                "cost": 1.25e-06,
                "estimated_cost": 1.25e-06,
            },
            "providerMetadata": {"gateway": {"generationId": "gen_01ours", "cost": "0.00000125"}},
        },
    ]


def test_each_change_of_what_is_said_opens_a_new_block() -> None:
    events: list[Event] = [Text("a"), Thought("b"), Text("c"), Declined("d"), Thought("e")]
    parts = check_stream(streamed([[event] for event in events]))
    assert [(e["type"], e["text"]) for e in told(parts)] == [
        ("text", "a"),
        ("reasoning", "b"),
        ("text", "cd"),
        ("reasoning", "e"),
    ]


def test_empty_pieces_and_other_choices_say_nothing() -> None:
    events: list[Event] = [
        Text(""),
        Thought(""),
        Text("x", choice=1),
        Thought("x", choice=1),
        ToolOpen(0, "c", "f", choice=1),
        ToolArgs(0, "{}", choice=1),
        Cited("https://x.test", choice=1),
        Opaque("frame", {"a": 1}),
        Usage(),
    ]
    parts = check_stream(streamed([[event] for event in events] + [events]))
    assert kinds(parts) == ["stream-start", "response-metadata", "finish"]


def test_a_call_is_announced_filled_ended_and_said_whole() -> None:
    frames: list[list[Event]] = [
        [ToolOpen(0, "c0", "w")],
        [ToolArgs(0, '{"a"')],
        [ToolArgs(0, ": 1}")],
    ]
    parts = check_stream(streamed(frames, Stop("tool_calls", raw="tool_calls")))
    assert parts[2:-1] == [
        {"type": "tool-input-start", "id": "c0", "toolName": "w"},
        {"type": "tool-input-delta", "id": "c0", "delta": '{"a"'},
        {"type": "tool-input-delta", "id": "c0", "delta": ": 1}"},
        {"type": "tool-input-end", "id": "c0"},
        {"type": "tool-call", "toolCallId": "c0", "toolName": "w", "input": '{"a": 1}'},
    ]
    assert parts[-1]["finishReason"] == {"unified": "tool-calls", "raw": "tool_calls"}


def test_a_call_that_is_complete_is_said_when_the_next_begins() -> None:
    frames: list[list[Event]] = [
        [ToolOpen(0, "c0", "w"), ToolArgs(0, "{}")],
        [ToolOpen(1, "c1", "w"), ToolArgs(0, " "), ToolArgs(1, "{}")],
    ]
    parts = check_stream(streamed(frames, Stop("tool_calls")))
    said = [part for part in parts if part["type"].startswith("tool")]
    assert [one.get("id", one.get("toolCallId")) for one in said] == ["c0"] * 4 + ["c1"] * 4


def test_calls_that_are_filled_in_turns_stay_open() -> None:
    frames: list[list[Event]] = [
        [ToolOpen(0, "c0", "w"), ToolArgs(0, '{"a":')],
        [ToolOpen(1, "c1", "w"), ToolArgs(1, '{"b":')],
        [Text("so")],
        [ToolArgs(0, "1}"), ToolArgs(1, "2}")],
    ]
    parts = check_stream(streamed(frames, Stop("tool_calls")))
    calls = {p["toolCallId"]: p["input"] for p in parts if p["type"] == "tool-call"}
    assert calls == {"c0": '{"a":1}', "c1": '{"b":2}'}


def test_a_call_without_arguments_takes_an_empty_object() -> None:
    parts = check_stream(streamed([[ToolOpen(0, "c", "f")]], Stop("tool_calls")))
    assert parts[-2]["input"] == "{}"


@pytest.mark.parametrize("reason", ["length", "context", "content_filter", "error"])
def test_a_call_that_was_cut_is_not_said_whole(reason: Any) -> None:
    frames: list[list[Event]] = [
        [ToolOpen(0, "c0", "f"), ToolArgs(0, '{"a":1}')],
        [ToolOpen(1, "c1", "f"), ToolArgs(1, '{"a":')],
    ]
    parts = check_stream(streamed(frames, Stop(reason)))
    assert [p["toolCallId"] for p in parts if p["type"] == "tool-call"] == ["c0"]
    whole = check_result(Writer(style()).whole([*frames[0], *frames[1], Stop(reason)], USED, COST))
    assert [p["toolCallId"] for p in whole["content"]] == ["c0"]


@pytest.mark.parametrize("version", ["3", "4"])
def test_free_text_for_a_tool_is_a_json_string(version: str) -> None:
    frames: list[list[Event]] = [
        [ToolOpen(0, "c", "patch", kind="custom")],
        [ToolArgs(0, '*** "a"')],
        [ToolArgs(0, "\nend")],
    ]
    parts = check_stream(streamed(frames, Stop("tool_calls"), version), version)
    text = '*** "a"\nend'
    assert json.loads(parts[-2]["input"]) == text
    pieces = "".join(p["delta"] for p in parts if p["type"] == "tool-input-delta")
    assert pieces == (text if version == "4" else json.dumps(text))


@pytest.mark.parametrize(
    ("events", "marks"),
    [
        ([Thought("a"), Thought("", signature="s")], [("a", {"signature": "s", "model": "up"})]),
        ([Thought("", sealed="x")], [("", {"sealed": "x", "model": "up"})]),
        (
            [Thought("a"), Thought("", signature="s"), Thought("", sealed="x"), Thought("b")],
            [
                ("a", {"signature": "s", "model": "up"}),
                ("", {"sealed": "x", "model": "up"}),
                ("b", None),
            ],
        ),
        ([Thought("a"), Thought("", sealed="x")], [("a", {"sealed": "x", "model": "up"})]),
    ],
)
def test_proofs_of_thinking_ride_on_the_end_of_its_block(
    events: list[Event], marks: list[Any]
) -> None:
    frames: list[list[Event]] = [[Start(None, "up")], *[[event] for event in events]]
    content = told(check_stream(streamed(frames)))
    found = [(e["text"], e.get("providerMetadata", {}).get("glimway")) for e in content]
    assert found == marks


def test_sources_are_said_once_and_cited_in_version_4() -> None:
    frames: list[list[Event]] = [
        [Text("One.")],
        [Cited("https://a.test", "A", 0, 3), Cited("https://b.test")],
        [Text(" Two."), Cited("https://a.test", "A", 4, 8)],
    ]
    parts = check_stream(streamed(frames))
    sources = [part for part in parts if part["type"] == "source"]
    assert [(s["id"], s["url"], s.get("title")) for s in sources] == [
        ("src_01ours_0", "https://a.test", "A"),
        ("src_01ours_1", "https://b.test", None),
    ]
    (end,) = [part for part in parts if part["type"] == "text-end"]
    assert end["citations"] == [
        {"source": sources[0], "startIndex": 0, "endIndex": 3},
        {"source": sources[1]},
        {"source": sources[0], "startIndex": 4, "endIndex": 8},
    ]
    older = check_stream(streamed(frames, version="3"), "3")
    assert [part for part in older if part["type"] == "source"] == sources


def test_places_in_a_later_block_are_not_told() -> None:
    frames: list[list[Event]] = [[Text("a")], [Thought("b")], [Text("c"), Cited("u", None, 1, 2)]]
    parts = check_stream(streamed(frames))
    assert parts[-2]["citations"] == [{"source": parts[-3]}]


def test_a_source_outside_of_text_is_only_a_source() -> None:
    parts = check_stream(streamed([[Cited("https://a.test")], [Text("a")], [Cited(None)]]))
    assert "citations" not in parts[-2]
    assert kinds(parts).count("source") == 1


@pytest.mark.parametrize(("reason", "word"), FINISH_REASONS.items())
def test_finish_reasons(reason: Any, word: str) -> None:
    parts = check_stream(streamed([[Text("a")]], Stop(reason)))
    assert parts[-1]["finishReason"] == {"unified": word}


def test_what_is_not_done_is_a_warning() -> None:
    writer = Writer(style(includeRawChunks=True))
    parts = check_stream(writer.frame([Text("a")]) + writer.end([], USED, None))
    assert [one["feature"] for one in parts[0]["warnings"]] == ["includeRawChunks"]
    assert parts[-1]["providerMetadata"] == {"gateway": {"generationId": "gen_01ours"}}


def test_an_error_ends_the_stream_without_a_finish() -> None:
    writer = Writer(style())
    body = {
        "error": {"message": "m", "type": "internal_server_error", "param": None, "code": "c"},
        "generationId": "gen_1",
        "trace_id": "1",
    }
    parts = check_stream(writer.frame([Text("a")]) + writer.error(json.dumps(body).encode()))
    assert parts[-1] == {"type": "error", "error": {**body["error"], "generationId": "gen_1"}}  # type: ignore[dict-item]
    alone = Writer(style()).error(json.dumps(body).encode())
    assert kinds(check_stream(alone)) == ["error"]


def test_an_answer_of_nothing_is_an_answer() -> None:
    assert kinds(check_stream(streamed([]))) == ["stream-start", "response-metadata", "finish"]


@pytest.mark.parametrize("version", ["3", "4"])
def test_a_whole_result(version: str) -> None:
    events: list[Event] = [
        Start("up", "glm-up"),
        Thought("hm"),
        Thought("", signature="s"),
        Text("Hel"),
        Cited("https://a.test", "A", 0, 3),
        Text("lo"),
        ToolOpen(0, "c0", "w"),
        ToolArgs(0, '{"a": 1}'),
        Usage(1, 1),
        Stop("tool_calls", raw="tool_calls"),
    ]
    result = check_result(Writer(style(version)).whole(events, USED, COST), version)
    source = {
        "type": "source",
        "sourceType": "url",
        "id": "src_01ours_0",
        "url": "https://a.test",
        "title": "A",
    }
    citations = [{"source": source, "startIndex": 0, "endIndex": 3}]
    assert result["content"] == [
        {
            "type": "reasoning",
            "text": "hm",
            "providerMetadata": {"glimway": {"signature": "s", "model": "glm-up"}},
        },
        {"type": "text", "text": "Hello", **({"citations": citations} if version == "4" else {})},
        source,
        {"type": "tool-call", "toolCallId": "c0", "toolName": "w", "input": '{"a": 1}'},
    ]
    assert result["finishReason"] == {"unified": "tool-calls", "raw": "tool_calls"}
    assert result["response"]["id"] == "gen_01ours"
    assert result["warnings"] == []


def test_signs_that_other_readers_take_for_line_ends_stay_inside_a_frame() -> None:
    text = "a\u2028b\u2029c\x85d\r\ne"
    (delta,) = [part for part in parts_of(streamed([[Text(text)]])) if part["type"] == "text-delta"]
    assert delta["delta"] == text
