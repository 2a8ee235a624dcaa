"""A slow reader holds back its own stream, in bounded memory; a gate holds back what is unreal."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from engine.stage import CHAT, Stage, Watch, exactly, staged
from kit import answers
from kit.http import Client
from kit.recorded import Recorded
from kit.steps import Close, Pause, Step

STALLED = 20
GROWTH_KIB_MAX = 30 * 1024
RECEIVE_BYTES = 64 * 1024
"""Of a stalled reader's kernel, so that stalls come soon."""
STALL_S, KEEP_ALIVE_S = 1.5, 2.0
"""As in the configuration."""
STILL_S = 0.3
"""Nothing has moved for so long: every buffer on the way is full."""

TABLES = """
[server]
write_stall_s = 1.5
keep_alive_s = 2.0

[deadlines]
between_tokens_ms = 300
commit_after_ms = 150
first_token_ms = 1000
"""

HEAD, ROLE, TEXT, *REST = answers.stream(answers.chat_frames())
LARGE = answers.whole(answers.chat("x" * 8_000_000))
FLOOD = answers.chunk(answers.frame(answers.chat_chunk({"content": "x" * 10_000})))


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with staged(TABLES) as stage:
        yield stage


def endless(request: Recorded) -> Iterator[Step]:
    yield HEAD
    yield ROLE
    yield from itertools.repeat(FLOOD)


def slow(stage: Stage, *, stream: bool = True, **headers: str) -> Client:
    """A client that asks and has a small buffer for the answer."""
    client = stage.gateway.client()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    client.post_json(CHAT, stage.body(stream=stream), stage.headers() | headers)
    return client


def wait_until_still(requests: list[Recorded]) -> None:
    """Wait until the provider can send none of its answers any further."""
    sent, since = -1, Watch()
    while since.s < STILL_S:
        now = sum(request.sent_bytes for request in requests)
        if now != sent:
            sent, since = now, Watch()
        time.sleep(0.02)


def settled(stage: Stage) -> int:
    """Files that the gateway holds, once nothing is opened or closed any more."""
    held, since = -1, Watch()
    while since.s < STILL_S:
        now = stage.gateway.fd_count()
        if now != held:
            held, since = now, Watch()
        time.sleep(0.02)
    return held


def test_readers_that_stall_cost_little_and_hold_back_nobody_else(stage: Stage) -> None:
    """The usual deadlines hold here: nobody is let go while this looks."""
    provider = stage.provider
    provider.script(*answers.stream(answers.chat_frames()))
    assert stage.call(stream=True).status == 200  # whatever is made once is made
    before_kib, before = stage.gateway.rss_kib(), len(provider.requests)
    provider.always_by(endless)
    readers = [slow(stage) for _ in range(STALLED)]
    arrived = provider.wait_for_requests(before + STALLED)[before:]
    wait_until_still(arrived)
    grown_kib = stage.gateway.rss_kib() - before_kib
    assert grown_kib < GROWTH_KIB_MAX, f"{grown_kib} KiB for {STALLED} readers"

    provider.script(*answers.stream(answers.chat_frames(["word "] * 500)))
    watch = Watch()
    with stage.ask(stream=True) as client:
        client.read_head()
        assert sum(frame.data is not None for frame in client.frames()) > 500
    assert watch.s < 2.0

    # Whoever reads on gets the rest, in order, and nothing twice.
    reader = readers[0]
    assert reader.read_head().status == 200
    sent = arrived[0].sent_bytes
    frames = reader.frames()
    assert next(frames).json()["choices"][0]["delta"]["role"] == "assistant"
    for frame in itertools.islice(frames, 1000):
        assert frame.json()["choices"][0]["delta"] == {"content": "x" * 10_000}
    provider.wait_until(lambda: arrived[0].sent_bytes > sent)
    for one in readers:
        one.close()
    for request in arrived:
        provider.wait_for_leave(request)


def test_a_readers_pause_is_not_its_providers(scene: Stage) -> None:
    """The deadline between tokens rests while the client does not read."""
    enough = threading.Event()

    def long(request: Recorded) -> Iterator[Step]:
        yield HEAD
        yield ROLE
        while not enough.is_set():
            yield FLOOD
        yield from REST[-4:]

    scene.provider.script_by(long)
    before = len(scene.provider.requests)
    with slow(scene) as client:
        wait_until_still(scene.provider.wait_for_requests(before + 1)[before:])
        assert client.read_head().status == 200
        frames = client.frames()
        for _ in range(100):
            next(frames)
        enough.set()
        assert [frame.data for frame in frames][-1] == "[DONE]"


def test_a_reader_that_stalls_for_too_long_is_let_go(scene: Stage) -> None:
    scene.provider.script_by(endless)
    before = len(scene.provider.requests)
    with slow(scene):
        (request,) = scene.provider.wait_for_requests(before + 1)[before:]
        watch = Watch()
        scene.provider.wait_for_leave(request, 5.0)
        assert STALL_S <= watch.s <= STALL_S + 2.0


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(answers.chat_chunk({"role": "assistant"}), id="roles"),
        pytest.param(answers.chat_chunk({"content": ""}, x="y" * 10_000), id="members of a frame"),
        pytest.param(answers.chat_chunk({"x": "y" * 10_000}), id="members of a delta"),
    ],
)
def test_what_is_held_back_before_the_first_token_is_bounded(
    scene: Stage, piece: answers.Json
) -> None:
    flood = answers.chunk(answers.frame(piece))

    def unreal(request: Recorded) -> Iterator[Step]:
        yield HEAD
        yield from itertools.repeat(flood)

    scene.provider.script(*answers.stream(answers.chat_frames()))
    assert scene.call(stream=True).status == 200
    before_kib = scene.gateway.rss_kib()
    scene.provider.script_by(unreal)
    response = scene.call(stream=True)
    assert response.status in (200, 502)  # before or after it was committed to
    assert b"upstream_error" in response.body or b"timeout" in response.body
    assert b"[DONE]" not in response.body
    scene.provider.wait_for_leave(scene.provider.requests[-1])
    assert scene.gateway.rss_kib() - before_kib < GROWTH_KIB_MAX


def test_a_large_first_token_is_a_token(scene: Stage) -> None:
    """The bound of what is held back must leave room for the largest event that is accepted."""
    text = "x" * (6 * 1024 * 1024)
    frame = answers.chunk(answers.frame(answers.chat_chunk({"content": text})))
    for steps in ((HEAD, ROLE, frame), (HEAD, frame)):
        scene.provider.script(*steps, *REST)
        response = scene.call(stream=True)
        assert response.status == 200, response.body[:300]
        assert text.encode() in response.body
        assert response.body.endswith(answers.DONE)


def test_what_came_before_a_fault_is_shown(scene: Stage) -> None:
    """All in one piece: a token, then an error; it failed after its first token."""
    broken = answers.chunk(answers.frame({"error": {"message": "no", "code": 500}}))
    scene.provider.script(HEAD + ROLE + TEXT + broken)
    with scene.ask(stream=True) as client:
        response = client.read_head()
        assert response.status == 200
        *shown, error = [frame.json() for frame in client.frames() if frame.data is not None]
    assert "".join(one["choices"][0]["delta"].get("content", "") for one in shown) == "Hel"
    assert "error" in error
    assert scene.receipt(response)["status"] == "incomplete"


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_a_whole_answer_to_a_reader_that_stalls_is_given_up_too(
    scene: Stage, connection: str
) -> None:
    scene.provider.script(LARGE)
    before = len(scene.provider.requests)
    with slow(scene, stream=False, connection=connection):
        watch = Watch()
        (request,) = scene.provider.wait_for_requests(before + 1)[before:]
        scene.provider.wait_until(lambda: request.answered)
        scene.rest()
        held = settled(scene)
        while scene.gateway.fd_count() >= held:
            assert watch.s < STALL_S + 2.0, "its connection is kept open"
            time.sleep(0.02)
        assert watch.s >= STALL_S


@pytest.mark.parametrize("again", [False, True])
def test_a_reader_that_was_slow_is_an_ordinary_client_again(scene: Stage, again: bool) -> None:
    """Its connection takes another request, and is closed when it has been idle for too long."""
    scene.provider.script(LARGE)
    with slow(scene, stream=False) as client:
        time.sleep(0.3)
        assert client.read_response().status == 200
        if again:
            scene.provider.script(answers.whole(answers.chat()))
            client.post_json(CHAT, scene.body(), scene.headers())
            assert client.read_response().status == 200
        watch = Watch()
        assert client.at_end()
        assert KEEP_ALIVE_S - 0.1 <= watch.s <= KEEP_ALIVE_S + 1.0


# --- the gate -------------------------------------------------------------------------------------


FAULTS: dict[str, list[Step]] = {
    "an error": [answers.error(500, "broken"), Close()],
    "a limit": [answers.error(429, "too many")],
    "an end": [Close()],
    "an error in the stream": [HEAD, answers.chunk(answers.frame({"error": {"message": "no"}}))],
    "an empty answer": [HEAD, ROLE, answers.chunk(answers.DONE), answers.LAST_CHUNK],
    "an empty answer at once": [HEAD + ROLE + answers.chunk(answers.DONE) + answers.LAST_CHUNK],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_before_the_gates_patience_ends_is_a_status(scene: Stage, fault: str) -> None:
    scene.rest()  # on a kept connection, an end would be replayed
    scene.provider.script(*FAULTS[fault])
    response = scene.call(stream=True)
    assert response.status in (429, 502, 503)
    assert scene.receipt(response)["http_status"] == response.status


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_after_it_is_an_error_event(scene: Stage, fault: str) -> None:
    def once() -> float:
        now = threading.Event()
        scene.rest()
        scene.provider.script(Pause(now), *FAULTS[fault])
        watch = Watch()
        with scene.ask(stream=True) as client:
            response = client.read_head()
            head_s = watch.s
            assert response.status == 200
            assert response.header("content-type") == "text/event-stream; charset=utf-8"
            assert response.header("x-request-id")
            now.set()
            frames = [frame for frame in client.frames() if frame.data is not None]
        (error,) = frames
        assert error.json()["error"]["message"]
        assert error.json()["trace_id"] == response.header("x-request-id")
        receipt = scene.receipt(response)
        assert (receipt["status"], receipt["http_status"]) == ("failed", 200)
        assert receipt["cost_nanousd"] == 0
        return head_s

    exactly(0.15, once)


def test_an_answer_after_it_is_an_answer(scene: Stage) -> None:
    now = threading.Event()
    scene.provider.script(HEAD, ROLE, Pause(now), TEXT, *REST)
    with scene.ask(stream=True) as client:
        response = client.read_head()
        now.set()
        datas = [frame.data for frame in client.frames() if frame.data is not None]
    assert datas[-1] == "[DONE]"
    assert sum('"role"' in data for data in datas) == 1
    assert scene.receipt(response)["status"] == "ok"


def test_a_whole_answer_knows_no_gate(scene: Stage) -> None:
    scene.provider.script(Pause(0.3), answers.error(500, "broken"))
    assert scene.call().status == 503


def test_a_whole_answer_where_a_stream_was_asked_for_is_streamed(scene: Stage) -> None:
    for wait in ((), (Pause(0.3),)):
        scene.provider.script(*wait, answers.whole(answers.chat()))
        with scene.ask(stream=True) as client:
            response = client.read_head()
            assert response.status == 200
            datas = [frame.data for frame in client.frames() if frame.data is not None]
        assert datas[-1] == "[DONE]"
        assert any("Hello there." in data for data in datas)
        assert scene.receipt(response)["status"] == "ok"
