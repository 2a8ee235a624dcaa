"""Endpoints are measured, shown, chosen by their speed, and known again after a restart.

Over real sockets: two providers of one model, one of them slower.
"""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response
from kit.provider import ScriptedProvider
from kit.steps import Pause, Step

CONFIG = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[routing]
attempts = 1

[statistics]
refresh_s = 0.1
save_s = 0.1
"""
PROVIDER = """
[[providers]]
id = "{name}"
profile = "openai"
base_url = "{url}/v1"
private = true
api_key = {{ env = "P_API_KEY" }}
"""
ENDPOINT = """
  [[models.endpoints]]
  provider = "{name}"
  model = "m"
  price = {{ input = "1", output = "1" }}
"""
SLOW_S, QUICK_S = 0.12, 0.03
"""Until the first token, and again until the last."""


def paced(gap_s: float) -> list[Step]:
    """An answer of 30 tokens that waits before its first text and again before its end."""
    head, role, first, *rest = answers.stream(answers.chat_frames(with_usage=False)[:-1])
    last = {**answers.chat_chunk({}), "choices": [], "usage": answers.usage(7, 30)}
    end = [answers.chunk(answers.frame(last) + answers.DONE)]
    return [head, role, Pause(gap_s), first, Pause(gap_s), *rest[:-1], *end, answers.LAST_CHUNK]


class Pair:
    """A gateway before a slow and a quick provider of ``lab/m``."""

    def __init__(self, gateway: Gateway, slow: ScriptedProvider, quick: ScriptedProvider) -> None:
        self.gateway = gateway
        self.slow = slow
        self.quick = quick

    def ask(self, **wishes: Any) -> Response:
        """One stream, by a caller with these wishes."""
        body = {
            "model": "lab/m",
            "messages": [{"role": "user", "content": "Hi."}],
            "stream": True,
            "provider": wishes,
        }
        with self.gateway.client() as client:
            client.post_json(CHAT, body, self.gateway.headers())
            return client.read_response()

    def who(self, **wishes: Any) -> str | None:
        """Who answers."""
        response = self.ask(**wishes)
        assert response.status == 200, response.body
        return response.header("x-glimway-provider")

    def shown(self) -> dict[str, dict[str, Any]]:
        """The endpoints as they are shown, by provider."""
        found = self.gateway.get("/v1/models/lab/m/endpoints")
        assert found.status == 200, found.body
        return {one["provider"]: one for one in found.json()["data"]}

    def measure(self, times: int = 3) -> None:
        """Ask both until their speed is known."""
        for _ in range(times):
            for name in ("slow", "quick"):
                assert self.who(only=[name]) == name
        until(lambda: all(one["tokens_per_second"] for one in self.shown().values()))

    def saved(self) -> None:
        """Wait until everything that was seen so far is stored."""
        asked_ms = time.time_ns() // 1_000_000
        until(lambda: self._saved_ms() > asked_ms)

    def names(self) -> set[str]:
        """Endpoints of which something is stored."""
        with sqlite3.connect(self.gateway.data / "glimway.db") as database:
            found = {str(one) for (one,) in database.execute("select endpoint from statistics")}
        database.close()
        return found

    def _saved_ms(self) -> int:
        with sqlite3.connect(self.gateway.data / "glimway.db") as database:
            (at_ms,) = database.execute("select max(at_ms) from statistics").fetchone()
        database.close()
        return int(at_ms or 0)


@contextmanager
def paired() -> Iterator[Pair]:
    with ExitStack() as stack:
        slow, quick = (stack.enter_context(ScriptedProvider()) for _ in range(2))
        slow.always(*paced(SLOW_S))
        quick.always(*paced(QUICK_S))
        text = CONFIG
        text += PROVIDER.format(name="slow", url=slow.url)
        text += PROVIDER.format(name="quick", url=quick.url)
        text += '\n[[models]]\nid = "lab/m"\ncontext = 200000\n'
        text += ENDPOINT.format(name="slow") + ENDPOINT.format(name="quick")
        environment = {"P_API_KEY": "sk-of-this-test"}
        yield Pair(stack.enter_context(Gateway(text, environment=environment)), slow, quick)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with paired() as made:
        made.measure()
        yield made


def until(holds: Callable[[], bool], within_s: float = 15.0) -> None:
    """Wait for what happens in the gateway, which cannot tell."""
    due_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < due_s, "not in time"
        time.sleep(0.02)


def test_endpoints_show_how_they_perform(pair: Pair) -> None:
    shown = pair.shown()
    for name, gap_s in (("slow", SLOW_S), ("quick", QUICK_S)):
        one = shown[name]
        assert (one["status"], one["status_reason"], one["rests_for_s"]) == ("healthy", None, None)
        assert one["price"]["input"] == "1"
        assert one["context_length"] == 200000
        assert one["success_rate"] == one["uptime"] == 1.0
        assert set(one["statistics"]) == {"5m", "1h", "24h", "30d"}
        for window in one["statistics"].values():
            assert window["requests"] == window["answers"] == window["measured"] >= 3
            assert window["faults"] == {}
            assert window["success_rate"] == window["uptime"] == 1.0
            assert set(window["ttft_ms"]) == {"p50", "p90", "p99"}
            assert window["ttft_ms"]["p50"] >= gap_s * 1000 * 0.95
            assert 0 < window["tokens_per_second"]["p50"] <= 29 / gap_s * 1.05
    assert shown["slow"]["ttft_ms"]["p50"] > shown["quick"]["ttft_ms"]["p50"]


@pytest.mark.parametrize("sort", ["latency", "throughput"])
def test_the_quicker_endpoint_is_asked_by_who_sorts_by_speed(pair: Pair, sort: str) -> None:
    assert {pair.who(sort=sort) for _ in range(8)} == {"quick"}


def test_limits_of_speed_leave_the_slow_one_out(pair: Pair) -> None:
    assert {pair.who(max_ttft_p90_ms=80) for _ in range(4)} == {"quick"}
    assert {pair.who(min_tokens_per_second=400) for _ in range(4)} == {"quick"}
    refused = pair.ask(max_ttft_p90_ms=80, only=["slow"])
    assert refused.status == 400
    assert "slower to its first token than asked" in refused.json()["error"]["message"]


def test_whoever_was_never_measured_is_found_by_who_sorts_by_speed() -> None:
    with paired() as fresh:
        # Nothing is known, so both are tried; then the quick one alone is asked.
        def found() -> bool:
            assert fresh.who(sort="latency") in {"slow", "quick"}
            return all(one["ttft_ms"] for one in fresh.shown().values())

        until(found, within_s=30)
        assert {fresh.who(sort="latency") for _ in range(5)} == {"quick"}


def test_a_fault_is_counted_and_an_endpoint_that_is_left_alone_says_so() -> None:
    with paired() as fresh:
        fresh.slow.script(answers.error(429, "slow down", {"retry-after": "60"}))
        assert fresh.ask(only=["slow"]).status == 429
        for _ in range(5):
            fresh.quick.script(answers.error(500, "oops"))
            assert fresh.ask(only=["quick"]).status == 503
        slow, quick = fresh.shown()["slow"], fresh.shown()["quick"]
        assert (slow["status"], slow["status_reason"]) == ("cooling", "its rate limit is reached")
        assert 50 < slow["rests_for_s"] <= 60
        assert slow["statistics"]["1h"]["faults"] == {"rate_limited": 1}
        assert slow["statistics"]["1h"]["success_rate"] == 0.0
        assert (quick["status"], quick["statistics"]["5m"]["faults"]) == (
            "ejected",
            {"overloaded": 5},
        )
        assert quick["statistics"]["5m"]["uptime"] == 0.0


@pytest.mark.parametrize("crash", [True, False], ids=["killed", "stopped"])
def test_what_was_measured_is_known_after_a_restart(crash: bool) -> None:
    with paired() as fresh:
        fresh.measure()
        before = fresh.shown()
        if crash:
            fresh.saved()
            fresh.gateway.kill()
            fresh.gateway.start()
        else:
            fresh.gateway.restart()
        after = fresh.shown()
        for name in ("slow", "quick"):
            # A half minute may have ended meanwhile: the longest window knows them in any case.
            mine, theirs = before[name]["statistics"]["30d"], after[name]["statistics"]["30d"]
            assert mine == theirs
        assert {fresh.who(sort="latency") for _ in range(8)} == {"quick"}
        assert {fresh.who(sort="throughput") for _ in range(4)} == {"quick"}


def test_names_that_callers_invent_are_not_remembered() -> None:
    with paired() as fresh:
        fresh.quick.always(answers.error(404, "no such model"))
        for at in range(6):
            body = {
                "model": f"invented-{at}@quick",
                "messages": [{"role": "user", "content": "Hi."}],
            }
            assert fresh.gateway.post(CHAT, body).status >= 400
        assert fresh.who(only=["slow"]) == "slow"
        fresh.saved()
        assert fresh.names() == {"lab/m@slow"}


def test_a_slow_reader_does_not_make_its_endpoint_look_slow() -> None:
    with paired() as fresh:
        steps = paced(QUICK_S)
        flood = answers.chunk(answers.frame(answers.chat_chunk({"content": "x" * 10_000})))
        fresh.quick.script(*steps[:4], *[flood] * 800, *steps[4:])
        body = {
            "model": "lab/m",
            "messages": [{"role": "user", "content": "Hi."}],
            "stream": True,
            "provider": {"only": ["quick"]},
        }
        with fresh.gateway.client() as client:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            client.post_json(CHAT, body, fresh.gateway.headers())
            fresh.quick.wait_for_requests(1)
            time.sleep(0.5)  # the client is busy with something else
            assert client.read_response().status == 200
        until(lambda: fresh.shown()["quick"]["ttft_ms"] is not None)
        assert fresh.shown()["quick"]["tokens_per_second"] is None
        assert fresh.who(only=["quick"]) == "quick"
        until(lambda: fresh.shown()["quick"]["tokens_per_second"] is not None)
