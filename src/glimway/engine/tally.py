"""What an answer delivered, counted while it passes.

Knows how to see stop reasons, usage and the amount of text in a stream of events. Refuses to know
prices.
"""

from __future__ import annotations

from glimway.wire.events import Cited, Event, Opaque, Start, Stop, Text, Thought, ToolOpen, Usage

BYTES_PER_TOKEN_DEFAULT = 4.0
"""Where nothing was learned yet: English prose under GLM's tokenizer is near four bytes a token."""

_SILENT: frozenset[type[Event]] = frozenset({Start, ToolOpen, Cited, Opaque})
"""Events that say nothing that is counted."""


class Tally:
    """Counts one answer. ``characters`` is what was delivered, of which ``thought_characters``
    was thinking; both are bases of an estimate when the provider reports nothing."""

    __slots__ = (
        "characters",
        "held_back",
        "stops",
        "thought_characters",
        "usage",
    )

    def __init__(self) -> None:
        self.stops: list[Stop] = []
        self.usage: Usage | None = None
        self.characters = 0
        self.thought_characters = 0
        self.held_back = False
        """The client read slower than the answer came, so its pace is not the provider's."""

    def note(self, events: list[Event]) -> None:
        """See the events of one frame."""
        for event in events:
            kind = type(event)
            if kind is Text:
                self.characters += len(event.text)  # type: ignore[union-attr]
            elif kind in _SILENT:
                continue
            elif kind is Thought:
                size = len(event.text)  # type: ignore[union-attr]
                self.characters += size
                self.thought_characters += size
            elif kind is Stop:
                self.stops.append(event)  # type: ignore[arg-type]
            elif kind is Usage:
                self.usage = event  # type: ignore[assignment]
            else:
                self.characters += len(event.text)  # type: ignore[union-attr]
