"""Fetches hosts' own lists of prices, by the client that the server uses.

Knows one GET with its bounds. Refuses to read what comes: ``domain/listing`` does.
"""

from __future__ import annotations

import asyncio
from typing import Final

from glimway import __version__
from glimway.config.reaching import Client
from glimway.domain.listing import read_list
from glimway.domain.offer import PriceText
from glimway.domain.pricelist import PriceList
from glimway.domain.provider import Provider
from glimway.engine.outbox import Outbox
from glimway.engine.provider.dial import Dialer
from glimway.engine.provider.framing import Header
from glimway.engine.provider.origin import origin_of
from glimway.engine.provider.resolver import Resolver
from glimway.engine.provider.tls import Trust
from glimway.wire.refusal import Fault

TIMEOUT_S: Final = 20.0
LIST_BYTES_MAX: Final = 64 * 1024 * 1024
_OK: Final = 200


class ListError(Exception):
    """A list could not be had, or says nothing that can be read."""


def fetch_list(provider: Provider, form: PriceList, client: Client) -> dict[str, PriceText]:
    """A provider's listed prices by its own ids.

    Args:
        provider: with its key, authority and proxy.
        form: how its list reads.
        client: the settings of ``[client]``.

    Raises:
        ListError: says why in a few words.
    """
    try:
        status, body = asyncio.run(_got(provider, form.path, client))
    except Fault as fault:
        raise ListError(f"cannot be reached: {fault.detail}") from None
    except TimeoutError:
        raise ListError(f"no answer within {TIMEOUT_S:g} s") from None
    if status != _OK:
        raise ListError(f"answers {status}")
    try:
        return read_list(form, body)
    except ValueError as error:
        raise ListError(str(error)) from None


async def _got(provider: Provider, path: str, client: Client) -> tuple[int, bytes]:
    origin, base = origin_of(
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
    lines = [f"GET {origin.target(base + path)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    dialer = Dialer(
        Outbox(asyncio.get_running_loop()), Trust(client.trust, client.ca_file), Resolver()
    )
    connection = await dialer.dial(origin, TIMEOUT_S)
    whole = _Whole()
    connection.send(("\r\n".join([*lines, "", ""]).encode(),), whole)
    try:
        return await asyncio.wait_for(whole.answer, TIMEOUT_S)
    finally:
        connection.close()


class _Whole:
    """Waits for the whole of an answer, as far as it is bounded."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self._status = 0
        self._body = bytearray()

    def head(self, status: int, headers: list[Header]) -> None:
        """The head has come."""
        self._status = status

    def body(self, data: bytes) -> None:
        """A piece of the body."""
        self._body += data
        if len(self._body) > LIST_BYTES_MAX:
            self._failed(Fault("broken", f"the list is larger than {LIST_BYTES_MAX} bytes"))
            self._body.clear()

    def end(self) -> None:
        """The answer is whole."""
        if not self.answer.done():
            self.answer.set_result((self._status, bytes(self._body)))

    def fail(self, fault: Fault, *, answered: bool) -> None:
        """There will be no more."""
        self._failed(fault)

    def _failed(self, fault: Fault) -> None:
        if not self.answer.done():
            self.answer.set_exception(fault)
