"""A second request races a late first token: one answer, one receipt, and the loser is stopped.

Over real sockets, with three providers of one model in a fixed order.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest

from engine.stage import ADMIN_KEY, CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Client, Response, call
from kit.provider import ScriptedProvider
from kit.steps import Pause, Reset, Step, WaitForClose

CONFIG = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[deadlines]
first_token_ms = 4000

[statistics]
refresh_s = 0.1

[routing.hedge]
use = "{use}"
percent = {percent}
floor_ms = 60
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
  price = {{ input = "{price}", output = "{price}" }}
"""
NAMES = ("lead", "second", "third")
MEASURED = 60
"""Streams after which the lead's P95 is known."""
LATE_S = 0.3
"""Until the first token, where it is late but comes."""

CROWD = 150


def quick(text: str) -> list[Step]:
    return [*answers.stream(answers.chat_frames([text]))]


def late(*steps: Step) -> list[Step]:
    return [Pause(LATE_S), *steps]


def silent() -> list[Step]:
    return [answers.head(200, answers.EVENT_STREAM), WaitForClose()]


class Track:
    """A gateway before three providers, asked in their order."""

    def __init__(self, gateway: Gateway, providers: dict[str, ScriptedProvider]) -> None:
        self.gateway = gateway
        self.providers = providers
        self.lead, self.second, self.third = providers.values()

    def body(self, *, stream: bool = True, **wishes: Any) -> dict[str, Any]:
        return {
            "model": "lab/m",
            "messages": [{"role": "user", "content": "Hi."}],
            "stream": stream,
            "stream_options": {"include_usage": True} if stream else None,
            "provider": {"order": list(NAMES), **wishes},
        }

    def send(self, *, stream: bool = True, **wishes: Any) -> Client:
        client = self.gateway.client()
        client.post_json(CHAT, self.body(stream=stream, **wishes), self.gateway.headers())
        return client

    def ask(self, *, stream: bool = True, **wishes: Any) -> Response:
        with self.send(stream=stream, **wishes) as client:
            return client.read_response()

    def measure(self) -> None:
        """Let the lead's usual time to the first token be known."""
        for _ in range(MEASURED):
            self.lead.script(*quick("usual"))
            assert self.ask(hedge=False).status == 200
        due_s = time.monotonic() + 10
        while not (self._known() or {}).get("p99"):
            assert time.monotonic() < due_s
            time.sleep(0.02)
        time.sleep(0.15)  # what came last is read at the next turn

    def _known(self) -> dict[str, float] | None:
        found = self.gateway.get("/v1/models/lab/m/endpoints").json()["data"][0]["ttft_ms"]
        assert found is None or isinstance(found, dict)
        return found

    def receipt(self, response: Response) -> dict[str, Any]:
        """The receipt as administrators read it."""
        request_id = str(response.header("x-request-id"))
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        found = call(f"{self.gateway.url}/admin/v1/requests/{request_id}", None, headers)
        assert found.status == 200, found.body
        document = found.json()
        assert isinstance(document, dict)
        return document

    def latest(self) -> dict[str, Any]:
        """The newest receipt."""
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        found = call(f"{self.gateway.url}/admin/v1/requests?limit=1", None, headers)
        document = found.json()["data"][0]
        assert isinstance(document, dict)
        return document

    def all_gone(self) -> None:
        """Wait until no provider has a request of ours that is still open."""
        for provider in self.providers.values():
            provider.drop_idle()
            provider.wait_until(lambda: not provider.connections_open)  # noqa: B023


@contextmanager
def track(
    use: str = "always", percent: float = 100.0, keys: str = 'api_key = {{ env = "P_API_KEY" }}'
) -> Iterator[Track]:
    with ExitStack() as stack:
        providers = {name: stack.enter_context(ScriptedProvider()) for name in NAMES}
        text = CONFIG.format(use=use, percent=percent)
        for name, provider in providers.items():
            text += PROVIDER.replace('api_key = {{ env = "P_API_KEY" }}', keys).format(
                name=name, url=provider.url
            )
        text += '\n[[models]]\nid = "lab/m"\ncontext = 200000\n'
        for at, name in enumerate(NAMES):
            text += ENDPOINT.format(name=name, price=f"{at + 1}000")
        environment = {"P_API_KEY": "sk-of-this-test", "GLIMWAY_ADMIN_KEY": ADMIN_KEY}
        environment["Q_API_KEY"] = "sk-another-of-this-test"
        yield Track(stack.enter_context(Gateway(text, environment=environment)), providers)


@pytest.fixture(scope="module")
def measured() -> Iterator[Track]:
    with track() as made:
        made.measure()
        yield made
        # Each request has one receipt, and each receipt says what was charged.
        made.gateway.command("ledger", "audit")


@pytest.fixture
def ready(measured: Track) -> Track:
    """The lead's speed is known, and the last answer of each was a good one."""
    for name, provider in measured.providers.items():
        provider.script(*quick("well again"))
        assert measured.ask(only=[name], hedge=False).status == 200
    return measured


def text_of(response: Response) -> str:
    blocks = response.body.decode().split("\n\n")
    frames = [block.removeprefix("data: ") for block in blocks if block.startswith("data: {")]
    return "".join(
        choice["delta"].get("content") or ""
        for frame in frames
        for choice in json.loads(frame).get("choices", ())
    )


def outcomes(receipt: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["provider"], one["outcome"]) for one in receipt["attempts"]]


def test_the_second_wins_and_the_first_is_stopped_at_once(ready: Track) -> None:
    ready.lead.script(*silent())
    ready.second.script(*quick("from the second"))
    response = ready.ask()
    assert response.status == 200, response.body
    assert text_of(response) == "from the second"
    assert response.header("x-glimway-provider") == "second"
    assert response.header("x-glimway-attempts") == "2"
    arrived = ready.second.requests[-1]
    left_s = ready.lead.wait_for_leave(ready.lead.requests[-1])
    assert arrived.at_s < left_s < arrived.at_s + 0.25
    receipt = ready.receipt(response)
    assert outcomes(receipt) == [("lead", "outrun"), ("second", "ok")]
    first, second = receipt["attempts"]
    assert second["why"].startswith("no first token from lab/m@lead within ")
    # The caller pays who answered; the prompt at the other is the operator's.
    assert receipt["cost_nanousd"] == 12 * 2_000_000
    assert first["operator_cost_nanousd"] == 7 * 1_000_000
    assert second["operator_cost_nanousd"] == 0
    assert first["duration_ms"] <= receipt["duration_ms"]
    shown = ready.gateway.get(f"/v1/generations/{receipt['id']}").json()
    assert "operator_cost_nanousd" not in shown["attempts"][0]
    ready.all_gone()


def test_the_first_wins_and_the_second_is_stopped_at_once(ready: Track) -> None:
    ready.lead.script(*late(*quick("from the lead")))
    ready.second.script(*silent())
    response = ready.ask()
    assert text_of(response) == "from the lead"
    assert response.header("x-glimway-provider") == "lead"
    ready.second.wait_for_leave(ready.second.requests[-1], 1.0)
    receipt = ready.receipt(response)
    assert outcomes(receipt) == [("lead", "ok"), ("second", "outrun")]
    assert receipt["cost_nanousd"] == 12 * 1_000_000
    assert receipt["attempts"][1]["operator_cost_nanousd"] == 7 * 2_000_000
    ready.all_gone()


@pytest.mark.parametrize("first", ["lead", "second"])
def test_when_one_fails_the_other_goes_on(ready: Track, first: str) -> None:
    if first == "lead":
        ready.lead.script(*late(answers.error(500, "oops")))
        ready.second.script(Pause(2 * LATE_S), *quick("well"))
    else:
        ready.lead.script(*late(*quick("well")))
        ready.second.script(answers.error(500, "oops"))
    response = ready.ask()
    assert text_of(response) == "well"
    receipt = ready.receipt(response)
    kinds = dict(outcomes(receipt))
    assert kinds.pop(first) == "overloaded"
    assert list(kinds.values()) == ["ok"]
    assert receipt["provider"] == next(iter(kinds))
    assert [one["operator_cost_nanousd"] for one in receipt["attempts"]] == [0, 0]
    ready.all_gone()


def test_both_fail_and_the_next_endpoint_answers(ready: Track) -> None:
    ready.lead.script(*late(answers.error(500, "oops")))
    ready.second.script(answers.error(503, "away"))
    ready.third.script(*quick("from the third"))
    response = ready.ask()
    assert text_of(response) == "from the third"
    receipt = ready.receipt(response)
    assert [name for name, _ in outcomes(receipt)] == list(NAMES)
    assert receipt["cost_nanousd"] == 12 * 3_000_000
    ready.all_gone()


def test_all_fail_and_the_caller_is_told_once_and_pays_nothing(ready: Track) -> None:
    ready.lead.script(*late(answers.error(500, "oops")))
    ready.second.script(answers.error(503, "away"))
    ready.third.script(answers.error(503, "away"))
    response = ready.ask()
    assert response.status == 503
    receipt = ready.receipt(response)
    assert (receipt["status"], receipt["cost_nanousd"]) == ("failed", 0)
    assert len(receipt["attempts"]) == 3
    ready.all_gone()


def test_a_client_that_leaves_stops_both(ready: Track) -> None:
    ready.lead.script(*silent())
    ready.second.script(*silent())
    seconds = len(ready.second.requests)
    with ready.send():
        ready.second.wait_for_requests(seconds + 1)
    for provider in (ready.lead, ready.second):
        provider.wait_for_leave(provider.requests[-1], 1.0)
    due_s = time.monotonic() + 5
    while (receipt := ready.latest())["end"] != "client_left":
        assert time.monotonic() < due_s, receipt
        time.sleep(0.02)
    assert (receipt["status"], receipt["cost_nanousd"]) == ("failed", 0)
    assert outcomes(receipt) == [("lead", "left"), ("second", "left")]
    ready.all_gone()


def test_nothing_races_after_the_first_token(ready: Track) -> None:
    head, role, text, *rest = quick("slowly")
    ready.lead.script(head, role, text, Pause(LATE_S), *rest)
    response = ready.ask()
    assert text_of(response) == "slowly"
    assert len(ready.receipt(response)["attempts"]) == 1


@pytest.mark.parametrize(
    ("stream", "wishes"), [(False, {}), (True, {"hedge": False})], ids=["whole", "unwanted"]
)
def test_what_is_not_raced(ready: Track, stream: bool, wishes: dict[str, Any]) -> None:
    answer = quick("alone") if stream else [answers.whole(answers.chat("alone"))]
    ready.lead.script(*late(*answer))
    response = ready.ask(stream=stream, **wishes)
    assert response.status == 200, response.body
    assert len(ready.receipt(response)["attempts"]) == 1


def test_a_crowd_of_races_leaves_one_receipt_each_and_no_socket(ready: Track) -> None:
    chance = random.Random(20)
    ends: list[Callable[[str], list[Step]]] = [
        lambda name: quick(f"from {name}"),
        lambda name: late(*quick(f"from {name}")),
        lambda _name: late(answers.error(500, "oops")),
        lambda _name: [Pause(0.05), answers.error(500, "oops")],
        lambda _name: [*quick("cut")[:2], Pause(0.1), Reset()],
        lambda _name: silent(),
    ]
    for name, provider in ready.providers.items():
        # The last one is always well, so that most requests end well in the end.
        some = ends[:2] if name == "third" else ends
        provider.always_by(partial(lambda some, name, _: chance.choice(some)(name), some, name))
    with ThreadPoolExecutor(12) as pool:
        responses = list(pool.map(lambda _: ready.ask(), range(CROWD)))
    seen: set[str] = set()
    for response in responses:
        receipt = ready.receipt(response)
        seen.add(receipt["id"])
        answered = [one["provider"] for one in receipt["attempts"] if one["outcome"] == "ok"]
        assert 1 <= len(receipt["attempts"]) <= 3
        if response.status == 200 and text_of(response):
            assert text_of(response) == f"from {receipt['provider']}"
            assert answered == [receipt["provider"]]
            price = NAMES.index(receipt["provider"]) + 1
            assert receipt["cost_nanousd"] == 12 * price * 1_000_000
        else:
            assert (answered, receipt["cost_nanousd"]) == ([], 0)
    assert len(seen) == CROWD
    assert sum(response.status == 200 for response in responses) > CROWD // 2
    for provider in ready.providers.values():
        provider._scripts.always = None
    ready.all_gone()


def test_second_requests_stay_a_share_of_all() -> None:
    with track("asked", 5.0) as made:
        made.measure()
        raced = []
        for _ in range(30):  # earn one and a half, of which one can be spent
            made.lead.script(*quick("quick"))
            assert made.ask(hedge=True).status == 200
        for _ in range(3):
            made.lead.script(*late(*quick("late")))
            made.second.always(*silent())
            raced.append(len(made.receipt(made.ask(hedge=True))["attempts"]) == 2)
        assert raced == [True, False, False]
        made.lead.script(*late(*quick("late")))
        assert len(made.receipt(made.ask())["attempts"]) == 1  # nobody asked for it


def test_an_operator_who_does_not_want_it_says_so_to_who_asks() -> None:
    with track("never") as made:
        made.lead.script(*quick("alone"))
        response = made.ask(hedge=True)
        assert response.header("x-glimway-adjusted") == "provider.hedge has no effect"


def test_a_key_that_is_refused_in_a_race_leaves_its_endpoint_well() -> None:
    keys = 'api_keys = [{{ env = "P_API_KEY" }}, {{ env = "Q_API_KEY" }}]'
    with track(keys=keys) as made:
        made.measure()
        made.lead.script(*late(answers.error(401, "who")))
        made.second.script(Pause(2 * LATE_S), *quick("well"))
        assert text_of(made.ask()) == "well"
        made.lead.script(*quick("with the other key"))
        assert text_of(made.ask(hedge=False)) == "with the other key"
        used = [str(one.header("authorization")) for one in made.lead.requests[-2:]]
        assert used == ["Bearer sk-of-this-test", "Bearer sk-another-of-this-test"]
