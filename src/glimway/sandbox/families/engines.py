"""Families of engines that people run themselves.

Knows their shapes, from their servers' documentation and recorded answers. Refuses to know how an
answer comes to be.

Sources: docs.vllm.ai (reasoning outputs), SGLang's OpenAI-compatible API pages, llama.cpp
``tools/server/README.md``.
"""

from __future__ import annotations

from typing import Final

from glimway.sandbox.families.shapes import CACHED, CALLS, CONTENT, FRAME, THOUGHT, TOKENS, WHOLE
from glimway.sandbox.family import Family

VLLM: Final = Family(
    name="vllm",
    about="vLLM: thinking in `reasoning`, usage only with include_usage",
    call_id="chatcmpl-tool-{hex:.32}",
    whole={**WHOLE, "service_tier": None, "system_fingerprint": None},
    frame=FRAME,
    message={**CONTENT, "refusal": None, "reasoning": "$thought_null", "tool_calls": "$calls_list"},
    opening={"role": "assistant", "content": ""},
    thought={"reasoning": "$text"},
    text={"content": "$text"},
    calls={"tool_calls": "$calls"},
    finish={"content": ""},
    choice={"logprobs": None},
    choice_finish={"logprobs": None, "stop_reason": "$stopped"},
    usage={**TOKENS, **CACHED},
    error={"error": {"message": "$message", "type": "$type", "param": None, "code": "$status"}},
    members=frozenset({"chat_template_kwargs", "reasoning_effort", "include_reasoning"}),
)

SGLANG: Final = Family(
    name="sglang",
    about="SGLang: every delta member named, null where empty; matched_stop; flat errors",
    id="{hex:.32}",
    whole={**WHOLE, "metadata": {"weight_version": "default"}},
    frame=FRAME,
    message={**CONTENT, "reasoning_content": "$thought_null", "tool_calls": "$calls_null"},
    opening={"role": "assistant", "content": "", "reasoning_content": None, "tool_calls": None},
    thought={"role": None, "content": None, "reasoning_content": "$text", "tool_calls": None},
    text={"role": None, "content": "$text", "reasoning_content": None, "tool_calls": None},
    calls={"role": None, "content": None, "reasoning_content": None, "tool_calls": "$calls"},
    finish={"role": None, "content": None, "reasoning_content": None, "tool_calls": None},
    choice={"logprobs": None, "matched_stop": None},
    choice_finish={"logprobs": None, "matched_stop": 154827},
    usage={**TOKENS, **CACHED, "reasoning_tokens": "$reasoning"},
    usage_null="always",
    call_nulls=True,
    error={
        "object": "error",
        "message": "$message",
        "type": "$type",
        "param": None,
        "code": "$status",
    },
    error_stream={"error": {"message": "$message", "type": "$type", "code": "$status"}},
    members=frozenset(
        {"chat_template_kwargs", "reasoning", "separate_reasoning", "stream_reasoning"}
    ),
)

LLAMACPP: Final = Family(
    name="llamacpp",
    about="llama.cpp: timings in the last frame",
    id="chatcmpl-{alnum:.32}",
    call_id="{alnum:.32}",
    whole={**WHOLE, "system_fingerprint": "b8101-5a4d0b2c"},
    frame={**FRAME, "system_fingerprint": "b8101-5a4d0b2c"},
    message={**CONTENT, **THOUGHT, **CALLS},
    opening={"role": "assistant", "content": None},
    thought={"reasoning_content": "$text"},
    text={"content": "$text"},
    calls={"tool_calls": "$calls"},
    finish={},
    usage={**TOKENS, **CACHED},
    extras={
        "timings": {
            "cache_n": "$cached",
            "prompt_n": "$fresh",
            "prompt_ms": "$prompt_ms",
            "predicted_n": "$output",
            "predicted_ms": "$output_ms",
        }
    },
    error={"error": {"code": "$status", "message": "$message", "type": "$type"}},
    members=frozenset({"chat_template_kwargs", "reasoning_effort", "reasoning_format"}),
)
