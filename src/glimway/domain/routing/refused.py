"""What a caller is told when no endpoint is left.

Knows how reasons become one refusal. Refuses to know how they were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from glimway.domain.routing.route import Excluded
from glimway.wire.refusal import Refusal, RefusalKind, shown

SHOWN_MAX: Final = 50
"""Endpoints that a message names; those left out for the same reason share its words."""
NOBODY_RETRY_S: Final = 60.0

_ADVICE: Final[dict[RefusalKind, str]] = {
    "forbidden": "The operator can set a price (0 for free) in the configuration.",
    "context_too_long": "Shorten the conversation, or choose a model with a longer context.",
    "unsupported": "Change the request, or choose another model or provider.",
}

_SEARCH: Final = "search the web"
_ONLINE: Final = (
    "The suffix ':online' asks for a web search by the provider: leave it out, or choose a model "
    "or provider that lists web_search."
)


def unserved(name: str) -> Refusal:
    """No configured provider has the model at all."""
    return Refusal(
        "unavailable",
        f"No configured provider serves the model {shown(name)}. "
        "Add one of its providers to the configuration, or set its key variable.",
        code="service_unavailable",
        param="model",
        retry_after_s=NOBODY_RETRY_S,
    )


class NobodyLeft(Refusal):
    """Every endpoint of a model was left out. ``excluded`` says why, one by one."""

    __slots__ = ("excluded",)

    def __init__(self, refusal: Refusal, excluded: Sequence[Excluded]) -> None:
        super().__init__(refusal.kind, refusal.message, param=refusal.param)
        self.excluded = tuple(excluded)


def nobody_left(name: str, excluded: Sequence[Excluded], *, online: bool = False) -> NobodyLeft:
    """Every endpoint was left out: one sentence for each says why.

    The kind is that of the reasons where they agree. Where they do not, it is ``unsupported``:
    some change of the request would help.

    Args:
        name: of the model, as it was asked.
        excluded: everybody, and why.
        online: the search of the web that somebody lacks was asked for by the name's suffix.
    """
    reasons = [one.reason for one in excluded]
    kinds = {reason.kind for reason in reasons}
    kind = kinds.pop() if len(kinds) == 1 else "unsupported"
    params = {reason.param for reason in reasons}
    param = params.pop() if len(params) == 1 else next((r.param for r in reasons if r.param), None)
    told = "; ".join(_told(excluded[:SHOWN_MAX]))
    beyond = len(excluded) - SHOWN_MAX
    if beyond > 0:
        told += f"; and {beyond} more"
    if kind == "forbidden":
        message = (
            f"The model {shown(name)} has no price here, so prepaid credits cannot pay it: {told}. "
            f"{_ADVICE[kind]}"
        )
    else:
        advice = _ADVICE.get(kind, "")
        if online and any(_SEARCH in reason.words for reason in reasons):
            param, advice = "model", _ONLINE
        message = f"No endpoint of {shown(name)} can serve this request: {told}. {advice}".rstrip()
    return NobodyLeft(Refusal(kind, message, param=param), excluded)


def _told(excluded: Sequence[Excluded]) -> list[str]:
    alike: dict[str, list[str]] = {}
    for one in excluded:
        alike.setdefault(one.reason.words, []).append(one.endpoint)
    return [
        f"{names[0]} {words}" if len(names) == 1 else f"each of {', '.join(names)} {words}"
        for words, names in alike.items()
    ]
