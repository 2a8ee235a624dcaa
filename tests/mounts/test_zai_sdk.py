"""Z.ai's own library (zai-sdk) with nothing changed but its base URL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import zai
from zai.core import APIResponseError
from zai.types.chat.chat_completion import Completion
from zai.types.chat.chat_completion_chunk import ChatCompletionChunk

from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from kit.steps import Close
from sandbox.stage import Stage

HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@pytest.fixture
def client(gateway: Gateway) -> Iterator[zai.ZaiClient]:
    with zai.ZaiClient(
        api_key=gateway.key, base_url=f"{gateway.url}/api/paas/v4", max_retries=0
    ) as one:
        yield one


def ask(client: zai.ZaiClient, model: str = "glm-4.7-flash", **members: Any) -> Any:
    return client.chat.completions.create(
        model=model, messages=members.pop("messages", HELLO), **members
    )


def test_a_whole_answer(client: zai.ZaiClient) -> None:
    answer = ask(client, thinking={"type": "enabled"}, temperature=0.6)
    assert isinstance(answer, Completion)
    Completion.model_validate(answer.model_dump(), strict=True)
    (choice,) = answer.choices
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.content
    assert choice.message.reasoning_content
    assert answer.request_id
    used = answer.usage
    assert used.total_tokens == used.prompt_tokens + used.completion_tokens
    assert used.completion_tokens_details is not None
    assert used.completion_tokens_details.reasoning_tokens > 0


def test_thinking_is_turned_off(client: zai.ZaiClient) -> None:
    answer = ask(client, thinking={"type": "disabled"})
    assert not answer.choices[0].message.reasoning_content


def test_a_stream_ends_with_usage_beside_the_finish(client: zai.ZaiClient) -> None:
    text, thought, chunks = "", "", list(ask(client, stream=True))
    for chunk in chunks:
        assert isinstance(chunk, ChatCompletionChunk)
        # A member of its own, which it wants and leaves at a value of another type.
        dumped = {**chunk.model_dump(exclude_none=True), "extra_json": {}}
        ChatCompletionChunk.model_validate(dumped, strict=True)
        delta = chunk.choices[0].delta
        text += delta.content or ""
        thought += delta.reasoning_content or ""
    assert text
    assert thought
    last = chunks[-1]
    assert last.choices[0].finish_reason == "stop"
    assert last.usage is not None
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_an_agents_loop(client: zai.ZaiClient, emulated: Stage) -> None:
    talk: list[Any] = [{"role": "user", "content": "What is the weather like in Beijing?"}]
    asked = ask(client, messages=talk, tools=[WEATHER], tool_choice="auto")
    message = asked.choices[0].message
    assert asked.choices[0].finish_reason == "tool_calls"
    (call,) = message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Beijing"}
    talk.append(message.model_dump())
    talk.append({"role": "tool", "tool_call_id": call.id, "content": "Sunny, 21 degrees"})
    answer = ask(client, messages=talk, tools=[WEATHER])
    assert "Sunny, 21 degrees" in answer.choices[0].message.content
    sent = json.loads(emulated.sandbox.seen[-1].body)
    assert sent["messages"][1]["reasoning_content"] == message.reasoning_content


def test_streamed_arguments(client: zai.ZaiClient, emulated: Stage) -> None:
    talk: list[Any] = [{"role": "user", "content": "What is the weather like in Beijing?"}]
    pieces: list[Any] = []
    for chunk in ask(client, messages=talk, tools=[WEATHER], stream=True, tool_stream=True):
        pieces += chunk.choices[0].delta.tool_calls or []
    assert pieces[0].function.name == "get_weather"
    assert pieces[0].id
    assert {piece.index for piece in pieces} == {0}
    assert json.loads("".join(p.function.arguments or "" for p in pieces)) == {"city": "Beijing"}
    assert json.loads(emulated.sandbox.seen[-1].body)["tool_stream"] is True


def test_every_member_of_the_library_is_taken(client: zai.ZaiClient) -> None:
    answer = ask(
        client,
        request_id="my-request",
        user_id="user-12345",
        do_sample=True,
        temperature=0.0,
        top_p=1.0,
        max_tokens=64,
        seed=7,
        stop=["never"],
        sensitive_word_check={"type": "ALL", "status": "DISABLE"},
        response_format={"type": "json_object"},
        reasoning_effort="high",
        watermark_enabled=False,
    )
    assert answer.choices[0].message.content


def test_failures_are_its_own_exceptions(gateway: Gateway, client: zai.ZaiClient) -> None:
    with pytest.raises(zai.core.APIRequestFailedError, match='"1214"') as caught:
        ask(client, temperature=1.5, extra_body={"temperature": 1.5})
    assert "temperature" in str(caught.value)
    with pytest.raises(zai.core.APIStatusError, match='"1211"') as missing:
        ask(client, "glm-9000")
    assert missing.value.status_code == 404
    with (
        zai.ZaiClient(api_key="a.b", base_url=f"{gateway.url}/api/paas/v4") as stranger,
        pytest.raises(zai.core.APIAuthenticationError, match=r'"100[12]"'),
    ):
        ask(stranger)


def test_a_hosts_limit_and_a_broken_stream(client: zai.ZaiClient, host: ScriptedProvider) -> None:
    body = {"error": {"code": "1302", "message": "Rate limit reached for requests"}}
    host.script(answers.whole(body, 429))
    with pytest.raises(zai.core.APIReachLimitError, match='"1305"'):
        ask(client, "glm-4.7")
    host.script(*answers.stream(answers.glm_frames(), framing="close")[:5], Close())
    with pytest.raises(APIResponseError):
        list(ask(client, "glm-4.7", stream=True))
