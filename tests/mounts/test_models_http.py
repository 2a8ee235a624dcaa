"""A model's parameter table: shown with the model, and held to before any provider is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from sandbox.stage import Stage
from seeds.setting import UNLIMITED, provider

Json = Any

HELLO: list[Json] = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def shipped(emulated: Stage) -> Iterator[Gateway]:
    """The shipped models, as the emulated Z.ai serves them."""
    with Gateway(UNLIMITED + provider("zai", "zai", emulated.sandbox.url("zai"))) as running:
        yield running


def ask(gateway: Gateway, mount: str = "/v1", **members: Json) -> Any:
    body = {"model": "glm-4.7", "messages": HELLO, **members}
    return gateway.post(f"{mount}/chat/completions", body)


def test_the_table_is_shown_with_the_model(shipped: Gateway) -> None:
    known = shipped.get("/v1/models/zai%2Fglm-4.7").json()
    rows = {row["name"]: row for row in known["parameters"]}
    assert rows["max_tokens"]["maximum"] == known["max_output_tokens"] == 131072
    assert (rows["temperature"]["minimum"], rows["temperature"]["maximum"]) == (0, 2)
    assert rows["frequency_penalty"]["left_out_by"] == ["zai"]
    assert all(row["meaning"] and row["honoured_by"] for row in rows.values())


def test_a_value_outside_the_table_is_refused_before_anyone_is_asked(
    shipped: Gateway, emulated: Stage
) -> None:
    before = len(emulated.sandbox.seen)
    refused = ask(shipped, reasoning_effort="extreme", model="glm-5.3")
    assert refused.status == 400
    assert refused.json()["error"]["param"] == "reasoning_effort"
    tools = [{"type": "function", "function": {"name": f"f{at}"}} for at in range(1025)]
    refused = ask(shipped, tools=tools)
    assert refused.status == 400
    assert "1024" in refused.json()["error"]["message"]
    refused = ask(shipped, frequency_penalty=2.5)
    assert refused.json()["error"]["param"] == "frequency_penalty"
    assert len(emulated.sandbox.seen) == before


@pytest.mark.parametrize("mount", ["/v1", "/v1/openai", "/glm", "/api/paas/v4"])
def test_a_cap_above_the_models_is_lowered_and_named(
    shipped: Gateway, emulated: Stage, mount: str
) -> None:
    """Many programs send one figure to every model."""
    answer = ask(shipped, mount, max_tokens=1_000_000)
    assert answer.status == 200
    assert json.loads(emulated.sandbox.seen[-1].body)["max_tokens"] == 131072
    assert answer.header("x-glimway-adjusted") == "max_tokens lowered to 131072"
    receipt = shipped.get(f"/v1/generations/{answer.header('x-request-id')}").json()
    assert receipt["adjusted"] == ["max_tokens lowered to 131072"]
    assert ask(shipped, mount, max_tokens=131072).header("x-glimway-adjusted") is None


def test_refreshed_prices_are_charged(emulated: Stage, tmp_path: Path) -> None:
    """What ``glimway models refresh`` has kept holds from the next start."""
    price = {"input": "9", "output": "99", "effective": "2026-11-20", "checked": "2026-11-20"}
    kept = {"provider": "zai", "model": "glm-4.7", "price": {**price, "source": "https://z.ai"}}
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"prices": [kept]}))
    config = UNLIMITED + provider("zai", "zai", emulated.sandbox.url("zai"))
    with Gateway(config, data=tmp_path) as running:
        (endpoint,) = running.get("/v1/models/glm-4.7/endpoints").json()["data"]
        assert (endpoint["price"]["input"], endpoint["price"]["output"]) == ("9", "99")
        usage = ask(running).json()["usage"]
        cost = 9 * usage["prompt_tokens"] + 99 * usage["completion_tokens"]
        assert usage["cost"] == pytest.approx(cost / 1_000_000)
        file.write_text("{")
        running.terminate()
        with pytest.raises(TimeoutError, match="Remove it and refresh again"):
            running.start()


def test_what_a_try_met_inside_is_not_the_callers(gateway: Gateway, host: ScriptedProvider) -> None:
    host.script(answers.error(503, "rack 7 burns"))
    refused = ask(gateway)
    assert refused.status == 503
    trace_id = refused.header("x-request-id")
    receipt = gateway.get(f"/v1/generations/{trace_id}")
    (tried,) = receipt.json()["attempts"]
    assert (tried["provider"], tried["outcome"], tried["status"]) == ("maker", "overloaded", 503)
    assert "detail" not in tried
    assert b"rack 7" not in receipt.body
