"""Requests that every gateway should serve, rich enough that a mistake can stand anywhere in them.

Knows the bodies of each dialect as its public reference writes them, and the paths and headers that
they go with. Refuses to know what is answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = Any

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
"""A PNG of one pixel, in base64."""

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Ask:
    """A kind of request.

    Args:
        paths: where it can go.
        bodies: valid ones, without ``model``, which is put in front where ``named`` is true.
        headers: beside the key.
        named: the body names the model; else a header does.
    """

    paths: tuple[str, ...]
    bodies: tuple[Json, ...]
    headers: dict[str, str] = field(default_factory=dict)
    named: bool = True


_CHAT_TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells it.",
        "parameters": SCHEMA,
        "strict": True,
    },
}
_CHAT_TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Weather in Oslo?"}], "name": "kim"},
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "I need a tool.",
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Oslo", "days": 1}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "Rain."}]},
    {"role": "assistant", "content": "Rain."},
    {"role": "user", "content": "And tomorrow?"},
]

CHAT = Ask(
    (
        "/v1/chat/completions",
        "/v1/openai/chat/completions",
        "/glm/chat/completions",
        "/api/paas/v4/chat/completions",
    ),
    (
        {"messages": [{"role": "user", "content": "Hello"}]},
        {
            "messages": _CHAT_TALK,
            "tools": [_CHAT_TOOL],
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": 40,
            "temperature": 0.7,
            "top_p": 0.9,
            "stop": ["END", "\n\n\n"],
            "seed": 7,
            "presence_penalty": 0.1,
            "frequency_penalty": 0.1,
            "logit_bias": {"50256": -100},
            "user": "kim",
            "metadata": {"topic": "weather"},
            "thinking": {"type": "enabled"},
            "provider": {"allow_fallbacks": True, "sort": "price"},
        },
        {
            "messages": [
                {"role": "developer", "content": "Look."},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {
                            "type": "image_url",
                            "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "low"},
                        },
                    ],
                },
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
            },
            "max_tokens": 60,
            "reasoning_effort": "low",
            "logprobs": True,
            "top_logprobs": 2,
            "n": 2,
        },
    ),
)

_MESSAGES_TALK = [
    {"role": "user", "content": "Weather in Oslo?"},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "I need a tool.", "signature": "c2lnbmVk"},
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "is_error": False,
                "content": [
                    {"type": "text", "text": "Rain."},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
                    },
                ],
            },
            {"type": "text", "text": "Go on.", "cache_control": {"type": "ephemeral"}},
            {
                "type": "document",
                "title": "Notes",
                "source": {"type": "text", "media_type": "text/plain", "data": "Wet."},
            },
        ],
    },
]

MESSAGES = Ask(
    ("/v1/messages", "/anthropic/v1/messages", "/v1/messages/count_tokens"),
    (
        {"max_tokens": 40, "messages": [{"role": "user", "content": "Hello"}]},
        {
            "max_tokens": 2000,
            "system": [
                {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
            ],
            "messages": _MESSAGES_TALK,
            "tools": [{"name": "weather", "description": "Tells it.", "input_schema": SCHEMA}],
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "stream": True,
            "stop_sequences": ["END"],
            "temperature": 1,
            "top_k": 5,
            "metadata": {"user_id": "kim"},
        },
        {
            "max_tokens": 60,
            "system": "Answer in JSON.",
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Oslo?"}]},
                {"role": "system", "content": "Now."},
            ],
            "output_config": {
                "effort": "low",
                "format": {"type": "json_schema", "schema": SCHEMA},
            },
            "service_tier": "auto",
        },
    ),
    {"anthropic-version": "2023-06-01"},
)

_ITEMS = [
    {"role": "developer", "content": "Be brief."},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Oslo?"}]},
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "I need a tool."}],
        "encrypted_content": "gAAAAA",
    },
    {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather",
     "arguments": '{"city": "Oslo"}', "status": "completed"},
    {"type": "function_call_output", "call_id": "call_1", "output": "Rain."},
    {
        "type": "message",
        "role": "assistant",
        "id": "msg_1",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Rain.", "annotations": []}],
    },
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "And this?"},
            {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "low"},
        ],
    },
]  # fmt: skip

RESPONSES = Ask(
    ("/v1/responses", "/v1/responses/input_tokens", "/v1/responses/compact"),
    (
        {"input": "Hello"},
        {
            "instructions": "Be brief.",
            "input": _ITEMS,
            "tools": [
                {"type": "function", "name": "weather", "parameters": SCHEMA, "strict": True},
                {"type": "custom", "name": "patch", "format": {"type": "text"}},
                {
                    "type": "namespace",
                    "name": "files",
                    "tools": [{"type": "function", "name": "read", "parameters": SCHEMA}],
                },
            ],
            "tool_choice": "auto",
            "parallel_tool_calls": False,
            "reasoning": {"effort": "low", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
            "stream": True,
            "store": False,
            "max_output_tokens": 60,
            "metadata": {"topic": "weather"},
            "truncation": "disabled",
        },
        {
            "input": [{"role": "user", "content": "Oslo?"}],
            "text": {
                "format": {"type": "json_schema", "name": "a", "schema": SCHEMA, "strict": True},
                "verbosity": "low",
            },
            "temperature": 0.5,
            "top_p": 1,
            "store": True,
            "user": "kim",
            "background": False,
            "max_tool_calls": 2,
        },
    ),
)

_PROMPT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Oslo?"}]},
    {
        "role": "assistant",
        "content": [
            {"type": "reasoning", "text": "I need a tool."},
            {
                "type": "tool-call",
                "toolCallId": "c1",
                "toolName": "weather",
                "input": {"city": "O"},
            },
        ],
    },
    {
        "role": "tool",
        "content": [
            {
                "type": "tool-result",
                "toolCallId": "c1",
                "toolName": "weather",
                "output": {"type": "json", "value": {"sky": "rain"}},
            }
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "file", "mediaType": "image/png", "data": f"data:image/png;base64,{PIXEL}"}
        ],
    },
]

AISDK = Ask(
    ("/v3/ai/language-model", "/v4/ai/language-model"),
    (
        {"prompt": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]},
        {
            "prompt": _PROMPT,
            "tools": [
                {"type": "function", "name": "weather", "description": "", "inputSchema": SCHEMA}
            ],
            "toolChoice": {"type": "auto"},
            "maxOutputTokens": 60,
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 3,
            "stopSequences": ["END"],
            "seed": 3,
            "providerOptions": {"gateway": {"order": ["sandbox"], "user": "kim"}},
            "headers": {"user-agent": "x"},
        },
        {
            "prompt": [{"role": "user", "content": [{"type": "text", "text": "Oslo?"}]}],
            "responseFormat": {"type": "json", "schema": SCHEMA, "name": "answer"},
            "includeRawChunks": False,
        },
    ),
    {
        "ai-gateway-protocol-version": "0.0.1",
        "ai-language-model-specification-version": "3",
        "ai-language-model-streaming": "false",
    },
    named=False,
)

ASKS = {"chat": CHAT, "messages": MESSAGES, "responses": RESPONSES, "aisdk": AISDK}
