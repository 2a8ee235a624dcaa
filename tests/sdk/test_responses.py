"""OpenAI's library on the responses dialect, in front of hosts that speak chat."""

from __future__ import annotations

from typing import Any

import openai
import pydantic
import pytest

from kit import answers
from kit.provider import ScriptedProvider
from kit.steps import Close

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


def test_a_whole_response(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat("Hello there.")))
    response = client.responses.create(model="lab/m", input="Hi.", instructions="Be brief.")
    assert response.output_text == "Hello there."
    assert response.status == "completed"
    assert response.id.startswith("resp_")
    assert response.model == "lab/m"
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens) == (7, 5)
    assert response.model_dump()["store"] is True


def test_a_streamed_response_ends_as_it_was_told(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(*answers.stream(answers.chat_frames("Hello there.")))
    with client.responses.stream(model="lab/m", input="Hi.") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(one.delta for one in events if one.type == "response.output_text.delta")
    assert text == final.output_text == "Hello there."
    assert events[-1].type == "response.completed"


def test_thinking_is_an_item_before_the_message(client: openai.OpenAI) -> None:
    response = client.responses.create(model="sandbox/glm-4.7-flash", input="Why is it blue?")
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert response.usage is not None
    assert response.usage.output_tokens_details.reasoning_tokens > 0


def test_a_tool_loop_that_sends_everything_back(client: openai.OpenAI) -> None:
    asked: list[Any] = [{"role": "user", "content": "What is the weather in Oslo?"}]
    first = client.responses.create(
        model="sandbox/glm-4.7-flash", input=asked, tools=[WEATHER], tool_choice="required"
    )
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert call.arguments == '{"city":"Oslo"}'
    asked += [item.model_dump(exclude_none=True) for item in first.output]
    asked.append({"type": "function_call_output", "call_id": call.call_id, "output": "sunny, 21"})
    second = client.responses.create(model="sandbox/glm-4.7-flash", input=asked, tools=[WEATHER])
    assert "sunny, 21" in second.output_text


def test_structured_output_is_parsed(client: openai.OpenAI, host: ScriptedProvider) -> None:
    class Place(pydantic.BaseModel):
        city: str
        people: int

    host.script(answers.whole(answers.chat('{"city": "Oslo", "people": 700000}')))
    response = client.responses.parse(model="lab/m", input="Where?", text_format=Place)
    assert response.output_parsed == Place(city="Oslo", people=700_000)


@pytest.mark.parametrize(
    ("members", "error", "param"),
    [
        ({"previous_response_id": "resp_gone"}, openai.NotFoundError, "previous_response_id"),
        ({"conversation": "conv_1"}, openai.BadRequestError, "conversation"),
        ({"temperature": 9}, openai.BadRequestError, "temperature"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_served_is_said(
    client: openai.OpenAI,
    members: dict[str, Any],
    error: type[openai.APIStatusError],
    param: str,
) -> None:
    with pytest.raises(error) as raised:
        client.responses.create(model="lab/m", input="Hi.", **members)
    assert raised.value.body is not None
    assert raised.value.param == param


def test_a_stream_that_breaks_ends_in_failure(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    frames = answers.stream(answers.chat_frames("Hello there."))
    host.script(*frames[:3], Close())
    kinds: list[str] = []
    with pytest.raises(openai.APIError):
        for event in client.responses.create(model="lab/m", input="Hi.", stream=True):
            kinds.append(event.type)  # noqa: PERF401 - it raises
    assert "response.completed" not in kinds
