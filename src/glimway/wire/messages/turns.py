"""The ``system`` and ``messages`` of a client's request: messages to turns.

Knows which message becomes which turns, and that tools may come and go within a conversation.
Refuses to know blocks (``blocks`` reads them) and which of it a host accepts.
Source: https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire import check
from glimway.wire.messages.blocks import BILLING, DIALECT, read_content, rest
from glimway.wire.messages.signatures import Unseal
from glimway.wire.messages.tools import ADDED, read_tool
from glimway.wire.talk import OpaquePart, Part, ResultPart, Role, TextPart, Tool, Turn

MESSAGES_MAX = 100_000

_ROLES = ("user", "assistant", "system")
_MEANT_ROLES = {"human": "user", "ai": "assistant", "bot": "assistant", "model": "assistant"}
_EXAMPLE = '{"role": "user", "content": "Hello"}'


class Heard(msgspec.Struct):
    """What a conversation holds: the turns, and tools that came on its way."""

    turns: list[Turn] = []
    tools: list[Tool] = []


def read_system(value: Any) -> Turn:
    """Read ``system``, a string or an array of texts.

    Raises:
        Refusal: ``invalid``, naming the block and member.
    """
    if type(value) is str and value.startswith(BILLING):
        line, end, rest_of_it = value.partition("\n")
        head = OpaquePart({"type": "text", "text": line + end}, DIALECT, taken=True)
        return Turn("system", [head, TextPart(rest_of_it)] if rest_of_it else [head])
    form, parts = read_content("system", value, "system", None)
    return Turn("system", parts, form)


def read_messages(value: Any, unseal: Unseal | None) -> Heard:
    """Read ``messages``.

    Args:
        value: the array.
        unseal: opens what was sealed here.

    Raises:
        Refusal: ``invalid``, naming the message, block and member.
    """
    if type(value) is str:
        hint = 'Send [{"role": "user", "content": "..."}].'
        check.wrong("messages", value, f"an array of messages such as {_EXAMPLE}", hint)
    items = check.sequence("messages", value, f"messages such as {_EXAMPLE}")
    if not items:
        check.wrong("messages", items, "an array of at least one message")
    if len(items) > MESSAGES_MAX:
        check.wrong("messages", f"{len(items)} messages", f"at most {MESSAGES_MAX} messages")
    heard = Heard()
    for at, item in enumerate(items):
        _message(f"messages[{at}]", item, heard, unseal)
    return heard


def _message(param: str, value: Any, heard: Heard, unseal: Unseal | None) -> None:
    message = check.mapping(param, value, _EXAMPLE)
    role = _role(f"{param}.role", message.get("role"))
    content = message.get("content")
    if content is None:
        check.missing(f"{param}.content", f"what the {role} says, a string or an array of blocks")
    form, parts = read_content(f"{param}.content", content, role, unseal)
    extra = rest(message, "role", "content") if len(message) > 2 else None
    if role == "system":
        heard.tools += _added(f"{param}.content", parts)
    if role != "user" or form == "text":
        heard.turns.append(Turn(role, parts, form, extra=extra))
        return
    first = len(heard.turns)
    for turn in _split(parts):
        turn.joined = len(heard.turns) > first
        heard.turns.append(turn)
    heard.turns[first].extra = extra


def _split(parts: list[Part]) -> list[Turn]:
    """A user's message as turns: each result is one of its own."""
    turns: list[Turn] = []
    for part in parts:
        if isinstance(part, ResultPart):
            turns.append(Turn("tool", [part], "parts"))
        elif turns and turns[-1].role == "user":
            turns[-1].parts.append(part)
        else:
            turns.append(Turn("user", [part], "parts"))
    return turns or [Turn("user", [], "parts")]


def _role(param: str, value: Any) -> Role:
    if value is None:
        check.missing(param, "who speaks: user or assistant")
    accepted = "user, assistant or system"
    if type(value) is str and value.lower() in _MEANT_ROLES:
        check.wrong(param, value, accepted, f'Did you mean "{_MEANT_ROLES[value.lower()]}"?')
    if value in ("tool", "function"):
        hint = 'Send a result as a block {"type": "tool_result", "tool_use_id"} of the user.'
        check.wrong(param, value, accepted, hint)
    if value == "developer":
        check.wrong(param, value, accepted, "Put instructions into 'system'.")
    return check.one_of(param, value, _ROLES)  # type: ignore[return-value]  # one_of checked it


def _added(param: str, parts: list[Part]) -> list[Tool]:
    """Tools that a message of the system defines."""
    found: list[Tool] = []
    for at, part in enumerate(parts):
        value = part.value if isinstance(part, OpaquePart) else None
        change = value.get("tool") if type(value) is dict else None
        if type(value) is not dict or value.get("type") != "tool_addition":
            continue
        if type(change) is dict and change.get("definition") is not None:
            where = f"{param}[{at}].tool.definition"
            tool = read_tool(where, change["definition"])
            tool.extra = {**(tool.extra or {}), ADDED: True}
            found.append(tool)
            part.taken = True  # type: ignore[union-attr]  # only an opaque part has such a value
    return found
