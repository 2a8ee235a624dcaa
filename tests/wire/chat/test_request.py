"""A client's chat request: what is read, and what each mistake is answered with."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.chat.request import decode
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call, CallPart, ResultPart, TextPart, ThoughtPart

ASK = {"model": "zai/glm-4.7-flash", "messages": [{"role": "user", "content": "Hello"}]}


def read(**members: Any) -> Call:
    return decode({**ASK, **members})


def refused(param: str, **members: Any) -> str:
    with pytest.raises(Refusal) as caught:
        read(**members)
    assert caught.value.kind == "invalid"
    assert caught.value.param == param
    assert param in caught.value.message
    return caught.value.message


# ---- Z.ai's table of members ----------------------------------------------------------------

ROWS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"stream": True}, {"stream": True}),
    ({"stream": True, "stream_options": {"include_usage": True}}, {"usage_asked": True}),
    ({"do_sample": False}, {"extra": {"do_sample": False}}),
    ({"temperature": 0.0}, {"temperature": 0.0}),
    ({"temperature": 1}, {"temperature": 1}),
    ({"top_p": 0.01}, {"top_p": 0.01}),
    ({"max_tokens": 131072}, {"max_tokens": 131072}),
    ({"max_completion_tokens": 5}, {"max_tokens": 5}),
    ({"max_tokens": 5.0}, {"max_tokens": 5}),
    ({"stop": ["a"]}, {"stop": ["a"]}),
    ({"stop": "a"}, {"stop": ["a"]}),
    ({"tool_stream": True}, {"extra": {"tool_stream": True}}),
    ({"request_id": "r-123456"}, {"extra": {"request_id": "r-123456"}}),
    ({"user_id": "somebody"}, {"user": "somebody"}),
    ({"user": "somebody"}, {"user": "somebody"}),
    ({"seed": 7}, {"seed": 7}),
    (
        {"sensitive_word_check": {"type": "ALL"}},
        {"extra": {"sensitive_word_check": {"type": "ALL"}}},
    ),
    ({"meta": {"bot_name": "x"}}, {"extra": {"meta": {"bot_name": "x"}}}),
    ({"watermark_enabled": True}, {"extra": {"watermark_enabled": True}}),
    ({"extra": {"target": {}}}, {"extra": {"extra": {"target": {}}}}),
    ({"frequency_penalty": -2}, {"extra": {"frequency_penalty": -2}}),
    ({"presence_penalty": 2}, {"extra": {"presence_penalty": 2}}),
    ({"logprobs": True, "top_logprobs": 20}, {"extra": {"logprobs": True, "top_logprobs": 20}}),
    ({"n": 3}, {"n": 3}),
    ({"logit_bias": {"5": -100}}, {"extra": {"logit_bias": {"5": -100}}}),
    ({"parallel_tool_calls": False}, {"parallel_tool_calls": False}),
    ({"later_invention": [1]}, {"extra": {"later_invention": [1]}}),
    ({"temperature": None, "later_invention": None}, {"temperature": None, "extra": {}}),
]


@pytest.mark.parametrize(("members", "read_as"), ROWS, ids=",".join)
def test_each_member_is_read(members: dict[str, Any], read_as: dict[str, Any]) -> None:
    call = read(**members)
    for name, value in read_as.items():
        assert getattr(call, name) == value


@pytest.mark.parametrize(
    ("members", "param", "words"),
    [
        ({"model": None}, "model", "zai/glm-4.7-flash"),
        ({"model": " "}, "model", "model name"),
        ({"model": 7}, "model", "7"),
        ({"messages": None}, "messages", "array such as"),
        ({"messages": None, "prompt": "x"}, "messages", "completions API"),
        ({"messages": None, "input": "x"}, "messages", "responses API"),
        ({"messages": "Hello"}, "messages", "Did you mean [{"),
        ({"messages": []}, "messages", "at least one message"),
        ({"stream": "true"}, "stream", "boolean true, without quotes"),
        ({"stream": 1}, "stream", "boolean true"),
        ({"stream_options": True}, "stream_options", "include_usage"),
        (
            {"stream_options": {"include_usage": "yes"}},
            "stream_options.include_usage",
            "a boolean",
        ),
        ({"do_sample": "false"}, "do_sample", "boolean false"),
        ({"temperature": "0.7"}, "temperature", "number 0.7, without quotes"),
        ({"temperature": True}, "temperature", "a number"),
        ({"top_p": 1.01}, "top_p", "from 0 to 1"),
        ({"top_p": -0.01}, "top_p", "from 0 to 1"),
        ({"max_tokens": 0}, "max_tokens", "1 or more"),
        ({"max_tokens": "100"}, "max_tokens", "number 100, without quotes"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens", "whole number"),
        ({"stop": 3}, "stop", "array of strings"),
        ({"stop": ["a", 3]}, "stop[1]", "a string"),
        ({"stop": ["a", ""]}, "stop[1]", "not empty"),
        ({"stop": ["a"] * 17}, "stop", "at most 16"),
        ({"tool_stream": "yes"}, "tool_stream", "a boolean"),
        ({"request_id": 5}, "request_id", "a string"),
        ({"user": 5}, "user", "a string"),
        ({"seed": 2**63}, "seed", "from -9223372036854775808"),
        ({"seed": "7"}, "seed", "number 7"),
        ({"n": 0}, "n", "from 1 to 128"),
        ({"n": 129}, "n", "from 1 to 128"),
        ({"frequency_penalty": 2.1}, "frequency_penalty", "from -2 to 2"),
        ({"logprobs": 1}, "logprobs", "boolean true"),
        ({"top_logprobs": 21}, "top_logprobs", "from 0 to 20"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5", "from -100 to 100"),
        ({"parallel_tool_calls": "no"}, "parallel_tool_calls", "a boolean"),
        ({"metadata": {"a": 1}}, "metadata.a", "a string"),
        ({"verbosity": "hgih"}, "verbosity", 'Did you mean "high"?'),
        ({"modalities": ["video"]}, "modalities[0]", '"text"'),
        ({"audio": {"voice": "alloy"}}, "audio.format", "format"),
        ({"prediction": {"type": "content"}}, "prediction.content", "text parts"),
        ({"functions": [{}]}, "functions[0].name", "name"),
        ({"function_call": "required"}, "function_call", '"auto", "none"'),
        ({"extra_body": 5}, "extra_body", "an object"),
        ({"providerOptions": {"gateway": []}}, "providerOptions.gateway", "an object"),
        ({"models": ["a", 5]}, "models[1]", "a string"),
        ({"response_format": "json"}, "response_format", "json_object"),
        ({"response_format": {}}, "response_format.type", "json_schema"),
        (
            {"response_format": {"type": "json_schema"}},
            "response_format.json_schema",
            "schema",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
            "response_format.json_schema.name",
            "short name",
        ),
        ({"tool_web_search": "true"}, "tool_web_search", "boolean true"),
        ({"search_prompt": 5}, "search_prompt", "a string"),
        ({"plugins": ["web"]}, "plugins[0]", "an object"),
        (
            {"web_search_options": {"search_context_size": "huge"}},
            "web_search_options.search_context_size",
            "medium",
        ),
    ],
)
def test_each_mistake_is_named(members: dict[str, Any], param: str, words: str) -> None:
    assert words in refused(param, **members)


# ---- thinking -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "on", "effort", "keep", "budget"),
    [
        ({"thinking": {"type": "enabled"}}, True, None, None, None),
        ({"thinking": {"type": "disabled"}}, False, None, None, None),
        ({"thinking": {"type": "adaptive"}}, None, None, None, None),
        ({"thinking": {"clear_thinking": False}}, None, None, True, None),
        ({"thinking": {"clear_thinking": True}}, None, None, False, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, True, None, None, 9),
        ({"enable_thinking": False}, False, None, None, None),
        ({"reasoning_effort": "max"}, True, "max", None, None),
        ({"reasoning_effort": "none"}, False, "none", None, None),
        ({"reasoning": {"effort": "low", "max_tokens": 5}}, True, "low", None, 5),
        ({"reasoning": {"enabled": False}}, False, None, None, None),
        ({"chat_template_kwargs": {"enable_thinking": False}}, False, None, None, None),
        ({"chat_template_kwargs": {"clear_thinking": False}}, None, None, True, None),
        ({"chat_template_args": {"enable_thinking": True}}, True, None, None, None),
        (
            {"thinking": {"type": "disabled"}, "reasoning_effort": "high"},
            False,
            "high",
            None,
            None,
        ),
    ],
)
def test_every_spelling_of_the_thinking_knob(
    members: dict[str, Any],
    on: bool | None,
    effort: str | None,
    keep: bool | None,
    budget: int | None,
) -> None:
    knob = read(**members).thinking
    assert knob is not None
    assert (knob.on, knob.effort, knob.keep, knob.budget_tokens) == (on, effort, keep, budget)
    assert knob.raw == members


@pytest.mark.parametrize(
    ("members", "param", "words"),
    [
        ({"thinking": True}, "thinking", 'Did you mean {"type": "enabled"}?'),
        ({"thinking": "disabled"}, "thinking", 'Did you mean {"type": "disabled"}?'),
        ({"thinking": {"type": "enable"}}, "thinking.type", 'Did you mean "enabled"?'),
        ({"thinking": {"clear_thinking": "no"}}, "thinking.clear_thinking", "a boolean"),
        ({"thinking": {"budget_tokens": -1}}, "thinking.budget_tokens", "0 or more"),
        ({"enable_thinking": "false"}, "enable_thinking", "boolean false"),
        ({"reasoning_effort": "HIGH"}, "reasoning_effort", 'Did you mean "high"?'),
        ({"reasoning": "high"}, "reasoning", '{"effort": "high"}'),
        ({"reasoning": {"effort": 3}}, "reasoning.effort", "one of"),
        (
            {"chat_template_kwargs": {"enable_thinking": "false"}},
            "chat_template_kwargs.enable_thinking",
            "boolean false",
        ),
    ],
)
def test_mistakes_about_thinking(members: dict[str, Any], param: str, words: str) -> None:
    assert words in refused(param, **members)


# ---- messages -------------------------------------------------------------------------------


def message(**members: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "x"}, members]}


@pytest.mark.parametrize(
    ("last", "param", "words"),
    [
        ({"content": "x"}, "messages[1].role", "who speaks"),
        ({"role": "bot", "content": "x"}, "messages[1].role", 'Did you mean "assistant"?'),
        ({"role": "human", "content": "x"}, "messages[1].role", 'Did you mean "user"?'),
        ({"role": "User", "content": "x"}, "messages[1].role", 'Did you mean "user"?'),
        ({"role": [], "content": "x"}, "messages[1].role", "one of"),
        ({"role": "user"}, "messages[1].content", "what the user says"),
        ({"role": "user", "content": None}, "messages[1].content", "what the user says"),
        ({"role": "user", "content": 5}, "messages[1].content", "array of parts"),
        (
            {"role": "user", "content": {"type": "text", "text": "x"}},
            "messages[1].content",
            "into an array",
        ),
        ({"role": "user", "content": [{}]}, "messages[1].content[0].type", '"text"'),
        ({"role": "user", "content": [{"type": []}]}, "messages[1].content[0].type", "a string"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[1].content[0].text", "text"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": 5}}]},
            "messages[1].content[0].image_url.url",
            "a string",
        ),
        (
            {"role": "user", "content": [{"type": "image_url"}]},
            "messages[1].content[0].image_url",
            "https",
        ),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "x"}}]},
            "messages[1].content[0].input_audio.format",
            "wav",
        ),
        (
            {"role": "user", "content": [{"type": "file", "file": {"file_id": 5}}]},
            "messages[1].content[0].file.file_id",
            "a string",
        ),
        ({"role": "user", "content": "x", "name": 5}, "messages[1].name", "a string"),
        (
            {"role": "assistant", "reasoning_content": 5},
            "messages[1].reasoning_content",
            "a string",
        ),
        (
            {"role": "assistant", "reasoning_details": "x"},
            "messages[1].reasoning_details",
            "an array",
        ),
        ({"role": "assistant", "tool_calls": {}}, "messages[1].tool_calls", "an array"),
        (
            {"role": "assistant", "tool_calls": [{"function": {}}]},
            "messages[1].tool_calls[0].function.name",
            "the tool that was called",
        ),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
            "messages[1].tool_calls[0].function.arguments",
            "Encode the object as a string",
        ),
        ({"role": "tool", "content": "x", "tool_call_id": 5}, "messages[1].tool_call_id", "string"),
    ],
)
def test_mistakes_in_messages(last: dict[str, Any], param: str, words: str) -> None:
    assert words in refused(param, **message(**last))


def test_replayed_thinking_and_calls_are_read_in_order() -> None:
    call = read(
        messages=[
            {
                "role": "assistant",
                "content": "Looking.",
                "reasoning_content": "hm",
                "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "ok"},
        ]
    )
    assert call.turns[0].parts == [
        ThoughtPart("hm"),
        TextPart("Looking."),
        CallPart("c", "f", "{}"),
    ]
    assert call.turns[1].parts == [ResultPart("c", [TextPart("ok")])]


def test_thinking_between_tags_is_read_from_the_head_of_an_answer() -> None:
    call = read(messages=[{"role": "assistant", "content": "<think>\nhm</think>\n\nHi <think>"}])
    assert call.turns[0].parts == [ThoughtPart("\nhm", "think_tags"), TextPart("\n\nHi <think>")]
    quoted = read(messages=[{"role": "user", "content": "<think>a</think>"}])
    assert quoted.turns[0].parts == [TextPart("<think>a</think>")]
    open_end = read(messages=[{"role": "assistant", "content": "<think>a"}])
    assert open_end.turns[0].parts == [TextPart("<think>a")]


# ---- tools ----------------------------------------------------------------------------------

F = {"type": "function", "function": {"name": "get_weather"}}


@pytest.mark.parametrize(
    ("members", "param", "words"),
    [
        ({"tools": {}}, "tools", "an array of tools"),
        ({"tools": [F] * 1025}, "tools", "at most 1024"),
        ({"tools": [5]}, "tools[0]", "an object"),
        ({"tools": [{}]}, "tools[0].type", '"function"'),
        ({"tools": [{"type": 5}]}, "tools[0].type", "a string"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "an object"),
        ({"tools": [{"type": "function", "name": "f"}]}, "tools[0].function", "into it"),
        ({"tools": [F, {"function": {}}]}, "tools[1].function.name", "name"),
        ({"tools": [{"function": {"name": ""}}]}, "tools[0].function.name", "not empty"),
        (
            {"tools": [{"function": {"name": "f", "parameters": "{}"}}]},
            "tools[0].function.parameters",
            "an object",
        ),
        (
            {"tools": [{"function": {"name": "f", "strict": "true"}}]},
            "tools[0].function.strict",
            "boolean true",
        ),
        (
            {"tools": [{"type": "retrieval", "retrieval": {}}]},
            "tools[0].retrieval.knowledge_id",
            "needs it",
        ),
        ({"tools": [{"type": "mcp"}]}, "tools[0].mcp", "server_label"),
        ({"tools": [{"type": "web_search", "web_search": 5}]}, "tools[0].web_search", "an object"),
        ({"tools": [F], "tool_choice": "any"}, "tool_choice", 'Did you mean "required"?'),
        ({"tools": [F], "tool_choice": "requird"}, "tool_choice", 'Did you mean "required"?'),
        ({"tools": [F], "tool_choice": {}}, "tool_choice.type", '"function"'),
        ({"tools": [F], "tool_choice": {"type": "any"}}, "tool_choice.type", '"required"'),
        ({"tools": [F], "tool_choice": {"type": "function"}}, "tool_choice.function", "an object"),
        (
            {
                "tools": [F],
                "tool_choice": {"type": "function", "function": {"name": "get_wether"}},
            },
            "tool_choice",
            'Did you mean "get_weather"?',
        ),
        (
            {"tools": [F], "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}},
            "tool_choice.allowed_tools.tools",
            "an array",
        ),
    ],
)
def test_mistakes_about_tools(members: dict[str, Any], param: str, words: str) -> None:
    assert words in refused(param, **members)


# ---- preferences ----------------------------------------------------------------------------


def test_preferences_are_read_from_each_place() -> None:
    assert read(provider={"order": ["a"]}).preferences == {"order": ["a"]}
    assert read(providerOptions={"gateway": {"only": ["b"]}}).preferences == {"only": ["b"]}
    both = read(
        provider={"order": ["a"]}, providerOptions={"gateway": {"order": ["b"], "zdr": True}}
    )
    assert both.preferences == {"order": ["a"], "zdr": True}
    call = read(extra_body={"provider": {"zdr": True}, "temperature": 0, "seed": 1}, seed=2)
    assert (call.preferences, call.temperature, call.seed) == ({"zdr": True}, 0, 2)
    assert call.extra == {}


def test_a_huge_value_is_shortened_before_it_is_shown() -> None:
    text = refused("temperature", temperature=[["x" * 10_000_000] * 50] * 50)
    assert len(text) < 300
