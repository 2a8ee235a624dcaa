"""The sandbox's model: what it says to a request.

Knows how to react to the last user message, when to call a tool, what JSON to write, and where
``max_tokens`` and stop strings end an answer. Refuses to know dialects, sockets and hosts, and to
roll dice: the same request gets the same answer.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any, Final

import msgspec

from glimway.sandbox import prose, tokens
from glimway.sandbox.ask import Answer, Ask, Said, Spent, Tool, ToolCall
from glimway.sandbox.habits import HABITS
from glimway.sandbox.memory import Memory
from glimway.sandbox.schema import instance
from glimway.sandbox.script import Script
from glimway.sandbox.words import COMMON, Words

CALLS_MAX: Final = 128
LONG_TOKENS_MAX: Final = 65_536
INVENTED: Final = Tool("look_up", {"properties": {"query": {"type": "string"}}})
"""The tool of leaked markup where the request declares none: nobody can call it."""

_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\d_a-zA-Z]+")
_FORCING: Final = "tool-"
_encode = msgspec.json.Encoder().encode


def answer(ask: Ask, script: Script, memory: Memory) -> Answer:
    """Answer ``ask`` as ``script`` wants it; ``memory`` learns the conversation."""
    cached = memory.cached(ask.prefix)
    wanted = script.number("cached")
    if wanted is not None:
        cached = min(wanted, ask.prompt_tokens)
    choices: list[Said] = []
    output = reasoning = 0
    for number in range(ask.n):
        said = _say(ask, script, Random(ask.seed + number))  # noqa: S311  # prose, no secret
        cost, thought = _limit(said, ask)
        output += cost
        reasoning += thought
        choices.append(said)
    if script.has("think-only"):
        # As reported: the host forgets to count what it streamed.
        output = reasoning = 0
    return Answer(choices, Spent(ask.prompt_tokens, cached, output, reasoning))


def _say(ask: Ask, script: Script, rng: Random) -> Said:
    words = Words(ask.prompt)
    said = Said(calls=_calls(ask, script, words))
    if ask.thinking:
        said.thought = prose.thought(Words(ask.prompt), rng)
    if said.calls:
        said.finish = "tool_calls"
    elif script.has("echo"):
        said.text = ask.prompt
    elif ask.form != "text":
        said.text = _json(ask, words, rng)
    elif ask.last == "tool":
        said.text = prose.report(ask.results)
    else:
        said.text = prose.answer(words, ask.prompt, rng)
        wanted = script.number("tokens")
        if wanted is not None:
            said.text = prose.longer(said.text, min(wanted, LONG_TOKENS_MAX), words)
    for stem, habit in HABITS.items():
        if script.has(stem):
            habit(said, ask, words)
    if marker := script.word("mark"):
        _mark(said, marker, plain=ask.form == "text")
    return said


def _calls(ask: Ask, script: Script, words: Words) -> list[ToolCall]:
    """The calls this answer makes: forced by choice or script, or because the prompt asks."""
    leaked = script.has("tool-markup") or script.has("tool-in-thinking")
    tools = ask.tools or ([INVENTED] if leaked else [])
    if not tools or (ask.choice == "none" and not leaked) or script.has("tool-ignored"):
        return []
    forced = any(stem.startswith(_FORCING) for stem in script.parts)
    if ask.choice == "named":
        chosen = [tool for tool in tools if tool.name == ask.named][:1]
    elif ask.last != "user" and ask.choice != "required":
        return []  # a tool has answered: also under a script an agent comes to its end
    else:
        chosen = [tool for tool in tools if _mentioned(tool.name, words)]
        if not chosen and (forced or ask.choice == "required"):
            chosen = tools[:1]
    if not ask.parallel:
        chosen = chosen[:1]
    made = [_call(tool, ask, words) for tool in chosen[:CALLS_MAX]]
    repeat = script.number("tool-repeat")
    return made if repeat is None else made[:1] * max(1, min(repeat, CALLS_MAX))


def _call(tool: Tool, ask: Ask, words: Words) -> ToolCall:
    schema = tool.parameters if type(tool.parameters) is dict else {}
    made = instance({"type": "object", "additionalProperties": False, **schema}, words)
    return ToolCall(tool.name, _encode(made).decode())


def _mentioned(name: str, words: Words) -> bool:
    """The prompt has the tool's name, or a word of it that means something."""
    if name.lower() in words.all:
        return True
    pieces = [piece.lower() for piece in _PIECE.findall(name)]
    return any(
        (len(piece) > 2 or not piece.isascii()) and piece not in COMMON and piece in words.all
        for piece in pieces
    )


def _json(ask: Ask, words: Words, rng: Random) -> str:
    made: Any
    if ask.form == "schema":
        made = instance(ask.schema, words)
    else:
        text = prose.answer(words, ask.prompt, rng)
        made = {"answer": text, "topics": words.topics[:3]}
    return _encode(made).decode()


def _mark(said: Said, marker: str, *, plain: bool) -> None:
    """Put the marker behind every word; JSON keeps its form, so there only thinking has it."""
    said.thought = "".join(f"{word}[{marker}]" for word in tokens.words(said.thought))
    if plain:
        said.text = "".join(f"{word}[{marker}]" for word in tokens.words(said.text))


def _limit(said: Said, ask: Ask) -> tuple[int, int]:
    """Cut ``said`` at stop strings and at ``max_tokens``.

    Returns:
        (output tokens, reasoning tokens) of the choice; a cut answer costs all of ``max_tokens``.
    """
    for stop in ask.stop:
        at = said.text.find(stop)
        if at >= 0:
            said.text, said.stopped, said.calls = said.text[:at], stop, []
            said.finish = "stop"
    thought = tokens.count(said.thought)
    rest = tokens.count(said.text) + tokens.count(said.refusal)
    rest += sum(tokens.count(call.name + call.arguments) for call in said.calls)
    if ask.max_tokens is None or thought + rest <= ask.max_tokens:
        return thought + rest, thought
    said.finish = "length"
    said.stopped = None
    room = ask.max_tokens
    said.thought = tokens.head(said.thought, room)
    room -= min(thought, room)
    said.text = tokens.head(said.text, room)
    room -= min(tokens.count(said.text), room)
    said.refusal = tokens.head(said.refusal, room)
    kept: list[ToolCall] = []
    for call in said.calls:
        room -= tokens.count(call.name)
        if room <= 0:
            break
        kept.append(ToolCall(call.name, call.arguments[: room * tokens.BYTES_PER_TOKEN]))
        room -= min(tokens.count(call.arguments), room)
    said.calls = kept
    return ask.max_tokens, min(thought, ask.max_tokens)
