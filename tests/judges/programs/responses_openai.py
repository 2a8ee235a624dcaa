"""OpenAI's own library on the Responses API, as it comes from its makers now."""
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN202, PT017
# It runs in the judges' environment, which has no pytest, and whose packages no checker sees.

from __future__ import annotations

import json

import openai
from verdict import ANSWERS, CITIES, CITY, KEY, MODEL, QUESTION, UNKNOWN, URL, holds, judge

client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
TOOLS = [
    {"type": "function", "name": name, "description": name, "parameters": CITY, "strict": True}
    for name in ANSWERS
]
OFF = {"effort": "none"}
ON = {"effort": "high", "summary": "auto"}


def _ask(question, **members):
    return client.responses.create(model=MODEL, input=question, store=False, **members)


def _text():
    answer = _ask("Say hello.", reasoning=OFF, instructions="Be brief.")
    assert answer.output_text
    assert answer.status == "completed"
    assert answer.model == MODEL
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def _stream():
    asked = {"model": MODEL, "input": "Say hello.", "reasoning": OFF, "store": False}
    with client.responses.stream(**asked) as stream:
        events = list(stream)
        final = stream.get_final_response()
    text = "".join(one.delta for one in events if one.type == "response.output_text.delta")
    assert text == final.output_text != ""


def _loop(create):
    asked = [{"role": "user", "content": QUESTION}]
    first = create(asked)
    calls = [item for item in first.output if item.type == "function_call"]
    assert sorted(one.name for one in calls) == sorted(ANSWERS)
    assert all(json.loads(one.arguments)["city"] in CITIES for one in calls)
    asked += [item.to_dict() for item in first.output]
    asked += [
        {"type": "function_call_output", "call_id": one.call_id, "output": ANSWERS[one.name]}
        for one in calls
    ]
    holds(create(asked).output_text)


SEALED = {"include": ["reasoning.encrypted_content"], "store": False, "tools": TOOLS}


def _tools():
    _loop(lambda items: client.responses.create(model=MODEL, input=items, reasoning=ON, **SEALED))


def _streamed_tools():
    def create(items):
        asked = {"model": MODEL, "input": items, "reasoning": ON, **SEALED}
        with client.responses.stream(**asked) as stream:
            for _ in stream:
                pass
            return stream.get_final_response()

    _loop(create)


def _thinking():
    answer = _ask("Why is the sky blue?", reasoning=ON)
    thought, message = answer.output
    assert thought.type == "reasoning"
    assert message.type == "message"
    assert thought.summary[0].text
    assert answer.usage.output_tokens_details.reasoning_tokens > 0
    assert [item.type for item in _ask("Why?", reasoning=OFF).output] == ["message"]


def _structured():
    form = {"type": "json_schema", "name": "place", "schema": CITY, "strict": True}
    answer = _ask("A city.", text={"format": form}, reasoning=OFF)
    assert list(json.loads(answer.output_text)) == ["city"]


def _error():
    try:
        client.responses.create(model=UNKNOWN, input="Hi")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found"
    else:
        raise AssertionError("an unknown model was answered")


judge(
    {
        "text": _text,
        "stream": _stream,
        "tools": _tools,
        "streamed_tools": _streamed_tools,
        "thinking": _thinking,
        "structured": _structured,
        "error": _error,
    }
)
