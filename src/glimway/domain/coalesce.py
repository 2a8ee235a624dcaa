"""When two requests ask for the same, so that one provider call (or a stored answer) serves both.

Knows which members change an answer and which texts a project calls alike. Refuses to know who
waits for whom and where answers are kept.

The key holds the project, since nobody may see what another project was answered, and the model as
the catalog has it. Members that only concern the way back (stream, usage, the user's name) are no
part of it: each twin gets its answer in its own form.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

from glimway.wire.talk import Call, ResultPart, TextPart, Turn

WINDOW_MS_DEFAULT: Final = 150
"""How long after the first of some twins others may join it. The first waits for nobody: who joins
later gets what has come so far."""
TTL_S_DEFAULT: Final = 3600
TTL_S_MAX: Final = 30 * 86_400

_ENDINGS: Final = ".!?\u2026\u3002\uff01\uff1f \t\r\n"
"""Trailing punctuation, of Chinese too."""
_WAY_BACK: Final = frozenset(
    {
        "metadata",
        "prompt_cache_key",
        "safety_identifier",
        "store",
        "stream_options",
        "background",
    }
)
"""Members of ``Call.extra`` that do not change what is answered."""

_SEARCHES: Final = frozenset({"plugins", "tool_web_search", "web_search_options"})
"""Members that ask the provider to look at the world."""

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a project calls the same request.

    Args:
        alike: ``exact``: every text is the same. ``near``: the texts of the user may differ in
            white space, case and trailing punctuation.
        any_sampling: also requests that ask for variety; otherwise only those that are meant to
            be deterministic (temperature 0, or a seed).
    """

    alike: Literal["exact", "near"] = "exact"
    any_sampling: bool = False


def twin_key(call: Call, project: str, model: str, rule: Rule) -> bytes | None:
    """What two requests have in common when one answer serves both.

    Args:
        call: the request.
        project: whose it is.
        model: what its name means: the catalog's id, with whatever else decides who answers.
        rule: the project's.

    Returns:
        32 bytes; None: this request shares its answer with nobody.
    """
    if not rule.any_sampling and not deterministic(call):
        return None
    if not _SEARCHES.isdisjoint(call.extra):
        return None
    if (call.n or 1) > 1 or any(tool.kind != "function" for tool in call.tools):
        return None  # a search or another tool of the provider looks at a world that changes
    answering = _answering(call.extra)
    turns = [_turn(turn, near=rule.alike == "near") for turn in call.turns]
    # What only one dialect understands keeps it apart; everything else means the same in all.
    own = answering or call.tools or call.format or call.thinking or call.tool_choice
    same = (
        project,
        model,
        call.dialect if own or any(_owned(turn) for turn in call.turns) else "",
        turns,
        call.tools,
        (call.tool_choice, call.parallel_tool_calls, call.format),
        (call.max_tokens, _number(call.temperature), _number(call.top_p), call.seed, call.stop),
        call.thinking,
        call.preferences,
        call.fallback_models,
        answering,
        # The one member whose pieces in a stream do not add up to what a whole answer has.
        call.stream if "logprobs" in answering else None,
    )
    return sha256(_encode(same)).digest()


def deterministic(call: Call) -> bool:
    """Whether the caller means to get the same answer every time."""
    return call.temperature == 0 or call.seed is not None or call.extra.get("do_sample") is False


def _answering(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in extra.items() if name not in _WAY_BACK}


def _number(value: float | None) -> float | None:
    """``0`` and ``0.0`` are the same temperature."""
    return None if value is None else float(value)


def _owned(turn: Turn) -> bool:
    """Whether it has members or parts that only its dialect understands."""
    return bool(turn.extra) or any(type(part) is not TextPart or part.extra for part in turn.parts)


def _turn(turn: Turn, *, near: bool) -> list[Any]:
    """A turn as it is compared: whether its text was written as a string or as parts is no
    difference."""
    parts: list[Any] = turn.parts
    if near and turn.role == "user" and not any(type(part) is ResultPart for part in parts):
        parts = [
            " ".join(part.text.split()).casefold().rstrip(_ENDINGS)
            if type(part) is TextPart
            else part
            for part in parts
        ]
    return [turn.role, turn.name, turn.extra, parts]
