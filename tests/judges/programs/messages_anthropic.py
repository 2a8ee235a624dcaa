"""Anthropic's own library, below the base path that may be given."""
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN202, PT017
# It runs in the judges' environment, which has no pytest, and whose packages no checker sees.

from __future__ import annotations

import json
import sys

import anthropic
from verdict import ANSWERS, CITIES, CITY, KEY, MODEL, QUESTION, UNKNOWN, URL, holds, judge

client = anthropic.Anthropic(base_url=URL + "".join(sys.argv[1:]), api_key=KEY, max_retries=0)
TOOLS = [{"name": name, "description": name, "input_schema": CITY} for name in ANSWERS]
ON = {"type": "enabled", "budget_tokens": 1024}
OFF = {"type": "disabled"}


def _ask(text, **members):
    asked = {"model": MODEL, "max_tokens": 4096, "thinking": OFF, **members}
    return client.messages.create(messages=[{"role": "user", "content": text}], **asked)


def _said(message):
    return "".join(block.text for block in message.content if block.type == "text")


def _text():
    answer = _ask("Say hello.", system="Be brief.")
    assert _said(answer)
    assert answer.stop_reason == "end_turn"
    assert answer.model == MODEL
    assert answer.usage.output_tokens > 0


def _stream():
    asked = {"model": MODEL, "max_tokens": 4096, "thinking": OFF}
    messages = [{"role": "user", "content": "Say hello."}]
    with client.messages.stream(messages=messages, **asked) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == _said(final) != ""
    assert final.usage.output_tokens > 0


def _loop(create):
    messages = [{"role": "user", "content": QUESTION}]
    first = create(messages)
    assert first.stop_reason == "tool_use"
    calls = [block for block in first.content if block.type == "tool_use"]
    assert sorted(one.name for one in calls) == sorted(ANSWERS)
    assert all(one.input["city"] in CITIES for one in calls)
    # Everything goes back as it came, thinking with its signature first of all.
    messages.append({"role": "assistant", "content": [b.to_dict() for b in first.content]})
    results = [
        {"type": "tool_result", "tool_use_id": one.id, "content": ANSWERS[one.name]}
        for one in calls
    ]
    messages.append({"role": "user", "content": results})
    holds(_said(create(messages)))


def _tools():
    asked = {"model": MODEL, "max_tokens": 4096, "tools": TOOLS, "thinking": ON}
    _loop(lambda messages: client.messages.create(messages=messages, **asked))


def _streamed_tools():
    asked = {"model": MODEL, "max_tokens": 4096, "tools": TOOLS, "thinking": ON}

    def create(messages):
        with client.messages.stream(messages=messages, **asked) as stream:
            return stream.get_final_message()

    _loop(create)


def _thinking():
    answer = _ask("Why is the sky blue?", thinking=ON)
    thought, *rest = answer.content
    assert thought.type == "thinking"
    assert thought.thinking
    assert thought.signature
    assert rest
    plain = _ask("Why is the sky blue?")
    assert [block.type for block in plain.content] == ["text"]


def _structured():
    schema = {**CITY, "properties": {"city": {"type": "string"}}}
    answer = _ask("A city.", output_config={"format": {"type": "json_schema", "schema": schema}})
    assert list(json.loads(_said(answer))) == ["city"]


def _error():
    try:
        _ask("Hi", model=UNKNOWN)
    except anthropic.NotFoundError as error:
        assert error.body["error"]["type"] == "not_found_error"
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
