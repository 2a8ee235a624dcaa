"""Limits over real sockets: counts, headers, the line, and keys that are taken away."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from engine.stage import Stage, Watch, staged
from kit import answers
from kit.http import Response
from kit.steps import Pause, WaitForClose

ANSWER = answers.whole(answers.chat())
REVOKED_S_MAX = 0.25
"""Contract: what the command line changes while a server runs holds there within 250 ms."""
NEAR_S = 0.5
"""Room for the machine in times that a client measures."""


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with staged() as stage:
        stage.provider.always(ANSWER)
        yield stage


@pytest.fixture
def standing(scene: Stage) -> Iterator[Stage]:
    """Every request gets the same answer again, whatever a test scripted."""
    yield scene
    scene.provider.always(ANSWER)


def refused(response: Response, words: str) -> float:
    """Hold a 429 against the contract; the seconds after which its body says to come back."""
    assert response.status == 429
    body = response.json()
    error = body["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    assert words in error["message"], error["message"]
    assert body["trace_id"] == response.header("x-request-id")
    found = re.search(r"in ([0-9.]+) s", error["message"])
    assert found is not None
    wait_s = float(found[1])
    retry_after = response.header("retry-after")
    assert retry_after is not None
    assert retry_after == str(int(retry_after))
    assert max(1, wait_s) <= int(retry_after) <= wait_s + 1.01, "neither early nor much too late"
    return wait_s


def shown(response: Response, what: str) -> tuple[int, int, float]:
    """``limit``, ``remaining`` and ``reset`` (in seconds) of the headers."""
    limit, remaining, reset = (
        response.header(f"x-ratelimit-{part}-{what}") for part in ("limit", "remaining", "reset")
    )
    assert limit is not None
    assert remaining is not None
    assert reset is not None
    assert re.fullmatch(r"\d+(\.\d+)?s", reset), reset
    return int(limit), int(remaining), float(reset.removesuffix("s"))


def test_requests_per_minute_with_a_burst(standing: Stage) -> None:
    limited = standing.keyed(requests_per_minute=60, burst=3)
    watch = Watch()
    for used in (1, 2, 3):
        response = limited.call()
        assert response.status == 200
        limit, remaining, reset_s = shown(response, "requests")
        assert limit == 60
        assert remaining == 3 - used
        assert used - 1 - watch.s <= reset_s <= used
        assert response.header("x-ratelimit-limit-tokens") is None
    response = limited.call()
    wait_s = refused(response, "60 requests per minute")
    assert 0 < wait_s <= 1
    limit, remaining, reset_s = shown(response, "requests")
    assert (limit, remaining) == (60, 0)
    assert 2 <= reset_s <= 3
    with standing.arrivals() as arrived:
        time.sleep(wait_s)
        assert limited.call().status == 200, "it came back when it was told to"
        refused(limited.call(), "60 requests per minute")
    assert len(arrived) == 1, "a refused request reached the provider"


def test_a_refused_request_has_no_receipt(standing: Stage) -> None:
    limited = standing.keyed(requests_per_minute=1, burst=1)
    assert limited.has_receipt(limited.call())
    response = limited.call()
    refused(response, "1 requests per minute")
    assert not standing.has_receipt(response)


def test_exactly_as_many_as_allowed_are_let_in_at_once(standing: Stage) -> None:
    limited = standing.keyed(requests_per_minute=1, burst=20)
    with ExitStack() as stack:
        clients = [stack.enter_context(limited.ask()) for _ in range(50)]
        statuses = [client.read_response().status for client in clients]
    assert (statuses.count(200), statuses.count(429)) == (20, 30)


def test_tokens_per_minute(standing: Stage) -> None:
    """What is expected is held; what was really used (12 tokens) is what counts in the end."""
    limited = standing.keyed(tokens_per_minute=1000)
    response = limited.call()
    assert response.status == 200
    limit, remaining, reset_s = shown(response, "tokens")
    held = limit - remaining
    assert limit == 1000
    assert held > 2 * 12, "the estimate is no estimate"
    assert reset_s == pytest.approx(held / 1000 * 60, abs=1.0)
    assert response.header("x-ratelimit-limit-requests") is None
    _, remaining, _ = shown(limited.call(), "tokens")
    assert 1000 - remaining <= held + 12, "the first request's estimate was not corrected"

    gate = threading.Event()
    standing.provider.always(Pause(gate), ANSWER)
    before = len(standing.provider.requests)
    with ExitStack() as stack:
        clients = []
        while True:
            clients.append(stack.enter_context(limited.ask()))
            try:
                standing.provider.wait_for_requests(before + len(clients), 0.3)
            except TimeoutError:
                break  # this one was not let in
            assert len(clients) < 100, "nobody is refused"
        response = clients.pop().read_response()
        wait_s = refused(response, "1000 tokens per minute")
        assert 0 < wait_s <= held / 1000 * 60
        assert shown(response, "tokens")[1] < held
        gate.set()
        assert {client.read_response().status for client in clients} == {200}
    response = limited.call()
    assert response.status == 200, "what was not used was not given back"
    assert 1000 - shown(response, "tokens")[1] <= held + 12 * (len(clients) + 2)


def test_an_answer_may_use_more_than_was_expected(standing: Stage) -> None:
    limited = standing.keyed(tokens_per_minute=2000)
    large = answers.chat() | {"usage": answers.usage(prompt=3000, completion=1000)}
    standing.provider.script(answers.whole(large))
    assert limited.call(max_tokens=10).status == 200
    wait_s = refused(limited.call(max_tokens=10), "2000 tokens per minute")
    assert 60 < wait_s < 65, "2000 of debt and a few are paid back at 2000 a minute"


def test_a_request_larger_than_the_whole_bucket_is_not_refused_for_ever(standing: Stage) -> None:
    limited = standing.keyed(tokens_per_minute=100)
    assert limited.call(max_tokens=10_000).status == 200


def test_concurrency(standing: Stage) -> None:
    limited = standing.keyed(concurrency=2)
    gate = threading.Event()
    standing.provider.always(Pause(gate), ANSWER)
    before = len(standing.provider.requests)
    with limited.ask() as first, limited.ask(stream=True) as second:
        standing.provider.wait_for_requests(before + 2)
        refused(limited.call(), "2 requests at the same time")
        first.reset()
        standing.provider.wait_for_leave(standing.provider.requests[before])
        # The place of one that has left is free at once.
        with limited.ask() as third:
            standing.provider.wait_for_requests(before + 3)
            refused(limited.call(), "2 requests at the same time")
            gate.set()
            assert third.read_response().status == second.read_response().status == 200
    assert limited.call().status == 200


@pytest.mark.parametrize("way", ["fault", "error", "mid-stream"])
def test_a_place_is_given_back_however_a_request_ends(standing: Stage, way: str) -> None:
    limited = standing.keyed(concurrency=1)
    head, role, text, *_ = answers.stream(answers.chat_frames())
    scripts = {
        "fault": [answers.error(500, "broken")],
        "error": [answers.error(400, "what is this")],
        "mid-stream": [head, role, text, answers.LAST_CHUNK],
    }
    for _ in range(3):
        standing.provider.script(*scripts[way])
        response = limited.call(stream=way == "mid-stream")
        assert response.status == {"fault": 503, "error": 400, "mid-stream": 200}[way]
    assert limited.call().status == 200


def test_a_request_waits_for_a_place(standing: Stage) -> None:
    limited = standing.keyed(concurrency=1, queue_ms=5000)
    gate = threading.Event()
    standing.provider.script(Pause(gate), ANSWER)
    before = len(standing.provider.requests)
    with ExitStack() as stack:
        first = stack.enter_context(limited.ask())
        standing.provider.wait_for_requests(before + 1)
        waiting = []
        for number in range(1, 11):
            waiting.append(stack.enter_context(limited.ask(max_tokens=number)))
            time.sleep(0.02)  # connections that come together may be read in any order
        assert len(standing.provider.requests) == before + 1
        gate.set()
        watch = Watch()
        assert first.read_response().status == 200
        assert {client.read_response().status for client in waiting} == {200}
        assert watch.s < NEAR_S, "a place that became free was not noticed"
    order = [request.json()["max_tokens"] for request in standing.provider.requests[before + 1 :]]
    assert order == list(range(1, 11)), "first come, first served"


def test_a_request_waits_until_the_minute_has_room(standing: Stage) -> None:
    limited = standing.keyed(requests_per_minute=120, burst=1, queue_ms=5000)
    watch = Watch()
    with ExitStack() as stack:
        clients = [stack.enter_context(limited.ask()) for _ in range(4)]
        assert {client.read_response().status for client in clients} == {200}
    assert 1.5 - 0.05 <= watch.s <= 1.5 + NEAR_S


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"concurrency": 1}, "1 requests at the same time"),
        ({"requests_per_minute": 1, "burst": 1}, "1 requests per minute"),
        ({"tokens_per_minute": 10}, "10 tokens per minute"),
    ],
)
def test_a_request_waits_no_longer_than_it_may(
    standing: Stage, limits: dict[str, int], words: str
) -> None:
    limited = standing.keyed(**limits, queue_ms=300)
    standing.provider.script(WaitForClose())
    before = len(standing.provider.requests)
    with limited.ask(), ExitStack() as stack:
        standing.provider.wait_for_requests(before + 1)
        watch = Watch()
        # One at the head of the line and others behind it: each is told why, and in time.
        clients = [stack.enter_context(limited.ask()) for _ in range(3)]
        for client in clients:
            refused(client.read_response(), words)
            assert 0.3 - 0.01 <= watch.s <= 0.3 + NEAR_S
    assert len(standing.provider.requests) == before + 1


def test_limits_hold_per_key(standing: Stage) -> None:
    limited = standing.keyed(requests_per_minute=1, burst=1)
    other = standing.keyed(requests_per_minute=1, burst=1)
    assert limited.call().status == 200
    assert limited.call().status == 429
    assert other.call().status == 200


def test_a_revoked_key_is_refused_at_once(standing: Stage) -> None:
    one = standing.keyed()
    assert one.call().status == 200
    stop = threading.Event()
    refused_s: list[float] = []

    def ask_on() -> None:
        while not stop.is_set():
            at_s = time.monotonic()
            response = one.call()
            if response.status == 401 and not refused_s:
                refused_s.append(at_s)
                assert response.json()["error"]["code"] == "invalid_api_key"
                return
            time.sleep(0.01)

    asking = threading.Thread(target=ask_on)
    asking.start()
    try:
        standing.gateway.command("keys", "revoke", one.key_id)
        done_s = time.monotonic()
        asking.join(5)
    finally:
        stop.set()
        asking.join(5)
    assert refused_s, "a revoked key is still let in"
    assert refused_s[0] - done_s <= REVOKED_S_MAX
    assert one.call().status == 401


def test_a_revoked_keys_streams_end_within_a_second(standing: Stage) -> None:
    one = standing.keyed()
    head, role, text, *_ = answers.stream(answers.chat_frames())
    standing.provider.script(head, role, text, WaitForClose())
    with one.ask(stream=True) as client:
        client.read_head()
        frames = client.frames()
        next(frames)
        next(frames)
        standing.gateway.command("keys", "revoke", one.key_id)
        watch = Watch()
        standing.provider.wait_for_leave(standing.provider.requests[-1], 3.0)
        assert watch.s <= 1.0
        (error,) = [frame for frame in frames if frame.data is not None]
    assert error.json()["error"]["code"] == "invalid_api_key"
