"""Through a proxy, over real sockets: what it sees, and what its no looks like."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from engine.pooled import EARLY_S, REQUEST, closing, eventually, exchange, new_dialer, new_pool
from engine.provider.liar import Peer, liar
from engine.provider.names import Names
from engine.stage import ADMIN_KEY
from glimway.domain.proxy import read_proxy
from glimway.engine.provider.origin import Origin
from glimway.wire.refusal import Fault
from kit import answers, certificates
from kit.certificates import Certificates
from kit.gateway import Gateway
from kit.provider import ScriptedProvider

NAME = "api.provider.example"
ANSWER = answers.whole(b"{}")
BASIC = base64.b64encode(b"us:er").decode()


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("papers"), (f"DNS:{NAME}",))


class Relay:
    """A proxy that opens tunnels, all of them to one port of this machine."""

    def __init__(self, to_port: int) -> None:
        self.to_port = to_port
        self.heads: list[bytes] = []
        self.through = b""
        """What went towards the provider inside tunnels."""

    async def serve(self, peer: Peer) -> None:
        """One connection."""
        self.heads.append(await peer.head())
        with socket.socket() as made:
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self.to_port))
            await peer.send(b"HTTP/1.1 200 Connection established\r\nvia: 1.1 relay\r\n\r\n")
            far = Peer(made)
            await asyncio.gather(self._there(peer, far), self._back(far, peer))

    async def _there(self, peer: Peer, far: Peer) -> None:
        while data := await peer.some():
            self.through += data
            await far.send(data)
        far.end()

    async def _back(self, far: Peer, peer: Peer) -> None:
        with contextlib.suppress(OSError):
            while data := await far.some():
                await peer.send(data)
            peer.end()


@asynccontextmanager
async def relay(to_port: int) -> AsyncIterator[tuple[Relay, int]]:
    found = Relay(to_port)
    async with liar(found.serve) as server:
        yield found, server.port


def origin(proxy: str, port: int = 443, ca_file: Path | None = None) -> Origin:
    trusted = str(ca_file) if ca_file is not None else None
    return Origin("https", NAME, port, trusted, proxy=read_proxy(proxy))


async def refused(to: Origin, within_s: float = 5.0) -> Fault:
    with pytest.raises(Fault) as told:
        await new_pool(to, new_dialer(Names().resolver())).dial(within_s)
    return told.value


@pytest.mark.parametrize("user", ["", "us:er@"])
def test_an_encrypted_provider_is_reached_through_a_tunnel(papers: Certificates, user: str) -> None:
    async def main(port: int) -> None:
        names = Names()  # the proxy looks names up; nobody here is asked
        async with relay(port) as (proxy, proxy_port):
            to = origin(f"http://{user}127.0.0.1:{proxy_port}", 8443, papers.authority)
            async with closing(new_pool(to, new_dialer(names.resolver()))) as pool:
                connection = await pool.dial()
                secret = REQUEST.replace(b"\r\n\r\n", b"\r\nauthorization: Bearer sk-1\r\n\r\n")
                for _ in range(3):
                    assert (await exchange(connection, secret)).ended
                    assert pool.take() is connection
        (head,) = proxy.heads
        authorization = f"proxy-authorization: Basic {BASIC}\r\n" if user else ""
        place = f"{NAME}:8443"
        # Not a header more than it needs, and nothing of the request.
        assert head.decode() == (
            f"CONNECT {place} HTTP/1.1\r\nhost: {place}\r\n{authorization}\r\n"
        )
        assert b"sk-1" not in proxy.through
        assert b"POST" not in proxy.through
        assert names.asked == []

    with ScriptedProvider(tls=papers) as provider:
        provider.always(ANSWER)
        uvloop.run(main(provider.port))
        assert len(provider.requests) == 3
        for request in provider.requests:
            assert request.header("proxy-authorization") is None


def test_a_proxy_cannot_show_a_certificate_of_its_own(papers: Certificates) -> None:
    async def main(port: int) -> None:
        async with relay(port) as (_, proxy_port):
            fault = await refused(origin(f"http://127.0.0.1:{proxy_port}"))
        assert fault.detail.startswith(f"TLS: the certificate of {NAME} comes from an authority")

    with ScriptedProvider(tls=papers) as provider:
        uvloop.run(main(provider.port))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 4\r\n\r\nno!\n",
            "asked for {name}:443 it answered 407 Proxy Authentication Required: it wants a user "
            "and a password, which its URL can hold",
        ),
        (
            b"HTTP/1.0 403 Forbidden\r\n\r\n",
            "asked for {name}:443 it answered 403 Forbidden: it does not allow that",
        ),
        (b"HTTP/1.1 502 \r\n\r\n", "asked for {name}:443 it answered 502: it could not connect"),
        (
            b"HTTP/1.1 504\r\n\r\n",
            "asked for {name}:443 it answered 504: it could not connect in time",
        ),
        (
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\n\r\n",
            "asked for {name}:443 it answered 302 Found: it opened no tunnel",
        ),
        (
            b"HTTP/1.1 500 \x1b[31mred\x07 " + b"x" * 100 + b"\r\n\r\n",
            "asked for {name}:443 it answered 500 [31mred " + "x" * 70 + ": it opened no tunnel",
        ),
        (
            b"HTTP/1.1 204 No Content\r\n\r\n",
            "asked for {name}:443 it answered 204 No Content: it opened no tunnel",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "it does not answer as an HTTP proxy does"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "it does not answer as an HTTP proxy does"),
        (b"HTTP/1.1 200 OK\r\n\r\n\x15\x03\x03", "it sent more than its answer"),
        (b"HTTP/1.1 200 OK\r\n", "it closed the connection without an answer"),
        (b"", "it closed the connection without an answer"),
        (
            b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 4000,
            "its answer's head is larger than 16384 bytes",
        ),
    ],
)
def test_what_a_proxy_says_instead_of_yes_is_told(answer: bytes, said: str) -> None:
    async def act(peer: Peer) -> None:
        await peer.head()
        with contextlib.suppress(OSError):
            await peer.send(answer)

    async def main() -> None:
        async with liar(act) as server:
            fault = await refused(origin(f"http://us:er@127.0.0.1:{server.port}"))
            assert fault.kind == "unreachable"
            expected = f"proxy 127.0.0.1:{server.port}: {said.format(name=NAME)}"
            assert fault.detail == expected
            assert BASIC not in fault.detail

    uvloop.run(main())


def test_a_proxy_that_is_not_there_is_named() -> None:
    async def main() -> None:
        fault = await refused(origin("http://proxy.example:3128"))
        assert fault.detail == (
            "proxy proxy.example:3128: name 'proxy.example': Name or service not known"
        )
        fault = await refused(origin("http://127.0.0.1:1"))
        assert fault.detail == "proxy 127.0.0.1:1: connect: 127.0.0.1:1 Connection refused"

    uvloop.run(main())


def test_a_silent_proxy_is_within_the_deadline() -> None:
    async def act(peer: Peer) -> None:
        await peer.until_left()

    async def main() -> None:
        async with liar(act) as server:
            began_s = time.monotonic()
            fault = await refused(origin(f"http://127.0.0.1:{server.port}"), 0.2)
            assert 0.2 - EARLY_S <= time.monotonic() - began_s < 0.4
            assert fault.kind == "timeout"
            assert fault.detail == (
                f"no connection within 0.2 s: asking proxy 127.0.0.1:{server.port} for a tunnel "
                "took too long"
            )
            await eventually(lambda: server.peers[0].left)

    uvloop.run(main())


# ---- through a whole gateway ---------------------------------------------------------------------

PROXIED = """
[[providers]]
id = "far"
profile = "openai"
base_url = "{base_url}"
private = true
{proxy}

[[models]]
id = "lab/far"
context = 1000
max_output = 1000

  [[models.endpoints]]
  provider = "far"
  model = "m"
  price = {{ input = "0", output = "0" }}
"""


def ask(gateway: Gateway) -> int:
    body = {"model": "lab/far", "messages": [{"role": "user", "content": "Hi."}]}
    return gateway.post("/v1/chat/completions", body).status


@pytest.mark.parametrize("user", ["", "us:er@"])
def test_a_plain_provider_that_names_a_proxy_is_asked_for_in_absolute_form(user: str) -> None:
    with ScriptedProvider() as proxy:
        proxy.always(answers.whole(answers.chat()))
        text = PROXIED.format(
            base_url="http://rack.internal:9900/v1", proxy='proxy = { env = "FAR_PROXY" }'
        )
        environment = {"FAR_PROXY": f"http://{user}127.0.0.1:{proxy.port}"}
        with Gateway(text, environment=environment) as gateway:
            assert ask(gateway) == 200
        (request,) = proxy.requests
        line = request.raw.split(b"\r\n")[0]
        assert line == b"POST http://rack.internal:9900/v1/chat/completions HTTP/1.1"
        assert request.header("host") == "rack.internal:9900"
        assert request.header("proxy-authorization") == (f"Basic {BASIC}" if user else None)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_private_provider_is_not_sent_through_the_surroundings_proxy(variable: str) -> None:
    with ScriptedProvider() as provider:
        provider.always(answers.whole(answers.chat()))
        text = PROXIED.format(base_url=f"{provider.url}/v1", proxy="")
        with Gateway(text, environment={variable: "http://127.0.0.1:1"}) as gateway:
            assert ask(gateway) == 200


ONE_TRY = """
[routing]
attempts = 1
"""
PUBLIC = """
[[providers]]
id = "far"
profile = "openai"
base_url = "https://api.provider.example/v1"
api_key = { env = "RACK1_API_KEY" }
"""


def test_a_public_provider_is_sent_through_it_and_a_failure_is_told() -> None:
    with ScriptedProvider() as proxy:
        proxy.always(answers.whole(b"no", 407))
        models = PROXIED[PROXIED.index("[[models]]") :].format()
        environment = {
            "GLIMWAY_ADMIN_KEY": ADMIN_KEY,
            "https_proxy": f"us:er@127.0.0.1:{proxy.port}",
        }
        with Gateway(ONE_TRY + PUBLIC + models, environment=environment) as gateway:
            assert ask(gateway) == 503
            admin = {"authorization": f"Bearer {ADMIN_KEY}"}
            (error,) = gateway.get("/admin/v1/errors", admin).json()["data"]
        assert error["cause"] == (
            f"proxy 127.0.0.1:{proxy.port}: asked for api.provider.example:443 it answered 407 "
            "Whatever: it wants a user and a password, which its URL can hold"
        )
        (request,) = proxy.requests
        assert request.raw.startswith(b"CONNECT api.provider.example:443 HTTP/1.1\r\n")
        assert b"sk-rack1" not in request.raw
