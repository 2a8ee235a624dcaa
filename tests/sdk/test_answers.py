"""Answers as OpenAI's library reads them, and the receipts behind them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest

from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from seeds.frames import read

HELLO: list[Any] = [{"role": "user", "content": "Hello"}]

USAGE = answers.usage(prompt=1_000, completion=50, reasoning=10, cached=200)
COST = Decimal("0.000078")
"""800 * 0.07 + 200 * 0.01 + 50 * 0.40 USD per million tokens."""


CALLERS = 16


def whole(text: str = "Hello there.") -> bytes:
    return answers.whole({**answers.chat(text, reasoning_content="Hm."), "usage": USAGE})


def stream(*texts: str) -> list[bytes]:
    frames = [
        answers.chat_chunk({"role": "assistant", "content": ""}),
        answers.chat_chunk({"reasoning_content": "Hm."}),
        *(answers.chat_chunk({"content": text}) for text in texts),
        answers.chat_chunk({}, "stop"),
        {**answers.chat_chunk({}), "choices": [], "usage": USAGE},
    ]
    return answers.stream([*map(answers.frame, frames), answers.DONE])


def receipt(gateway: Gateway, public_id: str) -> dict[str, Any]:
    response = gateway.get(f"/v1/generations/{public_id}")
    assert response.status == 200
    found: dict[str, Any] = json.loads(response.body, parse_float=Decimal)
    return found


def extra(model: Any) -> dict[str, Any]:
    """Members that the library does not know."""
    assert model is not None
    assert model.model_extra is not None
    members: dict[str, Any] = model.model_extra
    return members


def test_a_whole_answer(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(whole())
    before_s = int(time.time())
    answer = client.chat.completions.create(model="lab/m", messages=HELLO)
    assert answer.object == "chat.completion"
    assert answer.model == "lab/m"
    assert before_s <= answer.created <= time.time()
    (choice,) = answer.choices
    assert (choice.index, choice.finish_reason) == (0, "stop")
    assert (choice.message.role, choice.message.content) == ("assistant", "Hello there.")
    assert extra(choice.message)["reasoning_content"] == "Hm."
    usage = answer.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (1000, 50, 1050)
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 200
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.reasoning_tokens == 10
    assert extra(usage)["cost"] == extra(usage)["estimated_cost"] == float(COST)


def test_the_host_s_own_ids_stay_behind(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(whole())
    host.script(*stream("Hello", " there."))
    answer = client.chat.completions.create(model="lab/m", messages=HELLO)
    with client.chat.completions.create(model="lab/m", messages=HELLO, stream=True) as chunks:
        ids = {answer.id, *(chunk.id for chunk in chunks)}
    assert len(ids) == 2
    assert not any("provider" in one for one in ids)


def test_the_name_that_was_asked_comes_back(client: openai.OpenAI, host: ScriptedProvider) -> None:
    for name in ("em", "EM", "lab/M", "lab/m@rack1"):
        host.script(whole())
        assert client.chat.completions.create(model=name, messages=HELLO).model == name
        assert host.requests[-1].json()["model"] == "m"


def test_an_answer_leads_to_its_receipt(
    client: openai.OpenAI, gateway: Gateway, host: ScriptedProvider
) -> None:
    host.script(whole())
    raw = client.chat.completions.with_raw_response.create(
        model="em", messages=HELLO, extra_headers={"x-request-id": "mine-1"}
    )
    answer = raw.parse()
    request_id = raw.headers["x-request-id"]
    assert answer._request_id == request_id != "mine-1"
    assert answer.id == f"chatcmpl-{request_id}"
    assert raw.headers["x-glimway-provider"] == "rack1"
    assert raw.headers["x-glimway-attempts"] == "1"
    found = receipt(gateway, answer.id)
    assert found == receipt(gateway, request_id)
    assert found["cost"] == found["usage"]["cost"] == COST
    assert found["cost_nanousd"] == 78_000
    assert (found["model"], found["asked"], found["provider"]) == ("lab/m", "em", "rack1")
    assert found["created"] == answer.created
    assert found["client_request_id"] == "mine-1"
    assert (found["status"], found["http_status"], found["stream"]) == ("ok", 200, False)
    assert found["usage"]["prompt_tokens"] == 1000
    assert found["usage"]["completion_tokens_details"]["reasoning_tokens"] == 10
    assert found["usage"]["estimated"] is False
    assert client.get(f"/generations/{answer.id}", cast_to=object) == json.loads(
        gateway.get(f"/v1/generations/{request_id}").body
    )


def test_a_receipt_of_nothing_is_not_found(client: openai.OpenAI) -> None:
    for public_id in ("chatcmpl-01m7y2mvb9x0mrn50d1bzsxx1z", "nonsense", "chatcmpl-"):
        with pytest.raises(openai.NotFoundError):
            client.get(f"/generations/{public_id}", cast_to=object)


@pytest.mark.parametrize("asked", [True, False], ids=["with usage", "without"])
def test_a_stream_and_its_receipt(
    client: openai.OpenAI, gateway: Gateway, host: ScriptedProvider, *, asked: bool
) -> None:
    host.script(*stream("Hel", "lo ", "there."))
    raw = client.chat.completions.with_raw_response.create(
        model="em", messages=HELLO, stream=True, stream_options={"include_usage": asked}
    )
    assert raw.headers["content-type"] == "text/event-stream; charset=utf-8"
    with raw.parse() as chunks:
        frames = [chunk.to_dict(exclude_unset=True) for chunk in chunks]
    answer = read(frames, "em", usage="last" if asked else "never")
    assert (answer.text, answer.thought, answer.finish) == ("Hello there.", "Hm.", "stop")
    assert answer.pieces == 3
    assert answer.id == f"chatcmpl-{raw.headers['x-request-id']}"
    if asked:
        assert answer.usage is not None
        assert answer.usage["total_tokens"] == 1050
        assert answer.usage["cost"] == answer.usage["estimated_cost"] == float(COST)
    found = receipt(gateway, answer.id)
    assert found == receipt(gateway, raw.headers["x-request-id"])
    assert (found["cost"], found["stream"], found["created"]) == (COST, True, answer.created)
    assert found["ttft_ms"] is not None


def test_the_library_s_own_stream_puts_the_answer_together(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(*stream("Hel", "lo ", "there."))
    with client.chat.completions.stream(
        model="lab/m", messages=HELLO, stream_options={"include_usage": True}
    ) as events:
        deltas = [event.delta for event in events if event.type == "content.delta"]
        answer = events.get_final_completion()
    assert deltas == ["", "Hel", "lo ", "there."]
    assert answer.choices[0].message.content == "Hello there."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert extra(answer.usage)["cost"] == float(COST)


def test_several_choices(client: openai.OpenAI, host: ScriptedProvider) -> None:
    body = answers.chat("one")
    second = {"index": 1, "message": {"role": "assistant", "content": "two"}}
    body["choices"].append({**second, "finish_reason": "length"})
    host.script(answers.whole(body))
    answer = client.chat.completions.create(model="lab/m", messages=HELLO, n=2)
    assert [(c.index, c.message.content, c.finish_reason) for c in answer.choices] == [
        (0, "one", "stop"),
        (1, "two", "length"),
    ]
    assert host.requests[-1].json()["n"] == 2


def test_several_choices_streaming(client: openai.OpenAI, host: ScriptedProvider) -> None:
    def one(index: int, delta: Any, finish: str | None = None) -> bytes:
        frame = answers.chat_chunk(delta, finish)
        frame["choices"][0]["index"] = index
        return answers.frame(frame)

    host.script(
        *answers.stream(
            [
                one(0, {"role": "assistant", "content": "o"}),
                one(1, {"role": "assistant", "content": "t"}),
                one(1, {"content": "wo"}),
                one(0, {"content": "ne"}),
                one(1, {}, "stop"),
                one(0, {}, "stop"),
                answers.DONE,
            ]
        )
    )
    with client.chat.completions.stream(model="lab/m", messages=HELLO, n=2) as events:
        choices = events.get_final_completion().choices
    found = {choice.index: (choice.message.content, choice.finish_reason) for choice in choices}
    assert found == {0: ("one", "stop"), 1: ("two", "stop")}


def test_what_a_caller_sends_arrives(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(whole())
    sent: dict[str, Any] = {
        "temperature": 0.3,
        "top_p": 0.9,
        "max_completion_tokens": 77,
        "stop": ["END"],
        "seed": 7,
        "user": "u-1",
        "metadata": {"a": "b"},
        "frequency_penalty": 0.5,
        "logit_bias": {"50256": -100},
    }
    client.chat.completions.create(
        model="lab/m", messages=HELLO, **sent, extra_body={"top_k": 20, "provider": {}}
    )
    arrived = host.requests[-1].json()
    assert arrived == {"model": "m", "messages": HELLO, "top_k": 20, **sent}


def test_async_answers_do_not_mix(gateway: Gateway, host: ScriptedProvider) -> None:
    def by_name(request: Recorded) -> Iterator[bytes]:
        body = request.json()
        name = body["messages"][0]["content"]
        yield from stream(*name) if body.get("stream") else [whole(name)]

    async def ask(client: openai.AsyncOpenAI, name: str) -> tuple[str | None, str, str]:
        messages: list[Any] = [{"role": "user", "content": name}]
        answer = await client.chat.completions.create(model="lab/m", messages=messages)
        text = ""
        async with await client.chat.completions.create(
            model="lab/m", messages=messages, stream=True
        ) as chunks:
            async for chunk in chunks:
                text += chunk.choices[0].delta.content or ""
        return answer.choices[0].message.content, text, name

    async def main() -> None:
        async with openai.AsyncOpenAI(
            base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0
        ) as client:
            names = [f"caller number {at}" for at in range(CALLERS)]
            for whole_text, streamed_text, name in await asyncio.gather(
                *(ask(client, name) for name in names)
            ):
                assert whole_text == streamed_text == name

    for _ in range(2 * CALLERS):
        host.script_by(by_name)
    asyncio.run(main())


def test_models_are_listed_and_found(client: openai.OpenAI) -> None:
    listed = [model.id for model in client.models.list()]
    assert {"lab/m", "lab/hasty"} <= set(listed)
    model = client.models.retrieve("lab/m")
    assert (model.id, model.object) == ("lab/m", "model")
    assert extra(model)["context"] == 200_000
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("lab/none")
