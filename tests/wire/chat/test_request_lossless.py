"""What a client writes is what a host without quirks gets, whatever members it has."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.body import decode_object
from glimway.wire.chat.fit import MEMBERS
from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.request import decode
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal

PLAIN = Quirks()

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(names, values, max_size=3)


def some(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


more = {"cache_control": st.just({"type": "ephemeral"}), "x_mark": words}
text_part = some({"type": st.just("text"), "text": words}, more)
image_part = some(
    {
        "type": st.just("image_url"),
        "image_url": some(
            {"url": words.map("https://x/{}".format)},
            {"detail": st.sampled_from(["auto", "low", "high"])},
        ),
    },
    more,
)
audio_part = st.fixed_dictionaries(
    {
        "type": st.just("input_audio"),
        "input_audio": st.fixed_dictionaries({"data": words, "format": st.just("wav")}),
    }
)
file_part = st.fixed_dictionaries(
    {"type": st.just("file"), "file": st.fixed_dictionaries({"file_id": words})}
)
refusal_part = st.fixed_dictionaries({"type": st.just("refusal"), "refusal": words})
strange_part = some({"type": st.just("later_invention")}, {"value": values})

content = words | st.lists(text_part | image_part | audio_part | file_part | strange_part)
spoken = some(
    {"role": st.sampled_from(["system", "developer", "user"]), "content": content},
    {"name": names, "x_mark": words},
)
function_call = some(
    {
        "id": words,
        "type": st.just("function"),
        "function": some({"name": names, "arguments": words}, {"x_mark": words}),
    },
    {"x_mark": words},
)
custom_call = st.fixed_dictionaries(
    {
        "id": words,
        "type": st.just("custom"),
        "custom": st.fixed_dictionaries({"name": names, "input": words}),
    }
)
thinking_text = st.one_of(words, words.map(lambda text: f"<think>{text}</think>{text}"))
assistant = some(
    {"role": st.just("assistant")},
    {
        "content": st.none() | thinking_text | st.lists(text_part | refusal_part),
        "refusal": words,
        "name": names,
        "audio": st.fixed_dictionaries({"id": words}),
        "reasoning_content": words,
        "reasoning": words,
        "reasoning_details": st.lists(objects, max_size=2),
        "tool_calls": st.lists(function_call | custom_call, min_size=1, max_size=2),
        "function_call": st.fixed_dictionaries({"name": names, "arguments": words}),
        "x_mark": words,
    },
)
tool = some(
    {"role": st.just("tool"), "content": words | st.lists(text_part), "tool_call_id": words},
    {"name": names, "x_mark": words},
)
old_function = st.fixed_dictionaries(
    {"role": st.just("function"), "content": st.none() | words, "name": names}
)

function_tool = some(
    {
        "type": st.just("function"),
        "function": some(
            {"name": names},
            {"description": words, "parameters": objects, "strict": st.booleans(), "x": words},
        ),
    },
    {"cache_control": objects},
)
custom_tool = st.fixed_dictionaries(
    {"type": st.just("custom"), "custom": some({"name": names}, {"description": words})}
)
strange_tool = some({"type": st.just("later_invention")}, {"value": values})

choices = st.sampled_from(
    [
        "auto",
        "none",
        "required",
        {"type": "function", "function": {"name": "f"}},
        {"type": "custom", "custom": {"name": "f"}},
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"type": "x"}]}},
        {"type": "later_invention", "value": 1},
    ]
)
formats = st.sampled_from(
    [
        {"type": "text"},
        {"type": "json_object", "x": 1},
        {"type": "json_schema", "json_schema": {"name": "a"}},
        {
            "type": "json_schema",
            "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True, "x": 1},
        },
        {"type": "grammar", "grammar": "root ::= 'a'"},
    ]
)
thinkings: dict[str, Any] = {
    "thinking": some(
        {}, {"type": st.sampled_from(["enabled", "disabled"]), "clear_thinking": st.booleans()}
    ),
    "enable_thinking": st.booleans(),
    "reasoning_effort": st.sampled_from(["none", "low", "max"]),
    "reasoning": some({}, {"effort": st.just("high"), "exclude": st.booleans()}),
    "chat_template_kwargs": some({}, {"enable_thinking": st.booleans(), "x": values}),
}
members: dict[str, Any] = {
    **thinkings,
    "stream": st.just(True),
    "max_tokens": st.integers(1, 10**6),
    "temperature": st.floats(0, 2) | st.integers(0, 2),
    "top_p": st.floats(0, 1),
    "stop": words.filter(bool) | st.lists(words.filter(bool), min_size=1, max_size=4),
    "n": st.integers(1, 128),
    "seed": st.integers(-(2**63), 2**63 - 1),
    "user": words,
    "parallel_tool_calls": st.booleans(),
    "response_format": formats,
    "frequency_penalty": st.floats(-2, 2),
    "presence_penalty": st.floats(-2, 2),
    "logprobs": st.booleans(),
    "top_logprobs": st.integers(0, 20),
    "logit_bias": st.dictionaries(names, st.integers(-100, 100), max_size=2),
    "metadata": st.dictionaries(names, words, max_size=2),
    "modalities": st.just(["text", "audio"]),
    "audio": st.just({"voice": "alloy", "format": "wav"}),
    "prediction": st.just({"type": "content", "content": "x"}),
    "moderation": objects,
    "verbosity": st.sampled_from(["low", "medium", "high"]),
    "service_tier": words,
    "safety_identifier": words,
    "prompt_cache_key": words,
    "prompt_cache_retention": words,
    "prompt_cache_options": objects,
    "store": st.booleans(),
    "functions": st.just([{"name": "f", "parameters": {}}]),
    "function_call": st.sampled_from(["auto", "none", {"name": "f"}]),
    "do_sample": st.booleans(),
    "tool_stream": st.booleans(),
    "request_id": words,
    "meta": objects,
    "top_k": st.integers(),
    "x_later_invention": values.filter(lambda value: value is not None),
}


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Legal requests: OpenAI's and Z.ai's members, and inventions at every place."""
    body = draw(
        some(
            {
                "model": names,
                "messages": st.lists(
                    spoken | assistant | tool | old_function, min_size=1, max_size=4
                ),
            },
            members,
        )
    )
    if draw(st.booleans()):
        body["tools"] = draw(
            st.lists(function_tool | custom_tool | strange_tool, min_size=1, max_size=3)
        )
        body["tools"].append({"type": "function", "function": {"name": "f"}})
        if draw(st.booleans()):
            body["tool_choice"] = draw(choices)
    if "max_tokens" in body and draw(st.booleans()):
        body["max_completion_tokens"] = body.pop("max_tokens")
    if "user" in body and draw(st.booleans()):
        body["user_id"] = body.pop("user")
    if body.get("stream") and draw(st.booleans()):
        body["stream_options"] = draw(
            some({}, {"include_usage": st.just(True), "include_obfuscation": st.booleans()})
        )
    return body


def normalised(body: dict[str, Any], model: str) -> dict[str, Any]:
    """The documented differences: the host's own name of the model, and usage for our books."""
    expected: dict[str, Any] = {**body, "model": model}
    if body.get("stream"):
        expected["stream_options"] = {**body.get("stream_options", {}), "include_usage": True}
    return expected


@given(requests())
def test_a_host_without_quirks_gets_exactly_what_the_caller_wrote(body: dict[str, Any]) -> None:
    expected = normalised(copy.deepcopy(body), "theirs")
    call = decode(decode_object(json.dumps(body).encode()))
    outgoing = encode(call, PLAIN, "theirs")
    assert decode_object(outgoing.body) == expected
    assert (outgoing.adjusted, outgoing.cut_here) == ((), ())


@given(requests())
def test_writing_a_call_does_not_change_it(body: dict[str, Any]) -> None:
    call = decode(body)
    first = encode(call, PLAIN, "m").body
    before = copy.deepcopy(call)
    for quirks in AWKWARD:
        again = partial(encode, call, quirks, "m")
        refusal = refusal_of(again)
        if refusal is None:
            assert again() == again()
        else:
            assert refusal.kind == "unsupported"
    assert call == before
    assert encode(call, PLAIN, "m").body == first


def refusal_of(action: Callable[[], object]) -> Refusal | None:
    try:
        action()
    except Refusal as refusal:
        return refusal
    return None


AWKWARD = [
    Quirks(strict=True, members=frozenset({"top_k"}), reasoning_in="think_tags", text_parts=False),
    Quirks(null_content=False, user_message=True, developer_role=False, reasoning_in="none"),
    Quirks(reasoning_in="reasoning_details", tool_description=True, tool_stream=True, stop_max=1),
    Quirks(tool_choice=frozenset({"auto"}), formats=frozenset({"text", "json_object"}), n_max=1),
]


def test_nulls_are_the_same_as_nothing() -> None:
    sent = decode_object(
        encode(
            decode(
                {
                    "model": "m",
                    "messages": [
                        {"role": "user", "content": "x", "name": None},
                        {
                            "role": "assistant",
                            "content": None,
                            "refusal": None,
                            "audio": None,
                            "tool_calls": None,
                        },
                    ],
                    "temperature": None,
                    "stop": None,
                    "thinking": None,
                    "x_later_invention": None,
                }
            ),
            PLAIN,
            "m",
        ).body
    )
    assert sent == {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": None}],
    }


# ---- anything at all ------------------------------------------------------------------------

PATHS: list[tuple[str | int, ...]] = [
    ("model",),
    ("messages",),
    ("messages", 0),
    ("messages", 0, "role"),
    ("messages", 0, "content"),
    ("messages", 0, "content", 0),
    ("messages", 0, "content", 0, "type"),
    ("messages", 0, "content", 0, "image_url"),
    ("messages", 1, "tool_calls"),
    ("messages", 1, "tool_calls", 0),
    ("messages", 1, "tool_calls", 0, "type"),
    ("messages", 1, "tool_calls", 0, "function"),
    ("messages", 1, "reasoning_details"),
    ("tools",),
    ("tools", 0),
    ("tools", 0, "type"),
    ("tools", 0, "function"),
    *(
        (name,)
        for name in sorted(MEMBERS | {*thinkings, "stop", "plugins", "extra_body", "user_id"})
    ),
]


@given(st.sampled_from(PATHS), values)
def test_anything_at_any_place_is_read_or_refused(path: tuple[str | int, ...], value: Any) -> None:
    body: dict[str, Any] = {
        "model": "m",
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
            {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    refusal = refusal_of(partial(decode, body))
    if refusal is not None:
        assert refusal.kind == "invalid"
        assert len(refusal.message) < 500
        return
    call = decode(body)
    for quirks in (PLAIN, *AWKWARD):
        refusal = refusal_of(partial(encode, call, quirks, "m"))
        assert refusal is None or refusal.kind == "unsupported"
