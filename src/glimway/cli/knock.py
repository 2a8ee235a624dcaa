"""The doctor's call to a provider, made by the client that the server uses.

Knows what an answer tells about an address and a key. Refuses to send a prompt. Names, addresses,
proxies and certificates are judged here as they are for a request, so the doctor's verdict is the
server's.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

import msgspec

from glimway import __version__
from glimway.config.reaching import Client
from glimway.domain.provider import Provider
from glimway.engine.outbox import Outbox
from glimway.engine.provider.dial import Dialer
from glimway.engine.provider.framing import Header
from glimway.engine.provider.origin import origin_of
from glimway.engine.provider.resolver import Resolver
from glimway.engine.provider.tls import Trust
from glimway.wire.refusal import Fault

TIMEOUT_S: Final = 10.0
KEY_REFUSED: Final = frozenset({401, 403})


class Answer(msgspec.Struct, frozen=True):
    """What a provider's answer tells.

    Args:
        reached: it answered at all.
        refused: it does not accept the key.
        message: what was seen.
    """

    reached: bool
    refused: bool
    message: str


def knock(provider: Provider, client: Client) -> Answer:
    """List a provider's models with its key; any answer shows that it can be reached.

    Args:
        provider: with its key, authority and proxy.
        client: the settings of ``[client]``.
    """
    began_s = time.monotonic()
    try:
        status = asyncio.run(_status(provider, client))
    except Fault as fault:
        return Answer(reached=False, refused=False, message=f"cannot be reached: {fault.detail}")
    except TimeoutError:
        message = f"cannot be reached: no answer within {TIMEOUT_S:g} s"
        return Answer(reached=False, refused=False, message=message)
    took_ms = round((time.monotonic() - began_s) * 1000)
    if status in KEY_REFUSED:
        return Answer(reached=True, refused=True, message=f"does not accept the key ({status})")
    return Answer(reached=True, refused=False, message=f"answers ({status}) in {took_ms} ms")


async def _status(provider: Provider, client: Client) -> int:
    """The status of the list of models.

    Raises:
        Fault: it could not be had.
        TimeoutError: it did not come in time.
    """
    origin, path = origin_of(
        provider.base_url or "",
        ca_file=provider.ca_file,
        private=provider.private,
        proxy=provider.proxy,
    )
    headers = {
        "host": origin.authority,
        "user-agent": f"glimway/{__version__}",
        "accept": "application/json",
        **provider.headers(),
        **origin.proxy_headers(),
    }
    lines = [f"GET {origin.target(path + '/models')} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    dialer = Dialer(
        Outbox(asyncio.get_running_loop()), Trust(client.trust, client.ca_file), Resolver()
    )
    connection = await dialer.dial(origin, TIMEOUT_S)
    heard = _Heard()
    connection.send(("\r\n".join([*lines, "", ""]).encode(),), heard)
    try:
        return await asyncio.wait_for(heard.status, TIMEOUT_S)
    finally:
        connection.close()


class _Heard:
    """Waits for the head of the answer; the rest is not read."""

    def __init__(self) -> None:
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def head(self, status: int, headers: list[Header]) -> None:
        """The head has come."""
        if not self.status.done():
            self.status.set_result(status)

    def body(self, data: bytes) -> None:
        """Not read."""

    def end(self) -> None:
        """Not waited for."""

    def fail(self, fault: Fault, *, answered: bool) -> None:
        """There will be no head."""
        if not self.status.done():
            self.status.set_exception(fault)
