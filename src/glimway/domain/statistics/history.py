"""What one endpoint did lately, in slots that grow coarser with age.

Knows four rows of slots: 30 seconds, 5 minutes, 1 hour and 1 day. Only the shortest open slot is
written to; when its time is over it flows into the open slot of the next row, and so on. So an
update touches one slot, and 30 days are 80 slots. Refuses to know a clock and other endpoints.

Slots are numbered by wall time, so those of two workers, or from before a restart, are the same
slots and can be added. A clock that steps back writes into the slot that is open.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

from glimway.domain.statistics.slot import Slot

Window = Literal["5m", "1h", "24h", "30d"]


class Row(NamedTuple):
    """Slots of one length: how long each is, and how many make the window."""

    window: Window
    slot_ms: int
    slots: int


ROWS: Final = (
    Row("5m", 30_000, 10),
    Row("1h", 300_000, 12),
    Row("24h", 3_600_000, 24),
    Row("30d", 86_400_000, 30),
)
WINDOWS: Final[tuple[Window, ...]] = tuple(row.window for row in ROWS)
_ROW_OF: Final = {row.window: place for place, row in enumerate(ROWS)}
_SHORTEST_MS: Final = ROWS[0].slot_ms
_NONE: Final = -1
"""The number of a slot that nobody has opened yet."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A history as it is stored: by row, the closed slots and the open one, by number."""

    closed: list[dict[int, bytes]]
    open: list[tuple[int, bytes]]


class History:
    """The slots of one endpoint. The shortest closed slots stay as they are, since they are read
    often; longer ones are packed."""

    __slots__ = ("_closed", "_numbers", "_open", "_recent")

    def __init__(self) -> None:
        self._open = [Slot() for _ in ROWS]
        self._numbers = [_NONE for _ in ROWS]
        self._recent: dict[int, Slot] = {}
        self._closed: list[dict[int, bytes]] = [{} for _ in ROWS]

    def at(self, at_ms: int) -> Slot:
        """The slot to write to."""
        number = at_ms // _SHORTEST_MS
        if number > self._numbers[0]:
            self._move_on(number)
        return self._open[0]

    def over(self, window: Window, at_ms: int) -> Slot:
        """Everything of the last ``window``, as one slot.

        The window begins with a whole slot of its row, so up to a twelfth more than its name says
        is looked at.
        """
        if at_ms // _SHORTEST_MS > self._numbers[0]:
            self._move_on(at_ms // _SHORTEST_MS)
        place = _ROW_OF[window]
        row = ROWS[place]
        first = at_ms // row.slot_ms - row.slots
        total = Slot()
        if place == 0:
            for number, slot in self._recent.items():
                if number >= first:
                    total.add(slot)
        for number, packed in self._closed[place].items():
            if number >= first:
                total.add(Slot.unpacked(packed))
        for lower in range(place + 1):
            total.add(self._open[lower])
        return total

    def kept(self) -> Kept:
        """To store; ``absorb`` reads it."""
        closed = [dict(row) for row in self._closed]
        closed[0] = {number: slot.packed() for number, slot in self._recent.items()}
        opened = [
            (number, slot.packed()) for number, slot in zip(self._numbers, self._open, strict=True)
        ]
        return Kept(closed, opened)

    def absorb(self, kept: Kept) -> None:
        """Add what was stored, or what another worker saw.

        Raises:
            ValueError: it cannot be read; then nothing is added.
        """
        if len(kept.closed) != len(ROWS) or len(kept.open) != len(ROWS):
            raise ValueError("a history of other rows")
        closed = [
            [(number, Slot.unpacked(packed)) for number, packed in row.items()]
            for row in kept.closed
        ]
        opened = [(number, Slot.unpacked(packed)) for number, packed in kept.open]
        for place, row in enumerate(closed):
            for number, slot in row:
                self._close(place, number, slot)
        for place, (number, slot) in enumerate(opened):
            if number != _NONE:
                self._pour(place, number, slot)
        if self._numbers[0] != _NONE:
            self._end_stale(self._numbers[0])

    def _move_on(self, number: int) -> None:
        """Close the shortest open slot and whatever ends with it, and open the next."""
        last = self._numbers[0]
        if last != _NONE:
            self._finish(0)
        self._numbers[0] = number
        self._open[0] = Slot()
        self._end_stale(number)

    def _end_stale(self, number: int) -> None:
        """Close longer slots whose time is over although nothing flowed into their successors."""
        for place in range(1, len(ROWS)):
            now = number * _SHORTEST_MS // ROWS[place].slot_ms
            if _NONE < self._numbers[place] < now:
                self._finish(place)
                self._numbers[place] = _NONE
                self._open[place] = Slot()

    def _finish(self, place: int) -> None:
        """An open slot's time is over."""
        number, slot = self._numbers[place], self._open[place]
        if place == 0:
            slot.judged()
        self._close(place, number, slot)
        self._up(place, number, slot)

    def _pour(self, place: int, number: int, slot: Slot) -> None:
        """Add counts to the slot ``number`` of a row: the open one, a later one, or a late one."""
        now = self._numbers[place]
        if number == now:
            self._open[place].add(slot)
        elif number > now:
            if now != _NONE:
                self._finish(place)
            self._numbers[place] = number
            opened = self._open[place] = Slot()
            opened.add(slot)
        else:
            if place == 0 and not slot.seen:
                slot.judged()
            self._close(place, number, slot)
            self._up(place, number, slot)

    def _up(self, place: int, number: int, slot: Slot) -> None:
        if place + 1 < len(ROWS):
            above = ROWS[place + 1].slot_ms // ROWS[place].slot_ms
            self._pour(place + 1, number // above, slot)

    def _close(self, place: int, number: int, slot: Slot) -> None:
        """Keep a closed slot; the oldest leave when the row is longer than its window."""
        rows = self._recent if place == 0 else self._closed[place]
        if place == 0:
            same = self._recent.get(number)
            if same is None:
                self._recent[number] = slot
            else:
                same.add(slot)
        else:
            before = self._closed[place].get(number)
            if before is not None:
                joined = Slot.unpacked(before)
                joined.add(slot)
                slot = joined
            self._closed[place][number] = slot.packed()
        while len(rows) > ROWS[place].slots + 1:
            del rows[min(rows)]
