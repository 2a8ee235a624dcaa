"""The AI SDK's gateway protocol over HTTP, as ``createGateway({baseURL, apiKey})`` speaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kit.gateway import Gateway
from kit.http import Response, call

PROMPT = [{"role": "user", "content": [{"type": "text", "text": "Say hello."}]}]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


def ask(
    gateway: Gateway, version: str, *, stream: bool, model: str = "sandbox/glm-4.7-flash"
) -> Response:
    headers = {
        **gateway.headers(),
        "ai-gateway-protocol-version": "0.0.1",
        "ai-language-model-specification-version": version,
        "ai-language-model-id": model,
        "ai-language-model-streaming": "true" if stream else "false",
    }
    target = f"{gateway.url}/v{version}/ai/language-model"
    return call(target, {"prompt": PROMPT}, headers)


@pytest.mark.parametrize("version", ["3", "4"])
def test_a_whole_answer(gateway: Gateway, version: str) -> None:
    answer = ask(gateway, version, stream=False)
    assert answer.status == 200, answer.body
    document = answer.json()
    assert [part["type"] for part in document["content"]] == ["reasoning", "text"]
    assert document["finishReason"]["unified"] == "stop"
    assert document["usage"]["outputTokens"]["total"] > 0


@pytest.mark.parametrize("version", ["3", "4"])
def test_a_stream(gateway: Gateway, version: str) -> None:
    answer = ask(gateway, version, stream=True)
    parts: list[dict[str, Any]] = [
        json.loads(block.removeprefix("data: "))
        for block in answer.body.decode().split("\n\n")
        if block.startswith("data: {")
    ]
    kinds = [part["type"] for part in parts]
    assert kinds[:2] == ["stream-start", "response-metadata"]
    assert kinds[-1] == "finish"
    assert {"text-start", "text-delta", "text-end"} <= set(kinds)
    assert parts[-1]["providerMetadata"]["gateway"]["cost"] == "0"


@pytest.mark.parametrize("version", ["3", "4"])
def test_the_list_of_models_has_the_version_of_its_path(gateway: Gateway, version: str) -> None:
    answer = gateway.get(f"/v{version}/ai/config")
    models = answer.json()["models"]
    assert "zai/glm-4.7-flash" in [model["id"] for model in models]
    versions = {model["specification"]["specificationVersion"] for model in models}
    assert versions == {f"v{version}"}


def test_an_unknown_model_is_said_in_the_words_of_the_gateway(gateway: Gateway) -> None:
    answer = ask(gateway, "3", stream=False, model="nobody/nothing")
    assert answer.status == 404
    assert answer.json()["error"]["type"] == "model_not_found"
    assert answer.json()["generationId"].startswith("gen_")
