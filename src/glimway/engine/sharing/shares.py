"""Whether a request shares its answer, and with whom.

Knows the rules of each project, the groups that may be joined and the shelf of kept answers.
Refuses to know how an answer is got (``answer``) and what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from glimway.domain.coalesce import Rule, twin_key
from glimway.domain.keys import Key
from glimway.domain.routing.route import Plan
from glimway.domain.sharing import Sharing
from glimway.engine.answer import first_answer
from glimway.engine.client import Ask
from glimway.engine.flow import Answer, Frames
from glimway.engine.house import House
from glimway.engine.reply import Reply
from glimway.engine.routing import Routing
from glimway.engine.settling import Outcome
from glimway.engine.sharing.group import Group, Terms
from glimway.engine.sharing.hit import Hit
from glimway.engine.sharing.shelf import Bounds, Kept, Shelf
from glimway.engine.sharing.wish import Wish, wish_of
from glimway.engine.wheel import Wheel
from glimway.wire.events import Stop, Usage
from glimway.wire.talk import Call

First = Callable[..., Coroutine[Any, Any, Answer]]

_GOOD_ENDS: Final = frozenset({"stop", "tool_calls"})
"""Only answers that ended by themselves are kept: neither cut nor filtered ones."""

GROUPS_MAX: Final = 1024
"""Groups that may be joined, each of which keeps its answer until its window is over; when there
are as many, a request makes a call of its own."""

_ANY: Final = Rule(any_sampling=True)
_EXACT: Final = Rule()


_HIT: Final = b"x-glimway-cache: hit\r\n"
_MISS: Final = b"x-glimway-cache: miss\r\n"
_COALESCED: Final = b"x-glimway-coalesced: true\r\n"

Door = tuple[bytes, str]
"""What twins have in common, and how their keys are billed: prepaid ones may have other routes."""


class Keys(NamedTuple):
    """What a request has in common with twins, and with answers that are kept."""

    door: Door | None
    cached: bytes | None


_ALONE: Final = Keys(None, None)
"""Of a request that looks at a world that changes."""


class Shares:
    """All that is shared in one process.

    Args:
        default: the operator's rules.
        bounds: of the kept answers.
        wheel: closes the door of a group when its time is over.
    """

    def __init__(self, default: Sharing, bounds: Bounds, wheel: Wheel) -> None:
        self.default = default
        self.shelf = Shelf(bounds)
        self._projects: Mapping[str, Sharing] = {}
        self.wheel = wheel
        self._open: dict[Door, Group] = {}

    def adopt(self, projects: Mapping[str, Sharing]) -> None:
        """The projects that have rules of their own, by id."""
        self._projects = projects

    @property
    def idle(self) -> bool:
        """Nobody shares anything."""
        return self.default.idle and all(one.idle for one in self._projects.values())

    @property
    def groups_open(self) -> int:
        """Groups that may be joined now."""
        return len(self._open)

    def of(self, ask: Ask, key: Key) -> First:
        """What gets a request's first answer, in place of ``first_answer`` and with its arguments.

        Raises:
            Refusal: ``invalid``, for a wish that is none.
        """
        rules = self._projects.get(key.project, self.default)
        if rules.idle:
            return first_answer
        return Visit(self, rules, wish_of(ask.headers), key.billing).first_answer

    def joinable(self, door: Door) -> Group | None:
        """The group behind a door, if it takes one more."""
        group = self._open.get(door)
        return None if group is None or group.full else group

    def begun(self, rules: Sharing, keys: Keys, outcome: Outcome, routing: Routing) -> Group:
        """A group of the request whose outcome this is; it may be joined where it has a door."""
        door, cached = keys
        if len(self._open) >= GROUPS_MAX:
            door = None
        until_s = self.wheel.loop.time() + rules.cache.ttl_s
        common = msgspec.structs.replace(outcome, attempts=[])
        group = Group(
            self.wheel.loop,
            common,
            Terms(
                split=rules.coalesce.twins_pay == "split",
                kept_bytes_max=0 if cached is None else self.shelf.bounds.answer_bytes_max,
            ),
            on_shut=lambda: self._shut(door, group),
            on_end=lambda frames: self._keep(cached, frames, common, until_s),
            on_fault=lambda fault: routing.failed(common.endpoint, fault, late=True),
        )
        if door is None:
            group.shut()
        else:
            self._open[door] = group
            self.wheel.after(rules.coalesce.window_ms / 1000, group.shut)
        return group

    def _shut(self, door: Door | None, group: Group) -> None:
        if door is not None and self._open.get(door) is group:
            del self._open[door]

    def _keep(self, key: bytes | None, frames: Frames, common: Outcome, until_s: float) -> None:
        """Keep an answer that ended well, by itself, and with its usage told."""
        events = [event for frame in frames for event in frame]
        stops = [event.reason for event in events if isinstance(event, Stop)]
        told = any(isinstance(event, Usage) for event in events)
        if key is None or not stops or not told or not _GOOD_ENDS.issuperset(stops):
            return
        about = Kept([], common.endpoint, common.opened.id, until_s, common.adjusted, 0)
        self.shelf.keep(key, frames, about)


class Visit(NamedTuple):
    """One request of a project that shares."""

    shares: Shares
    rules: Sharing
    wish: Wish
    billing: str

    async def first_answer(
        self, house: House, plan: Plan, call: Call, outcome: Outcome, reply: Reply
    ) -> Answer:
        """As ``answer.first_answer``: from the shelf, from a group, or of its own."""
        shares, wheel = self.shares, self.shares.wheel
        keys = self._keys(plan, call, outcome.opened.project)
        if keys.cached is not None:
            kept = None
            if self.wish.cache != "refresh":
                kept = shares.shelf.find(keys.cached, wheel.loop.time())
            if kept is not None:
                reply.lines.append(_HIT)
                return Hit.of(kept, outcome, reply, wheel.loop, pays=self._hits_pay)
            reply.lines.append(_MISS)
        elif keys.door is None:
            return await first_answer(house, plan, call, outcome, reply)
        gate_s = house.hosts.of(plan.endpoints[0]).deadlines.commit_after_s
        group = None if keys.door is None else shares.joinable(keys.door)
        if group is not None:
            reply.lines.append(_COALESCED)
            seat = group.join(stream=call.stream)
        else:
            group = shares.begun(self.rules, keys, outcome, house.routing)
            seat = group.join(stream=call.stream)
            group.run(first_answer(house, plan, call, group.outcome, group))
        outcome.shared = seat
        gate = wheel.after(gate_s, reply.begin_early) if call.stream else None
        try:
            await group.seated(seat, outcome)
        finally:
            if gate is not None:
                gate.cancel()
        reply.headers += group.headers
        return seat

    @property
    def _hits_pay(self) -> bool:
        return self.rules.cache.hits_pay == "full"

    def _keys(self, plan: Plan, call: Call, project: str) -> Keys:
        """What the request has in common with others."""
        rules, wish = self.rules, self.wish
        if plan.online:
            return _ALONE
        model = meant(plan, call)
        door = cached = None
        if rules.coalesce.use == "always" and wish.coalesce:
            twins = twin_key(call, project, model, rules.coalesce.rule)
            door = None if twins is None else (twins, self.billing)
        use = rules.cache.use
        if use != "never" and wish.cache != "off" and (use == "always" or wish.cache is not None):
            # A request that names the cache wants it, whatever its temperature.
            cached = twin_key(call, project, model, _EXACT if wish.cache is None else _ANY)
        return Keys(door, cached)


def meant(plan: Plan, call: Call) -> str:
    """What decides who answers: the model, and a pin or suffix of its name."""
    name = call.model
    return f"{plan.model} {name}" if "@" in name or ":" in name else plan.model
