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
"""How long the first of some twins waits for the others."""
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
        model: the catalog's id of what its name means.
        rule: the project's.

    Returns:
        32 bytes; None: this request shares its answer with nobody.
    """
    if not rule.any_sampling and not deterministic(call):
        return None
    if (call.n or 1) > 1 or any(tool.kind != "function" for tool in call.tools):
        return None  # a search or another tool of the provider looks at a world that changes
    turns: list[Any] = call.turns
    if rule.alike == "near":
        turns = [_plain(turn) for turn in call.turns]
    same = (
        project,
        model,
        call.dialect,
        turns,
        call.tools,
        (call.tool_choice, call.parallel_tool_calls, call.format),
        (call.max_tokens, call.temperature, call.top_p, call.seed, call.stop),
        call.thinking,
        call.preferences,
        call.fallback_models,
        _answering(call.extra),
    )
    return sha256(_encode(same)).digest()


def deterministic(call: Call) -> bool:
    """Whether the caller means to get the same answer every time."""
    return call.temperature == 0 or call.seed is not None


def _answering(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in extra.items() if name not in _WAY_BACK}


def _plain(turn: Turn) -> Any:
    """A user's turn as it is compared; other turns compare as they are."""
    if turn.role != "user" or any(type(part) is ResultPart for part in turn.parts):
        return turn
    return [
        turn.role,
        [
            " ".join(part.text.split()).casefold().rstrip(_ENDINGS)
            if type(part) is TextPart
            else part
            for part in turn.parts
        ],
    ]
