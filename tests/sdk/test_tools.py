"""Agents on OpenAI's library: tools are called, answer, and are called again."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from kit import answers
from kit.provider import ScriptedProvider

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Tells the weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    },
    {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object"}}},
]

TURNS = [
    [("call_a", "get_weather", '{"city": "Paris"}'), ("call_b", "get_weather", '{"city":"Oslo"}')],
    [("call_c", "get_time", "{}"), ("call_d", "get_weather", '{"city": "Köln “am Rhein”"}')],
]
"""What the host asks for, turn by turn: id, name and arguments as the model wrote them."""


def whole(calls: list[tuple[str, str, str]]) -> bytes:
    made = [answers.tool_call(name, text, own) for own, name, text in calls]
    return answers.whole(answers.chat(None, "tool_calls", tool_calls=made))


def stream(calls: list[tuple[str, str, str]]) -> list[bytes]:
    """The calls one after the other, their arguments in pieces of three characters."""
    frames = [answers.chat_chunk({"role": "assistant", "content": None})]
    for at, (own, name, text) in enumerate(calls):
        opening = answers.tool_call(name, "", own, index=at)
        frames.append(answers.chat_chunk({"tool_calls": [opening]}))
        for start in range(0, len(text), 3):
            piece = {"index": at, "function": {"arguments": text[start : start + 3]}}
            frames.append(answers.chat_chunk({"tool_calls": [piece]}))
    frames.append(answers.chat_chunk({}, "tool_calls"))
    return answers.stream([*map(answers.frame, frames), answers.DONE])


def create(client: openai.OpenAI, messages: list[Any], model: str = "lab/m") -> Any:
    return client.chat.completions.create(model=model, messages=messages, tools=TOOLS).choices[0]


def streaming(client: openai.OpenAI, messages: list[Any], model: str = "lab/m") -> Any:
    with client.chat.completions.stream(model=model, messages=messages, tools=TOOLS) as events:
        return events.get_final_completion().choices[0]


def answer_each(message: Any, messages: list[Any]) -> list[tuple[str, str, str]]:
    """Add the assistant's turn and a result for each of its calls; the calls."""
    messages.append(message.to_dict())
    calls = [(one.id, one.function.name, one.function.arguments) for one in message.tool_calls]
    for own, name, text in calls:
        result = json.dumps({"of": name, "for": json.loads(text)})
        messages.append({"role": "tool", "tool_call_id": own, "content": result})
    return calls


@pytest.mark.parametrize("ask", [create, streaming])
def test_two_turns_of_parallel_calls(
    client: openai.OpenAI, host: ScriptedProvider, ask: Any
) -> None:
    messages: list[Any] = [{"role": "user", "content": "How is the weather in Paris and Oslo?"}]
    for calls in TURNS:
        host.script(*([whole(calls)] if ask is create else stream(calls)))
        choice = ask(client, messages)
        assert choice.finish_reason == "tool_calls"
        assert choice.message.content is None or choice.message.content == ""
        assert answer_each(choice.message, messages) == calls
    last = answers.chat("Both are sunny.")
    host.script(
        *([answers.whole(last)] if ask is create else answers.stream(answers.chat_frames(["Both"])))
    )
    choice = ask(client, messages)
    assert choice.finish_reason == "stop"
    assert choice.message.content.startswith("Both")
    assert not choice.message.tool_calls
    arrived = host.requests[-1].json()
    assert arrived["tools"] == TOOLS
    assert _calls(arrived["messages"]) == TURNS
    assert [turn.get("tool_call_id") for turn in arrived["messages"] if turn["role"] == "tool"] == [
        own for calls in TURNS for own, _, _ in calls
    ]


def _calls(messages: list[Any]) -> list[list[tuple[str, str, str]]]:
    return [
        [
            (one["id"], one["function"]["name"], one["function"]["arguments"])
            for one in turn["tool_calls"]
        ]
        for turn in messages
        if turn["role"] == "assistant"
    ]


@pytest.mark.parametrize("ask", [create, streaming])
@pytest.mark.parametrize("family", ["openai", "zai", "vllm", "deepinfra", "openrouter"])
def test_an_agent_comes_to_its_end_whatever_the_host_is(
    client: openai.OpenAI, ask: Any, family: str
) -> None:
    model = f"sandbox/glm-4.7:family-{family}"
    messages: list[Any] = [
        {"role": "user", "content": "What are the weather and the time in Lisbon?"}
    ]
    choice = ask(client, messages, model)
    assert choice.finish_reason == "tool_calls"
    calls = answer_each(choice.message, messages)
    assert [name for _, name, _ in calls] == ["get_weather", "get_time"]
    assert len({own for own, _, _ in calls}) == 2
    assert json.loads(calls[0][2]) == {"city": "Lisbon"}
    choice = ask(client, messages, model)
    assert choice.finish_reason == "stop"
    assert '"of": "get_weather"' in choice.message.content
    assert '"of": "get_time"' in choice.message.content


def test_a_call_with_wrong_arguments_names_the_field(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model="lab/m",
            messages=[{"role": "user", "content": "Hi"}],
            tools=[{"type": "function", "function": {"description": "nameless"}}],  # type: ignore[typeddict-item]
        )
    assert caught.value.param == "tools[0].function.name"
    assert caught.value.code == "missing_field"


def test_a_choice_of_tool_arrives(client: openai.OpenAI, host: ScriptedProvider) -> None:
    choices: list[Any] = [
        "none",
        "auto",
        "required",
        {"type": "function", "function": {"name": "get_time"}},
    ]
    for choice in choices:
        host.script(answers.whole(answers.chat()))
        client.chat.completions.create(
            model="lab/m",
            messages=[{"role": "user", "content": "Hi"}],
            tools=TOOLS,
            tool_choice=choice,
            parallel_tool_calls=False,
        )
        arrived = host.requests[-1].json()
        assert arrived["tool_choice"] == choice
        assert arrived["parallel_tool_calls"] is False
