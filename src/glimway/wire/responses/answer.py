"""All items of a provider's answer, and the stream events that speak of them.

Knows which item an event belongs to, by its id, its index, or for want of both the one that came
last. Refuses to know frames and the response around the items.
Source: https://platform.openai.com/docs/api-reference/responses-streaming; the names of Open
Responses for thinking (``response.reasoning.delta``) mean the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glimway.wire.events import Event, Opaque
from glimway.wire.refusal import Fault
from glimway.wire.responses.arriving import KINDS, Item, more_of
from glimway.wire.responses.content import DIALECT
from glimway.wire.responses.shapes import UsualText
from glimway.wire.responses.told import kept, told

ITEMS_MAX = 4096
"""A host that opens more items than this in one answer is broken."""
ANSWER_CHARS_MAX = 64 * 1024 * 1024
"""No answer is longer; its pieces are held to be compared with what ``done`` repeats."""

CALLS = frozenset({"function_call", "custom_tool_call"})
SILENT = frozenset({"response.content_part.added", "response.reasoning_summary_part.added"})
"""The beginning of a part says nothing yet."""

_Frame = dict[str, Any]


class Answer:
    """The items of one answer.

    Args:
        id_stem: makes ids for calls that come without one.
    """

    __slots__ = ("_by_id", "_by_index", "_chars", "_items", "_last", "_stem", "calls", "declined")

    def __init__(self, id_stem: str) -> None:
        self._stem = id_stem
        self._items: list[Item] = []
        self._by_id: dict[str, Item] = {}
        self._by_index: dict[int, Item] = {}
        self._last: Item | None = None
        self._chars = 0
        self.calls = 0
        """How many calls were opened."""
        self.declined = False
        """A refusal was said."""

    def take(self, kind: str, frame: _Frame, events: list[Event]) -> bool:
        """A stream event; False when it speaks of no item that neutral events can carry.

        Raises:
            Fault: ``broken`` when the answer outgrows a bound.
        """
        step = STEPS.get(kind)
        if step is not None:
            step(self, frame, events)
        return step is not None or kind in SILENT

    def whole(self, index: Any, value: _Frame, events: list[Event]) -> None:
        """A whole item: what of it has not come yet."""
        kind = value.get("type")
        if type(kind) is not str:
            return  # nobody could tell what it is
        item = self._find(value.get("id"), index, kind)
        if item is None:
            item = self._new(index, value, events)
        if item.done:
            return
        if kind not in KINDS:
            item.done = True
            events.append(Opaque("item", told(value), dialect=DIALECT))
            return
        if kind in CALLS:
            self._open_call(item, value, events)
        elif kind == "message":
            parts = value.get("content")
            for part in parts if type(parts) is list else ():
                self.declined |= type(part) is dict and part.get("type") == "refusal"
        item.finish(value, events)

    def close(self, events: list[Event], *, cut: bool) -> None:
        """The answer is complete.

        Args:
            events: receives what is still to be said.
            cut: it hit a limit, so unfinished arguments are no fault.

        Raises:
            Fault: ``broken``: a call without a name, or arguments that are not JSON.
        """
        for item in self._items:
            item.close(events, cut=cut)

    # ---- which item -------------------------------------------------------------------------

    def _find(self, given: Any, index: Any, kind: str) -> Item | None:
        item = self._by_id.get(given) if type(given) is str else None
        if item is None and type(index) is int:
            item = self._by_index.get(index)
        if item is None and given is None and index is None:
            item = self._last
        if item is None or (item.kind != kind and not (item.kind in CALLS and kind in CALLS)):
            return None
        if type(given) is str:
            self._by_id.setdefault(given, item)
        return item

    def item(self, frame: _Frame, kind: str, events: list[Event]) -> Item:
        """The item that an event belongs to, made where nobody announced it."""
        given, index = frame.get("item_id"), frame.get("output_index")
        item = self._find(given, index, kind)
        return self._new(index, {"type": kind, "id": given}, events) if item is None else item

    def _new(self, index: Any, shell: _Frame, events: list[Event]) -> Item:
        if len(self._items) >= ITEMS_MAX:
            raise Fault("broken", f"more than {ITEMS_MAX} items in one answer")
        kind = str(shell.get("type"))
        item = Item(kind, f"call_{self._stem}_{len(self._items)}")
        before, self._last = self._last, item
        self._items.append(item)
        if type(shell.get("id")) is str:
            self._by_id[shell["id"]] = item
        if type(index) is int:
            self._by_index[index] = item
        else:
            self._by_index.setdefault(len(self._items) - 1, item)
        if kind in KINDS:
            more = more_of(shell)
            same = before is not None and before.kind == kind and kind not in CALLS
            if more or same:
                # For a writer of this dialect: another item begins, and what else it has.
                events.append(Opaque("item", {"type": kind, **more}, dialect=DIALECT))
        return item

    def _open_call(self, item: Item, value: _Frame, events: list[Event]) -> None:
        if item.named(value, self.calls, events):
            self.calls += 1

    def _count(self, delta: str) -> None:
        self._chars += len(delta)
        if self._chars > ANSWER_CHARS_MAX:
            raise Fault("broken", f"the answer is longer than {ANSWER_CHARS_MAX} characters")

    # ---- the events of items ----------------------------------------------------------------

    def added(self, frame: _Frame, events: list[Event]) -> None:
        """An item is announced."""
        shell, index = frame.get("item"), frame.get("output_index")
        kind = shell.get("type") if type(shell) is dict else None
        if type(shell) is not dict or type(kind) is not str:
            return
        given = shell.get("id")
        item = self._by_id.get(given) if type(given) is str else None
        if item is None or item.kind != kind:
            item = self._new(index, shell, events)
        if kind in CALLS:
            self._open_call(item, shell, events)
        elif kind not in KINDS:
            event = {**kept(frame), "item": told(shell)}
            events.append(Opaque("event", event, dialect=DIALECT))

    def ended(self, frame: _Frame, events: list[Event]) -> None:
        """An item is done."""
        value = frame.get("item")
        if type(value) is dict:
            self.whole(frame.get("output_index"), value, events)

    def part_done(self, frame: _Frame, events: list[Event]) -> None:
        """A content part is done."""
        part = frame.get("part")
        if type(part) is not dict:
            return
        kind = "reasoning" if part.get("type") == "reasoning_text" else "message"
        item = self.item(frame, kind, events)
        if not item.done:
            self.declined |= part.get("type") == "refusal"
            item.content(_at(frame, "content_index"), part, events)

    def text(self, frame: _Frame, events: list[Event]) -> None:
        """A piece of text, or all of it."""
        item, at = self.item(frame, "message", events), _at(frame, "content_index")
        delta = frame.get("delta")
        if item.done:
            return
        if type(delta) is not str:
            part = {"text": frame.get("text"), "logprobs": frame.get("logprobs")}
            item.content(at, part, events)
            return
        self._count(delta)
        if frame.get("logprobs"):
            events.append(Opaque("delta", {"logprobs": frame["logprobs"]}, dialect=DIALECT))
        if delta:
            item.text(at, delta, events)

    def piece(self, usual: UsualText) -> list[Event] | None:
        """A piece of text as hosts usually send it; None: ``take`` must see it."""
        item = self._by_id.get(usual.item_id)
        if item is None or item.done or item.kind != "message":
            return None
        events: list[Event] = []
        delta = usual.delta
        self._count(delta)
        if delta:
            item.text(usual.content_index, delta, events)
        return events

    def noted(self, frame: _Frame, events: list[Event]) -> None:
        """An annotation of a text."""
        item = self.item(frame, "message", events)
        if not item.done:
            item.cited(_at(frame, "content_index"), frame.get("annotation"), events)

    def refused(self, frame: _Frame, events: list[Event]) -> None:
        """A piece of a refusal, or all of it."""
        self.declined = True
        item, at = self.item(frame, "message", events), _at(frame, "content_index")
        delta = frame.get("delta")
        if item.done:
            return
        if type(delta) is not str:
            item.content(at, {"type": "refusal", "refusal": frame.get("refusal")}, events)
        elif delta:
            self._count(delta)
            item.declined(at, delta, events)

    def summed_up(self, frame: _Frame, events: list[Event]) -> None:
        """A piece of a thought's summary, or all of it."""
        self._thought("summary", _at(frame, "summary_index"), frame, events)

    def thought(self, frame: _Frame, events: list[Event]) -> None:
        """A piece of a thought, or all of it."""
        self._thought("content", _at(frame, "content_index"), frame, events)

    def _thought(self, place: str, at: int, frame: _Frame, events: list[Event]) -> None:
        item = self.item(frame, "reasoning", events)
        delta, part = frame.get("delta"), frame.get("part")
        if item.done:
            return
        if type(delta) is str:
            self._count(delta)
            item.thought(place, at, delta, events)
        else:
            text = part.get("text") if type(part) is dict else frame.get("text")
            item.whole_thought(place, at, text, events)

    def called(self, frame: _Frame, events: list[Event]) -> None:
        """A piece of a function's arguments, or all of them."""
        self._called("function_call", "arguments", frame, events)

    def called_custom(self, frame: _Frame, events: list[Event]) -> None:
        """A piece of a free-text tool's input, or all of it."""
        self._called("custom_tool_call", "input", frame, events)

    def _called(self, kind: str, member: str, frame: _Frame, events: list[Event]) -> None:
        item = self.item(frame, kind, events)
        if item.done:
            return
        self._open_call(item, frame, events)
        delta = frame.get("delta")
        if type(delta) is str:
            self._count(delta)
            item.arguments(delta, events)
        else:
            item.whole_arguments(frame.get(member), events)


def _at(frame: _Frame, name: str) -> int:
    at = frame.get(name)
    return at if type(at) is int else 0


_Step = Callable[[Answer, _Frame, list[Event]], None]

STEPS: dict[str, _Step] = {
    "response.output_item.added": Answer.added,
    "response.output_item.done": Answer.ended,
    "response.content_part.done": Answer.part_done,
    "response.output_text.delta": Answer.text,
    "response.output_text.done": Answer.text,
    "response.output_text.annotation.added": Answer.noted,
    "response.refusal.delta": Answer.refused,
    "response.refusal.done": Answer.refused,
    "response.reasoning_summary_part.done": Answer.summed_up,
    "response.reasoning_summary_text.delta": Answer.summed_up,
    "response.reasoning_summary_text.done": Answer.summed_up,
    "response.reasoning_text.delta": Answer.thought,
    "response.reasoning_text.done": Answer.thought,
    "response.reasoning.delta": Answer.thought,
    "response.reasoning.done": Answer.thought,
    "response.function_call_arguments.delta": Answer.called,
    "response.function_call_arguments.done": Answer.called,
    "response.custom_tool_call_input.delta": Answer.called_custom,
    "response.custom_tool_call_input.done": Answer.called_custom,
}
