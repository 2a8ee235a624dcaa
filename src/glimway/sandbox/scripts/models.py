"""Scripts that act on what the model says and on its tool calls.

Knows their names and sentences. Refuses to know how they are done.
"""

from __future__ import annotations

from typing import Final

from glimway.sandbox.script import Behaviour as Row

MODELS: Final[tuple[Row, ...]] = (
    Row(
        "think-only",
        "model",
        "thinking, then finish `stop`: no text, completion_tokens 0",
        "an empty answer that says so, or a retry",
    ),
    Row(
        "think-tags",
        "model",
        "thinking as `<think>..</think>` in the text",
        "thinking in its own field",
    ),
    Row(
        "think-open",
        "model",
        "thinking in the text, with only a closing `</think>`",
        "thinking in its own field",
    ),
    Row(
        "think-loop",
        "model",
        "the same thought over and over, until max_tokens (or 20,000 tokens)",
        "finish `length`, empty text; cancelling stops it",
    ),
    Row(
        "box-tokens",
        "model",
        "`<|begin_of_box|>..<|end_of_box|>` around the result",
        "the result without the tokens",
    ),
    Row("role-token", "model", "the text ends in `<|user|>`", "the text without it"),
    Row(
        "garbled",
        "model",
        "the text is one sign, repeated",
        "the text (nothing can be mended here)",
    ),
    Row("refusal", "model", "the model declines, in the member `refusal`", "a refusal"),
    Row(
        "sensitive",
        "model",
        "finish_reason `sensitive` after some text",
        "finish_reason `content_filter`",
    ),
    Row("network_error", "model", "finish_reason `network_error` after some text", "an error"),
    Row("json-fenced", "model", "a JSON answer inside a code fence", "the JSON alone"),
    Row("json-broken", "model", "a JSON answer that is not JSON", "an error, or a repaired answer"),
    Row(
        "json-wrong", "model", "JSON that does not fit the schema", "an error, or a repaired answer"
    ),
    Row(
        "tool-in-thinking",
        "tools",
        "`<tool_call>` markup inside the thinking; finish `tool_calls`, no call",
        "the call; with no such tool declared, the thinking as it is",
    ),
    Row(
        "tool-markup",
        "tools",
        "`<tool_call>` markup as text",
        "the call; with no such tool declared, the text as it is",
    ),
    Row(
        "finish-tool-no-call",
        "tools",
        "finish `tool_calls` without any call",
        "an error, or finish `stop`",
    ),
    Row(
        "tool-name-markup",
        "tools",
        "the name is `NAME<arg_key>..`, the arguments are empty",
        "the call with its arguments",
        "tools",
    ),
    Row(
        "tool-name-cut",
        "tools",
        "the name is cut short",
        "an error: no tool has this name",
        "tools",
    ),
    Row(
        "tool-name-split",
        "tools",
        "a stream brings the name in pieces",
        "the name whole and once",
        "tools",
    ),
    Row("tool-no-id", "tools", "calls without `id`", "an id that stays the same", "tools"),
    Row("tool-numeric-id", "tools", "`id` is a number", "a string", "tools"),
    Row("tool-no-index", "tools", "call deltas without `index`", "an index on each", "tools"),
    Row(
        "tool-bad-args",
        "tools",
        "arguments that are not JSON",
        "an error, never a call",
        "tools",
    ),
    Row("tool-empty-args", "tools", "arguments are an empty string", "`{}`", "tools"),
    Row("tool-whole", "tools", "the call comes in one piece", "the call", "tools"),
    Row(
        "tool-with-text",
        "tools",
        "text, cut in the middle of a word, and then the call",
        "both",
        "tools",
    ),
    Row(
        "tool-ignored",
        "tools",
        "text only, though a call was required",
        "an error, or the text as it is",
        "tools",
    ),
    Row(
        "tool-repeat-N",
        "tools",
        "the same call N times (at most 128)",
        "N calls with N ids",
        "tools",
    ),
)
