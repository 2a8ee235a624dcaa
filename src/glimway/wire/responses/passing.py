"""The list of an answer's items, and those in it that only this dialect understands.

Knows each item's index, and that a provider's own items and events are shown under the indices of
this answer. Refuses to know what such an item means: it passes.
"""

from __future__ import annotations

from glimway.wire.responses.answer import SILENT, STEPS
from glimway.wire.responses.arriving import KINDS
from glimway.wire.responses.lines import Lines
from glimway.wire.talk import Json

ADDED = "response.output_item.added"
DONE = "response.output_item.done"

_ENDS = "completed done incomplete failed cancelled".split()
_BEGINNINGS = "created queued in_progress".split()

EVENTS = frozenset(
    {*STEPS, *SILENT, "error", *(f"response.{word}" for word in (*_BEGINNINGS, *_ENDS))}
)
"""All events that are understood here: none of them is ever passed on as it is."""

_Item = dict[str, Json]


class Passing:
    """The items of one answer, in the order in which they began.

    Args:
        lines: where events go.
    """

    __slots__ = ("_foreign", "_items", "_lines", "_pending", "_theirs")

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._items: list[_Item] = []
        self._foreign: dict[str, int] = {}  # id of a provider's own item -> index
        self._theirs: dict[int, int] = {}  # the provider's index of such an item -> index
        self._pending: set[int] = set()  # indices of those that are not done

    @property
    def last(self) -> int:
        """The index of the item that began last."""
        return len(self._items) - 1

    def next(self) -> int:
        """The index of the next item."""
        return len(self._items)

    def items(self) -> list[_Item]:
        """All items."""
        return list(self._items)

    def announce(self, shell: _Item) -> None:
        """An item begins."""
        self._lines.say(ADDED, {"output_index": len(self._items), "item": shell})
        self._items.append(shell)

    def done(self, index: int, item: _Item) -> None:
        """An item has ended."""
        self._items[index] = item
        self._lines.say(DONE, {"output_index": index, "item": item})

    # ---- what passes ------------------------------------------------------------------------

    def is_new(self, place: str, value: _Item) -> bool:
        """Whether an opaque item, or an event, begins an item of its own."""
        if place == "item":
            given = value.get("id")
            return type(given) is not str or given not in self._foreign
        item = value.get("item")
        if value.get("type") != ADDED or type(item) is not dict or item.get("type") in KINDS:
            return False
        given = item.get("id")
        return type(given) is not str or given not in self._foreign

    def begin(self, place: str, value: _Item) -> None:
        """Show the beginning of an item that passes, or all of it."""
        index = len(self._items)
        item: _Item = value if place == "item" else value["item"]
        self.announce(item)
        if type(item.get("id")) is str:
            self._foreign[item["id"]] = index
        if place == "item":
            self.done(index, item)
            return
        self._pending.add(index)
        if type(value.get("output_index")) is int:
            self._theirs[value["output_index"]] = index

    def go_on(self, place: str, value: _Item, open_at: _Item | None) -> None:
        """Show more of an item that passes: an event about it, or its end.

        Args:
            place: ``item`` or ``event``.
            value: it.
            open_at: id and index of the item that is open, if an event may be about that.
        """
        if place == "item":
            ending = self._foreign[value["id"]]
            if ending in self._pending:
                self._pending.discard(ending)
                self.done(ending, value)
            return
        kind = value.get("type")
        if type(kind) is not str or kind in EVENTS:
            return  # it has a place of its own, and is never opaque
        members = {name: inner for name, inner in value.items() if name != "type"}
        given, theirs = value.get("item_id"), value.get("output_index")
        index = self._foreign.get(given) if type(given) is str else None
        if index is None and type(theirs) is int:
            index = self._theirs.get(theirs)
        if index is not None:
            if index not in self._pending:
                return  # about an item that is over
            members["output_index"] = index
            if given is not None:
                members["item_id"] = self._items[index].get("id")
        elif given is not None or theirs is not None:
            if open_at is None:
                return  # about an item that is over, or was none
            members.update(open_at)
        self._lines.say(kind, members)

    def finish(self) -> None:
        """Say of items that were never done that they are."""
        for index in sorted(self._pending):
            self.done(index, self._items[index])
        self._pending.clear()
