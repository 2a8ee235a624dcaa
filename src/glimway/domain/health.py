"""Which endpoints are well, judged by the requests they get.

Knows, for each endpoint that failed lately, how often in a row, its share of failures in a window,
how long it rests, and whether a request is under way to see if it is well again. Refuses to know a
clock (``now_s`` is any clock that does not jump), routes and requests.

The life of an endpoint: *well*; after too many faults it *rests* (no route begins there while
another endpoint is well); when the rest is over it is *tried* by one request at a time; an answer
makes it well, a fault makes it rest twice as long. The last endpoint of a route is never taken
away: whoever finds all of them resting asks one nevertheless (``begin(..., anyway=True)``), and an
answer to that makes it well at once.

How it is used, around every attempt::

    leave = health.begin(endpoint_id, now_s)  # "well", "try", or None: take another
    health.answered(endpoint_id, leave, now_s)  # its first real frame (or whole answer) has come
    health.failed(endpoint_id, leave, fault, now_s)
    health.left(endpoint_id, leave)  # nobody waited for it: no verdict

A plan reads ``changes`` (grows when any endpoint's state does), ``due_s`` (call ``tick`` from then
on) and ``resting(endpoint_id)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Final, Literal, NamedTuple

import msgspec

from glimway.domain.cooldown import FAILURES_IN_A_ROW, RESTS, Rest, at_once, blames_endpoint, rest_s
from glimway.wire.refusal import Fault, FaultKind

Leave = Literal["well", "try", "anyway"]
"""On what terms a request goes to an endpoint."""

TRY_S_MAX: Final = 30.0
"""A try that has not ended by then no longer keeps others from trying."""
PULSES_MAX: Final = 4096
"""Endpoints with a state; the oldest one that is well is forgotten for one more."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """When an endpoint must rest.

    Args:
        in_a_row: faults without an answer between.
        window_s: of the failure rate; two half windows are kept.
        volume_min: fewer requests in the window say nothing.
        failures_percent: the share of faults in the window that is too much.
        forgiven_s: after so long in health the next cooldown is a first one again.
        rests: how long it rests, by the kind of its fault.
    """

    in_a_row: int = FAILURES_IN_A_ROW
    window_s: float = 30.0
    volume_min: int = 20
    failures_percent: int = 50
    forgiven_s: float = 300.0
    rests: Mapping[FaultKind, Rest] = msgspec.field(default_factory=lambda: RESTS)


class Resting(NamedTuple):
    """Why an endpoint is left alone.

    Args:
        words: for people.
        until_s: when its rest ends; 0 while it is tried.
        kind: the fault that made it rest; None while it is tried.
        asked: the provider itself asked for this rest.
    """

    words: str
    until_s: float
    kind: FaultKind | None = None
    asked: bool = False


class _Pulse:
    """The state of one endpoint that failed at least once."""

    __slots__ = (
        "answers",
        "answers_before",
        "asked",
        "failures",
        "failures_before",
        "kind",
        "level",
        "row",
        "since_s",
        "state",
        "tried_s",
        "until_s",
        "well_s",
        "words",
    )

    def __init__(self, now_s: float) -> None:
        self.state: Literal["well", "rests", "due"] = "well"
        self.row = 0
        self.answers = self.failures = 0
        self.answers_before = self.failures_before = 0
        self.since_s = now_s
        self.level = 0
        self.until_s = 0.0
        self.tried_s = -inf
        """When the try under way began; ``-inf``: none is."""
        self.well_s = now_s
        self.words = ""
        self.kind: FaultKind | None = None
        self.asked = False

    def note(self, now_s: float, half_s: float, *, failed: bool) -> None:
        """Count a request in the window."""
        passed_s = now_s - self.since_s
        if passed_s >= half_s:
            near = passed_s < 2 * half_s
            self.answers_before = self.answers if near else 0
            self.failures_before = self.failures if near else 0
            self.answers = self.failures = 0
            self.since_s = now_s
        self.answers += 1
        self.failures += failed


class Health:
    """The state of all endpoints.

    Args:
        rules: when an endpoint must rest.
    """

    __slots__ = ("_half_s", "_pulses", "_resting", "changes", "due_s", "rules")

    def __init__(self, rules: Rules = Rules()) -> None:  # noqa: B008 - frozen
        self.rules = rules
        self._half_s = rules.window_s / 2
        self._pulses: dict[str, _Pulse] = {}
        self._resting: set[str] = set()
        """Those that are not well."""
        self.changes = 0
        self.due_s = inf

    # ---- what plans read --------------------------------------------------------------------

    def resting(self, endpoint: str) -> Resting | None:
        """Why no route should begin there; None: it may (it is well, or waits to be tried)."""
        if endpoint not in self._resting:
            return None
        pulse = self._pulses[endpoint]
        if pulse.state == "rests":
            return Resting(pulse.words, pulse.until_s, pulse.kind, pulse.asked)
        if pulse.tried_s > -inf:
            return Resting("one request is finding out whether it is well again", 0.0)
        return None

    def sound(self, endpoint: str) -> bool:
        """Whether nothing speaks against it: it is well and its last request did not fail."""
        pulse = self._pulses.get(endpoint)
        return pulse is None or (pulse.state == "well" and not pulse.row)

    def tick(self, now_s: float) -> None:
        """End the rests whose time is over, and tries that nobody told the end of."""
        due_s = inf
        for endpoint in self._resting:
            pulse = self._pulses[endpoint]
            if pulse.state == "rests":
                if pulse.until_s > now_s:
                    due_s = min(due_s, pulse.until_s)
                    continue
                pulse.state = "due"
                self.changes += 1
            if pulse.tried_s > -inf:
                if pulse.tried_s + TRY_S_MAX <= now_s:
                    pulse.tried_s = -inf
                    self.changes += 1
                else:
                    due_s = min(due_s, pulse.tried_s + TRY_S_MAX)
        self.due_s = due_s

    # ---- what attempts tell -----------------------------------------------------------------

    def begin(self, endpoint: str, now_s: float, *, anyway: bool = False) -> Leave | None:
        """Ask to send a request; every leave is followed by one of the three reports.

        Args:
            endpoint: its id.
            now_s: the time.
            anyway: nobody else is left, so it is asked even while it rests.

        Returns:
            None: it rests, or is being tried.
        """
        if endpoint not in self._resting:
            return "well"
        if now_s >= self.due_s:
            self.tick(now_s)
        pulse = self._pulses[endpoint]
        if pulse.state == "due" and pulse.tried_s == -inf:
            pulse.tried_s = now_s
            self.due_s = min(self.due_s, now_s + TRY_S_MAX)
            self.changes += 1
            return "try"
        return "anyway" if anyway else None

    def answered(self, endpoint: str, leave: Leave, now_s: float) -> None:
        """It gave a first real frame or a whole answer."""
        pulse = self._pulses.get(endpoint)
        if pulse is None:
            return
        pulse.note(now_s, self._half_s, failed=False)
        pulse.row = 0
        if leave != "well" and pulse.state != "well":
            self._recover(endpoint, pulse, now_s)

    def failed(self, endpoint: str, leave: Leave, fault: Fault, now_s: float) -> None:
        """It failed, before or after its first real frame.

        A fault that says nothing of the endpoint shows that it is there, so it ends a try well.
        A request that was sent before the rest began does not make the rest longer.
        """
        if not blames_endpoint(fault):
            if leave == "try":
                self.answered(endpoint, leave, now_s)
            return
        pulse = self._pulses.get(endpoint)
        if pulse is None:
            pulse = self._new(endpoint, now_s)
        pulse.row += 1
        pulse.note(now_s, self._half_s, failed=True)
        if pulse.state != "well":
            if leave == "try":
                pulse.tried_s = -inf
                self._rest(endpoint, pulse, fault, now_s)
        elif at_once(fault) or pulse.row >= self.rules.in_a_row or self._too_often(pulse):
            self._rest(endpoint, pulse, fault, now_s)

    def left(self, endpoint: str, leave: Leave) -> None:
        """The request was taken back: the client left, or another answer was quicker."""
        pulse = self._pulses.get(endpoint)
        if pulse is not None and leave == "try" and pulse.tried_s > -inf:
            pulse.tried_s = -inf
            self.changes += 1

    def forget(self, endpoint: str) -> None:
        """Its provider was configured anew: what it did before says nothing."""
        if self._pulses.pop(endpoint, None) is not None:
            self._resting.discard(endpoint)
            self.changes += 1

    # ---- inside -----------------------------------------------------------------------------

    def _too_often(self, pulse: _Pulse) -> bool:
        answers = pulse.answers + pulse.answers_before
        failures = pulse.failures + pulse.failures_before
        rules = self.rules
        return answers >= rules.volume_min and failures * 100 >= rules.failures_percent * answers

    def _rest(self, endpoint: str, pulse: _Pulse, fault: Fault, now_s: float) -> None:
        if pulse.state == "well" and now_s - pulse.well_s >= self.rules.forgiven_s:
            pulse.level = 0
        pulse.until_s = now_s + rest_s(fault, pulse.level, self.rules.rests)
        pulse.level += 1
        pulse.state = "rests"
        pulse.words = RESTS[fault.kind].words
        pulse.kind = fault.kind
        pulse.asked = fault.retry_after_s is not None
        pulse.answers = pulse.failures = pulse.answers_before = pulse.failures_before = 0
        self._resting.add(endpoint)
        self.due_s = min(self.due_s, pulse.until_s)
        self.changes += 1

    def _recover(self, endpoint: str, pulse: _Pulse, now_s: float) -> None:
        pulse.state = "well"
        pulse.tried_s = -inf
        pulse.well_s = now_s
        self._resting.discard(endpoint)
        self.changes += 1

    def _new(self, endpoint: str, now_s: float) -> _Pulse:
        if len(self._pulses) >= PULSES_MAX:
            well = next((name for name in self._pulses if name not in self._resting), None)
            self.forget(well if well is not None else next(iter(self._pulses)))
        pulse = self._pulses[endpoint] = _Pulse(now_s)
        return pulse
