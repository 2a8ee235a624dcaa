"""The ``input`` of a client's request: items to turns.

Knows messages in both forms, calls, results, reasoning and compaction, and which speaker the other
kinds of item belong to. Refuses to know which of them a host accepts (``items`` writes them).
Source: https://platform.openai.com/docs/api-reference/responses/create (input).

Consecutive items of the assistant are one turn. The first part of a message item has the item's
other members in its ``extra``, so the items can be told apart again.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire import check
from glimway.wire.responses.content import DIALECT, ITEM, beyond, read_content
from glimway.wire.responses.thoughts import MARK, Unseal, opened, read_thought
from glimway.wire.responses.tools import ADDED, joined, read_tools
from glimway.wire.talk import (
    CallPart,
    Json,
    OpaquePart,
    Part,
    RefusalPart,
    ResultPart,
    Role,
    TextPart,
    Tool,
    Turn,
)

ITEMS_MAX = 100_000

FORM = "form"
"""Key in the ``extra`` of a message item's first part: how its content was written."""

COMPACTED = "Summary of the conversation so far:\n\n"
"""Opens the turn that stands for what was compacted."""

_ROLES = ("user", "assistant", "system", "developer")
_MEANT_ROLES = {"human": "user", "ai": "assistant", "bot": "assistant", "model": "assistant"}
_OF_THE_CLIENT = frozenset(
    {
        "item_reference",
        "mcp_approval_response",
        "compaction",
        "compaction_trigger",
        "configuration_update",
        ADDED,
    }
)
"""Kinds of item that the client adds, beside all those that end in ``_output``."""


class Heard(msgspec.Struct):
    """What an ``input`` holds: the turns, and tools that came as items."""

    turns: list[Turn] = []
    tools: list[Tool] = []


def read_input(value: Any, unseal: Unseal | None) -> Heard:
    """Read ``input``.

    Args:
        value: a string or an array of items.
        unseal: opens what was sealed here.

    Raises:
        Refusal: ``invalid``, naming the item and member.
    """
    if type(value) is str:
        return Heard([Turn("user", [TextPart(value)])])
    if type(value) is not list:
        hint = "Put the item into an array." if type(value) is dict else ""
        accepted = 'a string or an array of items such as {"role": "user", "content": "Hello"}'
        check.wrong("input", value, accepted, hint)
    if len(value) > ITEMS_MAX:
        check.wrong("input", f"{len(value)} items", f"at most {ITEMS_MAX} items")
    heard = Heard()
    for at, item in enumerate(value):
        _item(f"input[{at}]", item, heard, unseal)
    return heard


def _item(param: str, value: Any, heard: Heard, unseal: Unseal | None) -> None:
    item = check.mapping(param, value, '{"role": "user", "content": "Hello"}')
    kind = item.get("type")
    if kind is None:
        kind = "message" if "role" in item else "item_reference" if "id" in item else None
    if kind is None:
        check.missing(f"{param}.type", '"message", "function_call" or "function_call_output"')
    kind = check.string(f"{param}.type", kind)
    if kind == "message":
        _message(param, item, heard)
    elif kind in ("function_call", "custom_tool_call"):
        _of_assistant(heard).append(_call(param, item, kind))
    elif kind in ("function_call_output", "custom_tool_call_output"):
        heard.turns.append(_result(param, item))
    elif kind == "reasoning":
        _of_assistant(heard).append(read_thought(param, item, unseal))
    elif kind == "compaction" and (summary := _compacted(param, item, unseal)) is not None:
        heard.turns.append(Turn("user", [TextPart(COMPACTED + summary)]))
    elif kind in _OF_THE_CLIENT or kind.endswith("_output"):
        if kind == ADDED:
            heard.tools += read_tools(f"{param}.tools", item.get("tools"), added=True)
        heard.turns.append(Turn("user", [OpaquePart(item, DIALECT, kind == ADDED)], "parts"))
    else:
        _of_assistant(heard).append(OpaquePart(item, DIALECT))


def _of_assistant(heard: Heard) -> list[Part]:
    """The parts of the assistant's turn that is going on, or of a new one."""
    turns = heard.turns
    if not turns or turns[-1].role != "assistant":
        turns.append(Turn("assistant", []))
    return turns[-1].parts


# ---- messages -------------------------------------------------------------------------------


def _message(param: str, item: dict[str, Any], heard: Heard) -> None:
    role = _role(f"{param}.role", item.get("role"))
    members = beyond(item, "role", "content")
    if role == "assistant":
        form, parts = read_content(f"{param}.content", item.get("content"), "output_text")
        first = parts[0] if parts else None
        if not isinstance(first, TextPart | RefusalPart):
            # Nothing that other dialects could say: the item is kept whole.
            _of_assistant(heard).append(OpaquePart(item, DIALECT))
            return
        first.extra = {**(first.extra or {}), ITEM: members, FORM: form}
        _of_assistant(heard).extend(parts)
        return
    if item.get("content") is None:
        check.missing(f"{param}.content", f"what the {role} says, a string or an array of parts")
    form, parts = read_content(f"{param}.content", item["content"], "input_text")
    heard.turns.append(Turn(role, parts, form, extra={ITEM: members} if members else None))


def _role(param: str, value: Any) -> Role:
    if value is None:
        check.missing(param, "who speaks: user, assistant, system or developer")
    if type(value) is str and value.lower() in _MEANT_ROLES:
        hint = f'Did you mean "{_MEANT_ROLES[value.lower()]}"?'
        check.wrong(param, value, "user, assistant, system or developer", hint)
    if value in ("tool", "function"):
        hint = 'Send a tool\'s result as {"type": "function_call_output", "call_id", "output"}.'
        check.wrong(param, value, "user, assistant, system or developer", hint)
    return check.one_of(param, value, _ROLES)  # type: ignore[return-value]  # one_of checked it


# ---- calls and results ----------------------------------------------------------------------


def _call(param: str, item: dict[str, Any], kind: str) -> CallPart:
    custom = kind == "custom_tool_call"
    text_name = "input" if custom else "arguments"
    if item.get("call_id") is None:
        check.missing(f"{param}.call_id", "the id that the call's output refers to")
    if item.get("name") is None:
        check.missing(f"{param}.name", "the tool that was called")
    arguments = item.get(text_name)
    if arguments is None:
        check.missing(f"{param}.{text_name}", 'a string, "{}" where the tool takes nothing')
    if type(arguments) is not str:
        hint = "Encode the object as a string." if type(arguments) is dict else ""
        check.wrong(f"{param}.{text_name}", arguments, "a string", hint)
    name = check.string(f"{param}.name", item["name"])
    space = item.get("namespace")
    if space is not None:
        name = joined(check.string(f"{param}.namespace", space), name)
    return CallPart(
        check.string(f"{param}.call_id", item["call_id"]),
        name,
        arguments,
        "custom" if custom else "function",
        {ITEM: beyond(item, "type", "call_id", text_name, "name")},
    )


def _result(param: str, item: dict[str, Any]) -> Turn:
    if item.get("call_id") is None:
        check.missing(f"{param}.call_id", "the call_id of the call that it answers")
    if "output" not in item:
        check.missing(f"{param}.output", "what the tool answered, a string or an array of parts")
    output = item["output"]
    if type(output) is dict:
        check.wrong(f"{param}.output", output, "a string or an array", "Encode it as a string.")
    form, parts = read_content(f"{param}.output", output, "input_text")
    call_id = check.string(f"{param}.call_id", item["call_id"])
    extra: dict[str, Json] = {ITEM: beyond(item, "output", "call_id")}
    return Turn("tool", [ResultPart(call_id, parts, form, extra=extra)], form)


# ---- what was compacted ---------------------------------------------------------------------


def _compacted(param: str, item: dict[str, Any], unseal: Unseal | None) -> str | None:
    """The summary in a compaction item of ours; None: it is another's, and stays as it is.

    Raises:
        Refusal: ``invalid``: it is ours, but was altered; without it the conversation is lost.
    """
    token = check.string(f"{param}.encrypted_content", item.get("encrypted_content"))
    if not token.startswith(MARK) or unseal is None:
        return None
    secret = opened(token, unseal)
    if secret is None:
        accepted = "what /responses/compact gave, unchanged"
        hint = "It cannot be opened any more: compact the conversation again."
        check.wrong(f"{param}.encrypted_content", token, accepted, hint)
    return secret.text
