"""One request on its way through its plan: which endpoint is next, when, and why.

Knows what was tried and what failed. Refuses to call anyone, and to go on after the first real
frame: ``answered`` is the end of it.

The rules: so many tries at most. A fault that another endpoint may not have goes on to the
next one of the plan at once, and where all have failed, to those that rest since they failed
lately: one of them may be well again. Where no other is left, the same endpoint is tried again
after a jittered wait, if its fault may pass. All ask the budget; an endpoint that rests is passed
over before, unless all of them do: then one is asked all the same, once.
"""

from __future__ import annotations

from glimway.domain.endpoint import Endpoint
from glimway.domain.health import Health, Leave
from glimway.domain.retry import ATTEMPTS_MAX, PATIENCE, Patience, RetryBudget, again, backoff_s
from glimway.domain.routing.route import Plan
from glimway.domain.routing.steps import Rival, Step
from glimway.domain.routing.telling import worst
from glimway.wire.refusal import Fault


class Course:
    """The tries of one request, one after another; two at a time where a second races the first
    (``race`` until ``overtook``, ``outlasted`` or a failure of either).

    Args:
        plan: where it may go.
        health: learns how each try ended.
        budget: is asked before each try but the first.
        attempts_max: tries, all endpoints together.
        patience: how long to wait between two tries at the same endpoint.
    """

    __slots__ = (
        "_at", "_attempts_max", "_before", "_budget", "_faults", "_health", "_leave", "_patience",
        "_plan", "_rival", "_spent", "_tries", "endpoint",
    )  # fmt: skip

    def __init__(
        self,
        plan: Plan,
        health: Health,
        budget: RetryBudget,
        attempts_max: int = ATTEMPTS_MAX,
        patience: Patience = PATIENCE,
    ) -> None:
        self._plan = plan
        self._attempts_max = attempts_max
        self._patience = patience
        self._health = health
        self._budget = budget
        self._at = 0
        self._before: tuple[Endpoint, Fault] | None = None  # who was asked before the spare ones
        self._tries = 0
        self._leave: Leave | None = None
        self._faults: list[Fault] = []
        self._rival: Rival | None = None
        self._spent = -1
        """The place in the plan that was asked out of turn, to race another."""
        self.endpoint = plan.endpoints[0]
        """Who is called now."""

    def begin(self, now_s: float) -> Step:
        """The first try. Exactly one of ``answered``, ``failed`` and ``left`` follows each step."""
        self._budget.began()
        self._tries = 1
        first = self._plan.endpoints[0]
        leave = self._health.begin(first.id, now_s)
        if leave is not None:
            self._leave = leave
            return Step(first, 0.0, "")
        # Its state has changed since the plan was made, or nobody is well.
        found = self._next(0, now_s)
        if found is None:
            self._leave = self._health.begin(first.id, now_s, anyway=True)
            return Step(first, 0.0, "asked although it rests: nobody else is left")
        return Step(found, 0.0, f"{first.id} rests")

    def answered(self, now_s: float) -> None:
        """The first real frame (or the whole answer) has come."""
        if self._leave is not None:
            self._health.answered(self.endpoint.id, self._leave, now_s)
            self._leave = None
        self._budget.answered()

    def left(self) -> None:
        """Nobody waits any more; harmless after any other report."""
        if self._leave is not None:
            self._health.left(self.endpoint.id, self._leave)
            self._leave = None
        self.outlasted()

    # ---- two at a time ----------------------------------------------------------------------

    def race(self, now_s: float, why: str) -> Step | None:
        """Send the same request once more, beside the one that is under way.

        It goes to the next endpoint that nothing speaks against and that costs the caller no more
        than the plan's first ones do; else to the same one again. It counts as a try, and the
        retry budget must allow it. One of ``overtook``, ``outlasted``, ``rival_failed`` and
        ``lead_failed`` follows, or ``left``. ``why`` is for the receipt.
        """
        if self._rival is not None or self._tries >= self._attempts_max:
            return None
        place = self._beside(now_s)
        if place is None or not self._budget.take(now_s, sound=False):
            return None
        endpoint = self._plan.endpoints[place]
        if place != self._at:
            self._spent = place
        self._rival = Rival(endpoint, "well")
        self._tries += 1
        return Step(endpoint, 0.0, why)

    def overtook(self) -> None:
        """The second gave the first real frame; nobody waits for the first any more."""
        rival, lead, leave = self._rival, self.endpoint, self._leave
        assert rival is not None  # noqa: S101 - it has answered
        if leave is not None:
            self._health.left(lead.id, leave)
        self._rival = None
        self.endpoint, self._leave = rival

    def outlasted(self) -> None:
        """Nobody waits for the second any more; harmless where there is none."""
        if self._rival is not None:
            self._health.left(self._rival.endpoint.id, self._rival.leave)
            self._rival = None

    def lead_failed(self, fault: Fault, now_s: float, blamed: Fault | None) -> None:
        """The first of two failed: the second is now the one that is under way.

        Args:
            fault: how.
            now_s: the time.
            blamed: what that says of its endpoint; None: nothing, since only a key is at fault.
        """
        rival, leave = self._rival, self._leave
        assert rival is not None  # noqa: S101 - else ``failed`` is the word
        if leave is not None:
            self._judge(self.endpoint, leave, blamed, now_s)
        self._faults.append(fault)
        self._rival = None
        self.endpoint, self._leave = rival

    def rival_failed(self, now_s: float, blamed: Fault | None) -> None:
        """The second of two failed, which takes nothing from the first; ``blamed`` as above."""
        rival = self._rival
        assert rival is not None  # noqa: S101 - it has failed
        self._judge(rival.endpoint, rival.leave, blamed, now_s)
        self._rival = None

    def _judge(self, endpoint: Endpoint, leave: Leave, blamed: Fault | None, now_s: float) -> None:
        if blamed is None or endpoint.passed:
            self._health.left(endpoint.id, leave)
        else:
            self._health.failed(endpoint.id, leave, blamed, now_s)

    def _beside(self, now_s: float) -> int | None:
        """Where in the plan a second request may go."""
        plan, health = self._plan, self._health
        if plan.resting or self._at >= len(plan.endpoints):
            return None
        most = plan.candidates[self._at].cost.reference
        for place in range(self._at + 1, len(plan.endpoints)):
            affordable = (
                place < plan.band
                or plan.basis != "policy"
                or plan.candidates[place].cost.reference <= most
            )
            endpoint = plan.endpoints[place]
            if affordable and health.sound(endpoint.id):
                return place
        return self._at if self._leave == "well" else None

    # ---- one at a time ----------------------------------------------------------------------

    def failed(self, fault: Fault, now_s: float, chance: float) -> Step | None:
        """The try failed before its first real frame.

        Args:
            fault: how.
            now_s: the time.
            chance: a fresh random number, 0 to 1, for the wait.

        Returns:
            What to do next; None: nothing, tell the caller (``worst``).
        """
        health, failed = self._health, self.endpoint
        if self._leave is not None:
            self._judge(failed, self._leave, fault, now_s)
            self._leave = None
        self._faults.append(fault)
        may = again(fault, self._patience)
        if self._tries >= self._attempts_max or not (may.elsewhere or may.here):
            return None
        why = f"after {fault.kind} at {failed.id}"
        if may.elsewhere:
            found, allowed = self._elsewhere(now_s)
            if found is not None:
                return Step(found, 0.0, why) if allowed else None
        if self._before is not None:  # the spare ones are not well: back to who was asked before
            failed, fault = self._before
            may = again(fault, self._patience)
        if not may.here or self._plan.resting:
            return None
        if not self._budget.take(now_s, sound=False):
            return None
        self._leave = health.begin(failed.id, now_s, anyway=True)
        self.endpoint = failed
        self._tries += 1
        wait_s = backoff_s(self._tries - 1, chance, fault.retry_after_s, self._patience)
        return Step(failed, wait_s, why)

    def unable(self, now_s: float) -> Step | None:
        """What is asked cannot be said to this endpoint, so no try was made: the next one."""
        unable = self.endpoint
        self.left()
        found = self._next(self._at + 1, now_s)
        return None if found is None else Step(found, 0.0, f"{unable.id} cannot be asked this")

    def other_key(self, fault: Fault, now_s: float, words: str) -> Step | None:
        """The try failed by its key, and the same provider has another that is free (``words`` say
        which, for the receipt): a try of its own, which says nothing of the endpoint's health.

        Returns:
            The same endpoint again, at once; None: no try is left, tell the caller (``worst``).
        """
        self._faults.append(fault)
        if self._tries >= self._attempts_max or not self._budget.take(now_s, sound=True):
            self.left()
            return None
        self._tries += 1
        return Step(self.endpoint, 0.0, f"after {fault.kind} at {self.endpoint.id}, {words}")

    @property
    def others(self) -> bool:
        """Whether another endpoint might be asked after this one."""
        return self._tries < self._attempts_max and self._at + 1 < len(self._plan.endpoints)

    @property
    def worst(self) -> Fault | None:
        """The fault to tell the caller, when nothing is left to try; None: none failed."""
        return worst(self._faults)

    def _elsewhere(self, now_s: float) -> tuple[Endpoint | None, bool]:
        """The next endpoint to ask, and whether the budget allows it. Where it does not, the next
        sound one is: else a request would be lost that another endpoint could have answered.
        """
        found = self._next(self._at + 1, now_s)
        while found is not None:
            sound = self._health.sound(found.id)
            if self._budget.take(now_s, sound=sound):
                self._tries += 1
                return found, True
            self.left()
            after = None if sound else self._next(self._at + 1, now_s, sound=True)
            if after is None:
                break
            found = after
        return found, False

    def _next(self, at: int, now_s: float, *, sound: bool = False) -> Endpoint | None:
        """The next endpoint of the plan, from place ``at`` on, that may be asked now; with leave.

        Every endpoint is asked once before any is asked again. ``sound``: only one that nothing
        speaks against.
        """
        endpoints = self._plan.endpoints
        for place in range(at, len(endpoints)):
            if place == self._spent:
                continue
            endpoint = endpoints[place]
            if sound and not self._health.sound(endpoint.id):
                continue
            leave = self._health.begin(endpoint.id, now_s)
            if leave is not None:
                self._at, self._leave, self.endpoint = place, leave, endpoint
                return endpoint
        place = max(at, len(endpoints))
        if sound or place >= len(endpoints) + len(self._plan.spare):
            return None
        if self._faults and self._before is None:
            self._before = self.endpoint, self._faults[-1]
        endpoint = self._plan.spare[place - len(endpoints)]
        self._leave = self._health.begin(endpoint.id, now_s, anyway=True)
        self._at, self.endpoint = place, endpoint
        return endpoint
