"""One gateway before hosts that fail in every way, and one request through it.

Knows the configuration: a model for each fault, each dialect of a host, and each number of
providers, of which all but the last fail, or the only one. One scripted server is all hosts: the
name under which a model is asked there says what it does. Refuses to judge the answers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import chain, product
from pathlib import Path
from typing import Any, NamedTuple

from engine.failover.clients import DIALECTS, question
from engine.failover.faults import FAULTS
from engine.failover.hosts import HOSTS, PATHS, PROFILES
from kit import answers, certificates
from kit.gateway import Gateway
from kit.http import Client, Response, call
from kit.ports import refusing
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from kit.steps import Step

SIZES = (1, 2, 3)
"""Providers of a model."""
WAITERS = 40
"""Requests that wait for a deadline at once."""
AT_ONCE = 5
"""Other requests at once: two retries each are what may be saved up, so that none is refused."""
ADMIN_KEY = "glimadmin_of_these_tests"
NANOUSD = 12_000_000
"""What the first of a plan takes for 12 tokens; the second takes twice as much, and so on."""

CONFIG = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[deadlines]
commit_after_ms = 200

[routing.health]
failures_in_a_row = 1000
window_requests = 1000000

[routing.retry]
percent = 100
per_second = 10000
backoff_ms = 1
"""
PROVIDER = """
[[providers]]
id = "{id}"
profile = "{profile}"
base_url = "{url}/v1"
private = true
api_key = {{ env = "P_API_KEY" }}
"""
DEADLINES = """
[providers.deadlines]
first_token_ms = {first_ms}
answer_ms = {first_ms}
between_tokens_ms = 300
"""
"""Of providers that make others wait; all else may take as long as the machine needs."""
FIRST_MS = {1: 600, 2: 1500, 3: 4000}
"""By the size of a plan: all of it must leave a second for the last, and one try gets half."""
MODEL = """
[[models]]
id = "{id}"
context = 200000
"""
ENDPOINT = """
  [[models.endpoints]]
  provider = "{provider}"
  model = "{model}"
  price = {{ input = "{place}000", output = "{place}000" }}
"""


class Case(NamedTuple):
    """One request.

    Args:
        fault: what befalls it.
        host: the dialect of whoever fails.
        size: how many providers its model has.
        client: the dialect of whoever asks.
        stream: whether a stream is asked for.
    """

    fault: str
    host: str
    size: int
    client: str
    stream: bool

    @property
    def model(self) -> str:
        """The name that is asked for."""
        name = f"lab/{_slug(self.fault)}-{self.host}-{self.size}"
        fault = FAULTS[self.fault]
        if fault.lasting or fault.slow:  # each request needs endpoints that have not failed yet
            return f"{name}-{self.client}-{'stream' if self.stream else 'whole'}"
        return name

    def providers(self) -> list[str]:
        """The providers of its model, in the order in which they are asked."""
        fault = FAULTS[self.fault]
        where = f"-{_slug(self.fault)}" if fault.steps is None else ""
        if fault.slow:
            where = f"-slow-{self.size}"
        well = _after(self.host)
        return [
            f"{self.host}{place}{where}" if place <= self.failing else f"{well}{place}"
            for place in range(1, self.size + 1)
        ]

    @property
    def failing(self) -> int:
        """How many of them fail: all but the last, or the only one."""
        return max(1, self.size - 1)

    @staticmethod
    def space() -> tuple[Iterable[Any], ...]:
        """All values of each member."""
        return FAULTS, HOSTS, SIZES, DIALECTS, (False, True)


class Went(NamedTuple):
    """A request that was answered, and its receipt."""

    case: Case
    response: Response
    receipt: dict[str, Any]


class Ring:
    """The gateway, asked by many at once."""

    def __init__(self, gateway: Gateway, rack: ScriptedProvider) -> None:
        self.gateway = gateway
        self.rack = rack
        self.asked = 0

    def ask(self, case: Case) -> Went:
        """One request, its whole answer and its receipt."""
        asked = question(case.client, case.model, stream=case.stream)
        with self.gateway.client() as client:
            client.post_json(asked.path, asked.body, self.gateway.headers() | asked.headers)
            response = client.read_response()
            return Went(case, response, self._receipt(client, response))

    def all(self, cases: list[Case]) -> Iterator[Went]:
        """All of these, at once as far as they wait."""
        self.asked += len(cases)
        slow = [case for case in cases if FAULTS[case.fault].slow]
        quick = [case for case in cases if not FAULTS[case.fault].slow]
        with ThreadPoolExecutor(WAITERS) as waiting, ThreadPoolExecutor(AT_ONCE) as pool:
            yield from chain(waiting.map(self.ask, slow), pool.map(self.ask, quick))

    def receipts(self) -> list[dict[str, Any]]:
        """All receipts there are."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            headers = {"authorization": f"Bearer {ADMIN_KEY}"}
            page = call(f"{self.gateway.url}/admin/v1/requests?limit=100{cursor}", None, headers)
            found += page.json()["data"]
            if not page.json()["has_more"]:
                return found
            cursor = f"&cursor={page.json()['next']}"

    def _receipt(self, client: Client, response: Response) -> dict[str, Any]:
        target = "/v1/generations/" + str(response.header("x-request-id"))
        client.request("GET", target, self.gateway.headers())
        found = client.read_response()
        assert found.status == 200, found.body
        document = found.json()
        assert isinstance(document, dict)
        return document


def _slug(fault: str) -> str:
    return fault.lower().replace(" ", "-")


def _after(host: str) -> str:
    """The dialect of whoever is well: another one than of those that failed."""
    names = list(HOSTS)
    return names[(names.index(host) + 1) % len(names)]


def _act(request: Recorded) -> list[Step]:
    """What the rack does: the model's name says it, the path in which dialect."""
    dialect = next(name for end, name in PATHS.items() if request.target.endswith(end))
    body = request.json()
    host, stream = HOSTS[dialect], bool(body.get("stream"))
    slug, _, place = body["model"].rpartition(".")
    if slug == "well":
        if stream:
            return list(answers.stream(host.stream(*f"from| {place}".split("|"))))
        return [answers.whole(host.whole(f"from {place}"))]
    steps = next(one.steps for name, one in FAULTS.items() if _slug(name) == slug)
    assert steps is not None
    return steps(host, stream)


def _models() -> str:
    by_id = {case.model: case for case in map(Case._make, product(*Case.space()))}
    return "".join(_model(case) for case in by_id.values())


def _model(case: Case) -> str:
    text = MODEL.format(id=case.model)
    for place, provider in enumerate(case.providers(), 1):
        acts = _slug(case.fault) if place <= case.failing else "well"
        text += ENDPOINT.format(provider=provider, model=f"{acts}.{place}", place=place)
    return text


def _providers(addresses: dict[str, str]) -> str:
    slow = {f"-slow-{size}": DEADLINES.format(first_ms=FIRST_MS[size]) for size in SIZES}
    return "".join(
        PROVIDER.format(id=f"{host}{place}{suffix}", profile=PROFILES[host], url=url)
        + slow.get(suffix, "")
        for host in HOSTS
        for place in SIZES
        for suffix, url in addresses.items()
    )


@contextmanager
def ring(folder: Path) -> Iterator[Ring]:
    """A gateway before the rack and before addresses at which something is wrong.

    Args:
        folder: an empty one, for certificates.
    """
    with ExitStack() as stack:
        rack = stack.enter_context(ScriptedProvider())
        rack.always_by(_act)
        other = folder / "other"
        other.mkdir()
        named = certificates.make(folder, ("DNS:elsewhere.example",))
        alone = certificates.self_signed(other)
        secret = stack.enter_context(ScriptedProvider(tls=named))
        unknown = stack.enter_context(ScriptedProvider(tls=alone))
        addresses = {
            "": rack.url,
            **{f"-slow-{size}": rack.url for size in SIZES},
            "-refused-port": f"http://127.0.0.1:{stack.enter_context(refusing())}",
            "-self-signed-certificate": unknown.url,
            "-wrong-name-in-the-certificate": secret.url,
            "-name-that-does-not-resolve": "http://nobody.invalid:9",
        }
        text = f'{CONFIG}\n[client]\nca_file = "{named.authority}"\n'
        environment = {"P_API_KEY": "sk-of-this-test", "GLIMWAY_ADMIN_KEY": ADMIN_KEY}
        gateway = stack.enter_context(
            Gateway(
                text + _providers(addresses) + _models(),
                environment=environment,
                command=(sys.executable, str(Path(__file__).with_name("offline.py"))),
            )
        )
        yield Ring(gateway, rack)
