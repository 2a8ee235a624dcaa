"""What a course says: whom to ask next, and who races whom.

Knows no order and no rules; the course decides.
"""

from __future__ import annotations

from typing import NamedTuple

from glimway.domain.endpoint import Endpoint
from glimway.domain.health import Leave


class Step(NamedTuple):
    """What to do next.

    Args:
        endpoint: whom to call.
        wait_s: how long to wait before; 0: at once.
        why: for the receipt (``after timeout at glm@acme``).
    """

    endpoint: Endpoint
    wait_s: float
    why: str


class Rival(NamedTuple):
    """The second of two requests under way: where it went, and on what terms."""

    endpoint: Endpoint
    leave: Leave
