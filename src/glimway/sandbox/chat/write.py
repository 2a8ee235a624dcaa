"""An answer in chat frames, as a host family spells them.

Knows how to lay an ``Answer`` into a family's templates, whole and streamed. Refuses to know
families by name, and faults: ``chat.defects`` spoils the frames afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from glimway.sandbox import tokens
from glimway.sandbox.ask import Answer, Ask, Said
from glimway.sandbox.chat.calls import Calls
from glimway.sandbox.family import Family
from glimway.sandbox.ids import Ids
from glimway.sandbox.reply import FrameKind
from glimway.sandbox.script import Script
from glimway.sandbox.template import ABSENT, fill

Json = Any

PROMPT_TOKENS_PER_S: Final = 2_000
OUTPUT_TOKENS_PER_S: Final = 80
"""Nominal speeds behind the times that some hosts report; they are not measured."""

INPUT_USD_PER_MTOK: Final = 0.07
OUTPUT_USD_PER_MTOK: Final = 0.40
"""Prices behind the costs that some hosts report (Z.ai's list price of GLM-4.7-FlashX)."""

HUGE: Final = 2**63


class Piece(msgspec.Struct):
    """One frame before it is encoded."""

    kind: FrameKind
    frame: dict[str, Json]
    tokens: int = 0


class Writer:
    """Writes one answer.

    Args:
        ask: the request.
        answer: what the mind said to it.
        family: how the host speaks.
        script: what it does wrong with usage and calls.
    """

    def __init__(self, ask: Ask, answer: Answer, family: Family, script: Script) -> None:
        self._ask = ask
        self._answer = answer
        self._family = family
        self._script = script
        self._ids = Ids(ask.seed)
        self._values: dict[str, Json] = {
            "id": self._ids.made(family.id),
            "created": self._ids.created,
            "model": ask.model,
            **self._counts(),
        }
        self.usage: Json = fill(family.usage, self._values)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The family's own headers."""
        return tuple((name, self._ids.made(form)) for name, form in self._family.headers)

    def whole(self) -> dict[str, Json]:
        """The answer as one object."""
        family = self._family
        choices = []
        for index, said in enumerate(self._answer.choices):
            values = {**self._values, **self._said(said, index)}
            message = fill(family.message, values)
            if said.refusal:
                message["refusal"] = said.refusal
            choice = {"index": index, "message": message, "finish_reason": said.finish}
            choices.append({**choice, **fill(family.choice_finish, values)})
        made: dict[str, Json] = fill(family.whole, {**self._values, "choices": choices})
        if not self._script.has("no-usage"):
            made["usage"] = self.usage
        return {**made, **fill(family.extras, self._values)}

    def pieces(self) -> Iterator[Piece]:
        """The answer as frames; several choices take turns."""
        family = self._family
        streams = [self._choice(said, at) for at, said in enumerate(self._answer.choices)]
        left = len(streams)
        while streams:
            still = []
            for stream in streams:
                piece = next(stream, None)
                if piece is None:
                    continue
                still.append(stream)
                if piece.kind == "finish":
                    left -= 1
                    if left == 0:
                        self._last(piece)
                yield piece
            streams = still
        if self._counted() and family.usage_at == "after":
            frame = self._frame(family.usage_choices)
            frame["usage"] = self.usage
            yield Piece("usage", {**frame, **fill(family.extras, self._values)})

    def text_piece(self, text: str, index: int = 0) -> Piece:
        """A frame of text, as in a clean stream."""
        return self._piece(fill(self._family.text, {"text": text}), index, text)

    def _choice(self, said: Said, index: int) -> Iterator[Piece]:
        family = self._family
        if family.opening is not None:
            yield self._piece(fill(family.opening, {}), index, "")
        for template, text in ((family.thought, said.thought), (family.text, said.text)):
            for part in grouped(text, family.words_per_frame):
                yield self._piece(fill(template, {"text": part}), index, part)
        for part in grouped(said.refusal, family.words_per_frame):
            yield self._piece({"refusal": part}, index, part)
        for entries in self._calls(said, index).deltas():
            delta = fill(family.calls, {"calls": entries})
            yield self._piece(delta, index, entries[0]["function"].get("arguments") or "")
        for delta in family.closing:
            yield self._piece(fill(delta, {}), index, "")
        values = {**self._values, "finish": said.finish, "stopped": said.stopped}
        choice = {
            "index": index,
            "delta": fill(family.finish, {}),
            "finish_reason": said.finish,
            **fill(family.choice_finish, values),
        }
        yield Piece("finish", self._frame([choice]))

    def _last(self, piece: Piece) -> None:
        """What the last finish frame carries besides the finish."""
        at_finish = self._counted() and self._family.usage_at == "finish"
        if at_finish:
            piece.frame["usage"] = self.usage
        if at_finish or not self._counted():
            piece.frame.update(fill(self._family.extras, self._values))

    def _piece(self, delta: Json, index: int, text: str) -> Piece:
        choice: dict[str, Json] = {"index": index, "delta": delta}
        if not self._family.finish_absent:
            choice["finish_reason"] = None
        choice.update(self._family.choice)
        return Piece("content", self._frame([choice]), tokens.count(text))

    def _frame(self, choices: Json) -> dict[str, Json]:
        frame: dict[str, Json] = fill(self._family.frame, {**self._values, "choices": choices})
        null = self._family.usage_null
        if null == "always" or (null == "asked" and self._ask.usage_asked):
            frame["usage"] = None
        return frame

    def _counted(self) -> bool:
        if self._script.has("no-usage"):
            return False
        return self._ask.usage_asked or not self._family.usage_asked

    def _calls(self, said: Said, index: int) -> Calls:
        whole = self._family.calls_whole and not self._ask.tool_stream
        ids = Ids(self._ask.seed + index)
        return Calls(said.calls, self._family, self._script, ids, whole=whole)

    def _said(self, said: Said, index: int) -> dict[str, Json]:
        """The values of a whole message's template."""
        calls = self._calls(said, index).message()
        details = [
            {"type": "reasoning.text", "text": said.thought, "format": "unknown", "index": 0}
        ]
        return {
            "content": said.text if said.text or not calls else None,
            "parts": [{"type": "text", "text": said.text}] if said.text else [],
            "thought": said.thought or ABSENT,
            "thought_null": said.thought or None,
            "details": details if said.thought else ABSENT,
            "calls": calls or ABSENT,
            "calls_null": calls or None,
            "calls_list": calls,
            "finish": said.finish,
            "stopped": said.stopped,
        }

    def _counts(self) -> dict[str, Json]:
        """The values of usage templates, spoiled where the script says so."""
        spent = self._answer.spent
        fresh = spent.input - spent.cached
        counts: dict[str, Json] = {
            "input": spent.input,
            "cached": spent.cached,
            "fresh": fresh,
            "output": spent.output,
            "reasoning": spent.reasoning,
            "total": spent.input + spent.output,
        }
        if self._script.has("usage-negative"):
            counts = {name: -count - 1 for name, count in counts.items()}
        if self._script.has("usage-huge"):
            counts = dict.fromkeys(counts, HUGE)
        if self._script.has("usage-text"):
            counts = {name: str(count) for name, count in counts.items()}
        cost = spent.input * INPUT_USD_PER_MTOK + spent.output * OUTPUT_USD_PER_MTOK
        prompt_s = round(fresh / PROMPT_TOKENS_PER_S, 6)
        output_s = round(spent.output / OUTPUT_TOKENS_PER_S, 6)
        return {
            **counts,
            "cost": round(cost / 1_000_000, 10),
            "prompt_s": prompt_s,
            "output_s": output_s,
            "total_s": round(prompt_s + output_s, 6),
            "prompt_ms": round(prompt_s * 1000, 3),
            "output_ms": round(output_s * 1000, 3),
        }


def grouped(text: str, words_per_frame: int) -> Iterator[str]:
    """``text`` in frames of so many words."""
    words = tokens.words(text)
    while part := "".join(islice(words, words_per_frame)):
        yield part
