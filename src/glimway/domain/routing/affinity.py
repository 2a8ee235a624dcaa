"""Where the prompts of conversations are cached.

Knows, for a while, which endpoint answered a conversation last and how long its prompt was then.
Refuses to know what staying is worth (``price``), and to bind anyone: it is a hint.

A conversation is recognised by its first turns, which stay the same while it grows: a cheap hash
of their beginnings, within one project. Python's own hash differs between processes, so these
numbers mean nothing outside this one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from glimway.wire.talk import Call, TextPart

CONVERSATIONS_MAX: Final = 16_384
"""Conversations that are remembered (some 4 MiB); the one that spoke longest ago is forgotten."""
REMEMBERED_S: Final = 600.0
"""Hosts keep cached prompts for some minutes, and do not say how many."""
PROMPT_TOKENS_MIN: Final = 1024
"""Shorter prompts are not cached by most hosts, and cost next to nothing."""
HEAD_CHARS: Final = 512
"""How much of a turn counts."""
HEAD_TURNS_MAX: Final = 8
"""How many turns are looked at for the first of a user."""


class Home(NamedTuple):
    """Where a conversation was answered last, with how many prompt tokens, and when."""

    endpoint: str
    prompt_tokens: int
    at_s: float


def heads_of(call: Call, project: str) -> tuple[str, ...]:
    """What a conversation is recognised by: the beginnings of its first turns."""
    heads: list[str] = [project, call.model]
    for turn in call.turns[:HEAD_TURNS_MAX]:
        for part in turn.parts:
            if type(part) is TextPart:
                heads.append(part.text[:HEAD_CHARS])
                break
        if turn.role == "user":
            break
    return tuple(heads)


def conversation_of(call: Call, project: str) -> int:
    """A number for the conversation that a request belongs to."""
    return hash(heads_of(call, project))


class Affinity:
    """Remembers conversations.

    Args:
        conversations_max: how many.
    """

    __slots__ = ("_homes", "_max")

    def __init__(self, conversations_max: int = CONVERSATIONS_MAX) -> None:
        self._homes: dict[int, Home] = {}
        self._max = conversations_max

    def __len__(self) -> int:
        return len(self._homes)

    def home(self, conversation: int, now_s: float) -> Home | None:
        """Where it was answered last, unless that is too long ago."""
        found = self._homes.get(conversation)
        if found is None or now_s - found.at_s > REMEMBERED_S:
            return None
        return found

    def remember(self, conversation: int, home: Home) -> None:
        """It was answered there; short prompts are not worth a place, and take none away."""
        if home.prompt_tokens < PROMPT_TOKENS_MIN:
            return
        # A dict keeps the order of insertion, so its first entry spoke longest ago.
        self._homes.pop(conversation, None)
        self._homes[conversation] = home
        if len(self._homes) > self._max:
            del self._homes[next(iter(self._homes))]
