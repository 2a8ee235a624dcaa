"""Z.ai's own library, at the mount that speaks as Z.ai does."""
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN202, PT017
# It runs in the judges' environment, which has no pytest, and whose packages no checker sees.

from __future__ import annotations

import json

import zai
from verdict import ANSWERS, CITIES, CITY, KEY, MODEL, QUESTION, UNKNOWN, URL, holds, judge

client = zai.ZaiClient(api_key=KEY, base_url=f"{URL}/api/paas/v4", max_retries=0)
TOOLS = [
    {"type": "function", "function": {"name": name, "description": name, "parameters": CITY}}
    for name in ANSWERS
]
OFF = {"type": "disabled"}


def _ask(text, **members):
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model=MODEL, messages=messages, **members)


def _text():
    answer = _ask("Say hello.", thinking=OFF, temperature=0.5)
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == MODEL
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def _stream():
    text, usage, reasons = "", None, []
    for chunk in _ask("Say hello.", thinking=OFF, stream=True):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasons += [choice.finish_reason] if choice.finish_reason else []
        usage = chunk.usage or usage
    assert text
    assert reasons == ["stop"]
    assert usage.completion_tokens > 0


def _tools():
    messages = [{"role": "user", "content": QUESTION}]
    members = {"model": MODEL, "tools": TOOLS, "tool_choice": "auto"}
    first = client.chat.completions.create(messages=messages, **members).choices[0]
    assert first.finish_reason == "tool_calls"
    calls = first.message.tool_calls
    assert sorted(one.function.name for one in calls) == sorted(ANSWERS)
    assert {json.loads(one.function.arguments)["city"] for one in calls} <= CITIES
    messages.append(first.message.model_dump(exclude_none=True))
    messages += [
        {"role": "tool", "tool_call_id": one.id, "content": ANSWERS[one.function.name]}
        for one in calls
    ]
    second = client.chat.completions.create(messages=messages, **members).choices[0]
    assert second.finish_reason == "stop"
    holds(second.message.content)


def _streamed_tools():
    found = {}
    messages = [{"role": "user", "content": QUESTION}]
    members = {"tools": TOOLS, "stream": True, "tool_stream": True}
    for chunk in client.chat.completions.create(model=MODEL, messages=messages, **members):
        for call in chunk.choices[0].delta.tool_calls or []:
            name, arguments = found.get(call.index, ("", ""))
            name += call.function.name or ""
            found[call.index] = (name, arguments + (call.function.arguments or ""))
    assert sorted(name for name, _ in found.values()) == sorted(ANSWERS)
    assert {json.loads(arguments)["city"] for _, arguments in found.values()} <= CITIES


def _thinking():
    thought = _ask("Why is the sky blue?", thinking={"type": "enabled"})
    assert thought.choices[0].message.reasoning_content
    assert thought.usage.completion_tokens_details.reasoning_tokens > 0
    plain = _ask("Why is the sky blue?", thinking=OFF)
    assert not plain.choices[0].message.reasoning_content
    pieces = ["", ""]
    for chunk in _ask("Why is the sky blue?", thinking={"type": "enabled"}, stream=True):
        for choice in chunk.choices:
            pieces[0] += choice.delta.reasoning_content or ""
            pieces[1] += choice.delta.content or ""
    assert all(pieces)


def _structured():
    answer = _ask("A city as JSON.", response_format={"type": "json_object"}, thinking=OFF)
    assert type(json.loads(answer.choices[0].message.content)) is dict


def _error():
    try:
        client.chat.completions.create(model=UNKNOWN, messages=[{"role": "user", "content": "a"}])
    except zai.core.APIStatusError as error:
        assert error.status_code == 404
        assert error.response.json()["error"]["code"] == "1211"
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
