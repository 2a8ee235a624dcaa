"""Regular expressions from outside, matched in bounded time.

Knows how all ways through a pattern are followed together. Refuses to know the syntax (``syntax``
reads it); a pattern that is not understood there is not checked at all.

A backtracking matcher takes exponential time for some short patterns, and these come from callers.
Here the time is at most the pattern's states times the text's characters, taken from a budget.
Source of the method: https://swtch.com/~rsc/regexp/regexp1.html.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from glimway.wire.structured.syntax import Fits, Node, NotUnderstood, is_word, read_pattern

STATES_MAX: Final = 2_000
"""States of one pattern; counted repetitions are written out."""


class TooCostly(Exception):
    """A check took more steps than it may."""


class Steps:
    """A budget of steps.

    Args:
        left: how many may be taken.
    """

    __slots__ = ("_left",)

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, count: int) -> None:
        """Take some.

        Raises:
            TooCostly: there are not so many left.
        """
        self._left -= count
        if self._left < 0:
            raise TooCostly


class _State(NamedTuple):
    """One state: ``kind`` is ``char`` (``fits``), ``split`` (both), ``jump`` (``one``), ``done`` or
    a place: ``begin``, ``end``, ``word``, ``inside``."""

    kind: str
    one: int = 0
    two: int = 0
    fits: Fits | None = None


class Pattern:
    """A pattern, ready to be looked for.

    Args:
        states: the first one begins, ``done`` ends.
    """

    __slots__ = ("_states",)

    def __init__(self, states: list[_State]) -> None:
        self._states = states

    def found_in(self, text: str, steps: Steps) -> bool:
        """Whether it matches anywhere in the text.

        Raises:
            TooCostly: the budget is spent.
        """
        waiting: list[int] = []
        for at in range(len(text) + 1):
            # It may begin at every character.
            reached, done = self._reached([*waiting, 0], text, at, steps)
            if done:
                return True
            if at < len(text):
                char = text[at]
                states = self._states
                waiting = [
                    state.one for n in reached if (state := states[n]).fits and state.fits(char)
                ]
        return False

    def _reached(
        self, begins: list[int], text: str, at: int, steps: Steps
    ) -> tuple[list[int], bool]:
        """The states that wait for a character, and whether an end was reached."""
        seen: set[int] = set()
        waiting: list[int] = []
        todo = begins
        while todo:
            number = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            kind, one, two, _ = self._states[number]
            if kind == "done":
                return waiting, True
            if kind == "char":
                waiting.append(number)
            elif kind == "split":
                todo += (one, two)
            elif kind == "jump" or _is_at(kind, text, at):
                todo.append(one)
        steps.take(len(seen))
        return waiting, False


def _is_at(place: str, text: str, at: int) -> bool:
    if place == "begin":
        return at == 0
    if place == "end":
        return at == len(text)
    before = at > 0 and is_word(text[at - 1])
    after = at < len(text) and is_word(text[at])
    return (before != after) == (place == "word")


def pattern_of(source: str) -> Pattern | None:
    """Read a pattern; None: it is not understood, or too large to be checked."""
    maker = _Maker()
    try:
        maker.add(read_pattern(source))
    except NotUnderstood:
        return None
    return Pattern([*maker.states, _State("done")])


class _Maker:
    """Writes a tree out as states, each piece behind the one before."""

    def __init__(self) -> None:
        self.states: list[_State] = []
        self._left = 2 * STATES_MAX

    def add(self, node: Node) -> None:
        """Write a piece; the state behind it is where it leads to."""
        self._left -= 1  # also of pieces without states, which can be repeated as often
        if self._left < 0:
            raise NotUnderstood
        kind = node.kind
        if kind == "each":
            for part in node.parts:
                self.add(part)
        elif kind == "any":
            self._any(node.parts)
        elif kind == "repeat":
            self._repeat(node)
        else:
            self._state(_State(kind, len(self.states) + 1, fits=node.fits))

    def _any(self, parts: tuple[Node, ...]) -> None:
        jumps: list[int] = []
        for part in parts[:-1]:
            split = self._state(_State("split"))
            self.add(part)
            jumps.append(self._state(_State("jump")))
            self.states[split] = _State("split", split + 1, len(self.states))
        self.add(parts[-1])
        for jump in jumps:
            self.states[jump] = _State("jump", len(self.states))

    def _repeat(self, node: Node) -> None:
        (part,) = node.parts
        for _ in range(node.least):
            self.add(part)
        if node.most is None:
            split = self._state(_State("split"))
            self.add(part)
            self._state(_State("jump", split))
            self.states[split] = _State("split", split + 1, len(self.states))
            return
        splits: list[int] = []
        for _ in range(node.most - node.least):
            splits.append(self._state(_State("split")))
            self.add(part)
        for split in splits:
            self.states[split] = _State("split", split + 1, len(self.states))

    def _state(self, state: _State) -> int:
        if len(self.states) >= STATES_MAX:
            raise NotUnderstood
        self.states.append(state)
        return len(self.states) - 1
