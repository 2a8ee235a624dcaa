"""An answer on its way to be checked: its text is held back, everything else goes on.

Knows which answers are to fit the schema: final text that came to its own end. Refuses to know
what happens to one that does not fit.

What is passed on as it is: an answer with tool calls (its text is not the final one), a refusal of
the model's own, and whatever was cut: by a cap on tokens, a filter or a stop string. The reason of
its end says so.
"""

from __future__ import annotations

from typing import Final

import msgspec

from glimway.wire.events import Cited, Declined, Event, Stop, Text, ToolOpen
from glimway.wire.refusal import Fault
from glimway.wire.structured.healing import json_in
from glimway.wire.structured.schema import Schema
from glimway.wire.structured.validate import Check, TooCostly

HELD_CHARS_MAX: Final = 4 * 1024 * 1024
"""Text that is held back of one answer."""


class Failing(msgspec.Struct, frozen=True):
    """An answer that does not fit.

    Args:
        text: what was said.
        problems: why it does not fit.
        stop: its end.
        final: asking again does not help: it is too large to be checked.
    """

    text: str
    problems: list[str]
    stop: Stop
    final: bool = False


class _Held:
    """What is held of one choice."""

    __slots__ = ("cited", "free", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.cited: list[Event] = []
        self.free = False


class Holding:
    """Holds the text of one answer.

    Args:
        schema: what each choice must fit.
    """

    __slots__ = ("_chars", "_choices", "_schema", "failing")

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._choices: dict[int, _Held] = {}
        self._chars = 0
        self.failing: list[Failing] = []
        """Choices that have ended and do not fit."""

    def pass_on(self, events: list[Event]) -> list[Event]:
        """What of a frame may go on, with what was held of choices that end in it.

        Raises:
            Fault: ``broken``: more text than may be held.
        """
        passed: list[Event] = []
        for event in events:
            kind = type(event)
            if kind is Text:
                self._text(event, passed)  # type: ignore[arg-type]
            elif kind is Cited:
                held = self._held(event.choice)  # type: ignore[union-attr]
                (passed if held.free else held.cited).append(event)
            elif kind is ToolOpen or kind is Declined:
                self._release(event.choice, passed)  # type: ignore[union-attr]
                passed.append(event)
            elif kind is Stop:
                self._stop(event, passed)  # type: ignore[arg-type]
            else:
                passed.append(event)
        return passed

    def judge(self, text: str, stop: Stop) -> list[Event] | Failing:
        """The events of a text that fits, or why it does not."""
        found = json_in(text)
        if isinstance(found, str):
            return Failing(text, [found], stop)
        check = Check(self._schema)
        try:
            if check.holds(found.value):
                return [Text(found.text, stop.choice), stop]
        except TooCostly:
            return Failing(text, ["the answer is too large to be checked"], stop, final=True)
        return Failing(text, check.problems, stop)

    def _held(self, choice: int) -> _Held:
        held = self._choices.get(choice)
        if held is None:
            held = self._choices[choice] = _Held()
        return held

    def _text(self, event: Text, passed: list[Event]) -> None:
        held = self._held(event.choice)
        if held.free:
            passed.append(event)
            return
        self._chars += len(event.text)
        if self._chars > HELD_CHARS_MAX:
            raise Fault("broken", f"more than {HELD_CHARS_MAX} characters to be held to a schema")
        held.pieces.append(event.text)

    def _release(self, choice: int, passed: list[Event]) -> None:
        held = self._held(choice)
        if held.free:
            return
        held.free = True
        text = "".join(held.pieces)
        if text:
            passed.append(Text(text, choice))
        passed += held.cited

    def _stop(self, stop: Stop, passed: list[Event]) -> None:
        held = self._held(stop.choice)
        if stop.reason != "stop" or stop.sequence is not None:
            self._release(stop.choice, passed)
        if held.free:
            passed.append(stop)
            return
        judged = self.judge("".join(held.pieces), stop)
        held.pieces.clear()
        held.free = True
        if isinstance(judged, Failing):
            self.failing.append(judged)
        else:
            passed += [judged[0], *held.cited, stop]
