"""Stop strings that a host does not take, cut here.

Knows how to find the first of several strings in text that comes in pieces, and that nothing after
it exists. Refuses to know dialects: it stands between any reader and what follows it.

A stop string may be torn over pieces, so the end of a piece that could begin one is held back
until the next piece decides.
"""

from __future__ import annotations

from glimway.wire.dialect import Reader
from glimway.wire.events import Event, Opaque, Start, Stop, Text, Usage
from glimway.wire.refusal import Fault

_ABOUT_ALL = (Start, Usage)
"""Events that belong to no choice."""


class StoppingReader:
    """A reader whose text ends before the first stop string.

    Args:
        inner: reads the provider's reply.
        stops: the strings, none empty.
        choices: how many answers were asked for: when all are cut the reply is done.
    """

    __slots__ = ("_choices", "_inner", "_kept", "_stops", "_stopped", "cut_short")

    def __init__(self, inner: Reader, stops: tuple[str, ...], choices: int = 1) -> None:
        self._inner = inner
        self._stops = stops
        self._choices = choices
        self._kept: dict[int, str] = {}
        """Choice -> text that may be the beginning of a stop string."""
        self._stopped: set[int] = set()
        self.cut_short = False

    @property
    def done(self) -> bool:
        """The reply has ended, or all of it was cut."""
        return self._inner.done or self.cut_short

    @property
    def usage(self) -> Usage | None:
        """What the provider reported; nothing when it was stopped before."""
        return self._inner.usage

    @property
    def answer_id(self) -> str | None:
        """The provider's own id of its answer."""
        return self._inner.answer_id

    @property
    def fault(self) -> Fault | None:
        """Set when the stream failed before all was cut."""
        return None if self.cut_short else self._inner.fault

    def feed(self, chunk: bytes) -> list[list[Event]]:
        """The next bytes of a stream."""
        return self._frames(self._inner.feed(chunk))

    def close(self) -> list[list[Event]]:
        """The stream's bytes have ended."""
        return self._frames(self._inner.close())

    def whole(self, body: bytes) -> list[Event]:
        """A whole reply; raises Fault."""
        return self._frame(self._inner.whole(body))

    def _frames(self, frames: list[list[Event]]) -> list[list[Event]]:
        cut: list[list[Event]] = []
        for events in frames:
            if self.cut_short:
                break
            kept = self._frame(events)
            if kept:
                cut.append(kept)
            self.cut_short = len(self._stopped) >= self._choices and not self._inner.done
        return cut

    def _frame(self, events: list[Event]) -> list[Event]:
        kept: list[Event] = []
        for event in events:
            if isinstance(event, _ABOUT_ALL) or (
                isinstance(event, Opaque) and event.place == "frame"
            ):
                kept.append(event)
            elif event.choice not in self._stopped:
                if isinstance(event, Text):
                    self._text(event, kept)
                else:
                    self._release(event.choice, kept)
                    kept.append(event)
        return kept

    def _text(self, event: Text, kept: list[Event]) -> None:
        choice = event.choice
        text = self._kept.pop(choice, "") + event.text
        # The one that is complete first, as an engine that writes token by token would see it.
        found = min(
            ((at + len(one), at, one) for one in self._stops if (at := text.find(one)) >= 0),
            default=None,
        )
        if found is not None:
            _, at, stop = found
            if at:
                kept.append(Text(text[:at], choice))
            kept.append(Stop("stop", choice, "stop", stop))
            self._stopped.add(choice)
            return
        held = max(_beginning(text, stop) for stop in self._stops)
        if held:
            self._kept[choice] = text[-held:]
            text = text[:-held]
        if text:
            kept.append(Text(text, choice))

    def _release(self, choice: int, kept: list[Event]) -> None:
        text = self._kept.pop(choice, "")
        if text:
            kept.append(Text(text, choice))


def _beginning(text: str, stop: str) -> int:
    """How many characters at the end of ``text`` could begin ``stop``."""
    for size in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:size]):
            return size
    return 0
