from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.aisdk import AISDK_CLIENT
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Format, Thinking, Tool, ToolChoice
from wire.aisdk.making import asking, headers

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
WEATHER = {"type": "function", "name": "weather", "description": "d", "inputSchema": SCHEMA}


def test_the_plain_members_have_neutral_places() -> None:
    call = asking(
        maxOutputTokens=9,
        temperature=0.5,
        topP=0.9,
        topK=40,
        presencePenalty=0.1,
        frequencyPenalty=-0.2,
        stopSequences=["a", "b"],
        seed=7,
        headers={"user-agent": "ai/7", "authorization": "Bearer other"},
        includeRawChunks=False,
    )
    assert call.max_tokens == 9
    assert (call.temperature, call.top_p, call.seed) == (0.5, 0.9, 7)
    assert call.stop == ["a", "b"]
    assert call.extra == {"top_k": 40, "presence_penalty": 0.1, "frequency_penalty": -0.2}


def test_members_that_are_null_were_left_out() -> None:
    names = "tools toolChoice reasoning responseFormat maxOutputTokens providerOptions seed"
    nulls: dict[str, Any] = dict.fromkeys(names.split())
    call = asking(**nulls)
    assert call == asking()


def test_an_unknown_member_is_kept() -> None:
    assert asking(brandNew={"a": 1}).extra == {"brandNew": {"a": 1}}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"type": "text"}, Format("text")),
        ({"type": "json"}, Format("json_object")),
        ({"type": "json", "schema": SCHEMA}, Format("json_schema", "response", SCHEMA)),
        (
            {"type": "json", "schema": SCHEMA, "name": "n", "description": "d"},
            Format("json_schema", "n", SCHEMA, extra={"description": "d"}),
        ),
    ],
)
def test_response_formats(given: Any, read: Format) -> None:
    assert asking(responseFormat=given).format == read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"type": "auto"}, ToolChoice("auto")),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "required"}, ToolChoice("required")),
        ({"type": "tool", "toolName": "weather"}, ToolChoice("named", ("weather",))),
    ],
)
def test_tool_choices(given: Any, read: ToolChoice) -> None:
    assert asking(tools=[WEATHER], toolChoice=given).tool_choice == read


def test_a_function() -> None:
    (tool,) = asking(tools=[{**WEATHER, "strict": True, "inputExamples": [{"input": {}}]}]).tools
    examples: dict[str, Any] = {"inputExamples": [{"input": {}}]}
    assert tool == Tool("function", "weather", "d", SCHEMA, strict=True, extra=examples)


def test_a_provider_s_tool_has_its_kind() -> None:
    search = {"type": "provider", "id": "openai.web_search", "name": "search", "args": {}}
    old = {**search, "type": "provider-defined", "id": "anthropic.web_search_20250305"}
    custom = {"type": "provider", "id": "x.custom", "name": "p", "args": {"description": "d"}}
    tools = asking(tools=[search, old, custom]).tools
    assert [tool.kind for tool in tools] == ["web_search", "web_search_20250305", "custom"]
    assert tools[0].value == search
    assert tools[0].dialect == "aisdk"
    assert (tools[2].name, tools[2].description) == ("p", "d")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"reasoning": "provider-default"}, None),
        ({"reasoning": "none"}, Thinking(on=False, effort="none")),
        ({"reasoning": "low"}, Thinking(on=True, effort="low")),
        ({"reasoning": "max"}, Thinking(on=True, effort="max")),
        ({"providerOptions": {"zai": {"thinking": {"type": "disabled"}}}}, Thinking(on=False)),
        (
            {"providerOptions": {"zai": {"thinking": {"type": "enabled", "clear_thinking": True}}}},
            Thinking(on=True, keep=False),
        ),
        (
            {"providerOptions": {"anthropic": {"thinking": {"type": "x", "budgetTokens": 9}}}},
            "providerOptions.anthropic.thinking.type",
        ),
        (
            {
                "providerOptions": {
                    "anthropic": {"thinking": {"type": "enabled", "budgetTokens": 2000}}
                }
            },
            Thinking(on=True, budget_tokens=2000),
        ),
        (
            {"providerOptions": {"openai": {"reasoningEffort": "high"}}},
            Thinking(on=True, effort="high"),
        ),
        ({"providerOptions": {"anthropic": {"effort": "low"}}}, Thinking(on=True, effort="low")),
        ({"providerOptions": {"any": {"enable_thinking": False}}}, Thinking(on=False)),
        (
            {"providerOptions": {"openrouter": {"reasoning": {"max_tokens": 5}}}},
            Thinking(budget_tokens=5),
        ),
        (
            {"reasoning": "low", "providerOptions": {"zai": {"thinking": {"type": "disabled"}}}},
            Thinking(on=False),
        ),
        (
            {"reasoning": "low", "providerOptions": {"zai": {"user": "u"}}},
            Thinking(on=True, effort="low"),
        ),
        (
            {
                "providerOptions": {
                    "zai": {"thinking": {"type": "disabled"}},
                    "openai": {"thinking": {"type": "enabled"}},
                }
            },
            Thinking(on=False),
        ),
    ],
)
def test_every_way_to_ask_for_thinking(given: Any, read: Thinking | str | None) -> None:
    if isinstance(read, str):
        with pytest.raises(Refusal) as caught:
            asking(**given)
        assert caught.value.param == read
    else:
        assert asking(**given).thinking == read


def test_the_gateway_s_options_are_preferences() -> None:
    options = {
        "order": ["a"],
        "only": ["a", "b"],
        "sort": "ttft",
        "models": ["zai/glm-4.6", "m"],
        "user": "u-1",
        "zeroDataRetention": None,
    }
    call = asking(providerOptions={"gateway": options})
    assert call.preferences == {"order": ["a"], "only": ["a", "b"], "sort": "ttft"}
    assert call.spelled["preferences"] == "providerOptions.gateway"
    assert call.fallback_models == ["zai/glm-4.6", "m"]
    assert call.user == "u-1"
    assert call.extra == {}


def test_options_with_a_neutral_place_go_there_and_the_rest_is_kept() -> None:
    options = {
        "openai": {
            "parallelToolCalls": False,
            "textVerbosity": "low",
            "promptCacheKey": "k",
            "serviceTier": "flex",
            "strictJsonSchema": True,
            "logitBias": {"1": 2},
        },
        "google": {"thinkingConfig": {"thinkingBudget": 1}},
        "zai": {"thinking": {"type": "enabled", "novel": 1}, "minP": 0.1},
        "xai": None,
    }
    call = asking(providerOptions=options, responseFormat={"type": "json", "schema": SCHEMA})
    assert call.parallel_tool_calls is False
    assert call.format is not None
    assert call.format.strict is True
    assert call.extra == {
        "verbosity": "low",
        "prompt_cache_key": "k",
        "service_tier": "flex",
        "min_p": 0.1,
        "providerOptions": {
            "openai": {"logitBias": {"1": 2}},
            "google": {"thinkingConfig": {"thinkingBudget": 1}},
            "zai": {"thinking": {"novel": 1}},
        },
    }


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"prompt": None}, "prompt", "an array such as"),
    ({"prompt": []}, "prompt", "at least one message"),
    ({"prompt": "Hi"}, "prompt", "an array of messages"),
    ({"maxOutputTokens": 0}, "maxOutputTokens", "1 or more"),
    ({"maxOutputTokens": "9"}, "maxOutputTokens", "without quotes"),
    ({"temperature": "hot"}, "temperature", "a number"),
    ({"topP": 1.1}, "topP", "from 0 to 1"),
    ({"topK": 0.5}, "topK", "a whole number"),
    ({"presencePenalty": 3}, "presencePenalty", "from -2 to 2"),
    ({"frequencyPenalty": -3}, "frequencyPenalty", "from -2 to 2"),
    ({"stopSequences": "a"}, "stopSequences", "an array"),
    ({"stopSequences": ["a", ""]}, "stopSequences[1]", "not empty"),
    ({"stopSequences": ["a"] * 17}, "stopSequences", "at most 16"),
    ({"seed": 1.5}, "seed", "a whole number"),
    ({"includeRawChunks": "true"}, "includeRawChunks", "send the boolean true"),
    ({"reasoning": "hard"}, "reasoning", '"high"'),
    ({"reasoning": {"effort": "low"}}, "reasoning", "one of"),
    ({"responseFormat": "json"}, "responseFormat", "an object"),
    ({"responseFormat": {}}, "responseFormat.type", '"text" or "json"'),
    ({"responseFormat": {"type": "json_schema"}}, "responseFormat.type", '{"type": "json"}'),
    ({"responseFormat": {"type": "json", "schema": "s"}}, "responseFormat.schema", "JSON Schema"),
    ({"tools": {}}, "tools", "an array"),
    ({"tools": [{"name": "a"}]}, "tools[0].type", '"function" or "provider"'),
    ({"tools": [{"type": "fn", "name": "a"}]}, "tools[0].type", "function"),
    ({"tools": [{"type": "function"}]}, "tools[0].name", "the name the model calls"),
    ({"tools": [{"type": "function", "function": {}}]}, "tools[0].name", "beside the type"),
    ({"tools": [{"type": "function", "name": ""}]}, "tools[0].name", "not empty"),
    (
        {"tools": [{"type": "function", "name": "a", "parameters": {}}]},
        "tools[0].inputSchema",
        "'parameters'",
    ),
    (
        {"tools": [{"type": "function", "name": "a", "inputSchema": []}]},
        "tools[0].inputSchema",
        "an object",
    ),
    ({"tools": [{"type": "provider", "name": "a"}]}, "tools[0].id", "whose tool"),
    (
        {"tools": [{"type": "provider", "name": "a", "id": "search"}]},
        "tools[0].id",
        "provider.tool",
    ),
    ({"tools": [WEATHER], "toolChoice": "auto"}, "toolChoice", '{"type": "auto"}'),
    ({"tools": [WEATHER], "toolChoice": {"type": "any"}}, "toolChoice.type", "required"),
    ({"tools": [WEATHER], "toolChoice": {"type": "tool"}}, "toolChoice.toolName", "to call"),
    (
        {"tools": [WEATHER], "toolChoice": {"type": "tool", "toolName": "wether"}},
        "toolChoice.toolName",
        'Did you mean "weather"?',
    ),
    ({"providerOptions": []}, "providerOptions", "an object"),
    ({"providerOptions": {"zai": 1}}, "providerOptions.zai", "an object"),
    (
        {"providerOptions": {"gateway": {"models": "m"}}},
        "providerOptions.gateway.models",
        "an array",
    ),
    (
        {"providerOptions": {"gateway": {"models": [{"model": "m", "when": {}}]}}},
        "providerOptions.gateway.models[0]",
        "condition",
    ),
    (
        {"providerOptions": {"openai": {"reasoningEffort": "lots"}}},
        "providerOptions.openai.reasoningEffort",
        "one of",
    ),
    (
        {"providerOptions": {"zai": {"thinking": {"budgetTokens": -1}}}},
        "providerOptions.zai.thinking.budgetTokens",
        "0 or more",
    ),
]


@pytest.mark.parametrize(("given", "param", "words"), WRONG)
def test_a_wrong_member_is_named_with_what_is_accepted(
    given: dict[str, Any], param: str, words: str
) -> None:
    with pytest.raises(Refusal) as caught:
        asking(**given)
    assert caught.value.param == param
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": []}, "/v1/chat/completions"),
        ({"input": "Hi"}, "/v1/responses"),
        ({}, "an array such as"),
    ],
)
def test_another_api_s_body_is_named(body: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match=words) as caught:
        AISDK_CLIENT.decode(body, headers())
    assert caught.value.code == "missing_field"
