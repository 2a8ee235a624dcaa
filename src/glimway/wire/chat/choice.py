"""One choice of a provider's answer: what it has said so far.

Knows text, thinking, refusals, tool calls and the reason of the end. Refuses to know frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from glimway.wire.chat.calls import Calls
from glimway.wire.chat.citing import annotated
from glimway.wire.chat.healing.declared import Declared, declared
from glimway.wire.chat.healing.sieve import Needs, Sieve, needs
from glimway.wire.chat.spoken import members_of, spoken
from glimway.wire.events import Declined, Event, Opaque, Stop, StopReason
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.talk import Call

_KNOWN = frozenset({"role", "content", "reasoning_content", "reasoning", "tool_calls", "refusal"})

STOP_REASONS: dict[str, StopReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "sensitive": "content_filter",  # Z.ai: the client should retract the text
    "network_error": "error",  # Z.ai: inference failed
    "error": "error",  # OpenRouter
    "abort": "error",  # vLLM and SGLang: the request was taken away from the engine
    "model_context_window_exceeded": "context",  # Z.ai
}

_MET = ("stop_reason", "matched_stop")
"""Where vLLM and SGLang say which stop string ended the answer; other hosts do not say."""

_CUTS = frozenset({"length", "context", "content_filter"})
"""Reasons that may end an answer in the middle of a tool call."""


class Setting(msgspec.Struct, frozen=True):
    """What all choices of one answer share."""

    stem: str
    tools: Declared | None
    needs: Needs
    members: tuple[str, ...]
    reasons: dict[str, StopReason]
    cites: bool = False
    """The client's dialect has its own place for sources."""
    stops: Sequence[str] = ()
    """Stop strings of the request."""


def setting(quirks: Quirks, stem: str, call: Call | None) -> Setting:
    """What a host's quirks and a request mean for every choice."""
    tools = declared(call)
    return Setting(
        stem,
        tools,
        needs(quirks, call, tools),
        members_of(quirks.reasoning_out),
        {**STOP_REASONS, **quirks.finish_reasons} if quirks.finish_reasons else STOP_REASONS,
        call is not None and call.dialect != "chat",
        () if call is None else call.stop,
    )


class Choice:
    """One choice.

    Args:
        index: the choice's.
        setting: what all choices share.
    """

    __slots__ = ("_calls", "_index", "_sequence", "_setting", "_stop", "sieve")

    def __init__(self, index: int, setting: Setting) -> None:
        self._index = index
        self._setting = setting
        self._calls = Calls(index, setting.stem, setting.tools)
        self._stop: str | None = None
        self._sequence: str | None = None
        self.sieve = Sieve(index, self._calls, setting.needs)

    def say(self, thought: str | None, text: str | None, events: list[Event]) -> None:
        """Thinking and text of a frame that has nothing else."""
        if self._stop is not None:
            return  # the answer has ended: what still comes belongs to nobody
        if thought:
            self.sieve.thought(thought, events)
        if text:
            self.sieve.text(text, events)

    def delta(self, delta: dict[str, Any], events: list[Event]) -> None:
        """A delta of any kind."""
        if self._stop is None:
            thought, text, rest = spoken(delta, self._setting.members, _KNOWN)
            if thought:
                self.sieve.thought(thought, events)
            if text:
                self.sieve.text(text, events)
            self._more(delta, rest, "delta", events)

    def message(self, message: dict[str, Any], finish: Any, events: list[Event]) -> None:
        """The message of a whole reply, with its raw ``finish_reason``."""
        thought, text, rest = spoken(message, self._setting.members, _KNOWN)
        if thought:
            self.sieve.thought(thought, events)
        if text:
            self.sieve.whole(text, events, cut=self._reason(str(finish)) in _CUTS)
        self._more(message, rest, "message", events)

    def stop(self, finish: Any, choice: dict[str, Any]) -> None:
        """The ``finish_reason`` of a frame, beside its other members; the first that says something
        counts."""
        if self._stop is None and type(finish) is str and finish:
            self._stop = finish
            for name in _MET:
                if choice.get(name) in self._setting.stops:
                    self._sequence = choice[name]
            self.sieve.busy = True  # whatever follows must come past ``say``

    def end(self, events: list[Event]) -> None:
        """The answer is complete: what was held back, ``{}`` for empty arguments, the reason.

        Raises:
            Fault: ``broken`` when it did not end properly.
        """
        if self._stop is None:
            raise Fault("broken", "the answer ended without a finish_reason")
        reason = self._reason(self._stop)
        if reason == "error":
            raise Fault("broken", f"the provider ended the answer with {self._stop!r}")
        cut = reason in _CUTS
        self.sieve.end(events, cut=cut)
        self._calls.close(events, cut=cut)
        if len(self._calls) and reason == "stop":
            reason = "tool_calls"
        elif reason == "tool_calls" and not len(self._calls):
            reason = "stop"
        sequence = self._sequence if reason == "stop" else None
        events.append(Stop(reason, self._index, self._stop, sequence))

    def _reason(self, finish: str) -> StopReason:
        reasons = self._setting.reasons
        return reasons.get(finish) or reasons.get(finish.lower(), "stop")

    def _more(
        self,
        delta: dict[str, Any],
        rest: dict[str, Any] | None,
        place: Literal["delta", "message"],
        events: list[Event],
    ) -> None:
        declined = delta.get("refusal")
        if type(declined) is str and declined:
            if self.sieve.busy:
                self.sieve.pause(events)  # what is held back was said before
            events.append(Declined(declined, self._index))
        calls = delta.get("tool_calls")
        if type(calls) is list and calls:
            if self.sieve.busy:
                self.sieve.pause(events)
            self._calls.feed(calls, events)
        if rest:
            events.append(Opaque(place, rest, self._index))
            if self._setting.cites and "annotations" in rest:
                events += annotated(rest["annotations"], self._index)
