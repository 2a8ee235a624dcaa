"""Turns of other dialects as chat's messages have them.

Knows that results follow their calls and stand before what the user says beside them, that a
result is text and its images go to the user's message behind, and that a message has one thought.
Refuses to know what a host reads: ``messages`` writes the turns by its quirks.

Sources: vLLM's translation of Messages puts images between two results, and strict hosts refuse
that; LiteLLM lost them (github.com/BerriAI/litellm/issues/23712).
"""

from __future__ import annotations

from msgspec.structs import replace

from glimway.wire.chat.foreign.content import API, at_home
from glimway.wire.chat.foreign.wrapping import wrapped
from glimway.wire.losing import end, hold_to_an_end
from glimway.wire.talk import (
    CallPart,
    FilePart,
    ImagePart,
    OpaquePart,
    Part,
    ResultPart,
    TextPart,
    ThoughtPart,
    Turn,
)

BETWEEN = "\n\n"
"""Between pieces of text, or thoughts, that become one."""
FAILED = "Error: "
"""Opens the result of a tool that failed: the dialect has no flag for it."""
OF_RESULTS = "From the tool results above:"
"""Opens a message with images that tools answered."""
_INSTRUCTING = ("system", "developer")
STAND_INS = {ImagePart: "[image]", FilePart: "[file]"}
"""What a result says in the place of what cannot stand in it."""


def turns_at_home(turns: list[Turn], adjusted: list[str]) -> list[Turn]:
    """The conversation as chat lays it out. The turns given are not changed.

    Raises:
        Refusal: ``unsupported``: the model must read something that cannot be sent.
    """
    layout = _Layout(adjusted)
    for group in _groups(_kept(turns, adjusted)):
        # In one message results stand first, whatever is said beside them.
        for turn in sorted(group, key=lambda one: one.role != "tool"):
            layout.add(turn)
    layout.flush()
    written = layout.turns
    if written and written[-1].role == "assistant" and not written[-1].parts:
        written.pop()  # nothing was said: the turn is still the model's
    hold_to_an_end(turns, API)
    if _asks(turns) and not _asks(written):
        end("", API)
    return written


def _kept(turns: list[Turn], adjusted: list[str]) -> list[Turn]:
    """The turns of which something can be written. Where the first of a message is gone, the next
    one begins it: it must not join the message before."""
    kept: list[Turn] = []
    begins = True
    for turn in turns:
        begins = begins or not turn.joined
        if not _gone(turn, adjusted):
            kept.append(replace(turn, joined=False) if begins and turn.joined else turn)
            begins = False
    return kept


def _gone(turn: Turn, adjusted: list[str]) -> bool:
    """Whether nothing of a turn can be written; what stands beside it is then neighbours."""
    if turn.role == "assistant" or not turn.parts:
        return False
    return all(
        isinstance(part, OpaquePart) and at_home(part, adjusted) is None for part in turn.parts
    )


def _asks(turns: list[Turn]) -> bool:
    """Whether there is more than instructions."""
    return any(turn.role not in _INSTRUCTING for turn in turns)


def _groups(turns: list[Turn]) -> list[list[Turn]]:
    """Turns by message; neighbours of the assistant are one, because what stands between a call
    and its result is refused by strict hosts."""
    groups: list[list[Turn]] = []
    for turn in turns:
        last = groups[-1][-1] if groups else None
        if last is not None and last.role == turn.role == "assistant":
            groups[-1][-1] = Turn("assistant", [*last.parts, *turn.parts], name=last.name)
        elif turn.joined and groups:
            groups[-1].append(turn)
        else:
            groups.append([turn])
    return groups


class _Layout:
    """Turns while they are laid out."""

    def __init__(self, adjusted: list[str]) -> None:
        self.turns: list[Turn] = []
        self._adjusted = adjusted
        self._seen: list[Part] = []  # what the results so far cannot hold
        self._open: list[str] = []  # ids of calls that have no result yet
        self._calls = 0

    def add(self, turn: Turn) -> None:
        if turn.role == "assistant":
            self.flush()
            self._assistant(turn)
            return
        said: list[Part] = []
        for part in turn.parts:
            if isinstance(part, ResultPart):
                self._result(part, turn.name)
            elif not isinstance(part, ThoughtPart | CallPart):
                written = at_home(part, self._adjusted)
                if written is not None:
                    said.append(written)
        if turn.role == "tool":
            self._seen += said
        elif said or not turn.parts:
            self._say(turn, said)

    def flush(self) -> None:
        """Let the user say what the results could not hold."""
        if self._seen:
            parts, self._seen = [TextPart(OF_RESULTS), *self._seen], []
            self.turns.append(Turn("user", parts, "parts"))

    def _say(self, turn: Turn, said: list[Part]) -> None:
        last = self.turns[-1] if self.turns else None
        if turn.role == "user" and self._seen:
            self.flush()
            last = self.turns[-1]
            last.parts += said
            return
        self.flush()
        if turn.joined and last is not None and last.role == turn.role and last.name == turn.name:
            last.parts += said
            last.form = "parts"
            return
        plain = len(said) == 1 and isinstance(said[0], TextPart)
        form = "text" if plain or not said else "parts"
        self.turns.append(Turn(turn.role, said, form, turn.name))  # type: ignore[arg-type]

    # ---- the assistant ----------------------------------------------------------------------

    def _assistant(self, turn: Turn) -> None:
        thoughts: list[str] = []
        said: list[Part] = []
        calls: list[CallPart] = []
        results: list[ResultPart] = []
        for part in turn.parts:
            if isinstance(part, ThoughtPart):
                if part.text:
                    thoughts.append(part.text)
                elif part.sealed is not None or part.signature is not None:
                    self._adjusted.append("sealed thinking left out")
            elif isinstance(part, CallPart):
                calls.append(self._call(part))
            elif isinstance(part, ResultPart):
                results.append(part)
            else:
                written = at_home(part, self._adjusted)
                if written is not None and not (isinstance(written, TextPart) and not written.text):
                    said.append(written)
        # Without text a message still has content: some chat templates print a null.
        form = (
            "parts" if len(said) > 1 or not all(isinstance(p, TextPart) for p in said) else "text"
        )
        parts: list[Part] = []
        if thoughts:
            parts.append(ThoughtPart(BETWEEN.join(thoughts)))
        parts += said
        parts += calls
        self.turns.append(Turn("assistant", parts, form, turn.name))  # type: ignore[arg-type]
        for result in results:
            self._result(result, None)

    def _call(self, part: CallPart) -> CallPart:
        call_id = part.id
        if call_id is None:
            call_id = f"call_{self._calls}"
        self._calls += 1
        self._open.append(call_id)
        if part.kind != "function":
            return CallPart(call_id, part.name, wrapped(part.arguments))
        return CallPart(call_id, part.name, part.arguments if part.arguments.strip() else "{}")

    def _result(self, part: ResultPart, name: str | None) -> None:
        call_id = part.id
        if call_id is None:
            call_id = self._open[0] if self._open else f"call_{self._calls}"
        if call_id in self._open:
            self._open.remove(call_id)
        texts: list[str] = []
        for inner in part.content:
            written = at_home(inner, self._adjusted)
            if isinstance(written, TextPart):
                texts.append(written.text)
            elif written is not None:
                texts.append(STAND_INS[type(written)])
                self._seen.append(written)
        text = (FAILED if part.is_error else "") + BETWEEN.join(texts)
        self.turns.append(Turn("tool", [ResultPart(call_id, [TextPart(text)])], name=name))
