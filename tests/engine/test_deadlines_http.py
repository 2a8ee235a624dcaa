"""The deadlines of the contract, each exact to 100 ms, and nothing that keeps a provider alive
which does not answer."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from engine.stage import Stage, Watch, exactly, staged
from kit import answers, ports
from kit.recorded import Recorded
from kit.steps import Pause, Step, WaitForClose

CONNECT_S, FIRST_S, BETWEEN_S, ANSWER_S, TOTAL_S, COMMIT_S = 0.25, 0.3, 0.35, 0.4, 0.6, 0.15
GIVE_UP_S = 3.0

TABLES = """
[[providers]]
id = "slow"
profile = "openai"
base_url = "{url}/v1"
private = true
deadlines = {{ connect_ms = 5000, first_token_ms = 300, between_tokens_ms = 350, answer_ms = 400 }}

[[providers]]
id = "committing"
profile = "openai"
base_url = "{url}/v1"
private = true
deadlines = {{ first_token_ms = 300, commit_after_ms = 150 }}

[[providers]]
id = "total"
profile = "openai"
base_url = "{url}/v1"
private = true
deadlines = {{ total_ms = 600 }}

[[providers]]
id = "away"
profile = "openai"
base_url = "http://127.0.0.1:{silent}/v1"
private = true
deadlines = {{ connect_ms = 250 }}

[[providers]]
id = "impatient"
profile = "openai"
base_url = "http://127.0.0.1:{silent}/v1"
private = true
deadlines = {{ connect_ms = 5000, first_token_ms = 300, answer_ms = 400 }}
"""

PRICED = 'price = {{ input = "1", output = "2" }}'

MODELS = "".join(
    f"""
[[models]]
id = "lab/{name}"
endpoints = [{{{{ provider = "{name}", model = "m", {PRICED} }}}}]
"""
    for name in ("slow", "committing", "total", "away", "impatient")
)

HEAD, ROLE, TEXT, *_ = answers.stream(answers.chat_frames())
COMMENT = answers.chunk(b": busy\n\n")
EMPTY = answers.chunk(answers.frame(answers.chat_chunk({"content": ""})))


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with ExitStack() as stack:
        silent = stack.enter_context(ports.silent())
        yield stack.enter_context(staged(TABLES + MODELS, silent=silent))


def refused(stage: Stage, model: str, *, stream: bool) -> float:
    """Ask, and be told of a deadline; after how long."""
    watch = Watch()
    response = stage.call(model, stream=stream)
    took_s = watch.s
    assert response.status == 504, response.body
    assert response.json()["error"]["code"] == "timeout"
    receipt = stage.receipt(response)
    assert (receipt["status"], receipt["end"], receipt["cost_nanousd"]) == ("failed", "timeout", 0)
    (attempt,) = receipt["attempts"]
    assert attempt["outcome"] == "timeout"
    return took_s


def repeat(first: list[bytes], piece: bytes) -> Iterator[Step]:
    """Some bytes, then the same piece every 50 ms until the peer leaves."""
    yield from first
    while True:
        yield Pause(0.05)
        yield piece


@pytest.mark.parametrize("stream", [True, False])
def test_connect(scene: Stage, stream: bool) -> None:
    exactly(CONNECT_S, lambda: refused(scene, "lab/away", stream=stream))


@pytest.mark.parametrize(("stream", "due_s"), [(True, FIRST_S), (False, ANSWER_S)])
def test_the_answer_is_due_also_while_connecting(scene: Stage, stream: bool, due_s: float) -> None:
    """A client's patience does not care what it was spent on."""
    exactly(due_s, lambda: refused(scene, "lab/impatient", stream=stream))


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        pytest.param([], b"", id="silence"),
        pytest.param([HEAD], b"", id="a head"),
        pytest.param([HEAD, ROLE], b"", id="the role"),
        pytest.param([HEAD, ROLE], COMMENT, id="comments"),
        pytest.param([HEAD], ROLE, id="the role again and again"),
        pytest.param([HEAD, ROLE], EMPTY, id="empty frames"),
        pytest.param([HEAD], answers.chunk(b"x"), id="a line without an end"),
    ],
)
def test_the_first_token(scene: Stage, first: list[bytes], piece: bytes) -> None:
    def once() -> float:
        if piece:
            scene.provider.script_by(lambda _: repeat(first, piece))
        else:
            scene.provider.script(*first, WaitForClose())
        took_s = refused(scene, "lab/slow", stream=True)
        scene.provider.wait_for_leave(scene.provider.requests[-1])
        return took_s

    exactly(FIRST_S, once)


@pytest.mark.parametrize("trickle", [False, True])
def test_the_whole_answer(scene: Stage, trickle: bool) -> None:
    whole = answers.whole(answers.chat())

    def bytes_of_it(request: Recorded) -> Iterator[Step]:
        for at in itertools.count():
            yield whole[at : at + 1]
            yield Pause(0.02)

    def once() -> float:
        if trickle:
            scene.provider.script_by(bytes_of_it)
        else:
            scene.provider.script(WaitForClose())
        took_s = refused(scene, "lab/slow", stream=False)
        scene.provider.wait_for_leave(scene.provider.requests[-1])
        return took_s

    exactly(ANSWER_S, once)


def cut(stage: Stage, model: str) -> tuple[float, str]:
    """Ask for a stream that ends with an error event; how long after its last text, the words."""
    with stage.ask(model, stream=True) as client:
        response = client.read_head()
        assert response.status == 200
        last_text_s = response.at_s
        ended_s, error = 0.0, ""
        for frame in client.frames():
            assert frame.data != "[DONE]"
            assert frame.at_s < response.at_s + GIVE_UP_S, "the deadline does not come"
            if frame.data is None:
                continue
            document = frame.json()
            if "error" in document:
                ended_s, error = frame.at_s, json.dumps(document["error"])
            elif document["choices"][0]["delta"].get("content"):
                last_text_s = frame.at_s
    receipt = stage.receipt(response)
    assert (receipt["status"], receipt["end"]) == ("incomplete", "timeout")
    assert receipt["http_status"] == 200
    assert receipt["cost_nanousd"] > 0
    stage.provider.wait_for_leave(stage.provider.requests[-1])
    return ended_s - last_text_s, error


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(b"", id="silence"),
        pytest.param(COMMENT, id="comments"),
        pytest.param(EMPTY, id="empty frames"),
    ],
)
def test_between_tokens(scene: Stage, piece: bytes) -> None:
    def once() -> float:
        first = [HEAD, ROLE, TEXT]
        if piece:
            scene.provider.script_by(lambda _: repeat(first, piece))
        else:
            scene.provider.script(*first, Pause(BETWEEN_S * 0.8), TEXT, WaitForClose())
        took_s, error = cut(scene, "lab/slow")
        assert "timeout" in error
        return took_s

    exactly(BETWEEN_S, once)


def test_the_whole_stream(scene: Stage) -> None:
    """A stream that never ends, though it never rests."""

    def once() -> float:
        scene.provider.script_by(lambda _: repeat([HEAD, ROLE, TEXT], TEXT))
        watch = Watch()
        _, error = cut(scene, "lab/total")
        assert "timeout" in error
        return watch.s

    exactly(TOTAL_S, once)


def test_headers_go_out_when_the_gates_patience_ends(scene: Stage) -> None:
    """The first token is still due when it was; it fails inside the stream then."""

    def once() -> float:
        scene.provider.script(HEAD, ROLE, WaitForClose())
        watch = Watch()
        with scene.ask("lab/committing", stream=True) as client:
            response = client.read_head()
            head_s = watch.s
            assert response.status == 200
            (frame,) = [one for one in client.frames() if one.data is not None]
            assert frame.json()["error"]["code"] == "timeout"
            assert FIRST_S - 0.01 <= watch.s <= FIRST_S + 0.2
        receipt = scene.receipt(response)
        assert (receipt["status"], receipt["end"]) == ("failed", "timeout")
        assert (receipt["http_status"], receipt["cost_nanousd"]) == (200, 0)
        return head_s

    exactly(COMMIT_S, once)


def test_a_deadline_that_is_kept_has_no_effect(scene: Stage) -> None:
    """Close to every deadline, again and again on one connection."""
    head, role, text, *rest = answers.stream(answers.chat_frames())
    for _ in range(2):
        late: list[Step] = [
            Pause(0.12),
            head,
            Pause(0.12),
            role,
            text,
            Pause(0.25),
            *rest[:-1],
            Pause(0.2),
        ]
        scene.provider.script(*late, rest[-1])
        with scene.ask("lab/slow", stream=True) as client:
            assert client.read_head().status == 200
            assert [frame.data for frame in client.frames()][-1] == "[DONE]"
        scene.provider.script(Pause(0.3), answers.whole(answers.chat()))
        assert scene.call("lab/slow").status == 200
