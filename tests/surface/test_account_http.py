"""What a project has used, and one request's receipt under the AI SDK's names."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from kit import answers
from kit.gateway import Gateway, config
from kit.http import call
from kit.provider import ScriptedProvider

PRICE = {"input": "1", "output": "2"}
ASKED = {"model": "lab/m", "messages": [{"role": "user", "content": "Hi"}]}
EACH_USD = (7 * Decimal(1) + 5 * Decimal(2)) / 1_000_000


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with (
        ScriptedProvider() as provider,
        Gateway(config(provider.url, price=PRICE)) as running,
    ):
        provider.always(answers.whole(answers.chat()))
        yield running


def used(gateway: Gateway) -> Decimal:
    document = gateway.get("/v1/credits").json()
    assert document["balance"] == "0"
    assert document["billing"] == "postpaid"
    return Decimal(document["total_used"])


def test_what_was_used_grows_by_what_each_request_cost(gateway: Gateway) -> None:
    before = used(gateway)
    ids = [gateway.post("/v1/chat/completions", ASKED).json()["id"] for _ in range(3)]
    assert used(gateway) == before + 3 * EACH_USD  # drained or not
    gateway.restart()
    assert used(gateway) == before + 3 * EACH_USD
    assert gateway.get(f"/v1/generations/{ids[0]}").status == 200


def test_a_generation_under_the_sdks_name(gateway: Gateway) -> None:
    answer_id = gateway.post("/v1/chat/completions", ASKED).json()["id"]
    stem = answer_id.partition("-")[2] or answer_id.partition("_")[2]
    data = gateway.get(f"/v1/generation?id=gen_{stem}").json()["data"]
    assert data["id"] == f"gen_{stem}"
    assert (data["model"], data["provider_name"]) == ("lab/m", "rack1")
    assert (data["native_tokens_prompt"], data["native_tokens_completion"]) == (7, 5)
    assert Decimal(str(data["total_cost"])) == EACH_USD
    assert data["finish_reason"] == "stop"


def test_mistakes_are_told(gateway: Gateway) -> None:
    assert gateway.get("/v1/generation").json()["error"]["param"] == "id"
    assert gateway.get("/v1/generation?id=a&id=b").status == 400
    assert gateway.get("/v1/generation?id=gen_nothing").status == 404
    assert call(f"{gateway.url}/v1/credits").status == 401
