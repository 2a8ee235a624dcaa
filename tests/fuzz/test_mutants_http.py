"""Whatever comes as a request, the gateway answers: well, or with what is wrong, at once."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from fuzz.hosts import Hosts
from fuzz.mutants import mutant, spelled
from fuzz.valid import ASKS, PIXEL, Ask, Json
from fuzz.verdict import fault_of
from kit.gateway import Gateway
from kit.http import Client, Response
from kit.provider import ScriptedProvider

SHORT = 75
LONG = 5_000
"""Requests of each of the four dialects."""
RECEIPTS = 20
"""Of how many good answers the receipt is asked for."""
PATIENCE_S = 20.0
"""An answer that takes longer hangs."""

HOME = {"responses": "lab/r", "messages": "lab/m"}
MODELS = ("sandbox/glm-4.7-flash", "sandbox/glm-4.7-flash", "lab/r", "lab/m")

_HOST = """
[[providers]]
id = "{letter}"
profile = "{profile}"
base_url = "{url}/v1"
private = true

[[models]]
id = "lab/{letter}"
context = 2000000
max_output = 131072

  [[models.endpoints]]
  provider = "{letter}"
  model = "m"
  price = {{ input = "1", output = "1" }}
"""

_LIMITS = """
[limits.default]
requests_per_minute = 100000000
burst = 1000000
tokens_per_minute = 1000000000000
"""


@dataclass
class Scene:
    """A gateway and the hosts behind it."""

    gateway: Gateway
    hosts: Hosts


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    hosts = Hosts()
    with ScriptedProvider() as provider:
        provider.always_by(hosts)
        profiles = {"r": "responses", "m": "anthropic"}
        tables = [_HOST.format(letter=k, profile=v, url=provider.url) for k, v in profiles.items()]
        with Gateway(_LIMITS + "".join(tables)) as gateway:
            yield Scene(gateway, hosts)


@pytest.mark.parametrize("count", [SHORT, pytest.param(LONG, marks=pytest.mark.fuzz)])
@pytest.mark.parametrize("dialect", ASKS)
def test_any_mistake_is_answered(scene: Scene, dialect: str, count: int) -> None:
    """Each request is made of its number, so a failure is repeated by its number."""
    with Client(scene.gateway.url, timeout_s=PATIENCE_S) as client:
        answers = [_one(scene, client, dialect, number) for number in range(count)]
    # The mistakes are small enough that some requests are still good, and large enough.
    good = [answer for answer in answers if answer.status == 200]
    assert count / 10 < len(good) < count * 9 / 10
    # Whoever counts tokens makes no request of a model.
    made = [answer for answer in good if b'input_tokens":' not in answer.body[:60]]
    for answer in made[-RECEIPTS:]:
        receipt = scene.gateway.get(f"/v1/generations/{answer.header('x-request-id')}")
        assert receipt.status == 200, receipt.body


@pytest.mark.parametrize("model", sorted(set(MODELS)))
@pytest.mark.parametrize("dialect", ASKS)
def test_without_a_mistake_it_is_served(scene: Scene, dialect: str, model: str) -> None:
    ask = ASKS[dialect]
    for path in ask.paths:
        for valid in ask.bodies:
            if not _reads(model, valid):
                continue
            body = {"model": model, **valid} if ask.named else valid
            headers = _headers(ask, model, random.Random(path))
            answer = scene.gateway.post(path, body, headers)
            assert answer.status == 200, (path, body, answer.body)
            assert fault_of(path, answer) is None
            assert not scene.hosts.faults


def _one(scene: Scene, client: Client, dialect: str, number: int) -> Response:
    chance = random.Random(f"{dialect} {number}")
    ask = ASKS[dialect]
    path, model = chance.choice(ask.paths), chance.choice(MODELS)
    valid = chance.choice([one for one in ask.bodies if _reads(model, one)])
    body = spelled(mutant({"model": model, **valid} if ask.named else valid, chance), chance)
    headers = {**scene.gateway.headers(), **_headers(ask, model, chance)}
    client.request("POST", path, {**headers, "content-type": "application/json"}, body)
    try:
        answer = client.read_response()
    except OSError as error:
        raise AssertionError(_told(dialect, number, path, body, repr(error))) from None
    fault = fault_of(path, answer)
    # What came in the host's own dialect goes on as it came.
    if fault is None and scene.hosts.faults and HOME.get(dialect) != model:
        fault = scene.hosts.faults[0]
    scene.hosts.faults.clear()
    if fault is not None:
        pytest.fail(_told(dialect, number, path, body, fault, answer))
    return answer


def _reads(model: str, body: Json) -> bool:
    """The sandbox's models read no images."""
    return not (model.startswith("sandbox") and PIXEL in json.dumps(body))


def _headers(ask: Ask, model: str, chance: random.Random) -> dict[str, str]:
    if ask.named:
        return ask.headers
    stream = json.dumps(chance.random() < 0.5)
    return {**ask.headers, "ai-language-model-id": model, "ai-language-model-streaming": stream}


def _told(
    dialect: str, number: int, path: str, body: bytes, fault: str, answer: Response | None = None
) -> str:
    said = "" if answer is None else f"\n{answer.status} {answer.body[:800]!r}"
    return f"{dialect} {number}: {fault}\nPOST {path}\n{body[:3000]!r}{said}"
