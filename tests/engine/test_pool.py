"""The pool over real sockets: which connection is next, how long it is trusted, and its bounds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
import uvloop

from engine.pooled import REQUEST, closing, eventually, exchange, new_pool, pool_of
from engine.sinks import Noted
from glimway.engine.provider.connection import Connection
from glimway.engine.provider.origin import origin_of
from glimway.wire.refusal import Fault
from kit import answers, ports
from kit.certificates import Certificates
from kit.provider import ScriptedProvider
from kit.steps import Close, Pause

ANSWER = answers.whole(b"{}")


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as provider:
        provider.always(ANSWER)
        yield provider


async def gone(connection: Connection) -> None:
    await eventually(lambda: connection.closed)


def test_the_connection_used_last_is_used_next(provider: ScriptedProvider) -> None:
    async def main() -> None:
        async with closing(pool_of(provider.url)) as pool:
            assert pool.take() is None
            first, second, third = [await pool.dial() for _ in range(3)]
            assert pool.open == 3
            for connection in (second, third, first):
                await exchange(connection)
            assert [pool.take() for _ in range(4)] == [first, third, second, None]
            await exchange(third)
            assert pool.take() is third
            assert pool.open == 3

    uvloop.run(main())


def test_an_idle_connection_is_trusted_for_a_time_only(provider: ScriptedProvider) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with closing(pool_of(provider.url, idle_s=0.2)) as pool:
            old, fresh = await pool.dial(), await pool.dial()
            await exchange(old)
            freed_s = loop.time()
            await asyncio.sleep(0.1)
            await exchange(fresh)
            await gone(old)  # nobody asked for it: the pool looks by itself
            assert 0.2 <= loop.time() - freed_s <= 0.3
            assert not fresh.closed
            assert pool.take() is fresh
            await exchange(fresh)
            await gone(fresh)
            assert pool.take() is None
            await asyncio.to_thread(provider.wait_until, lambda: provider.connections_open == 0)
            await eventually(lambda: not pool.open)

    uvloop.run(main())


def test_a_connection_that_the_provider_closed_is_not_taken(provider: ScriptedProvider) -> None:
    async def main() -> None:
        async with closing(pool_of(provider.url)) as pool:
            for reset in (False, True):
                connection = await pool.dial()
                await exchange(connection)
                assert provider.drop_idle(reset=reset) == 1
                await gone(connection)
                assert pool.take() is None
                await eventually(lambda: not pool.open)

    uvloop.run(main())


def test_a_request_on_a_connection_that_is_closing_fails_unanswered(
    provider: ScriptedProvider,
) -> None:
    """The race that a replay is for: the provider closes while the request is on its way."""

    async def main() -> None:
        async with closing(pool_of(provider.url)) as pool:
            connection = await pool.dial()
            await exchange(connection)
            provider.drop_idle()
            taken = pool.take()
            assert taken is connection  # the loop has not heard of it yet
            noted = await exchange(taken)
            assert noted.fault is not None
            assert (noted.fault.kind, noted.answered) == ("unreachable", False)
            assert len(provider.requests) == 1

    uvloop.run(main())


def test_busy_connections_have_a_bound(provider: ScriptedProvider) -> None:
    async def main() -> None:
        async with closing(pool_of(provider.url, connections_max=2)) as pool:
            kept = [await pool.dial(), await pool.dial()]
            with pytest.raises(Fault) as told:
                await pool.dial()
            assert told.value.kind == "overloaded"
            # The bound holds while connections are being made, too.
            kept[0].close()
            await eventually(lambda: pool.open == 1)
            made = await asyncio.gather(*(pool.dial() for _ in range(5)), return_exceptions=True)
            assert sum(isinstance(one, Connection) for one in made) == 1
            assert sum(isinstance(one, Fault) for one in made) == 4

    uvloop.run(main())


def test_idle_connections_have_a_bound(provider: ScriptedProvider) -> None:
    async def main() -> None:
        async with closing(pool_of(provider.url, idle_max=2)) as pool:
            for connection in [await pool.dial() for _ in range(4)]:
                await exchange(connection)
            taken = [pool.take() for _ in range(3)]
            assert taken[2] is None
            await asyncio.to_thread(provider.wait_until, lambda: provider.connections_open == 2)
            pool.close()
            await asyncio.to_thread(provider.wait_until, lambda: provider.connections_open == 0)

    uvloop.run(main())


def test_close_ends_busy_connections_too(provider: ScriptedProvider) -> None:
    provider.always(Pause(60.0))

    async def main() -> None:
        async with closing(pool_of(provider.url)) as pool:
            busy, noted = await pool.dial(), Noted()
            busy.send((REQUEST,), noted)
            await asyncio.to_thread(provider.wait_for_requests, 1)
            pool.close()
            assert not noted.over
            assert pool.take() is None

    uvloop.run(main())
    provider.wait_until(lambda: provider.connections_open == 0)


def test_one_connection_is_never_in_the_pool_twice(provider: ScriptedProvider) -> None:
    """A provider that answers twice at once must not let two requests share a connection."""
    provider.always(ANSWER + ANSWER)

    async def main() -> None:
        async with closing(pool_of(provider.url)) as pool:
            await exchange(await pool.dial())
            first, second = pool.take(), pool.take()
            assert first is None or first is not second

    uvloop.run(main())


async def dialled(url: str) -> Fault:
    with pytest.raises(Fault) as told:
        await pool_of(url).dial()
    return told.value


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with ports.refusing() as port:
        fault = uvloop.run(dialled(f"http://127.0.0.1:{port}"))
    assert fault.kind == "unreachable"
    assert fault.detail.startswith("connect: ")


def test_a_name_that_nobody_knows_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    fault = asyncio.run(dialled("http://nobody.invalid"))
    assert fault.kind == "unreachable"
    assert fault.detail == "name 'nobody.invalid': Name or service not known"


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_connection_that_is_given_up_leaves_nothing_open(loop: str) -> None:
    """A deadline, or a client that left, ends a dial that is under way."""

    async def main(port: int) -> None:
        async with closing(pool_of(f"http://127.0.0.1:{port}")) as pool:
            for _ in range(5):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await pool.dial()
            assert pool.open == 0

    with ports.silent() as port:
        if loop == "uvloop":
            uvloop.run(main(port))
        else:
            asyncio.run(main(port))  # ResourceWarning is an error here


def test_a_certificate_is_checked(certificate_files: Certificates) -> None:
    async def main(url: str) -> None:
        origin, _ = origin_of(url, ca_file=str(certificate_files.authority), private=True)
        async with closing(new_pool(origin)) as pool:
            assert (await exchange(await pool.dial())).ended
        fault = await dialled(url)
        assert fault.kind == "unreachable"
        assert fault.detail.startswith("TLS: ")

    with ScriptedProvider(tls=certificate_files) as provider:
        provider.always(ANSWER)
        uvloop.run(main(provider.url))


def test_an_answer_that_the_close_ends_is_whole(provider: ScriptedProvider) -> None:
    provider.script(answers.whole(b"{}", framing="close"), Close())

    async def main() -> None:
        async with closing(pool_of(provider.url)) as pool:
            connection = await pool.dial()
            noted = await exchange(connection)
            assert noted.ended
            assert noted.data == b"{}"
            assert pool.take() is None

    uvloop.run(main())
