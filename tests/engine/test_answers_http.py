"""A provider's answer on its way through the gateway: framing, bounds, ends, over real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engine.stage import ADMIN_KEY, COST_NANOUSD, Stage, Watch
from glimway.engine.attempt import ANSWER_BYTES_MAX
from kit import answers, splits
from kit.answers import DONE, Framing
from kit.http import Client
from kit.recorded import Recorded
from kit.steps import Close, Pause, Reset, Step, WaitForClose

INFORMED = (
    b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n"
)  # fmt: skip
FRAMINGS = pytest.mark.parametrize("framing", ["length", "chunked", "close"])
TEXT = "Hello there."


def cut(pieces: list[bytes], framing: Framing) -> list[Step]:
    """Steps that send every byte by itself."""
    steps: list[Step] = list(splits.byte_by_byte(b"".join(pieces)))
    return [*steps, Close()] if framing == "close" else steps


def text_of(client: Client) -> tuple[str, str]:
    """The text of a stream, and its last data."""
    text, last = "", ""
    for frame in client.frames():
        if frame.data is None:
            continue
        last = frame.data
        if last != "[DONE]":
            document = frame.json()
            for choice in document.get("choices", ()):
                text += choice["delta"].get("content", "")
    return text, last


@FRAMINGS
def test_a_whole_answer_may_come_byte_by_byte(stage: Stage, framing: Framing) -> None:
    whole = INFORMED + answers.whole(answers.chat(TEXT), framing=framing)
    stage.provider.script(*cut([whole], framing))
    response = stage.call()
    assert response.status == 200
    assert response.json()["choices"][0]["message"]["content"] == TEXT
    assert stage.receipt(response)["cost_nanousd"] == COST_NANOUSD


@FRAMINGS
def test_a_stream_may_come_byte_by_byte(stage: Stage, framing: Framing) -> None:
    stream = [INFORMED, *answers.stream(answers.chat_frames(), framing=framing)]
    stage.provider.script(*cut(stream, framing))
    with stage.ask(stream=True) as client:
        response = client.read_head()
        assert text_of(client) == (TEXT, "[DONE]")
    receipt = stage.receipt(response)
    assert (receipt["status"], receipt["cost_nanousd"]) == ("ok", COST_NANOUSD)


@pytest.mark.parametrize("end", [Close(), Reset()], ids=["fin", "rst"])
@FRAMINGS
def test_a_whole_answer_that_is_cut_is_no_answer(stage: Stage, framing: Framing, end: Step) -> None:
    stage.provider.script(answers.whole(answers.chat(), framing=framing)[:-9], end)
    response = stage.call()
    assert response.status == 502
    assert response.json()["error"]["code"] == "upstream_error"
    receipt = stage.receipt(response)
    assert (receipt["status"], receipt["end"]) == ("failed", "broken")
    assert receipt["cost_nanousd"] == 0
    assert len(receipt["attempts"]) == 1


@pytest.mark.parametrize("end", [Close(), Reset(), answers.LAST_CHUNK], ids=["fin", "rst", "ended"])
@pytest.mark.parametrize("frames", range(1, 7))
def test_a_stream_that_is_cut_never_looks_finished(stage: Stage, frames: int, end: Step) -> None:
    """Role, three texts, finish, usage: only ``[DONE]`` says that this is all."""
    head, *pieces = answers.stream(answers.chat_frames())
    stage.provider.script(head, *pieces[:frames], end)
    with stage.ask(stream=True) as client:
        response = client.read_head()
        if frames == 1:  # nothing real had come
            assert response.status == 502
            client.read_body()
        else:
            assert response.status == 200
            text, last = text_of(client)
            assert TEXT.startswith(text)
            assert "upstream_error" in last
    receipt = stage.receipt(response)
    assert receipt["status"] == ("failed" if frames == 1 else "incomplete")
    assert (receipt["cost_nanousd"] > 0) == (frames > 1)


def test_an_answer_larger_than_its_bound_is_refused(stage: Stage) -> None:
    def flood(request: Recorded) -> Iterator[Step]:
        yield answers.head(200, {"transfer-encoding": "chunked"})
        piece = answers.chunk(b" " * 1024 * 1024)
        for _ in range(ANSWER_BYTES_MAX // 1024 // 1024 + 1):
            yield piece
        yield WaitForClose()

    stage.provider.script_by(flood)
    response = stage.call()
    assert response.status == 502
    receipt = stage.receipt(response)
    assert receipt["end"] == "broken"
    assert "detail" not in receipt["attempts"][0]  # the operator's alone
    told = stage.gateway.get("/admin/v1/errors", {"authorization": f"Bearer {ADMIN_KEY}"}).json()
    assert "larger" in told["data"][0]["cause"]
    stage.provider.wait_for_leave(stage.provider.requests[-1])


def test_an_event_larger_than_its_bound_ends_the_stream(stage: Stage) -> None:
    def flood(request: Recorded) -> Iterator[Step]:
        head, role, text, *_ = answers.stream(answers.chat_frames())
        yield from (head, role, text, answers.chunk(b"data: "))
        while True:
            yield answers.chunk(b"x" * 1024 * 1024)

    stage.provider.script_by(flood)
    with stage.ask(stream=True) as client:
        response = client.read_head()
        text, last = text_of(client)
    assert text == "Hel"
    assert "upstream_error" in last
    stage.provider.wait_for_leave(stage.provider.requests[-1])
    assert stage.receipt(response)["status"] == "incomplete"


def test_an_error_is_read_only_as_far_as_it_says_something(stage: Stage) -> None:
    def flood(request: Recorded) -> Iterator[Step]:
        yield answers.head(500, {"transfer-encoding": "chunked"})
        while True:
            yield answers.chunk(b"sorry " * 10_000)

    stage.provider.script_by(flood)
    response = stage.call()
    assert response.status == 503
    receipt = stage.receipt(response)
    assert receipt["attempts"][0]["status"] == 500
    stage.provider.wait_for_leave(stage.provider.requests[-1])


def test_a_head_larger_than_its_bound_is_refused(stage: Stage) -> None:
    lines = {f"x-{number}": "a" * 1000 for number in range(70)}
    stage.provider.script(answers.head(200, {**lines, "content-length": "0"}))
    response = stage.call()
    assert response.status == 502
    assert stage.receipt(response)["end"] == "broken"


def test_a_line_without_an_end_is_refused(stage: Stage) -> None:
    def flood(request: Recorded) -> Iterator[Step]:
        yield b"HTTP/1.1 200 OK\r\nx-long: "
        for _ in range(256):
            yield b"a" * 64 * 1024
        yield WaitForClose()

    stage.provider.script_by(flood)
    response = stage.call()
    assert response.status == 502
    sent = stage.provider.requests[-1]
    stage.provider.wait_for_leave(sent)
    assert sent.sent_bytes < 16 * 1024 * 1024, "all of it was read"


def test_a_stream_ends_with_its_terminal_mark_whatever_follows(stage: Stage) -> None:
    """The client gets its end at once; the provider has a second to end its message."""
    rest = threading.Event()
    steps = answers.stream(answers.chat_frames())
    stage.provider.script(*steps[:-1], Pause(rest), steps[-1])
    with stage.arrivals() as arrived, stage.ask(stream=True) as client:
        client.read_head()
        assert text_of(client) == (TEXT, "[DONE]")
        rest.set()
        stage.provider.wait_until(lambda: stage.provider.requests[-1].answered)
        stage.provider.script(answers.whole(answers.chat()))
        assert stage.call().status == 200
    assert arrived[0].connection == arrived[1].connection, "the socket was not kept"

    stage.provider.script(*steps[:-1], WaitForClose())
    with stage.ask(stream=True) as client:
        client.read_head()
        assert text_of(client) == (TEXT, "[DONE]")
        done = Watch()
        stage.provider.wait_for_leave(stage.provider.requests[-1])
        assert done.s <= 1.5


def test_one_clients_answer_never_reaches_another(stage: Stage) -> None:
    """A provider that says too much after an answer has spoilt that connection."""
    poison = answers.whole(answers.chat("not yours"))
    for glued in (poison, poison[:40], b"HTTP/1.1 200 OK\r\n"):
        stage.provider.script(answers.whole(answers.chat("first")) + glued)
        assert stage.call().json()["choices"][0]["message"]["content"] == "first"
        for number in range(3):
            stage.provider.script(answers.whole(answers.chat(f"own {number}")))
            response = stage.call()
            assert response.json()["choices"][0]["message"]["content"] == f"own {number}"


def test_what_follows_the_terminal_mark_is_dropped(stage: Stage) -> None:
    *frames, done = answers.chat_frames()
    more = answers.frame(answers.chat_chunk({"content": "more"}))
    stage.provider.script(*answers.stream([*frames, done + more + DONE, more]))
    with stage.ask(stream=True) as client:
        client.read_head()
        assert text_of(client) == (TEXT, "[DONE]")
