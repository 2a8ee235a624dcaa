"""The messages of a chat request as one host reads them.

Knows where the dialect has each part of a turn, in which forms hosts read replayed thinking, and
what their chat templates stumble over. Refuses to know which host has which: ``Style`` says it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.chat.parts import write_content, write_part
from glimway.wire.chat.turns import THINK_CLOSE, THINK_OPEN
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

BETWEEN_TEXTS = "\n\n"
"""Between the texts of an array that becomes one string: its parts are paragraphs of their own."""
STAND_IN_TEXT = "Continue."
"""What the user says where a host insists on a user's message and there is none."""

_Message = dict[str, Json]
_parse_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Style(msgspec.Struct, frozen=True):
    """How a host reads messages.

    Args:
        replay: the form in which it reads earlier thinking; empty: as the caller wrote it.
        details: it reads ``reasoning_details`` as they were made.
        developer, text_parts, null_content, user_message: as in the quirks.
        members: what a strict host knows beside the neutral members; None: it is not strict.
    """

    replay: str = ""
    details: bool = False
    developer: bool = True
    text_parts: bool = True
    null_content: bool = True
    user_message: bool = False
    members: frozenset[str] | None = None


def write_messages(turns: list[Turn], style: Style, adjusted: list[str]) -> list[_Message]:
    """The value of ``messages``.

    Args:
        turns: who says what.
        style: how the host reads it.
        adjusted: learns what had to be changed.
    """
    messages: list[_Message] = []
    for turn in turns:
        parts = turn.parts
        if (
            len(parts) == 1
            and type(parts[0]) is TextPart
            and turn.form == "text"
            and turn.name is None
            and turn.extra is None
            and turn.role != "developer"
        ):
            messages.append({"role": turn.role, "content": parts[0].text})
        else:
            _write(messages, turn, style, adjusted)
    if style.user_message and not any(message["role"] == "user" for message in messages):
        _let_the_user_speak(messages, adjusted)
    return messages


def _write(messages: list[_Message], turn: Turn, style: Style, adjusted: list[str]) -> None:
    said: list[Part] = []
    for part in turn.parts:
        if type(part) is ResultPart:
            messages.append(_result(turn, part, style, adjusted))
        else:
            said.append(part)
    if not said and turn.parts and turn.role != "assistant":
        return
    role = "system" if turn.role == "developer" and not style.developer else turn.role
    message: _Message = {"role": role}
    if turn.role == "assistant":
        _assistant(message, turn, style, adjusted)
    else:
        message["content"] = _content(said, turn, style)
    _finish(message, turn, style, adjusted)
    messages.append(message)


def _content(parts: list[Part], turn: Turn, style: Style) -> Json:
    content = write_content(parts, turn.form)
    if not style.text_parts and type(content) is list:
        texts = [part.text for part in parts if type(part) is TextPart]
        if len(texts) == len(parts):
            return BETWEEN_TEXTS.join(texts)
    return content


def _finish(message: _Message, turn: Turn, style: Style, adjusted: list[str]) -> None:
    if turn.name is not None:
        message["name"] = turn.name
    if turn.extra:
        for key, value in turn.extra.items():
            if style.members is None or key in style.members or key == "role":
                message[key] = value
            else:
                adjusted.append(f"{key} left out")


def _result(turn: Turn, result: ResultPart, style: Style, adjusted: list[str]) -> _Message:
    message: _Message = {"role": "tool"}
    inner = Turn("tool", result.content, result.form)
    content = _content(result.content, inner, style)
    if content is None and not style.null_content:
        content = ""
    if content is not None or result.form == "null":
        message["content"] = content
    if result.id is not None:
        message["tool_call_id"] = result.id
    _finish(message, turn, style, adjusted)
    return message


def _assistant(message: _Message, turn: Turn, style: Style, adjusted: list[str]) -> None:
    content: list[Part] = []
    thoughts: list[ThoughtPart] = []
    calls: list[_Message] = []
    for part in turn.parts:
        if type(part) is ThoughtPart:
            thoughts.append(part)
        elif type(part) is CallPart:
            calls.append(_call(part, style, adjusted))
        elif type(part) is RefusalPart and part.form == "member":
            message["refusal"] = part.text
        elif type(part) is not ResultPart:
            content.append(part)
    written = _content(content, turn, style)
    if written is not None or turn.form == "null":
        message["content"] = written
    if thoughts:
        _replay(message, thoughts, style, adjusted)
    if calls:
        message["tool_calls"] = calls
    if message.get("content") is None and not style.null_content:
        # Some chat templates print a null as the word None.
        message["content"] = ""


# ---- replayed thinking ----------------------------------------------------------------------


def _replay(
    message: _Message, thoughts: list[ThoughtPart], style: Style, adjusted: list[str]
) -> None:
    if not style.replay:
        for thought in thoughts:
            _think(message, thought.form, thought.text, thought.extra)
        return
    if style.details:
        for thought in thoughts:
            if thought.extra and "reasoning_details" in thought.extra:
                message["reasoning_details"] = thought.extra["reasoning_details"]
                return
    # Members of one message are spellings of one thought: the first that says something counts.
    form = next((thought.form for thought in thoughts if thought.text), None)
    if form is None:
        return
    text = "".join(thought.text for thought in thoughts if thought.form == form)
    if style.replay == "none":
        adjusted.append("earlier thinking left out")
    else:
        _think(message, style.replay, text, None)


def _think(message: _Message, form: str, text: str, extra: dict[str, Json] | None) -> None:
    if form == "think_tags":
        _put_first(message, f"{THINK_OPEN}{text}{THINK_CLOSE}")
    elif form == "reasoning_details":
        details = (extra or {}).get("reasoning_details")
        message[form] = [{"type": "reasoning.text", "text": text}] if details is None else details
    elif form == "reasoning":
        message[form] = text
    else:
        message["reasoning_content"] = message.get("reasoning_content", "") + text


def _put_first(message: _Message, text: str) -> None:
    content = message.get("content")
    if type(content) is list:
        message["content"] = [write_part(TextPart(text)), *content]
    else:
        message["content"] = text + (content or "")


def replays_earlier(turns: list[Turn]) -> bool:
    """Whether a turn before the last word of the user holds thinking."""
    asked = False
    for turn in reversed(turns):
        if turn.role == "user":
            asked = True
        elif asked and turn.role == "assistant":
            for part in turn.parts:
                if type(part) is ThoughtPart and part.text:
                    return True
    return False


# ---- tool calls -----------------------------------------------------------------------------


def _call(part: CallPart, style: Style, adjusted: list[str]) -> _Message:
    custom = part.kind != "function"
    arguments = part.arguments
    if not custom and not style.null_content and not _is_object(arguments):
        # The same chat templates walk through the arguments of earlier calls as an object.
        if arguments.strip():
            adjusted.append("unreadable arguments of an earlier call replaced by {}")
        arguments = "{}"
    inner: _Message = {"name": part.name, "input" if custom else "arguments": arguments}
    entry: _Message = {} if part.id is None else {"id": part.id}
    entry["type"] = part.kind
    entry["custom" if custom else "function"] = inner
    if part.extra:
        extra = dict(part.extra)
        inner.update(extra.pop("function", {}))
        entry.update(extra)
    return entry


def _is_object(text: str) -> bool:
    try:
        _parse_object(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


# ---- a user must speak ----------------------------------------------------------------------


def _let_the_user_speak(messages: list[dict[str, Any]], adjusted: list[str]) -> None:
    """Some hosts refuse a conversation without a user (Z.ai: 400, code 1214)."""
    heads = 0
    while heads < len(messages) and messages[heads]["role"] in ("system", "developer"):
        heads += 1
    if heads == len(messages):
        # Instructions alone: the last of them is what is asked.
        messages[-1] = {**messages[-1], "role": "user"}
        adjusted.append("the last system message sent as the user's")
        return
    # Right after the instructions, so that the next request of the conversation begins alike.
    messages.insert(heads, {"role": "user", "content": STAND_IN_TEXT})
    adjusted.append("a user message added")
