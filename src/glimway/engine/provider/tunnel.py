"""Asking a proxy to pass bytes on to a provider.

Knows ``CONNECT`` (RFC 9110, section 9.3.6) and how a proxy says no. Refuses to know what goes
through the tunnel: the proxy learns the provider's host and port, and its own user and password.
"""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Final

from glimway.domain.proxy import Proxy
from glimway.engine.provider.origin import Origin
from glimway.wire.refusal import Fault

HEAD_BYTES_MAX: Final = 16 * 1024
"""Of the proxy's answer."""

READ_BYTES: Final = 4096

WORDS_CHARS_MAX: Final = 80
"""How much of the proxy's own words is told."""

OPENED: Final = 200

END: Final = b"\r\n\r\n"

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: ([^\r\n]*))?\r\n")

_CAUSES: Final = {
    403: "it does not allow that",
    405: "it opens no tunnels",
    407: "it wants a user and a password, which its URL can hold",
    502: "it could not connect",
    503: "it could not connect",
    504: "it could not connect in time",
}


async def open_tunnel(made: socket.socket, origin: Origin, proxy: Proxy) -> None:
    """Ask for a tunnel, and read the answer and nothing beyond it.

    Args:
        made: connected to the proxy.
        origin: where the tunnel leads.
        proxy: whose user and password are sent.

    Raises:
        Fault: ``unreachable``; the proxy said no, or something else.
    """
    loop = asyncio.get_running_loop()
    authorization = f"proxy-authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    place = origin.place
    asked = f"CONNECT {place} HTTP/1.1\r\nhost: {place}\r\n{authorization}\r\n"
    try:
        await loop.sock_sendall(made, asked.encode("ascii"))
        head, more = await _read_head(made, proxy)
    except OSError as error:
        said = error.strerror or str(error)
        raise _fault(proxy, f"it closed the connection: {said}") from None
    status = _STATUS.match(head)
    if status is None:
        raise _fault(proxy, "it does not answer as an HTTP proxy does")
    if int(status[1]) != OPENED:
        raise _refused(proxy, place, int(status[1]), status[2] or b"")
    if more:  # a provider says nothing before the handshake: these bytes are not its own
        raise _fault(proxy, "it sent more than its answer")


async def _read_head(made: socket.socket, proxy: Proxy) -> tuple[bytes, bool]:
    """The head of the proxy's answer, and whether more has come than that."""
    loop = asyncio.get_running_loop()
    head = bytearray()
    while True:
        data = await loop.sock_recv(made, READ_BYTES)
        if not data:
            raise _fault(proxy, "it closed the connection without an answer")
        head += data
        end = head.find(END)
        if end >= 0:
            return bytes(head), len(head) > end + len(END)
        if len(head) > HEAD_BYTES_MAX:
            raise _fault(proxy, f"its answer's head is larger than {HEAD_BYTES_MAX} bytes")


def _refused(proxy: Proxy, place: str, status: int, reason: bytes) -> Fault:
    words = reason.decode("latin-1")[:WORDS_CHARS_MAX]
    said = "".join(c for c in words if c.isprintable()).strip()
    cause = _CAUSES.get(status, "it opened no tunnel")
    answer = f"{status} {said}".strip()
    return _fault(proxy, f"asked for {place} it answered {answer}: {cause}")


def _fault(proxy: Proxy, words: str) -> Fault:
    return Fault("unreachable", f"proxy {proxy.place}: {words}")
