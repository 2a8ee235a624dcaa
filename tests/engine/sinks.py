"""A sink that writes down what a provider's connection tells it.

Knows the order in which a sink may be called, and complains of any other. Refuses to know sockets.
"""

from __future__ import annotations

from glimway.engine.provider.connection import Header
from glimway.wire.refusal import Fault


class Noted:
    """One answer as a sink saw it."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: list[Header] = []
        self.data = b""
        self.ended = False
        self.fault: Fault | None = None
        self.answered: bool | None = None
        """As told together with the fault."""

    @property
    def over(self) -> bool:
        """Nothing more may come."""
        return self.ended or self.fault is not None

    def head(self, status: int, headers: list[Header]) -> None:
        """The head has come."""
        assert self.status is None, "two heads"
        assert not self.over
        self.status = status
        self.headers = list(headers)

    def body(self, data: bytes) -> None:
        """The next bytes of the body."""
        assert self.status is not None, "a body before the head"
        assert data, "an empty piece"
        assert not self.over
        self.data += data

    def end(self) -> None:
        """The answer is complete."""
        assert self.status is not None, "an end before the head"
        assert not self.over
        self.ended = True

    def fail(self, fault: Fault, *, answered: bool) -> None:
        """The answer will not be completed."""
        assert not self.over
        self.fault = fault
        self.answered = answered
