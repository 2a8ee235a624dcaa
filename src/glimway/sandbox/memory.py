"""What the sandbox remembers between requests, in bounded memory.

Knows which conversations came before (for the prompt cache) and how often a token failed (for
``fail-first-N``). Refuses to know answers: the same request gets the same answer, whatever came
before.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

PREFIXES_MAX: Final = 16_384
"""Conversation prefixes kept, oldest forgotten first (32 bytes each)."""

TOKENS_MAX: Final = 1_024
"""Tokens of ``fail-first-N`` kept, oldest forgotten first."""

CACHE_BLOCK_TOKENS: Final = 16
"""Cached tokens are counted in whole blocks, as engines do."""


class Memory:
    """Remembers conversations and failures."""

    def __init__(self) -> None:
        self._prefixes: OrderedDict[bytes, None] = OrderedDict()
        self._failures: OrderedDict[str, int] = OrderedDict()

    def cached(self, prefix: list[tuple[bytes, int]]) -> int:
        """How many leading tokens of this conversation came before; the conversation is learned.

        Args:
            prefix: (digest of all messages so far, tokens so far) after each message.
        """
        seen_tokens = 0
        for digest, tokens in prefix:
            if digest not in self._prefixes:
                break
            seen_tokens = tokens
        for digest, _ in prefix:
            self._prefixes[digest] = None
            self._prefixes.move_to_end(digest)
        while len(self._prefixes) > PREFIXES_MAX:
            self._prefixes.popitem(last=False)
        return seen_tokens // CACHE_BLOCK_TOKENS * CACHE_BLOCK_TOKENS

    def attempt(self, token: str) -> int:
        """Count one request under ``token``; 1 for the first."""
        number = self._failures.get(token, 0) + 1
        self._failures[token] = number
        self._failures.move_to_end(token)
        while len(self._failures) > TOKENS_MAX:
            self._failures.popitem(last=False)
        return number
