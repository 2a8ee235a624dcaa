"""Providers that mark whatever they say, and go wrong in any way at any place, by a seed.

Knows how one answer is written, framed, cut and broken. Refuses to know what the gateway makes of
it. The same seed makes the same parts: what a provider does depends on the run's seed, its own
letter, and how often this run has asked it before.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drills.tongues import TONGUES, Tongue
from kit import answers
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from kit.splits import seeded_cuts
from kit.steps import Close, Pause, Reset, Step, WaitForClose

LETTERS = "abc"

_WORDS = re.compile(rb"run (\d+) of seed (\d+)\.")
_FILLING = (" and", " so", ", é", " \u2028", ' "', "\\n", "\n", "\t", " 你好", " 🙂", "data: ", "")
_STATUSES = (400, 401, 402, 404, 408, 429, 429, 500, 500, 502, 503, 529)

SLOW_S = (0.02, 0.25)
"""How late an answer begins that begins late."""
GAP_S = (0.02, 0.12)
"""Between two frames of an answer that is slow."""
QUICK_S = 0.03
"""How long an answer takes from whose like the usual pace is learnt."""
TEXTS_MAX = 12
CUTS_MAX = 24
WELL = 0.4
"""How many answers have no fault."""


def asking(number: int, seed: int) -> str:
    """The words by which a run reaches its providers."""
    return f"run {number} of seed {seed}."


@dataclass(frozen=True)
class Part:
    """What one provider says to one request."""

    name: str
    """How it goes wrong, or ``well``."""
    texts: tuple[str, ...]
    """What it would say were it well."""
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Role:
    """Who says what to whom; what parts are made from."""

    chance: random.Random
    tongue: Tongue
    stream: bool
    texts: tuple[str, ...]

    def part(self) -> Part:
        """What is done."""
        chance = self.chance
        if chance.random() < WELL:
            name = "well"
        else:
            name = chance.choice(list(BEFORE if chance.random() < 0.3 else AMIDST))
        steps = (BEFORE.get(name) or AMIDST[name])(self)
        if chance.random() < 0.2:
            name += ", late"
            steps = [Pause(chance.uniform(*SLOW_S)), *steps]
        return Part(name, self.texts, tuple(steps))

    # --- the body ---------------------------------------------------------------------------------

    def frames(self) -> list[bytes]:
        """What a good answer is made of; one piece where it is not streamed."""
        if self.stream:
            return self.tongue.stream(self.texts).frames
        return [json.dumps(self.tongue.whole("".join(self.texts))).encode()]

    def styled(self, frames: Sequence[bytes]) -> bytes:
        """The frames with the freedoms that event streams have."""
        if not self.stream:
            return b"".join(frames)
        chatty = self.chance.random() < 0.2
        data = b"".join(
            (b": still here\n\n" if chatty and self.chance.random() < 0.3 else b"") + frame
            for frame in frames
        )
        return data.replace(b"\n", b"\r\n") if self.chance.random() < 0.2 else data

    def sent(self, body: bytes, until: int | None = None) -> list[Step]:
        """The body in pieces of any size, up to byte ``until`` and then nothing; None: to its end.

        How its end is told (a length, chunks, the connection's end) is up to chance.
        """
        chance = self.chance
        framing: answers.Framing = chance.choice(("length", "chunked", "chunked", "close"))
        told = {
            "length": {"content-length": str(len(body))},
            "chunked": {"transfer-encoding": "chunked"},
            "close": {"connection": "close"},
        }[framing]
        steps: list[Step] = [answers.head(200, {**self._kind, **told})]
        data = body if until is None else body[:until]
        pause_s = chance.choice((0.0, 0.0, 0.0, 0.002, 0.01))
        cuts = min(chance.choice((0, 2, CUTS_MAX)), max(len(data) - 1, 0))
        for piece in seeded_cuts(data, chance.randrange(1 << 30), cuts) if data else []:
            steps.append(answers.chunk(piece) if framing == "chunked" else piece)
            if pause_s and chance.random() < 0.3:
                steps.append(Pause(pause_s))
        if until is None and framing != "length":
            steps.append(answers.LAST_CHUNK if framing == "chunked" else Close())
        return steps

    def slowly(self) -> list[Step]:
        """A good answer, frame by frame, with time between."""
        pause = Pause(self.chance.uniform(*GAP_S))
        steps: list[Step] = [answers.head(200, {**self._kind, "transfer-encoding": "chunked"})]
        for frame in self.frames():
            steps += [answers.chunk(frame), pause]
        return [*steps, answers.LAST_CHUNK]

    @property
    def _kind(self) -> dict[str, str]:
        return {"content-type": "text/event-stream" if self.stream else "application/json"}

    def broken(self, end: Step) -> list[Step]:
        """A good answer up to any byte, and then an end that is none."""
        body = self.styled(self.frames())
        return [*self.sent(body, self.chance.randrange(len(body))), end]

    def with_frame(self, wrong: Callable[[bytes], bytes]) -> list[Step]:
        """A good answer of which one frame, any, is replaced; the others follow all the same."""
        frames = self.frames()
        at = self.chance.randrange(len(frames))
        frames[at] = wrong(frames[at])
        return self.sent(self.styled(frames))

    def error(self, _frame: bytes) -> bytes:
        """An error where something else should be."""
        if self.stream:
            return self.tongue.error("engine lost")
        return b'{"error":{"message":"engine lost","code":500}}'

    def refusal(self) -> list[Step]:
        """An answer that is none, by its status."""
        status = self.chance.choice(_STATUSES)
        headers = {"retry-after": "1"} if status == 429 and self.chance.random() < 0.3 else {}
        return [answers.error(status, "not now", headers)]


def _mangled(frame: bytes) -> bytes:
    return frame.rstrip()[:-3] + frame[len(frame.rstrip()) :]


Fault = Callable[[Role], list[Step]]

BEFORE: dict[str, Fault] = {
    "reset at once": lambda _role: [Reset()],
    "closed at once": lambda _role: [Close()],
    "silent": lambda _role: [WaitForClose()],
    "refused": Role.refusal,
    "a web page": lambda _role: [
        answers.whole(b"<html>hello</html>", 200, {"content-type": "text/html"})
    ],
    "nothing": lambda role: role.sent(b""),
}
"""Before any of the answer."""
AMIDST: dict[str, Fault] = {
    "well": lambda role: role.sent(role.styled(role.frames())),
    "well, but slow": Role.slowly,
    "cut": lambda role: role.broken(Close()),
    "reset": lambda role: role.broken(Reset()),
    "stalled": lambda role: role.broken(WaitForClose()),
    "malformed": lambda role: role.with_frame(_mangled),
    "an error inside": lambda role: role.with_frame(role.error),
}
"""At any place of it."""


class Player:
    """One of the providers.

    Args:
        letter: its mark.
        quick: words in a request that is answered well at once.
    """

    def __init__(self, letter: str, quick: bytes) -> None:
        self.letter = letter
        self.provider = ScriptedProvider()
        self.provider.always_by(self._play)
        self.parts: dict[tuple[int, int], Part] = {}
        """By the number of the run, and how often it had asked before."""
        self._asked: Counter[int] = Counter()
        self._quick = quick

    def _play(self, request: Recorded) -> Sequence[Step]:
        tongue = next(one for one in TONGUES.values() if request.target.endswith(one.path))
        found = _WORDS.search(request.raw)
        if found is None:
            assert self._quick in request.raw, request.raw
            first, *more = answers.stream(tongue.stream(["quick", " and done"]).frames)
            return [first, *more[:-3], Pause(QUICK_S), *more[-3:]]
        number, seed = int(found[1]), int(found[2])
        nth = self._asked[number]
        self._asked[number] += 1
        chance = random.Random(f"{seed}/{self.letter}/{nth}")
        texts = tuple(
            f"<{self.letter}{number}.{nth}.{index}>" + chance.choice(_FILLING)
            for index in range(chance.randint(1, TEXTS_MAX))
        )
        role = Role(chance, tongue, b'"stream":true' in request.body, texts)
        part = self.parts[number, nth] = role.part()
        return part.steps


def whose(text: str) -> tuple[str, int, int] | None:
    """The letter, the run's number and the count of the mark at the text's start; None: no mark."""
    found = re.match(r"<([a-z])(\d+)\.(\d+)\.", text)
    return None if found is None else (found[1], int(found[2]), int(found[3]))


def is_part_of(text: str, texts: Sequence[str]) -> bool:
    """Whether a text is the first of these texts, or the first two, and so on; or nothing."""
    return any(text == "".join(texts[:count]) for count in range(len(texts) + 1))
