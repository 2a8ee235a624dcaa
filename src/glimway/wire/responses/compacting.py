"""Compacting: a conversation to the request for its summary, and the summary to an answer.

Knows what the model is asked, and that calls and their results are told as text: tools are not
part of the request, and hosts refuse calls without them. Refuses to know who is asked.
Source: https://platform.openai.com/docs/api-reference/responses/compact.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire import check
from glimway.wire.events import Event, Stop, Text, Usage
from glimway.wire.refusal import Fault
from glimway.wire.responses.stored import compacted, compaction
from glimway.wire.responses.thoughts import Seal
from glimway.wire.sse import encoded

TASK = (
    "Stop here and write a summary of this conversation that can stand in its place. Whoever goes "
    "on will see nothing else of it. Keep, as precisely as they were said: what the user wants and "
    "forbids; what was decided and why; facts, names, paths, numbers and code that are still "
    "needed; what the tools were asked and what mattered of their results; what is done, and what "
    "comes next. Answer with the summary alone, without an introduction."
)

_TAKEN = ("model", "instructions", "provider", "providerOptions", "models", "user", "metadata")
"""Members of a request to compact that the request for the summary has as well."""

_encode = msgspec.json.Encoder().encode

_Item = dict[str, Any]


def summary_request(body: dict[str, Any]) -> dict[str, Any]:
    """The request for a summary.

    Args:
        body: the request to compact, with all that it refers to put in.

    Raises:
        Refusal: ``invalid``: there is nothing to compact.
    """
    value = body.get("input")
    if value is None or value in ("", []):
        check.missing("input", "the conversation that is to be summed up")
    items = [{"role": "user", "content": value}] if type(value) is str else value
    if type(items) is not list:
        check.wrong("input", items, "a string or an array of items")
    told = [one for item in items if (one := _told(item)) is not None]
    asked = {name: body[name] for name in _TAKEN if body.get(name) is not None}
    return {**asked, "input": [*told, {"role": "user", "content": TASK}], "store": False}


def _told(item: Any) -> Any:
    """An item as the summary's request has it; None: it has no place there."""
    kind = item.get("type") if type(item) is dict else None
    if kind in ("function_call", "custom_tool_call"):
        given = item.get("arguments", item.get("input", ""))
        return {"role": "assistant", "content": f"[Called the tool {item.get('name')}: {given}]"}
    if kind in ("function_call_output", "custom_tool_call_output"):
        output = item.get("output")
        text = output if type(output) is str else _encode(output).decode()
        return {"role": "user", "content": f"[The tool answered: {text}]"}
    if kind == "reasoning":
        return None
    return item


class CompactWriter:
    """Writes the answer to a request to compact.

    Args:
        answer_id: its public id.
        created_s: when the request came, in seconds since 1970.
        seal: seals the summary.
    """

    def __init__(self, answer_id: str, created_s: int, seal: Seal) -> None:
        self._id = answer_id
        self._created_s = created_s
        self._seal = seal

    def whole(self, events: list[Event], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write the answer.

        Raises:
            Fault: the model gave no summary, or not all of one.
        """
        summary = "".join(event.text for event in events if isinstance(event, Text)).strip()
        cut = any(isinstance(event, Stop) and event.reason == "length" for event in events)
        if not summary or cut:
            raise Fault("broken", "the model gave no summary of the conversation")
        item = compaction(summary, f"cmp_{self._id.partition('_')[2]}_0", self._seal)
        return encoded(compacted(self._id, self._created_s, [item], usage, cost_usd))

    def frame(self, events: list[Event]) -> bytes:
        """Nothing: this answer is no stream."""
        return b""

    def end(self, stops: list[Stop], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Nothing: this answer is no stream."""
        return b""

    def error(self, body: bytes) -> bytes:
        """The error itself."""
        return body
