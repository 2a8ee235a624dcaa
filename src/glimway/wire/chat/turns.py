"""The messages of a chat request, both ways.

Knows messages, content parts, tool calls, tool results and replayed thinking. Refuses to know
which of them a host accepts (``outgoing`` and the host's quirks decide).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glimway.wire import check
from glimway.wire.talk import (
    CallPart,
    FilePart,
    Form,
    ImagePart,
    Json,
    OpaquePart,
    Part,
    RefusalPart,
    ResultPart,
    TextPart,
    ThoughtPart,
    Turn,
)

MESSAGES_MAX = 100_000

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_ASSISTANT_MEMBERS = frozenset(
    {"role", "content", "tool_calls", "reasoning_content", "reasoning", "refusal", "name"}
)
_THOUGHT_MEMBERS = ("reasoning_content", "reasoning")


def read_turns(value: Any) -> list[Turn]:
    """Read the ``messages`` array.

    Raises:
        Refusal: ``invalid``, naming the message and member.
    """
    items = check.sequence(
        "messages", value, 'messages such as {"role": "user", "content": "Hello"}'
    )
    if not items:
        check.wrong("messages", value, "an array with at least one message")
    if len(items) > MESSAGES_MAX:
        check.wrong("messages", f"{len(items)} messages", f"at most {MESSAGES_MAX} messages")
    turns = []
    for at, message in enumerate(items):
        # The most frequent shape by far is {"role", "content": string}: no names are built for it.
        if type(message) is dict and len(message) == 2:
            role = message.get("role")
            content = message.get("content")
            if type(content) is str and role in _PLAIN_ROLES:
                turns.append(Turn(role, [TextPart(content)]))
                continue
        turns.append(_turn(f"messages[{at}]", message))
    return turns


_PLAIN_ROLES = frozenset({"system", "user", "assistant", "developer"})


def _turn(param: str, value: Any) -> Turn:
    message = check.mapping(param, value, '{"role": "user", "content": "Hello"}')
    if message.get("role") is None:
        check.missing(f"{param}.role", "who speaks: system, user, assistant or tool")
    role = check.one_of(f"{param}.role", message["role"], _ROLES)
    if role == "assistant":
        return _assistant(param, message)
    if role in ("tool", "function"):
        return _tool_result(param, message, role)
    form, parts = _content(param, message)
    if form in ("null", "absent"):
        check.missing(f"{param}.content", f"what the {role} says, a string or an array of parts")
    extra = {k: v for k, v in message.items() if k not in ("role", "content", "name")}
    return Turn(role, parts, form, _name(param, message), extra or None)  # type: ignore[arg-type]


def _name(param: str, message: dict[str, Any]) -> str | None:
    name = message.get("name")
    return None if name is None else check.string(f"{param}.name", name)


def _content(param: str, message: dict[str, Any]) -> tuple[Form, list[Part]]:
    if "content" not in message:
        return "absent", []
    content = message["content"]
    if content is None:
        return "null", []
    if type(content) is str:
        return "text", [TextPart(content)]
    if type(content) is not list:
        check.wrong(
            f"{param}.content", content, "a string or an array of parts such as "
            '{"type": "text", "text": "Hello"}'
        )  # fmt: skip
    return "parts", [_part(f"{param}.content[{at}]", item) for at, item in enumerate(content)]


def _part(param: str, value: Any) -> Part:
    if type(value) is str:
        # Some hosts take bare strings in the array; the typed form means the same.
        return TextPart(value)
    item = check.mapping(param, value, '{"type": "text", "text": "Hello"}')
    kind = item.get("type")
    if kind is None:
        check.missing(f"{param}.type", '"text", "image_url", "input_audio" or "file"')
    if kind == "text":
        if item.get("text") is None:
            check.missing(f"{param}.text", "the text of the part")
        return TextPart(check.string(f"{param}.text", item["text"]), _rest(item, "type", "text"))
    if kind == "image_url":
        return _image(param, item)
    if kind == "refusal" and type(item.get("refusal")) is str:
        return RefusalPart(item["refusal"], "part", _rest(item, "type", "refusal"))
    kinds = {"file": "file", "input_audio": "audio", "video_url": "video", "file_url": "file"}
    if kind in kinds:
        return FilePart(kinds[kind], item, "chat")  # type: ignore[arg-type]
    return OpaquePart(item, "chat")


def _image(param: str, item: dict[str, Any]) -> Part:
    image = item.get("image_url")
    if image is None:
        check.missing(f"{param}.image_url", 'an object {"url": "https://..."}')
    if type(image) is str:
        # Z.ai's and others' short form.
        return ImagePart(image, extra=_rest(item, "type", "image_url"))
    image = check.mapping(f"{param}.image_url", image, '{"url": "https://..."}')
    if image.get("url") is None:
        check.missing(f"{param}.image_url.url", "the image's address, https: or data:")
    url = check.string(f"{param}.image_url.url", image["url"])
    detail = image.get("detail")
    if detail is not None:
        detail = check.string(f"{param}.image_url.detail", detail)
    extra = _rest(item, "type", "image_url") or {}
    inner = _rest(image, "url", "detail")
    if inner:
        extra["image_url"] = inner
    return ImagePart(url, detail, extra or None)


def _rest(item: dict[str, Any], *known: str) -> dict[str, Json] | None:
    if len(item) <= len(known):
        return None
    return {key: value for key, value in item.items() if key not in known} or None


def _assistant(param: str, message: dict[str, Any]) -> Turn:
    form, parts = _content(param, message)
    thoughts: list[Part] = []
    for name in _THOUGHT_MEMBERS:
        thought = message.get(name)
        if thought is not None:
            thoughts.append(ThoughtPart(check.string(f"{param}.{name}", thought), name))
    if message.get("refusal") is not None:
        parts = [*parts, RefusalPart(check.string(f"{param}.refusal", message["refusal"]))]
    calls = message.get("tool_calls")
    if calls is not None:
        items = check.sequence(f"{param}.tool_calls", calls, "tool calls")
        parts = [
            *parts,
            *(_call(f"{param}.tool_calls[{at}]", item) for at, item in enumerate(items)),
        ]
    extra = None
    if not message.keys() <= _ASSISTANT_MEMBERS:
        extra = {k: v for k, v in message.items() if k not in _ASSISTANT_MEMBERS}
        details = extra.get("reasoning_details")
        if not thoughts and type(details) is list:
            text = _details_text(details)
            if text:
                thoughts.append(ThoughtPart(text, "reasoning_details"))
    return Turn("assistant", [*thoughts, *parts], form, _name(param, message), extra)


def _details_text(details: list[Any]) -> str:
    """The text of OpenRouter's ``reasoning_details`` (``text`` and ``summary`` entries)."""
    pieces = []
    for entry in details:
        if type(entry) is dict:
            piece = entry.get("text", entry.get("summary"))
            if type(piece) is str:
                pieces.append(piece)
    return "".join(pieces)


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
            f"{param}.{inner_name}.{arguments_name}", arguments, "a string that holds JSON",
            "Encode the object as a string.",
        )  # fmt: skip
    call_id = item.get("id")
    extra = _rest(item, "id", "type", inner_name) or {}
    more = _rest(inner, "name", arguments_name)
    if more:
        extra["function"] = more
    return CallPart(
        None if call_id is None else check.string(f"{param}.id", call_id),
        check.string(f"{param}.{inner_name}.name", name),
        arguments,
        check.string(f"{param}.type", kind),
        extra or None,
    )


def _tool_result(param: str, message: dict[str, Any], role: str) -> Turn:
    form, parts = _content(param, message)
    call_id = message.get("tool_call_id")
    if call_id is not None:
        call_id = check.string(f"{param}.tool_call_id", call_id)
    known = ("role", "content", "tool_call_id", "name")
    extra = {key: value for key, value in message.items() if key not in known}
    if role == "function":
        extra["role"] = role
    result = ResultPart(call_id, parts, form)
    return Turn("tool", [result], form, _name(param, message), extra or None)


# ---- outward --------------------------------------------------------------------------------


def write_turn(turn: Turn) -> dict[str, Json]:
    """One message, with every member at the place where the chat dialect has it.

    Thinking is written by ``outgoing`` (its form depends on the host) and is left out here.
    """
    message: dict[str, Json] = {"role": turn.role}
    if turn.role == "tool":
        return _write_result(turn, message)
    if len(turn.parts) == 1 and turn.form == "text" and type(turn.parts[0]) is TextPart:
        message["content"] = turn.parts[0].text
    else:
        _write_parts(turn, message)
    if turn.name is not None:
        message["name"] = turn.name
    if turn.extra:
        message.update(turn.extra)
    return message


def _write_parts(turn: Turn, message: dict[str, Json]) -> None:
    content = [part for part in turn.parts if not isinstance(part, CallPart | ThoughtPart)]
    declined = [p for p in content if isinstance(p, RefusalPart) and p.form == "member"]
    content = [part for part in content if part not in declined] if declined else content
    calls = [write_call(part) for part in turn.parts if isinstance(part, CallPart)]
    written = _write_content(content, turn.form)
    if written is not None or turn.form == "null":
        message["content"] = written
    if declined:
        message["refusal"] = declined[0].text
    if calls:
        message["tool_calls"] = calls


def _write_content(parts: Sequence[Part], form: Form) -> Json:
    if form in ("null", "absent") and not parts:
        return None
    if form == "text" and all(type(part) is TextPart for part in parts):
        return "".join(part.text for part in parts if type(part) is TextPart)
    return [write_part(part) for part in parts]


def write_part(part: Part) -> Json:
    """One content part."""
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text, **(part.extra or {})}
    if isinstance(part, ImagePart):
        image: dict[str, Json] = {"url": part.url}
        if part.detail is not None:
            image["detail"] = part.detail
        extra = dict(part.extra or {})
        image.update(extra.pop("image_url", {}))
        return {"type": "image_url", "image_url": image, **extra}
    if isinstance(part, RefusalPart):
        return {"type": "refusal", "refusal": part.text, **(part.extra or {})}
    if isinstance(part, FilePart | OpaquePart):
        return part.value
    raise AssertionError("calls, results and thinking are not content parts")


def write_call(part: CallPart) -> dict[str, Json]:
    """One entry of ``tool_calls``."""
    custom = part.kind != "function"
    inner: dict[str, Json] = {"name": part.name, "input" if custom else "arguments": part.arguments}
    extra = dict(part.extra or {})
    inner.update(extra.pop("function", {}))
    entry: dict[str, Json] = {
        "id": part.id, "type": part.kind, "custom" if custom else "function": inner
    }  # fmt: skip
    if part.id is None:
        del entry["id"]
    entry.update(extra)
    return entry


def _write_result(turn: Turn, message: dict[str, Json]) -> dict[str, Json]:
    result = turn.parts[0]
    assert isinstance(result, ResultPart)  # noqa: S101 - read_turns and the other readers make it so
    written = _write_content(result.content, result.form)
    if written is not None or result.form == "null":
        message["content"] = written
    if result.id is not None:
        message["tool_call_id"] = result.id
    if turn.name is not None:
        message["name"] = turn.name
    if turn.extra:
        message.update(turn.extra)
    return message
