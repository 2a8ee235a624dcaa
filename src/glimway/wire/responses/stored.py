"""Kept answers: what is kept of one, how a request goes on from it, and the shapes around it.

Knows JSON shapes only. Refuses to know where and for how long something is kept, and whose it is.
Source: https://platform.openai.com/docs/api-reference/responses (get, delete, cancel, input items,
compact, input tokens) and the types of OpenAI's Python package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from glimway.wire import check
from glimway.wire.events import Event, Stop, StopReason, Usage
from glimway.wire.refusal import Refusal
from glimway.wire.responses.asked import ENCRYPTED
from glimway.wire.responses.content import refers
from glimway.wire.responses.flow import Flow
from glimway.wire.responses.lines import Lines
from glimway.wire.responses.style import Style
from glimway.wire.responses.thoughts import Seal, Secret, sealed_text
from glimway.wire.responses.usage import write_usage
from glimway.wire.talk import Json

PAGE_ITEMS_DEFAULT = 20
PAGE_ITEMS_MAX = 100

_Item = dict[str, Json]

Found = Callable[[str], _Item | None]
"""Looks up a kept item by its id."""

_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "compaction": "cmp",
}


def stored_items(events: list[Event], style: Style) -> list[_Item]:
    """The output items of a finished answer as they are to be kept.

    Thinking is sealed into them whether or not the client wanted to see that; ids are those that
    the client was shown for the same events.

    Args:
        events: all events of the answer.
        style: how the reply was written.
    """
    flow = Flow(style, Lines(silent=True))
    flow.take(events)
    reason: StopReason = "stop"
    for event in events:
        if isinstance(event, Stop):
            reason = event.reason
    flow.finish(reason)
    items = flow.items()
    for index, item in flow.kept.items():
        items[index] = item
    return items


# ---- a request that goes on -----------------------------------------------------------------


def given_items(body: dict[str, Any], stem: str) -> list[_Item]:
    """The input items of a request, each with a type and an id, as they are kept and listed.

    Args:
        body: the request, checked before.
        stem: what the answer's id is made of.
    """
    return [
        {**item, "id": item.get("id") or _id_of(item, stem, at)}
        for at, item in enumerate(_items_of(body.get("input")))
    ]


def _items_of(value: Any) -> list[_Item]:
    if type(value) is str:
        content = [{"type": "input_text", "text": value}]
        return [{"type": "message", "role": "user", "status": "completed", "content": content}]
    items = value if type(value) is list else []
    return [{"type": "message", **item} if "role" in item else dict(item) for item in items]


def _id_of(item: _Item, stem: str, at: int) -> str:
    return f"{_PREFIXES.get(str(item.get('type')), 'item')}_{stem}_in{at}"


def continued(body: dict[str, Any], earlier: Sequence[_Item]) -> dict[str, Any]:
    """The request with everything that was said before in front of its own input.

    Items that it only refers to are put in where the conversation has them. Its instructions and
    tools are its own: neither is inherited.

    Args:
        body: the request.
        earlier: input and output items of the answers before, oldest first.
    """
    by_id = {item["id"]: item for item in earlier if type(item.get("id")) is str}
    own = [by_id.get(one.get("id"), one) if refers(one) else one for one in _raw(body)]
    shown = {str(item["id"]) for item in own if item.get("id") in by_id}
    before = [item for item in earlier if item.get("id") not in shown]
    return {**body, "input": [*before, *own]}


def _raw(body: dict[str, Any]) -> list[_Item]:
    value = body.get("input")
    if type(value) is str:
        return [{"role": "user", "content": value}]
    return value if type(value) is list else []


def not_found(response_id: str, param: str = "previous_response_id") -> Refusal:
    """The refusal of an answer that is not kept, or not this key's."""
    return Refusal(
        "not_found",
        f"No response with the id '{response_id[:80]}' is kept here. Responses are kept for a "
        'while, for the project of the key that made them, where the request said "store": true '
        "or the setting 'responses.store' of the project or the server is \"always\". Otherwise "
        "send the whole conversation as 'input'.",
        code="previous_response_not_found" if param == "previous_response_id" else "not_found",
        param=param,
    )


# ---- shapes ---------------------------------------------------------------------------------


def retrieved(response: dict[str, Json], include: Sequence[str] = ()) -> dict[str, Json]:
    """A kept response as a client gets it: sealed thinking only where ``include`` asks."""
    if ENCRYPTED in include:
        return response
    output = [
        {k: v for k, v in item.items() if k != "encrypted_content"}
        if item.get("type") == "reasoning"
        else item
        for item in response.get("output") or []
    ]
    return {**response, "output": output}


def deleted(response_id: str) -> dict[str, Json]:
    """The answer to a deletion."""
    return {"id": response_id, "object": "response", "deleted": True}


def cancelled(response: dict[str, Json]) -> dict[str, Json]:
    """A response that was stopped before its end."""
    return {**response, "status": "cancelled", "completed_at": None}


def counted(input_tokens: int) -> dict[str, Json]:
    """The answer to a count of input tokens."""
    return {"object": "response.input_tokens", "input_tokens": input_tokens}


def page_of(
    items: Sequence[_Item], *, limit: int = PAGE_ITEMS_DEFAULT, after: str = "", order: str = "desc"
) -> dict[str, Json]:
    """A page of input items.

    Args:
        items: all of them, oldest first.
        limit: how many at most, 1 to ``PAGE_ITEMS_MAX``.
        after: the id that the page follows; empty: the first page.
        order: ``asc`` or ``desc``.

    Raises:
        Refusal: ``invalid``, naming the parameter.
    """
    check.integer("limit", limit, 1, PAGE_ITEMS_MAX)
    check.one_of("order", order, ("asc", "desc"))
    ordered = list(items) if order == "asc" else list(reversed(items))
    begin = 0
    if after:
        ids = [item.get("id") for item in ordered]
        if after not in ids:
            check.wrong("after", after, "the id of one of the items")
        begin = ids.index(after) + 1
    page = ordered[begin : begin + limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0].get("id", "") if page else "",
        "last_id": page[-1].get("id", "") if page else "",
        "has_more": begin + limit < len(ordered),
    }


def compaction(summary: str, item_id: str, seal: Seal) -> _Item:
    """The item that stands for a conversation that was summed up."""
    sealed = sealed_text(Secret(summary), seal)
    return {"id": item_id, "type": "compaction", "encrypted_content": sealed}


def compacted(
    response_id: str,
    created_s: int,
    output: Sequence[_Item],
    usage: Usage,
    cost_usd: bytes | None = None,
) -> dict[str, Json]:
    """The answer to a request to compact: what is to be sent in place of the conversation.

    Args:
        response_id: its public id.
        created_s: when the request came, in seconds since 1970.
        output: items that stay as they are, and the compaction item.
        usage: the tokens charged.
        cost_usd: what was charged, as JSON digits.

    Returns:
        The object, for ``sse.encoded``.
    """
    return {
        "id": response_id,
        "object": "response.compaction",
        "created_at": created_s,
        "output": list(output),
        "usage": write_usage(usage, cost_usd),
    }


def resolved(body: dict[str, Any], found: Found) -> dict[str, Any]:
    """The request with the items that it refers to put in.

    Raises:
        Refusal: ``not_found``, naming the item.
    """
    value = body.get("input")
    if type(value) is not list:
        return body
    items: list[Any] = []
    for at, item in enumerate(value):
        if not refers(item):
            items.append(item)
            continue
        kept = found(str(item.get("id")))
        if kept is None:
            raise not_found(str(item.get("id")), f"input[{at}].id")
        items.append(kept)
    return {**body, "input": items}
