"""One timer for every deadline.

Knows when each alarm is due, to within one tick. Refuses to know what an alarm means.

A loop timer for each stream would cost a heap operation and a handle at every chunk; here setting
an alarm is a dict insert, and moving one is an attribute write: the wheel looks at ``due_s`` only
when the slot comes round, and carries the alarm on if it was moved.
Source of the idea: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TICK_S = 0.025
"""Deadlines are exact to 100 ms; a quarter of that leaves room for a busy loop."""

SLOTS_AHEAD = 400
"""Slots are kept for the next 10 s; alarms further ahead are looked at then and carried on."""


class Alarm:
    """A callback due at ``due_s`` on the loop's clock. Move it by writing ``due_s``; it may only
    be moved later. Drop it with ``cancel``."""

    __slots__ = ("_callback", "_slot", "due_s")

    def __init__(self, due_s: float, callback: Callable[[], None]) -> None:
        self.due_s = due_s
        self._callback: Callable[[], None] | None = callback
        self._slot: Slot | None = None

    def cancel(self) -> None:
        """Drop the alarm. It is forgotten at once: most alarms of a server are set far ahead and
        dropped soon, and must not pile up until they would have been due."""
        self._callback = None
        if self._slot is not None:
            self._slot.discard(self)
            self._slot = None

    @property
    def set(self) -> bool:
        """It has neither rung nor been dropped."""
        return self._callback is not None

    def ring(self) -> None:
        """Call the callback, once."""
        callback, self._callback = self._callback, None
        self._slot = None
        if callback is not None:
            callback()


Slot = set[Alarm]


class Wheel:
    """Rings alarms. One loop timer runs while any slot is filled, none while all is quiet."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        """Whose clock it is. Parts of a request take the loop from here: asking asyncio for the
        running loop costs a system call each time (before Python 3.12)."""
        self._slots: dict[int, Slot] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._turned = int(loop.time() / TICK_S)

    def at(self, due_s: float, callback: Callable[[], None]) -> Alarm:
        """Ring at ``due_s`` (the loop's clock), at most one tick late."""
        alarm = Alarm(due_s, callback)
        if self._timer is None:
            self._turned = int(self.loop.time() / TICK_S)
            self._timer = self.loop.call_later(TICK_S, self._turn)
        self._place(alarm)
        return alarm

    def after(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        """Ring ``delay_s`` from now."""
        return self.at(self.loop.time() + delay_s, callback)

    def __len__(self) -> int:
        """Alarms that are set."""
        return sum(len(slot) for slot in self._slots.values())

    def close(self) -> None:
        """Ring nothing more."""
        self._slots.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _place(self, alarm: Alarm) -> None:
        # The slot after the due time, so that an alarm never rings early.
        number = int(alarm.due_s / TICK_S) + 1
        if number <= self._turned:
            number = self._turned + 1
        elif number > self._turned + SLOTS_AHEAD:
            number = self._turned + SLOTS_AHEAD  # looked at there, and carried on
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = set()
        slot.add(alarm)
        alarm._slot = slot  # noqa: SLF001 - the wheel's own

    def _turn(self) -> None:
        now_s = self.loop.time()
        reached = int(now_s / TICK_S)
        due: list[Alarm] = []
        # After a long block of the loop more slots have passed than there are.
        first = max(self._turned + 1, reached - SLOTS_AHEAD)
        for number in range(first, reached + 1):
            due.extend(self._slots.pop(number, ()))
        if first > self._turned + 1:
            for number in [number for number in self._slots if number < first]:
                due.extend(self._slots.pop(number))
        self._turned = reached
        try:
            while due:
                alarm = due.pop()
                if alarm.due_s <= now_s:
                    alarm.ring()
                elif alarm.set:
                    self._place(alarm)
        finally:
            # An alarm that fails is the loop's to report; the others ring at the next tick.
            for alarm in due:
                if alarm.set:
                    self._place(alarm)
            self._timer = self.loop.call_later(TICK_S, self._turn) if self._slots else None
