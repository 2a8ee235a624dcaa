"""Calls and their results by ids that every host takes: each call's own, and none missing.

Knows which result answers which call. Refuses to know how a host spells ids, and does nothing where
they are in order, which is nearly always.

Some programs send results without an id, or use one id for the same tool twice; the hosts of the
Messages API refuse both ("tool_use ids must be unique").
"""

from __future__ import annotations

from msgspec.structs import replace

from glimway.wire.talk import CallPart, Part, ResultPart, Turn


def paired(turns: list[Turn]) -> list[Turn]:
    """The conversation with an id of its own for each call, and each result under its call's.

    A result without an id answers the earliest call that has none yet. The turns given are not
    changed; they are returned where nothing has to be.
    """
    seen: set[str] = set()
    for turn in turns:
        for part in turn.parts:
            if isinstance(part, CallPart):
                if not part.id or part.id in seen:
                    return _renamed(turns)
                seen.add(part.id)
            elif isinstance(part, ResultPart) and not part.id:
                return _renamed(turns)
    return turns


def _renamed(turns: list[Turn]) -> list[Turn]:
    names = _Names()
    return [replace(turn, parts=[names.part(part) for part in turn.parts]) for turn in turns]


class _Names:
    """The ids so far."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._open: list[tuple[str, str]] = []  # as it came, as it is written: not yet answered

    def part(self, part: Part) -> Part:
        if isinstance(part, CallPart):
            given = part.id or ""
            written = self._own(given)
            self._open.append((given, written))
            return replace(part, id=written) if written != part.id else part
        if isinstance(part, ResultPart):
            written = self._answered(part.id or "")
            return replace(part, id=written) if written != part.id else part
        return part

    def _own(self, given: str) -> str:
        stem, number = (given, 2) if given else ("call", 0)
        written = given
        while not written or written in self._taken:
            written, number = f"{stem}_{number}", number + 1
        self._taken.add(written)
        return written

    def _answered(self, given: str) -> str:
        for at, (came, written) in enumerate(self._open):
            if not given or came == given:
                del self._open[at]
                return written
        return given or self._own(given)
