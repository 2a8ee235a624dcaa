"""What cannot be read is refused by naming the field, what was sent, what is accepted and the
mend."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.messages.counting import decode_count
from glimway.wire.messages.request import decode
from glimway.wire.refusal import Refusal
from wire.messages.making import body

TOOL = {"name": "f", "input_schema": {"type": "object"}}


def of_user(*blocks: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


def of_assistant(*blocks: Any) -> dict[str, Any]:
    return {"messages": [{"role": "assistant", "content": list(blocks)}]}


CASES: list[tuple[dict[str, Any], str, str, tuple[str, ...]]] = [
    # top level
    ({"model": None}, "model", "missing_field", ("name the model",)),
    ({"model": 3}, "model", "invalid_value", ("3", "a model name")),
    ({"max_tokens": None}, "max_tokens", "missing_field", ("4096",)),
    ({"max_tokens": "64"}, "max_tokens", "invalid_value", ("without quotes",)),
    ({"max_tokens": -1}, "max_tokens", "invalid_value", ("-1", "0 or more")),
    ({"max_tokens": None, "max_completion_tokens": 5}, "max_tokens", "missing_field", (
        "stands for 'max_completion_tokens'",
    )),
    ({"max_completion_tokens": 5}, "max_completion_tokens", "invalid_value", (
        "called 'max_tokens'",
    )),
    ({"messages": None}, "messages", "missing_field", ('"role": "user"',)),
    ({"messages": "Hello"}, "messages", "invalid_value", ('"Hello"', '"role": "user"')),
    ({"messages": []}, "messages", "invalid_value", ("at least one",)),
    ({"messages": None, "input": "x"}, "messages", "missing_field", ("responses API",)),
    ({"messages": None, "prompt": "x"}, "messages", "missing_field", ("completions API",)),
    ({"stream": "true"}, "stream", "invalid_value", ("send the boolean true",)),
    ({"temperature": "0.5"}, "temperature", "invalid_value", ("a number", "0.5")),
    ({"top_p": 2}, "top_p", "invalid_value", ("from 0 to 1",)),
    ({"top_k": 1.5}, "top_k", "invalid_value", ("a whole number",)),
    ({"stop": ["x"]}, "stop", "invalid_value", ("called 'stop_sequences'",)),
    ({"stop_sequences": "x"}, "stop_sequences", "invalid_value", ("into an array",)),
    ({"stop_sequences": ["x", ""]}, "stop_sequences[1]", "invalid_value", ("not empty",)),
    ({"stop_sequences": ["x"] * 65}, "stop_sequences", "invalid_value", ("at most 64",)),
    ({"metadata": "u"}, "metadata", "invalid_value", ("an object",)),
    ({"metadata": {"user_id": 7}}, "metadata.user_id", "invalid_value", ("a string",)),
    ({"reasoning_effort": "low"}, "reasoning_effort", "invalid_value", ("'output_config'",)),
    ({"response_format": {}}, "response_format", "invalid_value", ("'output_config'",)),
    ({"service_tier": 1}, "service_tier", "invalid_value", ("a string",)),
    ({"mcp_servers": {}}, "mcp_servers", "invalid_value", ("an array",)),
    ({"container": 3}, "container", "invalid_value", ("an object",)),
    ({"models": "m"}, "models", "invalid_value", ("an array",)),
    ({"provider": []}, "provider", "invalid_value", ("an object",)),
    ({"extra_body": []}, "extra_body", "invalid_value", ("an object",)),
    # thinking and format
    ({"thinking": True}, "thinking", "invalid_value", ('"type": "enabled"',)),
    ({"thinking": "disabled"}, "thinking", "invalid_value", ('{"type": "disabled"}',)),
    ({"thinking": {}}, "thinking.type", "missing_field", ("adaptive",)),
    ({"thinking": {"type": "Enabled"}}, "thinking.type", "invalid_value", ('mean "enabled"',)),
    ({"thinking": {"type": "enabled", "budget_tokens": 0}}, "thinking.budget_tokens",
     "invalid_value", ("1 or more",)),
    ({"output_config": 1}, "output_config", "invalid_value", ("an object",)),
    ({"output_config": {"effort": "hight"}}, "output_config.effort", "invalid_value", (
        'mean "high"',
    )),
    ({"output_config": {"format": {"schema": {}}}}, "output_config.format.type", "missing_field",
     ("json_schema",)),
    ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema",
     "missing_field", ("JSON Schema",)),
    ({"output_format": {"type": "json_schema", "schema": 1}}, "output_format.schema",
     "invalid_value", ("JSON Schema",)),
    # messages
    ({"messages": ["x"]}, "messages[0]", "invalid_value", ("an object",)),
    ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_field", ("user or",)),
    ({"messages": [{"role": "human", "content": "x"}]}, "messages[0].role", "invalid_value", (
        'mean "user"',
    )),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "invalid_value", (
        '"tool_result"',
    )),
    ({"messages": [{"role": "developer", "content": "x"}]}, "messages[0].role", "invalid_value", (
        "into 'system'",
    )),
    ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_field", ("the user says",)),
    ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content", "invalid_value", (
        "a string or an array",
    )),
    ({"messages": [{"role": "user", "content": {"type": "text", "text": "x"}}]},
     "messages[0].content", "invalid_value", ("into an array",)),
    ({"system": 3}, "system", "invalid_value", ("a string or an array",)),
    ({"system": [{"type": "text"}]}, "system[0].text", "missing_field", ("the text",)),
    # blocks
    (of_user("x"), "messages[0].content[0]", "invalid_value", ("an object",)),
    (of_user({"text": "x"}), "messages[0].content[0].type", "missing_field", ('"text"',)),
    (of_user({"type": "text"}), "messages[0].content[0].text", "missing_field", ("the text",)),
    (of_user({"type": "text", "text": 1}), "messages[0].content[0].text", "invalid_value", (
        "a string",
    )),
    (of_user({"type": "image_url", "image_url": {}}), "messages[0].content[0].type",
     "invalid_value", ('mean "image"',)),
    (of_user({"type": "input_text", "text": "x"}), "messages[0].content[0].type",
     "invalid_value", ('mean "text"',)),
    (of_user({"type": "image"}), "messages[0].content[0].source", "missing_field", ("base64",)),
    (of_user({"type": "image", "source": {"type": "base64", "data": "x"}}),
     "messages[0].content[0].source.media_type", "missing_field", ("base64",)),
    (of_user({"type": "image", "source": {"type": "url", "url": 1}}),
     "messages[0].content[0].source.url", "invalid_value", ("a string",)),
    (of_user({"type": "document", "source": {
        "type": "base64", "media_type": "text/plain", "data": "%"}}),
     "messages[0].content[0].source.data", "invalid_value", ("base64",)),
    (of_user({"type": "search_result", "title": "t", "content": []}),
     "messages[0].content[0].source", "missing_field", ("title, source and content",)),
    (of_user({"type": "tool_use", "id": "a", "name": "f", "input": {}}),
     "messages[0].content[0].type", "invalid_value", ("message of the assistant",)),
    (of_user({"type": "thinking", "thinking": "x"}), "messages[0].content[0].type",
     "invalid_value", ("message of the assistant",)),
    (of_user({"type": "tool_result", "content": "x"}), "messages[0].content[0].tool_use_id",
     "missing_field", ("tool_use block",)),
    (of_user({"type": "tool_result", "tool_use_id": "a", "is_error": "yes"}),
     "messages[0].content[0].is_error", "invalid_value", ("a boolean",)),
    (of_user({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text"}]}),
     "messages[0].content[0].content[0].text", "missing_field", ("the text",)),
    (of_assistant({"type": "tool_result", "tool_use_id": "a"}), "messages[0].content[0].type",
     "invalid_value", ("message of the user",)),
    (of_assistant({"type": "tool_use", "name": "f", "input": {}}), "messages[0].content[0].id",
     "missing_field", ("result",)),
    (of_assistant({"type": "tool_use", "id": "a", "name": "f", "input": "{}"}),
     "messages[0].content[0].input", "invalid_value", ("send the object itself",)),
    (of_assistant({"type": "tool_use", "id": "a", "name": "f"}), "messages[0].content[0].input",
     "missing_field", ("{}",)),
    (of_assistant({"type": "thinking", "thinking": 1}), "messages[0].content[0].thinking",
     "invalid_value", ("a string",)),
    # tools
    ({"tools": {}}, "tools", "invalid_value", ("an array",)),
    ({"tools": [{"input_schema": {}}]}, "tools[0].name", "missing_field", ("the name",)),
    ({"tools": [{"name": "f"}]}, "tools[0].input_schema", "missing_field", ("JSON Schema",)),
    ({"tools": [{"name": "f", "parameters": {}}]}, "tools[0].input_schema", "missing_field", (
        "not called 'parameters'",
    )),
    ({"tools": [{"name": "", "input_schema": {}}]}, "tools[0].name", "invalid_value", (
        "not empty",
    )),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].type",
     "invalid_value", ('"input_schema"',)),
    ({"tools": [TOOL], "tool_choice": "auto"}, "tool_choice", "invalid_value", (
        'mean {"type": "auto"}',
    )),
    ({"tools": [TOOL], "tool_choice": "required"}, "tool_choice", "invalid_value", (
        'mean {"type": "any"}',
    )),
    ({"tools": [TOOL], "tool_choice": {"type": "function"}}, "tool_choice.type", "invalid_value", (
        '"type": "tool"',
    )),
    ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "tool_choice.name", "missing_field", (
        "the tool to call",
    )),
    ({"tools": [{**TOOL, "name": "weather"}], "tool_choice": {"type": "tool", "name": "wether"}},
     "tool_choice", "invalid_value", ('mean "weather"',)),
    ({"tools": [TOOL], "tool_choice": {"type": "auto", "disable_parallel_tool_use": 1}},
     "tool_choice.disable_parallel_tool_use", "invalid_value", ("boolean true",)),
]  # fmt: skip


@pytest.mark.parametrize(("members", "param", "code", "words"), CASES)
def test_refused(members: dict[str, Any], param: str, code: str, words: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as caught:
        decode(body(**members), [])
    refusal = caught.value
    assert (refusal.kind, refusal.param, refusal.code) == ("invalid", param, code)
    for piece in words:
        assert piece in refusal.message, refusal.message


def test_counting_refuses_the_same() -> None:
    with pytest.raises(Refusal) as caught:
        decode_count({"model": "m", "messages": [{"role": "user", "content": 3}]}, [])
    assert caught.value.param == "messages[0].content"
