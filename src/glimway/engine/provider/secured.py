"""TLS over one socket, for one connection to a provider.

Knows how bytes become records and records bytes: a handshake, then reading and writing through
OpenSSL's memory. Refuses to know whom to trust (``tls``) and what is said (``connection``).

The loops bring a TLS of their own. It serves every protocol there is, and a short request paid
about 50 us for that: an exception for each read that finds nothing more, buffers of 256 KiB, and
a handful of states (https://github.com/MagicStack/uvloop/issues/551). Here one read of the socket
is one delivery, and one request is one write.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterable
from typing import Any, Final

RECORD_BYTES: Final = 16 * 1024
"""A record's largest content (RFC 8446, section 5.1). No more than that is passed through OpenSSL's
memory at once, because that memory never shrinks."""


_NOBODY: Final = asyncio.Protocol()
"""Stands where nobody speaks any more: it hears everything and does nothing."""


class Secured(asyncio.Protocol):
    """A socket's protocol on one side, a speaker's transport on the other.

    Args:
        speaker: hears of the connection once the handshake is over.
        context: whom to trust.
        name: the host that the certificate must name.
    """

    __slots__ = (
        "_error",
        "_incoming",
        "_outgoing",
        "_over",
        "_shaken",
        "_shaking",
        "_socket",
        "_speaker",
        "_tls",
        "_unsent",
    )

    def __init__(self, speaker: asyncio.Protocol, context: ssl.SSLContext, name: str) -> None:
        self._speaker = speaker
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._socket: asyncio.Transport | None = None
        self._shaking = True
        self._shaken: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self._over = False
        self._error: ssl.SSLError | None = None
        self._unsent = b""
        """Waits until OpenSSL has read what it wants to read first: the rest of a ticket, say."""

    async def shake(self) -> None:
        """Wait for the handshake; the caller has a deadline.

        Raises:
            ssl.SSLError: the other side does not convince, or does not speak TLS.
            ConnectionError: it left.
        """
        assert self._shaken is not None  # noqa: S101 - it is waited for once
        try:
            await self._shaken
        except BaseException:
            self.abort()
            raise
        finally:
            self._shaken = None  # what it failed with knows this frame

    # ---- what the speaker calls -----------------------------------------------------------------

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Send these bytes in as few records as they fit into."""
        if self._over:
            return
        data = b"".join(pieces)
        if self._unsent:
            self._unsent += data
        else:
            self._write(data)

    def close(self) -> None:
        """Say goodbye and close when it is sent. The other side's goodbye is not waited for
        (RFC 8446, section 6.1)."""
        if self._over or self._socket is None:
            return
        self._over = True
        with contextlib.suppress(ssl.SSLError):  # that there is no goodbye to read yet
            self._tls.unwrap()
        self._send()
        self._socket.close()

    def abort(self) -> None:
        """Close now."""
        self._over = True
        if self._socket is not None:
            self._socket.abort()

    def pause_reading(self) -> None:
        """Stop reading."""
        if self._socket is not None:
            self._socket.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if self._socket is not None:
            self._socket.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """As a transport's."""
        if self._socket is not None:
            self._socket.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As a transport's, and ``ssl_object``."""
        if name == "ssl_object":
            return self._tls
        return default if self._socket is None else self._socket.get_extra_info(name, default)

    # ---- what the loop calls --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._socket = transport  # type: ignore[assignment]
        self._shake()

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if self._over:
            return
        if len(data) <= RECORD_BYTES:
            self._incoming.write(data)
            self._take()
            return
        whole = memoryview(data)
        for start in range(0, len(data), RECORD_BYTES):
            self._incoming.write(whole[start : start + RECORD_BYTES])
            if not self._take():
                return

    def eof_received(self) -> bool:  # noqa: D102
        # The end of the socket is no end of what was said: only a goodbye is.
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._over = True
        error, speaker = self._error or exc, self._speaker
        # Each holds the other, and an error what it was raised in: none need wait for a collector.
        self._speaker, self._socket, self._error = _NOBODY, None, None
        if not self._shaking:
            speaker.connection_lost(error)
        shaken = self._shaken
        if shaken is not None and not shaken.done():
            shaken.set_exception(error or ConnectionResetError("the connection ended"))
            shaken.exception()  # whoever dialled may have left, and nobody need hear of it

    def pause_writing(self) -> None:  # noqa: D102
        self._speaker.pause_writing()

    def resume_writing(self) -> None:  # noqa: D102
        self._speaker.resume_writing()

    # ---- records --------------------------------------------------------------------------------

    def _take(self) -> bool:
        """Hand on what the records at hand hold; whether more may follow."""
        if self._shaking:
            return self._shake()
        tls, incoming = self._tls, self._incoming
        said: list[bytes] = []
        goodbye = False
        try:
            while True:
                data = tls.read(RECORD_BYTES)
                if not data:
                    goodbye = True
                    break
                said.append(data)
                # Asking once more costs an exception. Nothing is left inside of OpenSSL: a read
                # takes all of a record.
                if not incoming.pending:
                    break
        except ssl.SSLWantReadError:
            pass  # a part of a record, or one that only concerns TLS
        except ssl.SSLError as error:
            self._error = error
        if self._outgoing.pending:  # keys are changed, or an alert
            self._send()
        if said:
            self._speaker.data_received(said[0] if len(said) == 1 else b"".join(said))
        if self._over:
            return False
        if self._error is not None:
            self.abort()
        elif goodbye:
            self._leave()
        elif self._unsent:
            unsent, self._unsent = self._unsent, b""
            self._write(unsent)
        return not self._over

    def _leave(self) -> None:
        """The other side has said goodbye. Who says that reads no more, so that bytes which are
        still to be sent might wait for ever."""
        self._speaker.eof_received()
        if not self._over and self._socket is not None and self._socket.get_write_buffer_size():
            self.abort()
        self.close()

    def _write(self, data: bytes) -> None:
        """Encrypt and send record by record: OpenSSL's memory holds one at a time."""
        socket, start = self._socket, 0
        if socket is None:
            return
        try:
            if len(data) <= RECORD_BYTES:
                self._tls.write(data)
                socket.write(self._outgoing.read())
                return
            whole = memoryview(data)
            while start < len(data):
                start += self._tls.write(whole[start : start + RECORD_BYTES])
                socket.write(self._outgoing.read())
        except ssl.SSLWantReadError:
            self._unsent = data[start:]
        except ssl.SSLError as error:
            self._fail(error)

    def _shake(self) -> bool:
        """Take the handshake as far as the bytes at hand allow; whether more may follow."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._send()
            return True
        except ssl.SSLError as error:
            self._send()  # the alert, which says to the other side what is wrong
            self._fail(error)
            return False
        self._send()
        self._shaking = False
        self._speaker.connection_made(self)  # type: ignore[arg-type]  # as far as it is asked
        if self._shaken is not None and not self._shaken.done():
            self._shaken.set_result(None)
        return self._take() if self._incoming.pending else True

    def _send(self) -> None:
        if self._outgoing.pending and self._socket is not None:
            self._socket.write(self._outgoing.read())

    def _fail(self, error: ssl.SSLError) -> None:
        """Close; whoever waits learns why when the socket is gone."""
        self._over = True
        self._error = error
        if self._socket is not None:
            self._socket.close()
