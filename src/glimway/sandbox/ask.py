"""A request and its answer between a dialect and the mind.

Knows what the mind needs to answer and what it answers. Refuses to know any dialect: a room reads
its own body into an ``Ask`` and writes an ``Answer`` in its own frames.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Json = Any


class Tool(msgspec.Struct, frozen=True):
    """A declared tool: its name and the JSON schema of its arguments."""

    name: str
    parameters: Json = None


class Ask(msgspec.Struct):
    """What a request asks for.

    Args:
        model: the name without its script.
        seed: the same for the same conversation; the answer is made from it alone.
        prompt: text of the last user message.
        last: role of the last message.
        results: (tool name, text) of the tool results at the end.
        tools, choice, named, parallel: the declared tools and how they may be called.
        form, schema: free text, any JSON object, or JSON that fits ``schema``.
        thinking: the model thinks first.
        max_tokens, stop, n: the usual meaning.
        stream, usage_asked, tool_stream: how the answer travels.
        prefix: (digest, tokens) of the conversation after each message, for the prompt cache.
    """

    model: str
    seed: int
    prompt: str
    last: str = "user"
    results: list[tuple[str, str]] = []
    tools: list[Tool] = []
    choice: Literal["auto", "none", "required", "named"] = "auto"
    named: str = ""
    parallel: bool = True
    form: Literal["text", "object", "schema"] = "text"
    schema: Json = None
    thinking: bool = True
    max_tokens: int | None = None
    stop: list[str] = []
    n: int = 1
    stream: bool = False
    usage_asked: bool = False
    tool_stream: bool = False
    prefix: list[tuple[bytes, int]] = []

    @property
    def prompt_tokens(self) -> int:
        """Tokens of the whole prompt."""
        return self.prefix[-1][1] if self.prefix else 0


class ToolCall(msgspec.Struct):
    """One call: ``arguments`` is JSON text."""

    name: str
    arguments: str


Finish = Literal["stop", "length", "tool_calls", "sensitive", "network_error"]


class Said(msgspec.Struct):
    """One choice: thinking, then text, then calls; ``stopped`` is the stop string that was met."""

    thought: str = ""
    text: str = ""
    calls: list[ToolCall] = []
    refusal: str = ""
    finish: Finish = "stop"
    stopped: str | None = None


class Spent(msgspec.Struct, frozen=True):
    """Tokens: ``input`` includes ``cached``, ``output`` includes ``reasoning``."""

    input: int
    cached: int
    output: int
    reasoning: int


class Answer(msgspec.Struct):
    """What the mind says to an ``Ask``: one ``Said`` for each choice."""

    choices: list[Said]
    spent: Spent
