"""Streams as hosts were seen to send them, cut at every byte: clean frames, and the same answer.

Each is written anew in the shape of public recordings and documents; the source stands beside it.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from glimway.data import load_profiles
from glimway.wire.quirks import Quirks
from glimway.wire.sse import Cutter
from kit.splits import all_ways
from wire.chat.grammar import Clean
from wire.chat.replies import TOOLS, told

PROFILES = load_profiles()
Json = Any


class Seen(msgspec.Struct):
    """A stream and what it says."""

    host: str
    lines: list[str]
    text: str
    thought: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    usage: tuple[int, int, int, int | None] | None = None
    """Input, output, cached, reasoning."""
    finish: str = "stop"
    extra: tuple[str, ...] = ()
    """Members that must reach the client at their place."""

    @property
    def stream(self) -> bytes:
        return "".join(f"{line}\n\n" for line in self.lines).encode()

    @property
    def quirks(self) -> Quirks:
        return PROFILES[self.host].quirks


def zai(delta: Json, **members: Json) -> str:
    """Role in every delta, no ``finish_reason`` before the end, usage in the finish frame.
    github.com/pydantic/pydantic-ai (tests/models/cassettes/test_zai)."""
    choice = {"index": 0, **members.pop("choice", {}), "delta": {"role": "assistant", **delta}}
    head = {"id": "20260305010203abc", "created": 1, "object": "chat.completion.chunk"}
    return "data: " + json.dumps({**head, "model": "glm-4.7", "choices": [choice], **members})


ZAI_USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 437,
    "total_tokens": 447,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 427},
}
STOPPED = {"finish_reason": "stop"}


def plain(delta: Json, finish: Json = None, **members: Json) -> str:
    """OpenAI's own frame, with what a host adds."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **members.pop("choice", {})}
    head = {"id": "x1", "object": "chat.completion.chunk", "created": 1, "model": "glm"}
    return "data: " + json.dumps({**head, "choices": [choice], **members}, ensure_ascii=False)


def alone(usage: Json, **members: Json) -> str:
    """A last frame of usage."""
    head = {"id": "x1", "object": "chat.completion.chunk", "created": 1, "model": "glm"}
    return "data: " + json.dumps({**head, "choices": [], "usage": usage, **members})


COUNTS = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
DONE = "data: [DONE]"
WEATHER_CALL = {"name": "get_weather", "arguments": '{"city": "巴黎"}'}

SEEN: dict[str, Seen] = {
    "z.ai thinks and answers": Seen(
        "zai",
        [
            zai({"reasoning_content": "\nThe user"}),
            zai({"reasoning_content": " greets."}),
            zai({"content": "Hello"}),
            zai({"content": " there 👋"}),
            zai({"content": ""}),
            zai({"content": ""}, choice=STOPPED, usage=ZAI_USAGE),
            DONE,
        ],
        "Hello there 👋",
        "\nThe user greets.",
        usage=(10, 437, 4, 427),
    ),
    "z.ai calls a tool in one piece": Seen(
        "zai",
        [
            zai({"reasoning_content": "Weather."}),
            zai(
                {
                    "tool_calls": [
                        {"index": 0, "id": "call_1", "type": "function", "function": WEATHER_CALL}
                    ]
                }
            ),
            zai({"content": ""}, choice={"finish_reason": "tool_calls"}, usage=ZAI_USAGE),
            DONE,
        ],
        "",
        "Weather.",
        (("get_weather", '{"city": "巴黎"}'),),
        (10, 437, 4, 427),
        "tool_calls",
    ),
    # The page of the reseller: the first frame has an empty text, usage comes alone.
    "acedata": Seen(
        "acedata",
        [
            plain({"content": "", "role": "assistant"}, usage=None),
            plain({"content": "Hello! How can I"}, usage=None),
            plain({"content": " assist you?"}, usage=None),
            plain({}, "stop", usage=None),
            alone(COUNTS),
            DONE,
        ],
        "Hello! How can I assist you?",
        usage=(10, 5, 0, None),
    ),
    # The page of the host: role and a text in every frame, an end-of-sequence frame, no usage.
    "deepinfra": Seen(
        "deepinfra",
        [
            plain({"role": "assistant", "content": " "}),
            plain({"role": "assistant", "content": " Hi"}),
            plain({"role": "assistant", "content": "!"}),
            plain({"role": "assistant", "content": ""}),
            plain({"role": "assistant", "content": "</s>"}),
            plain({}, "stop"),
            alone({**COUNTS, "estimated_cost": 0.0000268}),
            DONE,
        ],
        "  Hi!",
        usage=(10, 5, 0, None),
    ),
    # openrouter.ai/docs/api-reference/streaming; both names of thinking; usage with cost.
    "openrouter": Seen(
        "openrouter",
        [
            ": OPENROUTER PROCESSING",
            plain(
                {
                    "role": "assistant",
                    "content": "",
                    "reasoning": "Hm",
                    "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}],
                },
                provider="P",
                choice={"native_finish_reason": None},
            ),
            ": OPENROUTER PROCESSING",
            plain({"content": "Hi", "reasoning": "", "reasoning_details": []}, provider="P"),
            plain({"content": ""}, "stop", provider="P", choice={"native_finish_reason": "stop"}),
            alone({**COUNTS, "cost": 0.01, "is_byok": False, "cost_details": {"a": 1}}),
            DONE,
        ],
        "Hi",
        "Hm",
        usage=(10, 5, 0, None),
        extra=("provider", "native_finish_reason", "reasoning_details"),
    ),
    # inference-docs.cerebras.ai/capabilities/reasoning.
    "cerebras": Seen(
        "cerebras",
        [
            plain({"role": "assistant"}, system_fingerprint="fp"),
            plain({"reasoning": "Hm"}, system_fingerprint="fp"),
            plain({"content": "Hi"}, system_fingerprint="fp"),
            plain({}, "stop", usage=COUNTS, time_info={"queue_time": 0.1}),
            DONE,
        ],
        "Hi",
        "Hm",
        usage=(10, 5, 0, None),
        extra=("time_info", "system_fingerprint"),
    ),
    # docs.vllm.ai/en/latest/features/reasoning_outputs; usage of its own at the end.
    "vllm": Seen(
        "vllm",
        [
            plain({"role": "assistant", "content": ""}),
            plain({"reasoning": "Hm"}),
            plain({"content": "Hi"}),
            plain({"content": ""}, "stop", choice={"stop_reason": None}),
            alone({**COUNTS, "prompt_tokens_details": {"cached_tokens": 8}}),
            DONE,
        ],
        "Hi",
        "Hm",
        usage=(10, 5, 8, None),
    ),
    # github.com/sgl-project/sglang (entrypoints/openai/protocol.py).
    "sglang": Seen(
        "sglang",
        [
            plain({"role": "assistant", "content": "", "reasoning_content": None}, usage=None),
            plain({"reasoning_content": "Hm", "content": None, "tool_calls": None}, usage=None),
            plain({"content": "Hi", "reasoning_content": None, "tool_calls": None}, usage=None),
            plain({"content": None}, "stop", choice={"matched_stop": 154820}, usage=None),
            alone({**COUNTS, "reasoning_tokens": 2}),
            DONE,
        ],
        "Hi",
        "Hm",
        usage=(10, 5, 0, 2),
        extra=("matched_stop",),
    ),
    # github.com/ggml-org/llama.cpp (tools/server/README.md).
    "llamacpp": Seen(
        "llamacpp",
        [
            plain({"role": "assistant", "content": None}),
            plain({"reasoning_content": "Hm"}),
            plain({"content": "Hi"}, timings={"predicted_n": 1}),
            plain({}, "stop"),
            alone(COUNTS, timings={"predicted_n": 2}),
            DONE,
        ],
        "Hi",
        "Hm",
        usage=(10, 5, 0, None),
        extra=("timings",),
    ),
    # github.com/mistralai/mistral-vibe/issues/1119: thinking and text as parts of an array.
    "mistral": Seen(
        "mistral",
        [
            plain({"role": "assistant", "content": ""}),
            plain(
                {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]}
            ),
            plain({"content": [{"type": "text", "text": "Hi"}]}),
            plain({"content": ""}, "stop", usage=COUNTS),
            DONE,
        ],
        "Hi",
        "Hm",
        usage=(10, 5, 0, None),
    ),
}


@pytest.mark.parametrize("name", SEEN)
def test_a_recorded_stream_cut_at_every_byte(name: str) -> None:
    seen = SEEN[name]
    found = told(seen.stream, seen.quirks, TOOLS)
    assert found.fault is None
    assert (found.text, found.thought, found.finish) == (seen.text, seen.thought, seen.finish)
    assert tuple(one[1:] for one in found.calls) == seen.calls
    if seen.usage is not None:
        assert found.usage is not None
        used = found.usage
        assert (used.input, used.output, used.cached, used.reasoning) == seen.usage
    clean = Clean(found.written, n=1)
    assert clean.text.get(0, "") == seen.text
    for member in seen.extra:
        assert f'"{member}":' in found.written.decode(), member
    for pieces in all_ways(seen.stream):
        assert told(pieces, seen.quirks, TOOLS).written == found.written


@pytest.mark.parametrize("name", SEEN)
def test_a_recorded_stream_that_is_cut_off_is_never_a_success(name: str) -> None:
    """Whatever the last byte that arrives: an error event, and no end mark."""
    seen = SEEN[name]
    end = seen.stream.index(b"data: [DONE]") + len(b"data: [DONE]")
    for at in range(end):
        found = told(seen.stream[:at], seen.quirks, TOOLS)
        assert found.fault is not None, at
        assert found.written.endswith(b'"it broke"}}\n\n')
        assert b"[DONE]" not in found.written
        assert seen.text.startswith(found.text)
        assert seen.thought.startswith(found.thought)


@pytest.mark.parametrize("name", SEEN)
def test_the_frames_of_a_stream_cut_at_every_byte(name: str) -> None:
    stream = SEEN[name].stream
    whole = Cutter().feed(stream)
    for pieces in all_ways(stream):
        cutter = Cutter()
        assert [frame for piece in pieces for frame in cutter.feed(piece)] == whole
        assert not cutter.close()
