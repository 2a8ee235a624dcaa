"""The messages of a client's chat request.

Knows messages, tool calls, tool results and replayed thinking. Refuses to know which of them a
host accepts (``messages`` writes them by the host's quirks).
"""

from __future__ import annotations

from typing import Any

from glimway.wire import check
from glimway.wire.chat.parts import read_content, rest
from glimway.wire.talk import (
    CallPart,
    Json,
    Part,
    RefusalPart,
    ResultPart,
    TextPart,
    ThoughtPart,
    Turn,
)

MESSAGES_MAX = 100_000
THINK_OPEN = "<think>"
THINK_CLOSE = "</think>"

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_PLAIN_ROLES = ("user", "assistant", "system", "developer")
_MEANT_ROLES = {"human": "user", "ai": "assistant", "bot": "assistant", "model": "assistant"}
_ASSISTANT_MEMBERS = frozenset(
    {
        *("role", "content", "name", "refusal", "tool_calls"),
        *("reasoning_content", "reasoning", "reasoning_details"),
    }
)


def read_turns(value: Any) -> list[Turn]:
    """Read the ``messages`` array.

    Raises:
        Refusal: ``invalid``, naming the message and member.
    """
    if type(value) is not list:
        hint = 'Did you mean [{"role": "user", "content": ...}]?' if type(value) is str else ""
        accepted = 'an array of messages such as {"role": "user", "content": "Hello"}'
        check.wrong("messages", value, accepted, hint)
    if not value:
        check.wrong("messages", value, "an array with at least one message")
    if len(value) > MESSAGES_MAX:
        check.wrong("messages", f"{len(value)} messages", f"at most {MESSAGES_MAX} messages")
    turns = []
    for at, message in enumerate(value):
        # The most frequent shape by far is {"role", "content": string}: no names are built for it.
        if type(message) is dict and len(message) == 2:
            role = message.get("role")
            content = message.get("content")
            if type(content) is str and role in _PLAIN_ROLES and not content.startswith(THINK_OPEN):
                turns.append(Turn(role, [TextPart(content)]))
                continue
        turns.append(_turn(f"messages[{at}]", message))
    return turns


def _turn(param: str, value: Any) -> Turn:
    message = check.mapping(param, value, '{"role": "user", "content": "Hello"}')
    role = _role(f"{param}.role", message.get("role"))
    if role == "assistant":
        return _assistant(param, message)
    if role in ("tool", "function"):
        return _tool_result(param, message, role)
    form, parts = read_content(param, message)
    if form in ("null", "absent"):
        check.missing(f"{param}.content", f"what the {role} says, a string or an array of parts")
    extra = _extra(message, ("role", "content", "name"))
    return Turn(role, parts, form, _name(param, message), extra)  # type: ignore[arg-type]  # checked


def _role(param: str, value: Any) -> str:
    if value is None:
        check.missing(param, "who speaks: system, user, assistant or tool")
    if type(value) is str and value.lower() in _MEANT_ROLES:
        meant = _MEANT_ROLES[value.lower()]
        check.wrong(param, value, "system, user, assistant or tool", f'Did you mean "{meant}"?')
    return check.one_of(param, value, _ROLES)


def _name(param: str, message: dict[str, Any]) -> str | None:
    name = message.get("name")
    return None if name is None else check.string(f"{param}.name", name)


def _extra(
    message: dict[str, Any], known: tuple[str, ...] | frozenset[str]
) -> dict[str, Json] | None:
    """Members that no neutral member carries; ``null`` is the same as nothing."""
    if message.keys() <= set(known):
        return None
    beyond = {k: v for k, v in message.items() if v is not None and k not in known}
    return beyond or None


def _assistant(param: str, message: dict[str, Any]) -> Turn:
    form, content = read_content(param, message)
    parts = _thoughts(param, message)
    if form == "text":
        parts += _tagged(message["content"]) or content
    else:
        parts += content
    if message.get("refusal") is not None:
        parts.append(RefusalPart(check.string(f"{param}.refusal", message["refusal"])))
    calls = message.get("tool_calls")
    if calls is not None:
        items = check.sequence(f"{param}.tool_calls", calls, "tool calls")
        parts += [_call(f"{param}.tool_calls[{at}]", item) for at, item in enumerate(items)]
    extra = None
    if not message.keys() <= _ASSISTANT_MEMBERS:
        extra = _extra(message, _ASSISTANT_MEMBERS)
    return Turn("assistant", parts, form, _name(param, message), extra)


def _thoughts(param: str, message: dict[str, Any]) -> list[Part]:
    """Replayed thinking in the members that hosts and clients have for it."""
    thoughts: list[Part] = []
    for name in ("reasoning_content", "reasoning"):
        thought = message.get(name)
        if thought is not None:
            thoughts.append(ThoughtPart(check.string(f"{param}.{name}", thought), name))
    details = message.get("reasoning_details")
    if details is not None:
        entries = check.sequence(f"{param}.reasoning_details", details, "objects")
        # Entries may hold signatures and sealed text: they are kept whole for a host of this form.
        kept = {"reasoning_details": entries}
        thoughts.append(ThoughtPart(_details_text(entries), "reasoning_details", extra=kept))
    return thoughts


def _details_text(details: list[Any]) -> str:
    """The text of OpenRouter's ``reasoning_details`` (``text`` and ``summary`` entries)."""
    pieces = []
    for entry in details:
        if type(entry) is dict:
            piece = entry.get("text", entry.get("summary"))
            if type(piece) is str:
                pieces.append(piece)
    return "".join(pieces)


def _tagged(content: str) -> list[Part]:
    """Thinking at the head of the text, between tags; empty: there is none."""
    if not content.startswith(THINK_OPEN):
        return []
    thought, closing, text = content[len(THINK_OPEN) :].partition(THINK_CLOSE)
    return [ThoughtPart(thought, "think_tags"), TextPart(text)] if closing else []


def _call(param: str, value: Any) -> CallPart:
    item = check.mapping(param, value, '{"id": "...", "type": "function", "function": {...}}')
    kind = item.get("type", "function")
    inner_name = "function" if kind == "function" else "custom"
    inner = item.get(inner_name)
    if type(inner) is not dict:
        check.wrong(f"{param}.{inner_name}", inner, 'an object {"name": "...", "arguments": "{}"}')
    name = inner.get("name")
    if name is None:
        check.missing(f"{param}.{inner_name}.name", "the tool that was called")
    arguments_name = "arguments" if kind == "function" else "input"
    arguments = inner.get(arguments_name)
    if arguments is None:
        arguments = ""
    elif type(arguments) is not str:
        check.wrong(
            f"{param}.{inner_name}.{arguments_name}",
            arguments,
            "a string that holds JSON",
            "Encode the object as a string.",
        )
    extra = None
    if len(item) > 3 or len(inner) > 2:
        extra = rest(item, "id", "type", inner_name) or {}
        more = rest(inner, "name", arguments_name)
        if more:
            extra["function"] = more
    call_id = item.get("id")
    return CallPart(
        None if call_id is None else check.string(f"{param}.id", call_id),
        check.string(f"{param}.{inner_name}.name", name),
        arguments,
        check.string(f"{param}.type", kind),
        extra or None,
    )


def _tool_result(param: str, message: dict[str, Any], role: str) -> Turn:
    form, parts = read_content(param, message)
    call_id = message.get("tool_call_id")
    if call_id is not None:
        call_id = check.string(f"{param}.tool_call_id", call_id)
    extra = _extra(message, ("role", "content", "tool_call_id", "name"))
    if role == "function":
        extra = {**(extra or {}), "role": role}
    result = ResultPart(call_id, parts, form)
    return Turn("tool", [result], form, _name(param, message), extra)
