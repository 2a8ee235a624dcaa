"""How long each phase of an answer may take.

Knows the deadlines of the contract, in seconds. Refuses to know what happens when one passes.
"""

from __future__ import annotations

import msgspec


class Deadlines(msgspec.Struct, frozen=True):
    """The deadlines of the contract, in seconds."""

    connect_s: float = 5.0
    first_token_s: float = 120.0
    answer_s: float = 600.0
    between_tokens_s: float = 60.0
    total_s: float = 1800.0
    commit_after_s: float = 10.0
