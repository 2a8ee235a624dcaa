"""A running server tells where a request would go now, knowing who is well; nobody is called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response, call
from kit.provider import ScriptedProvider

ADMIN_KEY = "an-administrator's-key-of-the-test-0123456789"
ADMIN = {"authorization": f"Bearer {ADMIN_KEY}"}
CONFIG = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
[routing]
attempts = 1
[[providers]]
id = "near"
profile = "openai"
base_url = "{near}/v1"
private = true
[[providers]]
id = "far"
profile = "openai"
base_url = "{far}/v1"
private = true
[[models]]
id = "lab/m"
  [[models.endpoints]]
  provider = "near"
  model = "m"
  price = {{ input = "1", output = "1" }}
  [[models.endpoints]]
  provider = "far"
  model = "m"
  price = {{ input = "9", output = "9" }}
"""
NEAR, FAR = "lab/m@near", "lab/m@far"


@pytest.fixture(scope="module")
def near() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as scripted:
        scripted.always(answers.error(401, "no such key"))
        yield scripted


@pytest.fixture(scope="module")
def gateway(near: ScriptedProvider) -> Iterator[Gateway]:
    with ScriptedProvider() as far:
        config = CONFIG.format(near=near.url, far=far.url)
        environment = {"GLIMWAY_ADMIN_KEY": ADMIN_KEY}
        with Gateway(config, environment=environment) as running:
            yield running


def planned(gateway: Gateway, **body: Any) -> Response:
    return call(f"{gateway.url}/admin/v1/routes", {"model": "lab/m", **body}, ADMIN)


def test_a_route_is_planned_with_what_the_server_knows(
    gateway: Gateway, near: ScriptedProvider
) -> None:
    before = planned(gateway).json()
    assert (before["object"], before["live"]) == ("route", True)
    assert [one["id"] for one in before["endpoints"]] == [NEAR, FAR]
    for _ in range(5):
        gateway.post(CHAT, {"model": "lab/m@near", "messages": [{"role": "user", "content": "x"}]})
    asked = len(near.requests)
    after = planned(gateway).json()
    assert [one["id"] for one in after["endpoints"]] == [FAR]
    ((left, reason),) = [(one["id"], one["reason"]) for one in after["excluded"]]
    assert left == NEAR
    assert "key" in reason or "rest" in reason
    told = gateway.command("route", "lab/m", "--server", gateway.url)
    assert "as the server knows them now" in told.stderr
    document = gateway.command_json("route", "lab/m", "--server", gateway.url)
    assert [one["id"] for one in document["endpoints"]] == [FAR]
    unasked = gateway.command_json("route", "lab/m")
    assert unasked["live"] is False
    assert [one["id"] for one in unasked["endpoints"]] == [NEAR, FAR]
    assert len(near.requests) == asked


def test_a_requests_own_wishes_hold(gateway: Gateway, tmp_path: Path) -> None:
    body = {"messages": [{"role": "user", "content": "x"}], "provider": {"only": ["far"]}}
    document = planned(gateway, request=body).json()
    assert [one["id"] for one in document["endpoints"]] == [FAR]
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"input": "x", "provider": {"only": ["nobody"]}}))
    flags = ("--request", str(file), "--dialect", "responses", "--server", gateway.url)
    with pytest.raises(RuntimeError, match=r"ended with 1(?s:.*)is not among 'only'"):
        gateway.command("route", "lab/m", *flags)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"model": "lab/none"}, 404, "model"),
        ({"modle": "lab/m"}, 400, "modle"),
        ({"dialect": "aisdk", "request": {}}, 400, "dialect"),
        ({"request": {"messages": "x"}}, 400, "messages"),
        ({"request": []}, 400, "request"),
        ({"project": "none"}, 404, "project"),
    ],
    ids=str,
)
def test_a_mistake_is_told(
    gateway: Gateway, body: dict[str, Any], status: int, param: str | None
) -> None:
    refused = planned(gateway, **body)
    assert refused.status == status
    assert refused.json()["error"]["param"] == param


def test_only_administrators_ask(gateway: Gateway) -> None:
    url = f"{gateway.url}/admin/v1/routes"
    assert call(url, {"model": "lab/m"}, gateway.headers()).status == 401
