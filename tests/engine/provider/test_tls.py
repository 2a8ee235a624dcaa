"""Certificates over real sockets: who is trusted, who is not, and what is said of it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvloop

from engine.pooled import EARLY_S, LOOPS, Run, closing, eventually, exchange, new_dialer, new_pool
from engine.provider.liar import Peer, liar
from engine.provider.names import Names
from glimway.engine.provider.origin import Origin
from glimway.engine.provider.tls import Trust
from glimway.wire.refusal import Fault
from kit import answers, certificates
from kit.certificates import Certificates
from kit.provider import ScriptedProvider
from kit.steps import Close

ANSWER = answers.whole(b"{}")
NAME = "api.provider.example"


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Certificates]:
    """Certificates by what is wrong with them, each made once."""
    made: dict[str, Certificates] = {}
    names = (f"DNS:{NAME}", "IP:127.0.0.1")
    makers: dict[str, Callable[[Path], Certificates]] = {
        "right": lambda folder: certificates.make(folder, names),
        "other authority": lambda folder: certificates.make(folder, names),
        "other name": lambda folder: certificates.make(folder, ("DNS:other.example",)),
        "wildcard below": lambda folder: certificates.make(folder, (f"DNS:*.{NAME}",)),
        "other address": lambda folder: certificates.make(folder, ("IP:127.0.0.9",)),
        "expired": lambda folder: certificates.make(folder, names, days=-1),
        "self-signed": lambda folder: certificates.self_signed(folder, names),
    }

    def get(kind: str) -> Certificates:
        if kind not in made:
            made[kind] = makers[kind](tmp_path_factory.mktemp("papers"))
        return made[kind]

    return get


Papers = Callable[[str], Certificates]


@contextmanager
def serving(shown: Certificates) -> Iterator[ScriptedProvider]:
    """A provider that shows these papers."""
    with ScriptedProvider(tls=shown) as provider:
        provider.always(ANSWER)
        yield provider


def origin(port: int, host: str = NAME, ca_file: Path | None = None) -> Origin:
    return Origin("https", host, port, str(ca_file) if ca_file else None, private=True)


async def answered(to: Origin, trust: Trust | None = None) -> bool:
    names = Names({NAME: [["127.0.0.1"]], f"{NAME}.": [["127.0.0.1"]]})
    async with closing(new_pool(to, new_dialer(names.resolver(), trust))) as pool:
        return (await exchange(await pool.dial(5.0))).ended


async def refused(to: Origin, trust: Trust | None = None) -> str:
    with pytest.raises(Fault) as told:
        await answered(to, trust)
    assert told.value.kind == "unreachable"
    return told.value.detail


@LOOPS
def test_an_authority_that_the_provider_names_is_trusted(papers: Papers, run: Run) -> None:
    right = papers("right")
    with serving(right) as provider:
        for host in (NAME, f"{NAME}.", "127.0.0.1"):
            assert run(answered(origin(provider.port, host, right.authority)))


def test_an_authority_of_all_providers_is_trusted(papers: Papers) -> None:
    right, other = papers("right"), papers("other authority")
    with serving(right) as provider:
        everywhere = Trust(ca_file=str(right.authority))
        assert uvloop.run(answered(origin(provider.port), everywhere))
        # Each provider's own comes on top.
        both = origin(provider.port, ca_file=other.authority)
        assert uvloop.run(answered(both, everywhere))


def test_the_system_s_authorities_can_be_asked_for(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = papers("right")
    monkeypatch.setenv("SSL_CERT_FILE", str(right.authority))  # where OpenSSL looks for them
    with serving(right) as provider:
        assert uvloop.run(answered(origin(provider.port), Trust("system")))
        said = uvloop.run(refused(origin(provider.port), Trust("certifi")))
        assert "comes from an authority that is" in said


@LOOPS
@pytest.mark.parametrize(
    ("kind", "host", "trusted", "said"),
    [
        ("other name", NAME, "other name", f"of {NAME} is for another name (Hostname mismatch"),
        ("wildcard below", NAME, "wildcard below", f"of {NAME} is for another name (Hostname"),
        ("other address", "127.0.0.1", "other address", "of 127.0.0.1 is for another address (IP"),
        ("expired", NAME, "expired", f"of {NAME} has expired (certificate has expired)"),
        ("self-signed", NAME, None, f"of {NAME} is self-signed; ca_file can name it (self"),
        ("right", NAME, None, f"of {NAME} comes from an authority that is not trusted; ca_file"),
        ("right", NAME, "other authority", f"of {NAME} "),
        ("right", NAME, "self-signed", f"of {NAME} comes from an authority that is not trusted;"),
    ],
)
def test_a_certificate_that_does_not_convince_is_named(
    papers: Papers,
    run: Run,
    kind: str,
    host: str,
    trusted: str | None,
    said: str,
) -> None:
    authority = papers(trusted).authority if trusted else None
    with serving(papers(kind)) as provider:
        told = run(refused(origin(provider.port, host, authority)))
        assert told.startswith(f"TLS: the certificate {said}"), told
        provider.wait_until(lambda: provider.connections_open == 0)
        assert provider.requests == [], "a request was sent to nobody knows whom"


def test_nothing_can_switch_the_checks_off(papers: Papers) -> None:
    async def main() -> None:
        for trust in (Trust(), Trust("system"), Trust(ca_file=str(papers("right").authority))):
            context = await trust.context(None)
            assert context.verify_mode == ssl.CERT_REQUIRED
            assert context.check_hostname
            assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
            assert not context.keylog_filename

    uvloop.run(main())


def test_contexts_are_made_once_and_shared(papers: Papers) -> None:
    own = str(papers("right").authority)

    async def main() -> None:
        trust = Trust()
        made = await asyncio.gather(*(trust.context(own) for _ in range(20)), trust.context(None))
        assert len(set(map(id, made))) == 2
        assert await trust.context(None) is made[-1]

    uvloop.run(main())


def test_an_authority_s_file_that_went_away_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone.pem"
    with ScriptedProvider() as provider:
        told = uvloop.run(refused(origin(provider.port, ca_file=gone)))
        assert told == f"TLS: the authorities in {gone} cannot be read: No such file or directory"
        gone.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        told = uvloop.run(refused(origin(provider.port, ca_file=gone)))
        assert told.startswith(f"TLS: the authorities in {gone} cannot be read: ")


@LOOPS
@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", f"{NAME} does not speak TLS on this port ("),
        (b"\x15\x03\x03\x00\x02\x02\x28", f"{NAME} breaks off the handshake: "),
        (b"\x15\x03\x03\x00\x02\x02\x46", f"{NAME} breaks off the handshake: "),
        (b"", f"{NAME} closed the connection during the handshake"),
    ],
    ids=["http", "handshake failure", "protocol version", "end"],
)
def test_a_server_that_does_not_shake_hands_is_named(
    run: Run,
    greeting: bytes,
    said: str,
) -> None:
    async def act(peer: Peer) -> None:
        await peer.some()
        await peer.send(greeting)

    async def main() -> None:
        async with liar(act) as server:
            assert (await refused(origin(server.port))).startswith(f"TLS: {said}")

    run(main())


@LOOPS
def test_the_handshake_is_within_the_connection_s_deadline(run: Run) -> None:
    async def act(peer: Peer) -> None:
        await peer.until_left()

    async def main() -> None:
        names = Names({NAME: [["127.0.0.1"]]})
        async with liar(act) as server:
            pool = new_pool(origin(server.port), new_dialer(names.resolver()))
            began_s = time.monotonic()
            with pytest.raises(Fault) as told:
                await pool.dial(0.3)
            assert 0.3 - EARLY_S <= time.monotonic() - began_s < 0.5
            assert told.value.kind == "timeout"
            said = f"no connection within 0.3 s: the TLS handshake with {NAME} took too long"
            assert told.value.detail == said
            await eventually(lambda: server.peers[0].left)
            assert pool.open == 0

    run(main())


def test_an_answer_that_the_end_of_tls_does_not_end_is_cut_off(papers: Papers) -> None:
    """Whoever can cut the wire must not be able to make half an answer look whole (RFC 9112,
    section 9.8): only a farewell under encryption ends a body that the close ends."""
    right = papers("right")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(right.certificate, right.key)

    async def serve(farewell: bool) -> tuple[bool, str]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answers.head(200, {"connection": "close"}) + b"half")
            await writer.drain()
            if farewell:
                writer.close()
            else:
                writer.transport.abort()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        to = origin(server.sockets[0].getsockname()[1], "127.0.0.1", right.authority)
        async with server, closing(new_pool(to)) as pool:
            noted = await exchange(await pool.dial(5.0))
        return noted.ended, noted.fault.kind if noted.fault else ""

    assert uvloop.run(serve(farewell=True)) == (True, "")
    assert uvloop.run(serve(farewell=False)) == (False, "broken")


def test_a_kept_connection_works_again_and_again(papers: Papers) -> None:
    right = papers("right")

    async def main(port: int) -> None:
        to = origin(port, "127.0.0.1", right.authority)
        async with closing(new_pool(to)) as pool:
            connection = await pool.dial()
            for _ in range(20):
                assert (await exchange(connection)).ended
                assert pool.take() is connection

    with serving(right) as provider:
        uvloop.run(main(provider.port))
        assert provider.connections_total == 1


def test_a_provider_that_answers_and_closes_is_left_politely(papers: Papers) -> None:
    right = papers("right")

    async def main(port: int) -> None:
        to = origin(port, "127.0.0.1", right.authority)
        async with closing(new_pool(to)) as pool:
            assert (await exchange(await pool.dial())).ended
            await eventually(lambda: not pool.open)

    with ScriptedProvider(tls=right) as provider:
        provider.always(answers.whole(b"{}", headers={"connection": "close"}), Close())
        uvloop.run(main(provider.port))
