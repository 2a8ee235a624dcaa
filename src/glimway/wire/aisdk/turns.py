"""The ``prompt`` of a request: messages to turns.

Knows the four roles and the parts that each may have. Refuses to know which of them a host reads.
Source: ``LanguageModelV3Prompt`` and ``LanguageModelV4Prompt`` of ``@ai-sdk/provider``.

Thinking comes back with the options that this gateway wrote beside it (``MARKS``): the proof or the
sealed thought of its maker, and the maker's name. Other providers' options of the same kind, in a
conversation that began elsewhere, are read as well.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from glimway.wire import check
from glimway.wire.aisdk.content import (
    extra_of,
    opaque,
    own_options,
    read_file,
    read_result_file,
    read_text,
    said_by_any,
)
from glimway.wire.talk import (
    CallPart,
    Form,
    Json,
    Part,
    ResultPart,
    Role,
    TextPart,
    ThoughtPart,
    Turn,
)

MESSAGES_MAX = 100_000

MARKS = "glimway"
"""Our own name among the providers' options and metadata."""

DENIED = "The user denied the execution of this tool."

_ROLES = ("system", "user", "assistant", "tool")
_MEANT_ROLES = {"developer": "system", "human": "user", "ai": "assistant", "function": "tool"}
_OUTPUTS = ("text", "json", "error-text", "error-json", "execution-denied", "content")
_FILES = frozenset(
    ("media", "file-data", "file-url", "file-id", "image-data", "image-url", "image-file-id")
)
_EXAMPLE = '{"role": "user", "content": [{"type": "text", "text": "Hello"}]}'

_encode = msgspec.json.Encoder().encode


def read_prompt(value: Any, custom: Collection[str]) -> list[Turn]:
    """Read ``prompt``.

    Args:
        value: an array of messages.
        custom: names of tools that take free text.

    Raises:
        Refusal: ``invalid``, naming the message, part and member.
    """
    items = check.sequence("prompt", value, f"messages such as {_EXAMPLE}")
    if not items:
        check.wrong("prompt", value, "an array with at least one message")
    if len(items) > MESSAGES_MAX:
        check.wrong("prompt", f"{len(items)} messages", f"at most {MESSAGES_MAX} messages")
    turns: list[Turn] = []
    for at, item in enumerate(items):
        param = f"prompt[{at}]"
        message = check.mapping(param, item, _EXAMPLE)
        role = _role(f"{param}.role", message.get("role"))
        if message.get("content") is None:
            check.missing(f"{param}.content", f"what the {role} says")
        if role == "tool":
            turns += _results(param, message)
        else:
            turns.append(_turn(param, role, message, custom))
    return turns


def _role(param: str, value: Any) -> Role:
    if value is None:
        check.missing(param, "who speaks: system, user, assistant or tool")
    if type(value) is str and value in _MEANT_ROLES:
        check.wrong(param, value, "one of " + ", ".join(_ROLES), f'Send "{_MEANT_ROLES[value]}".')
    return check.one_of(param, value, _ROLES)  # type: ignore[return-value]  # one_of checked it


def _turn(param: str, role: Role, message: dict[str, Any], custom: Collection[str]) -> Turn:
    extra = extra_of(own_options(param, message))
    content = message["content"]
    if type(content) is str:
        return Turn(role, [TextPart(content)], extra=extra)
    if role == "system":
        check.wrong(f"{param}.content", content, "a string")
    items = check.sequence(f"{param}.content", content, 'parts such as {"type": "text", ...}')
    read = _assistant_part if role == "assistant" else _user_part
    parts = [read(f"{param}.content[{at}]", item, custom) for at, item in enumerate(items)]
    plain = len(parts) == 1 and type(parts[0]) is TextPart
    return Turn(role, parts, "text" if plain else "parts", extra=extra)


def _kind(param: str, value: Any, accepted: str) -> tuple[str, dict[str, Any]]:
    item = check.mapping(param, value, '{"type": "text", "text": "Hello"}')
    if item.get("type") is None:
        check.missing(f"{param}.type", accepted)
    return check.string(f"{param}.type", item["type"]), item


def _user_part(param: str, value: Any, custom: Collection[str]) -> Part:
    kind, item = _kind(param, value, '"text" or "file"')
    if kind not in ("text", "file"):
        hint = 'Send {"type": "file", "mediaType": "image/png", "data": ...}.' * (kind == "image")
        check.wrong(f"{param}.type", kind, '"text" or "file" in a message of the user', hint)
    return read_text(param, item) if kind == "text" else read_file(param, item)


def _assistant_part(param: str, value: Any, custom: Collection[str]) -> Part:
    kind, item = _kind(param, value, '"text", "reasoning", "tool-call" or "file"')
    if kind == "text":
        return read_text(param, item)
    if kind == "reasoning":
        return _thought(param, item)
    if kind == "tool-call":
        return _call(param, item, custom)
    if kind == "tool-result":
        return _result(param, item)
    if kind == "file":
        return read_file(param, item)
    return opaque(item)


def _thought(param: str, item: dict[str, Any]) -> ThoughtPart:
    text = check.string(f"{param}.text", item.get("text"))
    options = own_options(param, item)
    if not options:
        return ThoughtPart(text, "reasoning")
    ours = options.get(MARKS)
    marks = {MARKS: ours} if ours is not None else options
    signature = said_by_any(marks, "signature")
    sealed = said_by_any(marks, "sealed", "redactedData", "reasoningEncryptedContent")
    extra = extra_of(options) or {}
    if ours is not None and type(ours.get("model")) is str:
        extra["origin"] = ours["model"]
    return ThoughtPart(
        text,
        "reasoning",
        signature if type(signature) is str else None,
        sealed if type(sealed) is str else None,
        extra,
    )


# ---- calls and results ----------------------------------------------------------------------


def _name_and_id(param: str, item: dict[str, Any]) -> tuple[str, str]:
    for name, purpose in (
        ("toolCallId", "the id that ties the call to its result"),
        ("toolName", "the tool that was called"),
    ):
        if item.get(name) is None:
            check.missing(f"{param}.{name}", purpose)
    return (
        check.string(f"{param}.toolName", item["toolName"]),
        check.string(f"{param}.toolCallId", item["toolCallId"]),
    )


def _call(param: str, item: dict[str, Any], custom: Collection[str]) -> CallPart:
    name, call_id = _name_and_id(param, item)
    if "input" not in item:
        check.missing(f"{param}.input", "what the tool was called with, {} for nothing")
    given = item["input"]
    # A string is what the model wrote: the SDK sends it where it could not be parsed.
    arguments = given if type(given) is str else _encode({} if given is None else given).decode()
    extra = extra_of(own_options(param, item)) or {}
    if item.get("providerExecuted") is not None:
        extra["providerExecuted"] = item["providerExecuted"]
    kind = "custom" if name in custom and type(given) is str else "function"
    return CallPart(call_id, name, arguments, kind, extra or None)


def _results(param: str, message: dict[str, Any]) -> list[Turn]:
    """A turn for each result of a message of role ``tool``."""
    content = message["content"]
    items = check.sequence(f"{param}.content", content, 'parts such as {"type": "tool-result"}')
    extra = extra_of(own_options(param, message))
    turns: list[Turn] = []
    for at, value in enumerate(items):
        where = f"{param}.content[{at}]"
        kind, item = _kind(where, value, '"tool-result"')
        if kind == "tool-result":
            result = _result(where, item)
            turns.append(Turn("tool", [result], result.form, extra=extra, joined=bool(turns)))
        elif kind == "tool-approval-response":
            turns.append(Turn("tool", [opaque(item)], "parts", extra=extra, joined=bool(turns)))
        else:
            check.wrong(f"{where}.type", kind, '"tool-result" in a message of the tool')
    return turns


def _result(param: str, item: dict[str, Any]) -> ResultPart:
    name, call_id = _name_and_id(param, item)
    if item.get("output") is None:
        hint = ". 'result' was its name before version 2" if "result" in item else ""
        check.missing(f"{param}.output", f'for example {{"type": "text", "value": "21"}}{hint}')
    output = check.mapping(f"{param}.output", item["output"], '{"type": "text", "value": "21"}')
    kind = output.get("type")
    if kind is None:
        check.missing(f"{param}.output.type", "one of " + ", ".join(_OUTPUTS))
    kind = check.one_of(f"{param}.output.type", kind, _OUTPUTS)
    form, parts = _output(f"{param}.output", kind, output)
    options = own_options(param, item) or own_options(f"{param}.output", output)
    extra = {"toolName": name, **(extra_of(options) or {})}
    return ResultPart(call_id, parts, form, kind.startswith("error"), extra)


def _output(param: str, kind: str, output: dict[str, Any]) -> tuple[Form, list[Part]]:
    if kind == "execution-denied":
        reason = output.get("reason")
        said = DENIED if reason is None else check.string(f"{param}.reason", reason)
        return "text", [TextPart(said)]
    if "value" not in output:
        check.missing(f"{param}.value", f"an output of type {kind} needs it")
    value: Json = output["value"]
    if kind.endswith("text"):
        return "text", [TextPart(check.string(f"{param}.value", value))]
    if kind.endswith("json"):
        return "text", [TextPart(_encode(value).decode())]
    items = check.sequence(f"{param}.value", value, 'parts such as {"type": "text", ...}')
    return "parts", [_output_part(f"{param}.value[{at}]", one) for at, one in enumerate(items)]


def _output_part(param: str, value: Any) -> Part:
    kind, item = _kind(param, value, '"text" or "file"')
    if kind == "text":
        return read_text(param, item)
    if kind == "file":
        return read_file(param, item)
    if kind in _FILES:
        return read_result_file(param, kind, item)
    return opaque(item)
