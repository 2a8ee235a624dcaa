"""A schema is honoured in every client dialect at a host that refuses schemas (Z.ai, emulated)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel

from kit.gateway import Gateway
from kit.http import call
from sandbox.stage import Stage

MODEL = "glm-4.7-flash"
ASKED: Any = [{"role": "user", "content": "How is the weather in Lisbon for 3 days?"}]
ADJUSTED = "json_schema said in words and checked here"


class Day(BaseModel):
    """One day."""

    degrees: float
    sky: Literal["clear", "cloudy"]


class Report(BaseModel):
    """What the model must answer."""

    city: str
    days: list[Day]
    warning: str | None


SCHEMA = Report.model_json_schema()


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    base_url = f"{gateway.url}/v1"
    with openai.OpenAI(base_url=base_url, api_key=gateway.key, max_retries=0) as one:
        yield one


def test_chat(client: openai.OpenAI, emulated: Stage) -> None:
    raw = client.chat.completions.with_raw_response.parse(
        model=MODEL, messages=ASKED, response_format=Report
    )
    assert raw.headers["x-glimway-adjusted"] == ADJUSTED
    answer = raw.parse()
    assert answer.choices[0].message.parsed is not None
    sent = json.loads(emulated.sandbox.seen[-1].body)
    assert sent["response_format"] == {"type": "json_object"}


def test_a_chat_stream(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model=MODEL, messages=ASKED, response_format=Report
    ) as events:
        deltas = [event.delta for event in events if event.type == "content.delta"]
        parsed = events.get_final_completion().choices[0].message.parsed
    assert isinstance(parsed, Report)
    assert len([one for one in deltas if one]) == 1


def test_responses(client: openai.OpenAI) -> None:
    answer = client.responses.parse(model=MODEL, input=ASKED, text_format=Report)
    assert isinstance(answer.output_parsed, Report)
    assert [item.type for item in answer.output] == ["reasoning", "message"]


def test_a_stream_of_responses(client: openai.OpenAI) -> None:
    with client.responses.stream(model=MODEL, input=ASKED, text_format=Report) as events:
        kinds = [event.type for event in events]
        final = events.get_final_response()
    assert isinstance(final.output_parsed, Report)
    assert kinds.count("response.output_text.delta") == 1
    assert kinds.count("response.reasoning_summary_text.delta") > 1


def test_messages(gateway: Gateway) -> None:
    asked = {
        "model": MODEL,
        "max_tokens": 4096,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": ASKED,
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
    response = gateway.post("/v1/messages", asked)
    assert response.status == 200, response.body
    assert ADJUSTED in (response.header("x-glimway-adjusted") or "")
    (text,) = [one["text"] for one in response.json()["content"] if one["type"] == "text"]
    Report.model_validate_json(text)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_ai_sdk(gateway: Gateway, stream: bool) -> None:
    headers = {
        **gateway.headers(),
        "ai-gateway-protocol-version": "0.0.1",
        "ai-language-model-specification-version": "3",
        "ai-language-model-id": MODEL,
        "ai-language-model-streaming": "true" if stream else "false",
    }
    prompt = [{"role": "user", "content": [{"type": "text", "text": "The weather in Lisbon?"}]}]
    asked = {"prompt": prompt, "responseFormat": {"type": "json", "schema": SCHEMA}}
    response = call(f"{gateway.url}/v3/ai/language-model", asked, headers)
    assert response.status == 200, response.body
    if stream:
        lines = response.body.decode().split("\n\n")
        parts = [json.loads(one[6:]) for one in lines if one.startswith("data: {")]
        (text,) = [one["delta"] for one in parts if one["type"] == "text-delta"]
    else:
        (text,) = [one["text"] for one in response.json()["content"] if one["type"] == "text"]
    Report.model_validate_json(text)


def test_a_host_that_cannot_is_left_out_where_parameters_are_required(
    client: openai.OpenAI,
) -> None:
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.parse(
            model=MODEL,
            messages=ASKED,
            response_format=Report,
            extra_body={"provider": {"require_parameters": True}},
        )
