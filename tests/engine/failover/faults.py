"""Every way in which a provider fails, as scripts, and the kind of fault that a receipt calls it.

Knows what is sent, cut and left out. Refuses to know who asks, and what the gateway makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from engine.failover.hosts import Host, failure_inside
from kit import answers
from kit.steps import Close, Reset, Step, WaitForClose

Steps = Callable[[Host, bool], list[Step]]
"""The steps of a host that fails, by its dialect and whether it is asked to stream."""

TEXTS = ("from 1", ", more")
"""What a host says before it fails late."""


class Fault(NamedTuple):
    """One way to fail.

    Args:
        kind: what a receipt calls it.
        steps: what is done to a request; None: none arrives, the address itself is wrong.
        slow: it takes a deadline to see.
        lasting: whoever fails so is left alone for longer than the tests take.
    """

    kind: str
    steps: Steps | None
    slow: bool = False
    lasting: bool = False


def _head(*, stream: bool) -> bytes:
    if stream:
        return answers.head(200, {"content-type": "text/event-stream"})
    return answers.head(200, {"content-type": "application/json", "content-length": "4096"})


def _page(body: bytes, kind: str) -> Steps:
    headers = {"content-type": kind, "content-length": str(len(body))}
    return lambda _host, _stream: [answers.head(200, headers) + body]


def _status(status: int, retry_after: str | None = None) -> Steps:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return lambda host, _stream: [answers.whole(host.failed(status), status, headers)]


def _nonsense(host: Host, stream: bool) -> list[Step]:
    if stream:
        return [_head(stream=True), host.nonsense, Close()]
    return [answers.whole(b'{"nonsense')]


def _failure(host: Host, stream: bool) -> list[Step]:
    if stream:
        return [_head(stream=True), host.failure, WaitForClose()]
    return [answers.whole(failure_inside(host))]


def _failure_unstreamed(host: Host, _stream: bool) -> list[Step]:
    return [answers.whole(failure_inside(host))]


def _opened(*last: Step) -> Steps:
    """A stream that begins and says nothing; a document that is half there."""

    def steps(host: Host, stream: bool) -> list[Step]:
        if stream:
            return [_head(stream=True), *host.opening, *last]
        return [_head(stream=False), json.dumps(host.whole("from 1")).encode()[:-9], *last]

    return steps


BEFORE: dict[str, Fault] = {
    "refused port": Fault("unreachable", None),
    "self-signed certificate": Fault("unreachable", None),
    "wrong name in the certificate": Fault("unreachable", None),
    "name that does not resolve": Fault("unreachable", None),
    "reset before the head": Fault("unreachable", lambda _host, _stream: [Reset()]),
    "closed before the head": Fault("unreachable", lambda _host, _stream: [Close()]),
    "closed within the head": Fault(
        "broken", lambda _host, _stream: [b"HTTP/1.1 200 OK\r\ncontent-", Close()]
    ),
    "reset after the head": Fault("broken", lambda _host, stream: [_head(stream=stream), Reset()]),
    "closed after the head": Fault("broken", lambda _host, stream: [_head(stream=stream), Close()]),
    "silent before the head": Fault("timeout", lambda _host, _stream: [WaitForClose()], slow=True),
    "silent after the head": Fault(
        "timeout", lambda _host, stream: [_head(stream=stream), WaitForClose()], slow=True
    ),
    "silent after the opening": Fault("timeout", _opened(WaitForClose()), slow=True),
    "reset after the opening": Fault("broken", _opened(Reset())),
    "closed after the opening": Fault("broken", _opened(Close())),
    "malformed line first": Fault("broken", _nonsense),
    "error object inside 200": Fault("overloaded", _failure),
    "error document for a stream": Fault("overloaded", _failure_unstreamed),
    "401": Fault("auth", _status(401), lasting=True),
    "402": Fault("quota", _status(402), lasting=True),
    "404": Fault("rejected", _status(404), lasting=True),
    "429": Fault("rate_limited", _status(429), lasting=True),
    "429 and half a minute": Fault("rate_limited", _status(429, "30"), lasting=True),
    "500": Fault("overloaded", _status(500)),
    "503": Fault("overloaded", _status(503)),
    "empty 200": Fault("broken", _page(b"", "application/json")),
    "empty stream": Fault("broken", _page(b"", "text/event-stream")),
    "web page with 200": Fault("broken", _page(b"<html>hello</html>", "text/html")),
    "wrong content type": Fault("broken", _page(b"MZ\x00\x01\n\n", "application/octet-stream")),
}
"""Before the first content."""


def _late(*last: Step | str) -> Steps:
    def steps(host: Host, stream: bool) -> list[Step]:
        assert stream, "only a stream can fail after its first content"
        closing = host.closing("".join(TEXTS))
        pieces: dict[str, list[Step]] = {
            "nonsense": [host.nonsense],
            "failure": [host.failure],
            "closing": [*closing],
            "mark": [closing[-1]],
            "unmarked": [*closing[:-1]],
        }
        done = [step for one in last for step in (pieces[one] if isinstance(one, str) else [one])]
        return [_head(stream=True), *host.opening, *host.texts(TEXTS), *done]

    return steps


AFTER: dict[str, Fault] = {
    "cut in the stream": Fault("broken", _late(Close())),
    "reset in the stream": Fault("broken", _late(Reset())),
    "stalled in the stream": Fault("timeout", _late(WaitForClose()), slow=True),
    "malformed line later": Fault("broken", _late("nonsense", Close())),
    "malformed line and the rest": Fault("broken", _late("nonsense", "closing")),
    "malformed line and the mark": Fault("broken", _late("nonsense", "mark")),
    "end without its mark": Fault("broken", _late("unmarked", Close())),
    "error object later": Fault("overloaded", _late("failure", WaitForClose())),
    "web page later": Fault("broken", _late(b"<html><body>502</body></html>\n\n", Close())),
}
"""After the first content: only streams have such a moment."""

FAULTS = BEFORE | AFTER
