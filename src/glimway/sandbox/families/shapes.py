"""Templates that several families share.

Knows the common spelling of a frame, a message and token counts. Refuses to know any family.
"""

from __future__ import annotations

from typing import Any, Final

Json = Any

HEAD: Final[dict[str, Json]] = {"id": "$id", "created": "$created", "model": "$model"}
WHOLE: Final[Json] = {**HEAD, "object": "chat.completion", "choices": "$choices"}
FRAME: Final[Json] = {**HEAD, "object": "chat.completion.chunk", "choices": "$choices"}

TOKENS: Final[Json] = {
    "prompt_tokens": "$input",
    "completion_tokens": "$output",
    "total_tokens": "$total",
}
CACHED: Final[Json] = {"prompt_tokens_details": {"cached_tokens": "$cached"}}
REASONING: Final[Json] = {"completion_tokens_details": {"reasoning_tokens": "$reasoning"}}

CONTENT: Final[Json] = {"role": "assistant", "content": "$content"}
CALLS: Final[Json] = {"tool_calls": "$calls"}
THOUGHT: Final[Json] = {"reasoning_content": "$thought"}

OPENAI_ERROR: Final[Json] = {
    "error": {"message": "$message", "type": "$type", "param": "$param", "code": "$name"}
}
