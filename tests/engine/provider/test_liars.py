"""Answers that lie, stop, overflow or come too soon, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvloop

from engine.pooled import LOOPS, REQUEST, Run, closing, eventually, exchange, pool_of
from engine.provider.liar import Liar, Peer, liar
from engine.sinks import Noted
from engine.stage import Stage
from glimway.engine.provider.framing import HEADER_BYTES_MAX
from glimway.engine.provider.pool import Pool
from kit import answers
from kit.steps import Pause, Read, WaitForClose

BODY = b'{"choices": []}'
ANSWER = answers.whole(BODY)
OTHER = answers.whole(b'{"of": "another"}')
LARGE_BYTES = 8 * 1024 * 1024


def large_request(connection: str = "") -> bytes:
    head = b"POST / HTTP/1.1\r\nhost: h\r\n%bcontent-length: %d\r\n\r\n"
    return head % (connection.encode(), LARGE_BYTES) + b"x" * LARGE_BYTES


class Said:
    """A liar that reads each request's head and sends the same to everybody."""

    def __init__(self, *pieces: bytes, close: bool = False, reset: bool = False) -> None:
        self._pieces = pieces
        self._close = close or reset
        self._reset = reset

    async def act(self, peer: Peer) -> None:
        """One connection."""
        while await peer.head():
            for piece in self._pieces:
                with contextlib.suppress(OSError):  # a client that has heard enough may leave
                    await peer.send(piece)
                    await asyncio.sleep(0.005)
            if self._close:
                peer.close(reset=self._reset)
                return


@asynccontextmanager
async def lied(said: Said) -> AsyncIterator[tuple[Liar, Pool]]:
    async with liar(said.act) as server, closing(pool_of(server.url)) as pool:
        yield server, pool


async def hear(said: Said) -> tuple[Noted, bool]:
    """One answer, and whether its connection was kept."""
    async with lied(said) as (_, pool):
        noted = await exchange(await pool.dial())
        kept = pool.take()
        await asyncio.sleep(0.02)  # what comes late, too, must be seen
        return noted, kept is not None and not kept.closed


# ---- answers that are right ----------------------------------------------------------------------


@LOOPS
@pytest.mark.parametrize(
    ("pieces", "kept"),
    [
        ((ANSWER,), True),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", ANSWER), True),
        ((b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 20, ANSWER), True),
        ((answers.whole(BODY, framing="chunked"),), True),
        ((answers.head(200, {"transfer-encoding": "chunked"}), b"f\r\n", BODY, b"\r\n0\r\n"), None),
        (
            (
                answers.head(200, {"transfer-encoding": "chunked", "trailer": "x-sum"})
                + answers.chunk(BODY)
                + b"0\r\nx-sum: 1\r\nset-cookie: a=b\r\n\r\n",
            ),
            True,
        ),
        (
            (
                answers.head(200, {"transfer-encoding": "Chunked"})
                + b'f;note="quoted; text"\r\n'
                + BODY
                + b"\r\n0;last\r\n\r\n",
            ),
            True,
        ),
        ((ANSWER.replace(b"HTTP/1.1", b"HTTP/1.0"),), False),
        ((answers.whole(BODY, headers={"connection": "close"}),), False),
        ((answers.whole(BODY, headers={"connection": "Upgrade", "upgrade": "h2,h2c"}),), True),
        ((answers.whole(BODY, headers={"content-encoding": "identity"}),), True),
        ((b"HTTP/1.1 200\r\ncontent-length: 15\r\n\r\n" + BODY,), True),
        ((answers.whole(BODY, 599),), True),
    ],
)
def test_odd_answers_that_are_right(run: Run, pieces: tuple[bytes, ...], kept: bool | None) -> None:
    if kept is None:
        pieces, kept = (*pieces, b"\r\n"), True
    noted, was_kept = run(hear(Said(*pieces)))
    assert noted.ended
    assert noted.data == BODY
    assert was_kept == kept


@LOOPS
@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("length", [{}, {"content-length": "15"}, {"content-length": "0"}])
def test_an_answer_without_a_body_ends_with_its_head(
    run: Run, status: int, length: dict[str, str]
) -> None:
    noted, kept = run(hear(Said(answers.head(status, length))))
    assert noted.ended
    assert (noted.status, noted.data, kept) == (status, b"", True)


@LOOPS
@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_a_body_that_the_close_ends(run: Run, version: bytes) -> None:
    said = Said(version + b" 200 OK\r\ncontent-type: text/plain\r\n\r\n", BODY, close=True)
    noted, kept = run(hear(said))
    assert noted.ended
    assert (noted.data, kept) == (BODY, False)


# ---- answers that are not ------------------------------------------------------------------------


@LOOPS
@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ((b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n", BODY), "in the middle of the answer"),
        ((answers.head(200, {"transfer-encoding": "chunked"}), b"f\r\n", BODY), "in the middle"),
        (
            (answers.head(200, {"transfer-encoding": "chunked"}), answers.chunk(BODY), b"0\r\n"),
            "in the middle of the answer",
        ),
        ((b"HTTP/1.1 200 O",), "in the middle of the answer"),
        ((b"HTTP/1.1 100 Continue\r\n\r\n",), "in the middle of the answer"),
        ((b"garbage\r\n\r\n",), "the answer is not HTTP"),
        ((b"\x00" * 64,), "the answer is not HTTP"),
        ((b"HTTP/2 200\r\n\r\n",), "the answer is not HTTP"),
        ((b"HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\n",), "the answer is not HTTP"),
        (
            (b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\ncontent-length: 16\r\n\r\n", BODY),
            "the answer is not HTTP",
        ),
        (
            (b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\ntransfer-encoding: chunked\r\n\r\n", BODY),
            "the answer is not HTTP",
        ),
        (
            (answers.head(200, {"transfer-encoding": "chunked"}) + b"fffffffffffffffff\r\n",),
            "the answer is not HTTP",
        ),
        (
            (
                answers.head(200, {"transfer-encoding": "chunked"})
                + answers.chunk(BODY)
                + b"0\r\ncontent-length: 99\r\n\r\n",
            ),
            "the answer is not HTTP",
        ),
        (
            (
                b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\n",
            ),
            "switched to another protocol, which was not asked for",
        ),
        (
            (answers.whole(BODY, headers={"content-encoding": "gzip"}),),
            "the answer is coded as 'gzip', which was not asked for",
        ),
        (
            (answers.head(200, {"transfer-encoding": "gzip, chunked"}), answers.chunk(BODY)),
            "the answer is coded as 'gzip, chunked', which was not asked for",
        ),
    ],
)
def test_lying_answers_are_broken(run: Run, pieces: tuple[bytes, ...], said: str) -> None:
    noted, kept = run(hear(Said(*pieces, close=True)))
    assert noted.fault is not None
    assert noted.fault.kind == "broken"
    assert said in noted.fault.detail
    assert noted.answered
    assert not kept


def test_an_error_keeps_its_status_whatever_its_coding() -> None:
    """What was said is lost; that there are too many requests must not be."""
    for headers in ({"content-encoding": "br"}, {"transfer-encoding": "gzip, chunked"}):
        body = answers.chunk(BODY) + answers.LAST_CHUNK if "transfer-encoding" in headers else b""
        head = answers.head(429, {**headers, **({} if body else {"content-length": "0"})})
        noted, _ = uvloop.run(hear(Said(head + body)))
        assert noted.ended
        assert noted.status == 429


@LOOPS
def test_a_length_that_is_too_short_ends_the_answer_and_the_connection(run: Run) -> None:
    short = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
    for said in (Said(short + BODY), Said(short, BODY), Said(ANSWER + OTHER), Said(ANSWER, OTHER)):
        noted, kept = run(hear(said))
        assert noted.ended
        assert noted.data == (BODY if noted.data == BODY else BODY[:5])
        assert not kept, "what came too much would be the next request's answer"


@LOOPS
def test_no_answer_is_given_to_another_request(run: Run) -> None:
    """Whatever a liar appends, and whenever: the next request gets its own answer or none."""

    async def main() -> None:
        for wait_s in (0.0, 0.002, 0.02):

            async def act(peer: Peer, wait_s: float = wait_s) -> None:
                number = 0
                while head := await peer.head():
                    number += 1
                    asked = head.split(b" ")[1]
                    await peer.send(answers.whole(asked))
                    await asyncio.sleep(wait_s)
                    with contextlib.suppress(OSError):
                        await peer.send(answers.whole(b"/stolen"))

            async with liar(act) as server, closing(pool_of(server.url)) as pool:
                for number in range(30):
                    target = b"/%d" % number
                    connection = pool.take() or await pool.dial()
                    noted = await exchange(connection, REQUEST.replace(b"/ ", target + b" ", 1))
                    await asyncio.sleep(wait_s * 2)
                    assert noted.data in (target, b"") or noted.fault is not None
                    assert noted.data != b"/stolen"

    run(main())


@LOOPS
@pytest.mark.parametrize("when", ["together", "split"])
def test_a_head_is_bounded_however_it_comes(run: Run, when: str) -> None:
    line = b"x-a: " + b"a" * 1000 + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n" + line * 80 + b"\r\n"
    assert len(head) > HEADER_BYTES_MAX
    pieces = (head,) if when == "together" else tuple(head[at : at + 999] for at in (0, 999))
    pieces = pieces if when == "together" else (*pieces, head[1998:])
    noted, kept = run(hear(Said(*pieces)))
    assert noted.fault is not None
    assert noted.fault.detail == f"the answer's head is larger than {HEADER_BYTES_MAX} bytes"
    assert not kept


def test_a_head_below_the_bound_may_come_with_a_large_body() -> None:
    body = b"x" * (4 * HEADER_BYTES_MAX)
    line = b"x-a: " + b"a" * 1000 + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n" % len(body) + line * 60 + b"\r\n"
    noted, kept = uvloop.run(hear(Said(head + body)))
    assert noted.ended
    assert (noted.data, kept) == (body, True)


@pytest.mark.parametrize(
    "flood", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 P\r\na: b\r\n\r\n"]
)
def test_interim_answers_have_a_bound(flood: bytes) -> None:
    times = 2 * HEADER_BYTES_MAX // len(flood)
    noted, _ = uvloop.run(hear(Said(*(flood * (times // 10) for _ in range(10)), ANSWER)))
    assert noted.fault is not None
    assert noted.fault.kind == "broken"


# ---- answers before the request is out -----------------------------------------------------------


@LOOPS
@pytest.mark.parametrize("way", ["waits", "reads on", "closes", "resets"])
@pytest.mark.parametrize("connection", ["", "connection: close\r\n"], ids=["kept", "closed"])
def test_an_answer_before_the_request_is_out_is_read(run: Run, way: str, connection: str) -> None:
    """A provider that refuses a body does not read it: its answer is taken, and nothing more is
    sent."""
    body = b'{"error": {"message": "too large"}}'
    taken: list[int] = []

    async def act(peer: Peer) -> None:
        await peer.head()
        given = {"connection": "close"} if connection else None
        await peer.send(answers.whole(body, 413, given))
        if way == "closes":
            await asyncio.sleep(0.05)
            peer.close()
        elif way == "resets":
            await asyncio.sleep(0.05)
            peer.close(reset=True)
        else:
            if way == "waits":
                await asyncio.sleep(0.05)
            count = 0
            while data := await peer.some():
                count += len(data)
            taken.append(count)

    async def main() -> None:
        async with liar(act) as server, closing(pool_of(server.url)) as pool:
            one = await pool.dial()
            noted = await exchange(one, large_request())
            assert noted.ended, noted.fault
            assert (noted.status, noted.data) == (413, body)
            assert one.closed
            assert pool.take() is None
            await eventually(lambda: not pool.open)
            if way in ("waits", "reads on"):
                await eventually(lambda: server.peers[0].left)

    run(main())
    assert all(count < LARGE_BYTES for count in taken), "all of it was sent for nothing"


@LOOPS
def test_a_whole_upload_keeps_its_connection(run: Run) -> None:
    async def act(peer: Peer) -> None:
        while head := await peer.head():
            left = LARGE_BYTES - (len(head) - head.index(b"\r\n\r\n") - 4)
            while left:
                left -= len(await peer.some())
            await peer.send(ANSWER)

    async def main() -> None:
        async with liar(act) as server, closing(pool_of(server.url)) as pool:
            one = await pool.dial()
            for _ in range(3):
                assert (await exchange(one, large_request())).ended
                assert pool.take() is one

    run(main())


def test_a_refusal_of_a_large_call_reaches_the_client(stage: Stage) -> None:
    said = "Your prompt is too large, says the provider."
    stage.provider.script(answers.error(413, said), Read(), WaitForClose())
    large = [{"role": "user", "content": "x" * (4 * 1024 * 1024)}]
    with stage.arrivals() as arrived:
        response = stage.call(messages=large)
    assert 400 <= response.status < 500
    assert said in response.body.decode()
    assert len(arrived) == 1
    (attempt,) = stage.receipt(response)["attempts"]
    assert attempt["status"] == 413


# ---- idle connections ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept_s"), [("timeout=1", 0.5), ("timeout=2, max=9", 1.0), ("max=9, Timeout=5", 2.0)]
)
def test_a_server_s_patience_is_believed(said: str, kept_s: float) -> None:
    """``Keep-Alive: timeout`` tells when it will close: the pool is earlier, and never later than
    its own bound (2 s here)."""

    async def main() -> None:
        said_so = Said(answers.whole(BODY, headers={"keep-alive": said}))
        async with liar(said_so.act) as server, closing(pool_of(server.url, idle_s=2.0)) as pool:
            one = await pool.dial()
            began_s = time.monotonic()
            await exchange(one)
            assert pool.take() is one
            await exchange(one)
            await eventually(lambda: one.closed)
            assert kept_s <= time.monotonic() - began_s < kept_s + 0.4

    uvloop.run(main())


@pytest.mark.parametrize("garbage", [b"HTTP/1.1 408 Request Timeout\r\n\r\n", b"\x00", b"bye"])
def test_a_farewell_on_a_kept_connection_costs_no_request(stage: Stage, garbage: bytes) -> None:
    """What a server says to an idle connection is no answer: the next request gets a new one."""
    stage.rest()
    for _ in range(3):
        before = stage.provider.connections_total
        stage.provider.script(answers.whole(answers.chat()), Pause(0.02), garbage, WaitForClose())
        assert stage.call().status == 200
        stage.provider.wait_until(lambda: not stage.provider.connections_open)
        assert stage.provider.connections_total == before + 1
