from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from kit import answers, ports
from kit.certificates import Certificates
from kit.connection import Manners
from kit.http import Client, call
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from kit.steps import Close, Pause, Read, Reset, Step, WaitForClose

ANSWER = answers.whole(answers.chat())


def test_a_request_is_recorded_and_answered() -> None:
    with ScriptedProvider() as provider:
        provider.script(ANSWER)
        before_s = time.monotonic()
        response = call(provider.url + "/v1/chat/completions", {"model": "m"}, {"x-a": "1"})
        assert response.status == 200
        assert response.json()["choices"][0]["message"]["content"] == "Hello there."
        (request,) = provider.requests
        assert request.target == "/v1/chat/completions"
        assert request.json() == {"model": "m"}
        assert request.header("x-a") == "1"
        assert request.raw.startswith(b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:")
        assert before_s <= request.at_s <= time.monotonic()
        assert provider.wait_for_leave(request) >= request.at_s
        provider.wait_until(lambda: provider.connections_open == 0)
        assert request.sent_bytes == len(ANSWER)


def test_connections_are_kept_and_counted() -> None:
    with ScriptedProvider() as provider:
        provider.always(ANSWER)
        with Client(provider.url) as client:
            for _ in range(3):
                client.post_json("/", {})
                assert client.read_response().status == 200
        call(provider.url, {})
        assert [request.connection for request in provider.requests] == [0, 0, 0, 1]
        assert provider.connections_total == 2


def test_requests_take_their_scripts_in_order_and_then_the_standing_one() -> None:
    with ScriptedProvider() as provider:
        provider.always(answers.whole(b"always"))
        provider.script(answers.whole(b"first"))
        provider.script_by(lambda request: [answers.whole(request.method.encode())])
        bodies = [call(provider.url).body for _ in range(4)]
        assert bodies == [b"first", b"GET", b"always", b"always"]


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_stream_arrives_frame_by_frame(framing: answers.Framing) -> None:
    gates = [threading.Event() for _ in range(3)]
    head, *pieces = answers.stream([answers.frame({"n": n}) for n in range(3)], framing=framing)
    steps: list[Step] = [head]
    for gate, piece in zip(gates, pieces, strict=False):
        steps += [Pause(gate), piece]
    with ScriptedProvider() as provider:
        provider.script(*steps, *pieces[3:], *([Close()] if framing == "close" else []))
        with Client(provider.url) as client:
            client.post_json("/", {})
            assert client.read_head().header("content-type") == "text/event-stream"
            frames = client.frames()
            for n, gate in enumerate(gates):
                assert not provider.requests[0].answered
                gate.set()
                assert next(frames).json() == {"n": n}
            assert list(frames) == []


def test_a_reset_is_a_reset_and_a_close_is_an_end() -> None:
    with ScriptedProvider() as provider:
        provider.script(answers.head(headers={"content-length": "9"}), b"abc", Reset())
        provider.script(answers.head(headers={"content-length": "9"}), b"abc", Close())
        for expected in (ConnectionResetError, EOFError):
            with Client(provider.url) as client:
                client.request("GET", "/")
                with pytest.raises(expected):
                    client.read_response()


def test_the_moment_at_which_a_peer_leaves_is_known() -> None:
    with ScriptedProvider() as provider:
        provider.always(answers.head(), WaitForClose())
        for leave in (Client.close, Client.reset):
            client = Client(provider.url)
            client.request("GET", "/")
            client.read_head()
            assert provider.requests[-1].left_s is None
            before_s = time.monotonic()
            leave(client)
            left_s = provider.wait_for_leave(provider.requests[-1])
            assert before_s <= left_s <= time.monotonic()
            assert not provider.requests[-1].answered


def test_a_pause_ends_with_its_peer() -> None:
    with ScriptedProvider() as provider:
        provider.script(Pause(60.0))
        with Client(provider.url) as client:
            client.request("GET", "/")
            provider.wait_for_requests(1)
        provider.wait_until(lambda: provider.connections_open == 0)


def test_an_answer_may_come_before_the_body_is_read() -> None:
    body_may_go = threading.Event()
    with ScriptedProvider() as provider:
        provider.script(b"HTTP/1.1 100 Continue\r\n\r\n", Pause(body_may_go), Read(), ANSWER)
        with Client(provider.url) as client:
            client.send(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\n")
            provider.wait_for_requests(1)
            assert provider.requests[0].body == b""
            body_may_go.set()
            client.send(b"body")
            assert client.read_response().status == 200
        assert provider.requests[0].body == b"body"


def test_a_chunked_request_is_recorded_as_it_came_and_read_as_it_was_meant() -> None:
    sent = b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{  \r\n1\r\n}\r\n"
    with ScriptedProvider() as provider:
        provider.script(ANSWER)
        with Client(provider.url) as client:
            for at in range(len(sent)):
                client.send(sent[at : at + 1])
            client.send(answers.LAST_CHUNK)
            assert client.read_response().status == 200
        assert provider.requests[0].raw == sent + answers.LAST_CHUNK
        assert provider.requests[0].json() == {}


def test_a_kept_connection_can_die_between_requests() -> None:
    with ScriptedProvider() as provider:
        provider.always(ANSWER)
        for reset in (False, True):
            with Client(provider.url) as client:
                client.request("GET", "/")
                client.read_response()
                provider.wait_until(lambda: provider.requests[-1].answered)
                assert provider.drop_idle(reset=reset) == 1
                if reset:
                    with pytest.raises(ConnectionResetError):
                        client.at_end()
                else:
                    assert client.at_end()
            assert provider.requests[-1].left_s is None


def test_manners_end_connections_without_a_word() -> None:
    with ScriptedProvider(Manners(requests_per_connection=2)) as provider:
        provider.always(ANSWER)
        with Client(provider.url) as client:
            for _ in range(2):
                client.request("GET", "/")
                assert client.read_response().header("connection") is None
            assert client.at_end()
    with ScriptedProvider(Manners(idle_s=0.01)) as provider, Client(provider.url) as client:
        assert client.at_end()
    with (
        ScriptedProvider(Manners(greeting=(b"hello", Close()))) as provider,
        Client(provider.url) as client,
        pytest.raises(EOFError),
    ):
        client.read_head()


def test_a_reader_that_stalls_stops_the_provider() -> None:
    def endless(request: Recorded) -> Iterator[bytes]:
        yield answers.head(headers={"transfer-encoding": "chunked"})
        while True:
            yield answers.chunk(b"x" * 60_000)

    with ScriptedProvider() as provider:
        provider.script_by(endless)
        with Client(provider.url) as client:
            client.request("GET", "/")
            client.read_head()
            (request,) = provider.requests
            seen = -1
            while seen != request.sent_bytes:  # until the kernel's buffers are full
                seen = request.sent_bytes
                time.sleep(0.2)
            for _ in range(100):
                assert client.read_piece()
            provider.wait_until(lambda: request.sent_bytes > seen)
    assert seen < 64 * 1024 * 1024


def test_a_script_without_an_end_ends_with_its_peer() -> None:
    with ScriptedProvider() as provider:
        provider.always_by(lambda _: itertools.chain([answers.head()], itertools.repeat(b"x")))
        for leave in (Client.close, Client.reset):
            client = Client(provider.url)
            client.request("GET", "/")
            client.read_head()
            leave(client)
            provider.wait_for_leave(provider.requests[-1])
            provider.wait_until(lambda: provider.connections_open == 0)


@pytest.mark.parametrize(
    ("script", "fault", "words"),
    [
        ([], LookupError, "no script"),
        ([Pause(threading.Event(), at_most_s=0.01)], TimeoutError, "not set"),
        ([WaitForClose(at_most_s=0.01)], TimeoutError, "did not close"),
    ],
)
def test_what_goes_wrong_inside_is_raised_at_the_end(
    script: list[Step], fault: type[Exception], words: str
) -> None:
    provider = ScriptedProvider()
    if script:
        provider.script(*script)
    provider.__enter__()
    with Client(provider.url) as client:
        client.request("GET", "/")
        with pytest.raises(ConnectionResetError):
            client.read_head()
    with pytest.raises(fault, match=words):
        provider.__exit__(None)


def test_waiting_in_vain_says_what_did_happen() -> None:
    with ScriptedProvider() as provider, pytest.raises(TimeoutError, match="0 requests"):
        provider.wait_for_requests(1, within_s=0.01)


def test_tls_is_served_and_proved(certificate_files: Certificates) -> None:
    with ScriptedProvider(tls=certificate_files) as provider:
        provider.always(ANSWER)
        assert provider.url.startswith("https://")
        with Client(provider.url, authority=certificate_files.authority) as client:
            client.request("GET", "/")
            assert client.read_response().status == 200
        with pytest.raises(OSError, match="certificate verify failed"):
            Client(provider.url)


def test_ports_refuse_or_keep_silent() -> None:
    with ports.refusing() as port, pytest.raises(ConnectionRefusedError):
        Client(f"http://127.0.0.1:{port}")
    with ports.silent() as port, pytest.raises(TimeoutError):
        Client(f"http://127.0.0.1:{port}", timeout_s=0.2)
