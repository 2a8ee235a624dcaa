"""Ports at which something is wrong: nobody listens, or nobody answers.

Knows how the kernel treats a socket that is bound and no more, and one whose queue is full. Refuses
to know why a test wants such a port.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def refusing() -> Iterator[int]:
    """A loopback port that refuses connections, and that nobody else can take meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def silent() -> Iterator[int]:
    """A loopback port at which a connection is neither made nor refused.

    The listener's queue is filled and never emptied; the kernel then ignores who else knocks.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(2):  # a queue of length 0 still holds one or two
            knock = stack.enter_context(socket.socket())
            knock.settimeout(0)
            knock.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
