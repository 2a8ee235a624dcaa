"""TLS below a connection, cut at every byte: a server in memory on the other side of a socket that
takes notes. Real sockets and certificates that do not convince are in ``test_tls``."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ssl
import weakref
from collections.abc import Iterable
from typing import Any

import pytest
import uvloop

from engine.pooled import closing, exchange, new_pool
from glimway.engine.provider import dial
from glimway.engine.provider.origin import Origin
from glimway.engine.provider.secured import RECORD_BYTES, Secured
from glimway.wire.refusal import Fault
from kit import answers, certificates
from kit.certificates import Certificates
from kit.provider import ScriptedProvider

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Of an authority that signed nothing here."""
    return certificates.make(tmp_path_factory.mktemp("papers"), ("DNS:other.example",))


class Socket(asyncio.Transport):
    """Notes what is sent and done."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.done: list[str] = []
        self.waits = 0

    def write(self, data: Any) -> None:
        self.sent += data

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        for data in list_of_data:
            self.sent += data

    def close(self) -> None:
        self.done.append("close")

    def abort(self) -> None:
        self.done.append("abort")

    def pause_reading(self) -> None:
        self.done.append("pause")

    def resume_reading(self) -> None:
        self.done.append("resume")

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.done.append(f"limits {high} {low}")

    def get_write_buffer_size(self) -> int:
        return self.waits

    def taken(self) -> bytes:
        sent, self.sent = bytes(self.sent), bytearray()
        return sent


class Speaker(asyncio.Protocol):
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.lost: list[Exception | None] = []
        self.transport: Any = None
        self.answer = ""

    @property
    def data(self) -> bytes:
        return b"".join(one for one in self.heard if isinstance(one, bytes))

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)
        if self.answer:
            getattr(self.transport, self.answer)()

    def eof_received(self) -> bool:
        self.heard.append("end")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)

    def pause_writing(self) -> None:
        self.heard.append("pause")

    def resume_writing(self) -> None:
        self.heard.append("resume")


class Pair:
    """Both ends. The server's is OpenSSL itself."""

    def __init__(self, papers: Certificates, version: ssl.TLSVersion) -> None:
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        theirs.load_cert_chain(papers.certificate, papers.key)
        theirs.maximum_version = version
        self._to, self._from = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = theirs.wrap_bio(self._to, self._from, server_side=True)
        self.socket, self.speaker = Socket(), Speaker()
        ours = ssl.create_default_context(cafile=str(papers.authority))
        self.secured = Secured(self.speaker, ours, HOST)
        self.secured.connection_made(self.socket)

    def shake(self, step: int = 1 << 20) -> None:
        for _ in range(4):
            self._to.write(self.socket.taken())
            with contextlib.suppress(ssl.SSLWantReadError):
                self.server.do_handshake()
            self.feed(self._from.read(), step)
        assert self.speaker.transport is self.secured

    def feed(self, data: bytes, step: int = 1 << 20) -> None:
        for start in range(0, len(data), step):
            self.secured.data_received(data[start : start + step])

    def said(self, *texts: bytes) -> bytes:
        """What the server says, as it goes over the wire."""
        for text in texts:
            self.server.write(text)
        return self._from.read()

    def goodbye(self) -> bytes:
        with contextlib.suppress(ssl.SSLWantReadError):
            self.server.unwrap()
        return self._from.read()

    def read(self) -> bytes:
        """What the server reads of what was sent."""
        self._to.write(self.socket.taken())
        said = b""
        with contextlib.suppress(ssl.SSLWantReadError):
            while data := self.server.read(1 << 20):
                said += data
        return said


VERSIONS = pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"]
)


@VERSIONS
def test_bytes_arrive_however_the_records_are_cut(
    certificate_files: Certificates, version: ssl.TLSVersion
) -> None:
    async def main() -> None:
        for step in (1, 2, 3, 5, 7, 64, 1 << 20):
            pair = Pair(certificate_files, version)
            pair.shake(step)
            pair.feed(pair.said(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n\r\n"), step)
            assert pair.speaker.data == b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n"
            pair.feed(pair.goodbye(), step)
            assert pair.speaker.heard[-1] == "end"
            assert pair.socket.done[-1] == "close"

    uvloop.run(main())


@VERSIONS
def test_a_cut_at_any_byte_changes_nothing(
    certificate_files: Certificates, version: ssl.TLSVersion
) -> None:
    async def main() -> None:
        pair = Pair(certificate_files, version)
        pair.shake()
        cut = 0
        while True:
            wire = pair.said(b"one", b"two", b"three")
            cut += 1
            if cut == len(wire):
                return
            pair.speaker.heard.clear()
            pair.feed(wire[:cut])
            pair.feed(wire[cut:])
            assert pair.speaker.data == b"onetwothree"
            # One read of the socket is one delivery at most.
            assert len(pair.speaker.heard) <= 2

    uvloop.run(main())


@VERSIONS
@pytest.mark.parametrize("size", [0, 1, RECORD_BYTES, RECORD_BYTES + 1, 5 * RECORD_BYTES + 7])
def test_long_texts_pass_both_ways(
    certificate_files: Certificates, version: ssl.TLSVersion, size: int
) -> None:
    async def main() -> None:
        pair = Pair(certificate_files, version)
        pair.shake()
        text = bytes(number % 251 for number in range(size))
        pair.secured.writelines((b"head ", text))
        assert pair.read() == b"head " + text
        pair.feed(pair.said(b"head ", text) if text else pair.said(b"head "))
        assert pair.speaker.data == b"head " + text

    uvloop.run(main())


def test_a_goodbye_is_answered_and_nothing_follows_it(certificate_files: Certificates) -> None:
    async def main() -> None:
        pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
        pair.shake()
        pair.socket.taken()
        pair.feed(pair.said(b"last") + pair.goodbye())
        assert pair.speaker.heard == [b"last", "end"]
        assert pair.socket.sent, "our own goodbye"
        assert pair.socket.done == ["close"]
        pair.socket.taken()
        pair.secured.writelines((b"too late",))
        pair.secured.close()
        pair.feed(b"noise")
        assert not pair.socket.sent
        assert pair.socket.done == ["close"]
        pair.secured.connection_lost(None)
        assert pair.speaker.lost == [None]

    uvloop.run(main())


def test_the_end_of_the_socket_is_no_goodbye(certificate_files: Certificates) -> None:
    async def main() -> None:
        pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
        pair.shake()
        pair.feed(pair.said(b"half"))
        assert pair.secured.eof_received() is False
        pair.secured.connection_lost(None)
        assert pair.speaker.heard == [b"half"]
        assert pair.speaker.lost == [None]

    uvloop.run(main())


def test_a_record_that_was_tampered_with_ends_the_connection(
    certificate_files: Certificates,
) -> None:
    """What came before it counts, nothing after it does, and the reason is told."""

    async def main() -> None:
        for at in range(5 + 3 + 1 + 16):  # head, text, kind, tag
            pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
            pair.shake()
            good, bad = pair.said(b"good"), bytearray(pair.said(b"bad"))
            bad[at] ^= 0x40
            after = pair.said(b"after")
            pair.feed(good + bytes(bad) + after)
            if at in (3, 4):  # the length: OpenSSL may wait for bytes that never come
                continue
            assert pair.speaker.data == b"good"
            assert pair.socket.done[-1] == "abort"
            pair.secured.connection_lost(None)
            assert isinstance(pair.speaker.lost[0], ssl.SSLError)

    uvloop.run(main())


@pytest.mark.parametrize("answer", ["close", "abort"])
def test_a_speaker_may_leave_in_the_middle(certificate_files: Certificates, answer: str) -> None:
    async def main() -> None:
        pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
        pair.shake()
        pair.speaker.answer = answer
        large = b"x" * RECORD_BYTES
        pair.feed(pair.said(large, large, large))
        assert len(pair.speaker.data) <= len(large)
        assert pair.socket.done == [answer]
        pair.secured.connection_lost(None)
        assert pair.speaker.lost == [None]

    uvloop.run(main())


def test_the_speaker_s_wishes_reach_the_socket_and_the_socket_s_the_speaker(
    certificate_files: Certificates,
) -> None:
    async def main() -> None:
        pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
        pair.shake()
        pair.secured.pause_reading()
        pair.secured.resume_reading()
        pair.secured.set_write_buffer_limits(1, 0)
        assert pair.socket.done == ["pause", "resume", "limits 1 0"]
        pair.secured.pause_writing()
        pair.secured.resume_writing()
        assert pair.speaker.heard == ["pause", "resume"]
        assert pair.secured.get_extra_info("ssl_object").version() == "TLSv1.3"
        assert pair.secured.get_extra_info("unheard of", 7) == 7

    uvloop.run(main())


def test_whoever_waits_for_the_handshake_is_told_how_it_ended(
    certificate_files: Certificates, recwarn: pytest.WarningsRecorder
) -> None:
    async def main() -> None:
        for lost in (None, ConnectionResetError("cut")):
            pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
            waiting = asyncio.ensure_future(pair.secured.shake())
            await asyncio.sleep(0)
            pair.secured.connection_lost(lost)
            with pytest.raises(ConnectionResetError):
                await waiting
            # Nobody waits any more, and nobody need be told.
            pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
            pair.secured.connection_lost(lost)
            assert not pair.speaker.lost
        pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
        waiting = asyncio.ensure_future(pair.secured.shake())
        pair.shake()
        await waiting

    uvloop.run(main())
    assert not recwarn.list


def test_a_goodbye_before_the_request_is_out_is_not_waited_upon(
    certificate_files: Certificates,
) -> None:
    """Whoever has said goodbye need not read what is still to be sent."""

    async def main() -> None:
        pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
        pair.shake()
        pair.socket.waits = 1
        pair.feed(pair.goodbye())
        assert pair.speaker.heard == ["end"]
        assert pair.socket.done == ["abort"]

    uvloop.run(main())


@pytest.mark.parametrize("size", [5, 3 * RECORD_BYTES])
def test_what_openssl_cannot_send_yet_is_sent_when_it_has_read(
    certificate_files: Certificates, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """It wants to read first in the middle of a renegotiation (TLS 1.2), or of a ticket that came
    in two records (TLS 1.3)."""

    async def main() -> None:
        pair = Pair(certificate_files, ssl.TLSVersion.TLSv1_3)
        pair.shake()
        tls: Any = pair.secured.get_extra_info("ssl_object")
        write, calls = tls.write, 0

        def wants(data: Any) -> int:
            nonlocal calls
            calls += 1
            if calls == min(2, 1 + size // RECORD_BYTES):
                raise ssl.SSLWantReadError
            return int(write(data))

        monkeypatch.setattr(tls, "write", wants)
        text = b"x" * size
        pair.secured.writelines((text,))
        pair.secured.writelines((b"next",))
        assert len(pair.read()) < size
        pair.feed(pair.said(b"go on"))
        assert pair.speaker.data == b"go on"
        assert not pair.socket.done
        assert len(pair.socket.sent) > 0

        pair.secured.writelines((b"!",))
        assert pair.read().endswith(b"next!")

    uvloop.run(main())


@pytest.mark.parametrize("trusted", [True, False])
def test_a_connection_that_is_gone_leaves_nothing_for_the_collector(
    certificate_files: Certificates, papers: Certificates, trusted: bool
) -> None:
    """A cycle of each would hold its 24 KiB of OpenSSL's until a collection, and those are rare."""

    async def one() -> weakref.ref[Any]:
        with ScriptedProvider(tls=certificate_files) as provider:
            provider.always(answers.whole(b"{}"))
            authority = (certificate_files if trusted else papers).authority
            origin = Origin("https", HOST, provider.port, str(authority), private=True)
            made: list[Any] = []

            class Watched(Secured):
                __slots__ = ("__weakref__",)

                def __init__(self, *given: Any) -> None:
                    super().__init__(*given)
                    made.append(weakref.ref(self))

            monkey = pytest.MonkeyPatch()
            with monkey.context() as patch:
                patch.setattr(dial, "Secured", Watched)
                async with closing(new_pool(origin)) as pool:
                    if trusted:
                        assert (await exchange(await pool.dial(5.0))).ended
                    else:
                        with pytest.raises(Fault):
                            await pool.dial(5.0)
            await asyncio.sleep(0.01)
            found: weakref.ref[Any] = made[0]
            return found

    gc.collect()
    gc.disable()
    try:
        assert uvloop.run(one())() is None
    finally:
        gc.enable()
