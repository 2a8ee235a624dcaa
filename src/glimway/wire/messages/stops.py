"""Why an answer ended, in this dialect's words.

Knows the words and what they mean. Refuses to decide between a word and the answer's content:
reader and writer do.
Source: https://docs.anthropic.com/en/api/handling-stop-reasons.
"""

from __future__ import annotations

from glimway.wire.events import Stop, StopReason

MEANINGS: dict[str, StopReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "compaction": "pause",
    "refusal": "content_filter",  # a classifier stopped the answer; its text is not a refusal
    "model_context_window_exceeded": "context",
}

CUTS: frozenset[StopReason] = frozenset({"length", "context", "content_filter", "refusal", "pause"})
"""Reasons that may end an answer in the middle of a tool call."""

_WORDS: dict[StopReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
    "error": "end_turn",
    "context": "model_context_window_exceeded",
}


def word_of(stop: Stop, *, called: bool, declined: bool) -> str:
    """The value of ``stop_reason``.

    Args:
        stop: why it ended.
        called: there are calls of tools: whatever a host says, the client must run them
            (https://github.com/BerriAI/litellm/issues/34692).
        declined: the model refused in words.
    """
    if stop.reason in ("stop", "tool_calls", "error"):
        if called:
            return "tool_use"
        if declined:
            return "refusal"
        return "stop_sequence" if stop.sequence is not None else "end_turn"
    raw = stop.raw
    if raw is not None and MEANINGS.get(raw) == stop.reason:
        return raw
    return _WORDS[stop.reason]
