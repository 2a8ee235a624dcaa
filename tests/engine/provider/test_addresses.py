"""Names with several addresses: who is asked, in which order, and how long a silent one costs."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from pathlib import Path

import pytest
import uvloop

from engine.pooled import EARLY_S, LOOPS, Run, closing, eventually, new_dialer, new_pool
from engine.provider.liar import Peer, liar
from engine.provider.names import Names, addresses
from glimway.engine.provider import resolver as resolvers
from glimway.engine.provider.origin import Origin
from glimway.engine.provider.race import NEXT_AFTER_S, connect_first, in_order
from glimway.engine.provider.resolver import ADDRESSES_MAX, NAMES_MAX, Resolver
from glimway.wire.refusal import Fault
from kit import ports

HOST = "many.example"
OPEN = Path("/proc/self/fd")

BUSY_S = 0.2
"""How late a machine that is busy with other tests may be."""


def origin(port: int) -> Origin:
    return Origin("http", HOST, port, private=True)


async def welcome(peer: Peer) -> None:
    await peer.until_left()


async def reached(port: int, *hosts: str) -> tuple[str, float]:
    """Which address answers, and after how many seconds."""
    began_s = time.monotonic()
    made = await connect_first(addresses(*hosts), port)
    took_s = time.monotonic() - began_s
    try:
        return made.getpeername()[0], took_s
    finally:
        made.close()


def open_files() -> int:
    """Of this process; always 0 where the kernel does not list them."""
    return len(list(OPEN.iterdir())) if OPEN.is_dir() else 0


# ---- the order -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "tried"),
    [
        (["10.0.0.1"], ["10.0.0.1"]),
        (["10.0.0.1", "10.0.0.2", "fd00::1"], ["fd00::1", "10.0.0.1", "10.0.0.2"]),
        (
            ["10.0.0.1", "fd00::1", "fd00::2", "10.0.0.2", "fd00::3"],
            ["fd00::1", "10.0.0.1", "fd00::2", "10.0.0.2", "fd00::3"],
        ),
        (["fd00::1", "fd00::2"], ["fd00::1", "fd00::2"]),
        ([], []),
    ],
)
def test_families_take_turns_and_ipv6_begins(given: list[str], tried: list[str]) -> None:
    assert [one.host for one in in_order(addresses(*given))] == tried


def test_the_family_that_answered_last_begins() -> None:
    given = addresses("fd00::1", "10.0.0.1", "fd00::2", "10.0.0.2")
    tried = [one.host for one in in_order(given, socket.AF_INET)]
    assert tried == ["10.0.0.1", "fd00::1", "10.0.0.2", "fd00::2"]


# ---- the race ------------------------------------------------------------------------------------


@LOOPS
def test_a_silent_address_costs_a_quarter_of_a_second(run: Run) -> None:
    async def main(port: int) -> None:
        async with liar(welcome, "127.0.0.2", port) as server:
            host, took_s = await reached(port, "127.0.0.1", "127.0.0.2")
            assert host == "127.0.0.2"
            assert NEXT_AFTER_S - EARLY_S <= took_s < NEXT_AFTER_S + BUSY_S
            # Two silent ones cost twice that, and so on.
            host, took_s = await reached(port, "127.0.0.1", "127.0.0.1", "127.0.0.2")
            assert host == "127.0.0.2"
            assert 2 * NEXT_AFTER_S - EARLY_S <= took_s < 2 * NEXT_AFTER_S + BUSY_S
            assert len(server.peers) == 2

    with ports.silent() as port:
        run(main(port))


@LOOPS
def test_a_refusing_address_costs_nothing(run: Run) -> None:
    async def main(port: int) -> None:
        async with liar(welcome, "127.0.0.9", port):
            refusing = [f"127.0.0.{n}" for n in range(1, 9)]
            host, took_s = await reached(port, *refusing, "127.0.0.9")
            assert host == "127.0.0.9"
            assert took_s < NEXT_AFTER_S

    with ports.refusing() as port:
        run(main(port))


@LOOPS
def test_the_first_that_answers_wins_and_the_others_are_given_up(run: Run) -> None:
    async def main(port: int) -> None:
        async with liar(welcome, "127.0.0.2", port) as second, liar(welcome, "127.0.0.3", port):
            before = open_files()
            for _ in range(3):
                host, _ = await reached(port, "127.0.0.1", "127.0.0.2", "127.0.0.3")
                assert host == "127.0.0.2"
            await eventually(lambda: all(peer.left for peer in second.peers))
            gc.collect()
            assert open_files() <= before + len(second.peers)

    with ports.silent() as port:
        run(main(port))


@LOOPS
def test_each_address_that_failed_is_named(run: Run) -> None:
    async def main(port: int) -> None:
        with pytest.raises(Fault) as told:
            await reached(port, "127.0.0.1", "127.0.0.2")
        assert told.value.kind == "unreachable"
        assert told.value.detail == (
            f"connect: 127.0.0.1:{port} Connection refused; 127.0.0.2:{port} Connection refused"
        )

    with ports.refusing() as port:
        run(main(port))


@LOOPS
def test_a_race_that_is_given_up_leaves_nothing_open(run: Run) -> None:
    async def main(port: int) -> None:
        names = Names({HOST: [["127.0.0.1", "127.0.0.1"]]})
        pool = new_pool(origin(port), new_dialer(names.resolver()))
        before = open_files()
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await pool.dial()
        assert pool.open == 0
        await eventually(lambda: open_files() <= before)

    with ports.silent() as port:
        run(main(port))


def test_the_deadline_says_which_addresses_are_silent() -> None:
    async def main(port: int) -> None:
        names = Names({HOST: [["127.0.0.1"]]})
        with pytest.raises(Fault) as told:
            await new_pool(origin(port), new_dialer(names.resolver())).dial(0.1)
        assert told.value.kind == "timeout"
        said = f"no connection within 0.1 s: connecting to 127.0.0.1:{port} took too long"
        assert told.value.detail == said

    with ports.silent() as port:
        uvloop.run(main(port))


def test_a_network_whose_ipv6_is_silent_costs_its_delay_once() -> None:
    """The family is remembered, so that each further connection begins with what works."""
    tried: list[list[int]] = []

    async def main() -> None:
        async with liar(welcome) as server:
            names = Names({HOST: [["::ffff:127.0.0.7", "127.0.0.1"]]})
            dialer = new_dialer(names.resolver())

            async def first(found: list[resolvers.Address], port: int) -> socket.socket:
                tried.append([one.family for one in found])
                return await connect_first([one for one in found if one.family == 2], port)

            patch = pytest.MonkeyPatch()
            patch.setattr("glimway.engine.provider.dial.connect_first", first)
            async with closing(new_pool(origin(server.port), dialer)) as pool:
                await pool.dial()
                await pool.dial()
            patch.undo()

    uvloop.run(main())
    assert tried == [[socket.AF_INET6, socket.AF_INET], [socket.AF_INET, socket.AF_INET6]]


def test_a_connected_socket_asks_after_its_peer_and_sends_at_once() -> None:
    async def main() -> None:
        async with liar(welcome) as server:
            names = Names({HOST: [["127.0.0.1"]]})
            async with closing(new_pool(origin(server.port), new_dialer(names.resolver()))) as pool:
                connection = await pool.dial()
                assert connection.transport is not None
                made = connection.transport.get_extra_info("socket")
                assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    for run in (uvloop.run, asyncio.run):
        run(main())


# ---- names ---------------------------------------------------------------------------------------


def resolve(names: Names, *hosts: str, ttl_s: float = 60.0) -> list[list[str]]:
    """One after the other, in one resolver."""

    async def main() -> list[list[str]]:
        resolver = names.resolver(ttl_s)
        return [[one.host for one in await resolver.addresses(host)] for host in hosts]

    return asyncio.run(main())


def test_an_answer_is_used_for_a_moment() -> None:
    names = Names({"a": [["10.0.0.1"], ["10.0.0.2"]]})
    assert resolve(names, "a", "a", "a") == [["10.0.0.1"]] * 3
    assert names.asked == ["a"]
    names = Names({"a": [["10.0.0.1"], ["10.0.0.2"]]})
    assert resolve(names, "a", "a", ttl_s=0.0) == [["10.0.0.1"], ["10.0.0.2"]]


def test_an_address_is_not_looked_up() -> None:
    names = Names()
    assert resolve(names, "10.0.0.1", "fd00::1") == [["10.0.0.1"], ["fd00::1"]]
    assert names.asked == []


def test_many_who_wait_for_one_name_ask_once() -> None:
    async def main() -> None:
        names = Names({"a": [["10.0.0.1"]]})
        names.gate = asyncio.Event()
        resolver = names.resolver()
        waiting = [asyncio.create_task(resolver.addresses("a")) for _ in range(50)]
        await asyncio.sleep(0)
        waiting[0].cancel()  # whoever leaves does not take the answer from the others
        names.gate.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(found[0], asyncio.CancelledError)
        assert all(one == addresses("10.0.0.1") for one in found[1:])
        assert names.asked == ["a"]

    asyncio.run(main())


def test_a_failed_look_up_is_told_and_tried_anew() -> None:
    async def main() -> None:
        names = Names()
        resolver = names.resolver()
        for _ in range(2):
            with pytest.raises(Fault) as told:
                await resolver.addresses("nobody.invalid")
            assert told.value.detail == "name 'nobody.invalid': Name or service not known"
        assert len(names.asked) == 2
        lonely = asyncio.create_task(resolver.addresses("left.invalid"))
        await asyncio.sleep(0)
        lonely.cancel()  # the failure that nobody waits for is no error of the loop

    asyncio.run(main())


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a\x00b", "a..b", "\udcff", "x" * 400])
def test_what_cannot_be_looked_up_is_a_fault(host: str) -> None:
    async def main() -> None:
        with pytest.raises(Fault) as told:
            await Resolver().addresses(host)
        assert told.value.kind == "unreachable"
        assert told.value.detail.startswith("name ")

    asyncio.run(main())


def test_the_name_system_s_silence_is_within_the_deadline() -> None:
    async def main() -> None:
        names = Names()
        names.gate = asyncio.Event()
        with pytest.raises(Fault) as told:
            await new_pool(origin(9), new_dialer(names.resolver())).dial(0.05)
        assert told.value.kind == "timeout"
        assert told.value.detail == (
            "no connection within 0.05 s: looking up 'many.example' took too long"
        )

    uvloop.run(main())


def test_names_and_addresses_have_bounds() -> None:
    async def main() -> None:
        names = Names(other=[f"10.0.{n}.1" for n in range(100)])
        resolver = names.resolver()
        for n in range(NAMES_MAX + 10):
            assert len(await resolver.addresses(f"n{n}.example")) == ADDRESSES_MAX
        assert len(resolver._known) == NAMES_MAX
        assert not resolver._asked

    asyncio.run(main())


def test_addresses_that_do_not_answer_are_asked_for_anew() -> None:
    async def main(port: int) -> None:
        names = Names({HOST: [["127.0.0.1"], ["127.0.0.2"]]})
        pool = new_pool(origin(port), new_dialer(names.resolver()))
        async with liar(welcome, "127.0.0.2", port), closing(pool):
            with pytest.raises(Fault):
                await pool.dial()
            await pool.dial()

    with ports.refusing() as port:
        uvloop.run(main(port))


@LOOPS
def test_the_system_s_resolver_knows_this_machine(run: Run) -> None:
    async def main() -> None:
        found = await Resolver().addresses("localhost")
        assert {one.host for one in found} <= {"127.0.0.1", "::1"}
        assert all(one.at(80)[:2] == (one.host, 80) for one in found)

    run(main())
