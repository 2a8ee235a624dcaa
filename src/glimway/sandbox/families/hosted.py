"""Families of hosts that sell GLM by the token.

Knows their shapes, from recorded exchanges and their documentation. Refuses to know how an answer
comes to be. A new host is a new row.

Sources: docs.z.ai and recorded Z.ai, OpenRouter and Cerebras exchanges in
github.com/pydantic/pydantic-ai (tests/models/cassettes); deepinfra.com and acedata.cloud API
pages; github.com/mistralai/mistral-vibe/issues/1119.
"""

from __future__ import annotations

from typing import Final

from glimway.sandbox.families.shapes import (
    CACHED,
    CALLS,
    CONTENT,
    FRAME,
    HEAD,
    OPENAI_ERROR,
    REASONING,
    THOUGHT,
    TOKENS,
    WHOLE,
)
from glimway.sandbox.family import Family

OPENAI: Final = Family(
    name="openai",
    about="plain OpenAI shapes: role first, usage in a frame of its own when asked",
    whole={**WHOLE, "system_fingerprint": None},
    frame={**FRAME, "system_fingerprint": None},
    message={**CONTENT, "refusal": None, **THOUGHT, **CALLS},
    opening={"role": "assistant", "content": "", "refusal": None},
    thought={"reasoning_content": "$text"},
    text={"content": "$text"},
    calls={"tool_calls": "$calls"},
    finish={},
    choice={"logprobs": None},
    choice_finish={"logprobs": None},
    usage={**TOKENS, **CACHED, **REASONING},
    usage_null="asked",
    error=OPENAI_ERROR,
)

ZAI: Final = Family(
    name="zai",
    about="Z.ai: role in every delta, no finish_reason until the end, usage in the finish frame",
    id="{stamp}{hex:.16}",
    call_id="call_{digits:.20}",
    whole={**WHOLE, "request_id": "$id"},
    frame=FRAME,
    message={**CONTENT, **THOUGHT, **CALLS},
    thought={"role": "assistant", "reasoning_content": "$text"},
    text={"role": "assistant", "content": "$text"},
    calls={"role": "assistant", "tool_calls": "$calls"},
    closing=({"role": "assistant", "content": ""},),
    finish={"role": "assistant", "content": ""},
    finish_absent=True,
    usage={**TOKENS, **CACHED, **REASONING},
    usage_at="finish",
    usage_asked=False,
    calls_whole=True,
    words_per_frame=2,
    stream_type="text/event-stream;charset=UTF-8",
    headers=(("x-log-id", "{stamp}{hex:.16}"),),
    error={"error": {"code": "$digits", "message": "$message"}},
    needs_user=True,
    temperature_max=1.0,
    stop_max=1,
    takes_stop_text=False,
    takes_schema=False,
    takes_choice=False,
    # The specification's members, and those that its maker's own libraries send beside them.
    members=frozenset(
        {
            *("thinking", "do_sample", "tool_stream", "request_id", "user_id", "reasoning_effort"),
            *("meta", "sensitive_word_check", "watermark_enabled"),
        }
    ),
)

DEEPINFRA: Final = Family(
    name="deepinfra",
    about="DeepInfra: role in every delta, an end-of-sequence frame, usage.estimated_cost",
    id="{alnum:.24}",
    whole=WHOLE,
    frame=FRAME,
    message={**CONTENT, **THOUGHT, **CALLS, "name": None},
    thought={"role": "assistant", "reasoning_content": "$text"},
    text={"role": "assistant", "content": "$text"},
    calls={"role": "assistant", "tool_calls": "$calls"},
    closing=({"role": "assistant", "content": ""}, {"role": "assistant", "content": "</s>"}),
    finish={},
    usage={**TOKENS, **CACHED, "estimated_cost": "$cost"},
    error=OPENAI_ERROR,
    members=frozenset({"reasoning_effort", "reasoning"}),
)

ACEDATA: Final = Family(
    name="acedata",
    about="AceData: usage always, null before its own frame; errors with trace_id",
    id="msg_{stamp}{hex:.18}",
    whole=WHOLE,
    frame=FRAME,
    message={**CONTENT, **THOUGHT, **CALLS},
    opening={"content": "", "role": "assistant"},
    thought={"reasoning_content": "$text"},
    text={"content": "$text"},
    calls={"tool_calls": "$calls"},
    finish={},
    usage=TOKENS,
    usage_asked=False,
    usage_null="always",
    words_per_frame=3,
    error={"trace_id": "$id", "error": {"code": "$word", "message": "$message"}},
    takes_schema=False,
    members=frozenset({"thinking"}),
)

OPENROUTER: Final = Family(
    name="openrouter",
    about="OpenRouter: reasoning and reasoning_details, comment lines, provider, cost in usage",
    id="gen-{stamp:.10}-{alnum:.20}",
    whole={"provider": "Emulated", **WHOLE},
    frame={"provider": "Emulated", **FRAME},
    message={
        **CONTENT,
        "refusal": None,
        "reasoning": "$thought_null",
        "reasoning_details": "$details",
        **CALLS,
    },
    opening={"role": "assistant", "content": ""},
    thought={
        "role": "assistant",
        "content": "",
        "reasoning": "$text",
        "reasoning_details": [
            {"type": "reasoning.text", "text": "$text", "format": "unknown", "index": 0}
        ],
    },
    text={"role": "assistant", "content": "$text", "reasoning": "", "reasoning_details": []},
    calls={"role": "assistant", "content": None, "tool_calls": "$calls"},
    finish={"role": "assistant", "content": ""},
    choice={"native_finish_reason": None, "logprobs": None},
    choice_finish={"native_finish_reason": "$finish", "logprobs": None},
    usage={
        **TOKENS,
        "cost": "$cost",
        "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": "$cached", "cache_write_tokens": 0},
        "cost_details": {"upstream_inference_cost": None},
        **REASONING,
    },
    usage_asked=False,
    usage_choices=[
        {
            "index": 0,
            "delta": {"role": "assistant", "content": ""},
            "finish_reason": None,
            "native_finish_reason": None,
            "logprobs": None,
        }
    ],
    comment="OPENROUTER PROCESSING",
    headers=(("x-generation-id", "gen-{stamp:.10}-{alnum:.20}"),),
    error={"error": {"code": "$status", "message": "$message", "metadata": {"raw": "$name"}}},
    error_stream={
        **HEAD,
        "object": "chat.completion.chunk",
        "provider": "Emulated",
        "error": {"code": "$status", "message": "$message"},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
    },
    members=frozenset({"reasoning", "reasoning_effort", "provider", "models", "usage"}),
)

CEREBRAS: Final = Family(
    name="cerebras",
    about="Cerebras: thinking in `reasoning`, time_info, prediction tokens",
    id="chatcmpl-{hex:.8}-{hex:.4}-4{hex:.3}-8{hex:.3}-{hex:.12}",
    call_id="{hex:.9}",
    whole={**WHOLE, "system_fingerprint": "fp_5a4d0b2c19e7"},
    frame={**FRAME, "system_fingerprint": "fp_5a4d0b2c19e7"},
    message={**CONTENT, "reasoning": "$thought", **CALLS},
    opening={"role": "assistant"},
    thought={"reasoning": "$text"},
    text={"content": "$text"},
    calls={"tool_calls": "$calls"},
    finish={},
    usage={
        **TOKENS,
        **CACHED,
        "completion_tokens_details": {
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
            "reasoning_tokens": "$reasoning",
        },
    },
    extras={
        "time_info": {
            "queue_time": 0.0002,
            "prompt_time": "$prompt_s",
            "completion_time": "$output_s",
            "total_time": "$total_s",
            "created": "$created",
        }
    },
    headers=(("inference-id", "chatcmpl-{hex:.8}-{hex:.4}-4{hex:.3}-8{hex:.3}-{hex:.12}"),),
    error=OPENAI_ERROR,
    members=frozenset({"reasoning_effort", "reasoning_format", "clear_thinking"}),
)

MISTRAL: Final = Family(
    name="mistral",
    about="Mistral: content is a list of typed parts, thinking among them in deltas",
    id="{hex:.32}",
    call_id="{alnum:.9}",
    whole=WHOLE,
    frame=FRAME,
    message={"role": "assistant", "content": "$parts", "reasoning": "$thought", **CALLS},
    opening={"role": "assistant", "content": ""},
    thought={"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "$text"}]}]},
    text={"content": [{"type": "text", "text": "$text"}]},
    calls={"tool_calls": "$calls"},
    finish={"content": ""},
    usage={**TOKENS, **CACHED},
    usage_at="finish",
    usage_asked=False,
    error={
        "object": "error",
        "message": "$message",
        "type": "$type",
        "param": None,
        "code": "$status_text",
    },
    members=frozenset({"reasoning_effort", "prompt_mode", "safe_prompt"}),
)
