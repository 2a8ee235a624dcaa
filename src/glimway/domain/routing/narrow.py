"""The numbers of a single request held against its plan: how long it is, how many tools it has.

Knows how sure an estimate is. Refuses to count tokens: a host does, and says so.

A request is left to a host unless it surely does not fit. Where it probably does not, whoever has
room for it is asked instead, and only if nobody has, those with the most room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from glimway.domain.endpoint import Endpoint
from glimway.domain.routing.fitness import Reason, unmet_members
from glimway.domain.routing.route import Candidate, Excluded, Plan, made
from glimway.domain.routing.wants import members_of
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

BYTES_PER_TOKEN_MOST: Final = 16
"""No prompt has fewer tokens than a sixteenth of its bytes: escaped text of other scripts and long
runs of white space come nearest. Media have, so requests with media are not judged by bytes."""


def narrowed(plan: Plan, call: Call, tokens: tuple[int, int]) -> tuple[Plan | None, list[Excluded]]:
    """Leave out who cannot take a request of this size.

    Args:
        plan: for requests of its kind.
        call: the request.
        tokens: of its prompt, as expected and as there must be at least.

    Returns:
        The plan for this request (None: nobody is left), and who was left out now.
    """
    fitting: list[Candidate] = []
    tight: list[Candidate] = []
    out: list[Excluded] = []
    for candidate in plan.candidates:
        endpoint = candidate.endpoint
        reason = _impossible(endpoint, call, tokens[1])
        if reason is not None:
            out.append(Excluded(endpoint.id, reason))
        elif _roomy(endpoint, call, tokens[0]):
            fitting.append(candidate)
        else:
            tight.append(candidate)
    if fitting:
        out += [Excluded(one.endpoint.id, _scant(one.endpoint, call)) for one in tight]
    tight.sort(key=_room, reverse=True)
    chosen = tuple(fitting or tight)
    if not chosen:
        return None, out
    slim = msgspec.structs.replace(
        plan,
        candidates=chosen,
        excluded=(*plan.excluded, *out),
        band=min(plan.band, len(chosen)),
        spare=(),  # nobody looked whether they can take it
    )
    return made(slim), out


Trial = Callable[[Endpoint, Call], tuple[str, ...]]
"""What would be changed on the way to an endpoint, each change as a phrase that begins with the
member's name. It raises Refusal where the request cannot be written at all."""


def required(
    plan: Plan, call: Call, trial: Trial | None = None
) -> tuple[Plan | None, list[Excluded]]:
    """Leave out who would ignore or change a member (``require_parameters``).

    Args:
        plan: as found.
        call: what is asked.
        trial: writes the request, as the hosts' own APIs would have it.

    Returns:
        As ``narrowed``.
    """
    kept: list[Candidate] = []
    out: list[Excluded] = []
    for candidate in plan.candidates:
        reasons = (*candidate.changed, *unmet_members(candidate.endpoint, call))
        if not reasons and trial is not None:
            reasons = tuple(_tried(trial, candidate.endpoint, call))
        if reasons:
            out.append(Excluded(candidate.endpoint.id, reasons[0]))
        else:
            kept.append(candidate)
    if not kept:
        return None, out
    if not out and not plan.spare:
        return plan, out
    slim = msgspec.structs.replace(
        plan,
        candidates=tuple(kept),
        excluded=(*plan.excluded, *out),
        band=min(plan.band, len(kept)),
        spare=(),
    )
    return made(slim), out


def _tried(trial: Trial, endpoint: Endpoint, call: Call) -> Iterator[Reason]:
    given = {
        *members_of(call),
        *(() if call.thinking is None else (*call.thinking.raw, "thinking")),
    }
    try:
        changes = trial(endpoint, call)
    except Refusal as refusal:
        yield Reason("cannot be asked this", refusal.param)
        return
    for change in changes:
        name = change.partition(" ")[0].partition(".")[0]
        if name in given:
            yield Reason(f"takes no {name} as it is ({change})", name)


def _impossible(endpoint: Endpoint, call: Call, tokens_least: int) -> Reason | None:
    most = endpoint.quirks.tools_max
    if most is not None and len(call.tools) > most:
        return Reason(f"takes at most {most} tools", "tools")
    if endpoint.context is not None and tokens_least > endpoint.context:
        words = f"has a context of {endpoint.context} tokens, which this prompt exceeds"
        return Reason(words, "messages", "context_too_long")
    return None


def _roomy(endpoint: Endpoint, call: Call, prompt_tokens: int) -> bool:
    asked = call.max_tokens or 0
    if endpoint.max_output is not None and asked > endpoint.max_output:
        return False
    return endpoint.context is None or prompt_tokens + asked <= endpoint.context


def _scant(endpoint: Endpoint, call: Call) -> Reason:
    if endpoint.max_output is not None and (call.max_tokens or 0) > endpoint.max_output:
        return Reason(f"gives at most {endpoint.max_output} tokens", "max_tokens")
    return Reason(f"has a context of only {endpoint.context} tokens", "messages")


def _room(candidate: Candidate) -> tuple[float, float]:
    endpoint = candidate.endpoint
    return (endpoint.context or 0, endpoint.max_output or 0)
