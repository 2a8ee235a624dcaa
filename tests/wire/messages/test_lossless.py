"""What a client writes is what a host of this dialect gets, whatever members it has."""

from __future__ import annotations

import copy
import json
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.body import decode_object
from glimway.wire.chat.outgoing import encode as encode_chat
from glimway.wire.messages.members import MEMBERS
from glimway.wire.messages.outgoing import encode
from glimway.wire.messages.request import decode
from glimway.wire.quirks import Quirks, ThinkingControl, WebSearch
from glimway.wire.refusal import Refusal
from glimway.wire.responses.outgoing import encode as encode_responses
from wire.messages.making import PLAIN

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
said = words.filter(bool)
names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
ids = st.text("abcXYZ019_-", min_size=1, max_size=12)
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
something = values.filter(lambda value: value is not None)
objects = st.dictionaries(names, values, max_size=3)
some = st.fixed_dictionaries

more: dict[str, Any] = {
    "cache_control": st.sampled_from([{"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}]),
    "x_mark": something,
}
citation = st.sampled_from(
    [
        {"type": "char_location", "cited_text": "a", "document_index": 0, "start_char_index": 0},
        {
            "type": "web_search_result_location",
            "url": "https://a",
            "title": None,
            "encrypted_index": "E",
            "cited_text": "a",
        },
    ]
)
text_block = some({"type": st.just("text"), "text": said}, optional=more)
billing = st.just({"type": "text", "text": "x-anthropic-billing-header: cc_version=2; cch=1"})
image = some(
    {
        "type": st.just("image"),
        "source": st.sampled_from(
            [
                {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
                {"type": "url", "url": "https://a/b.png"},
                {"type": "file", "file_id": "file_1"},
                {"type": "url", "url": "https://a/b.png", "x_mark": 1},
            ]
        ),
    },
    optional=more,
)
document = some(
    {
        "type": st.just("document"),
        "source": st.sampled_from(
            [
                {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                {"type": "text", "media_type": "text/plain", "data": "words"},
                {"type": "content", "content": "words"},
                {"type": "content", "content": [{"type": "text", "text": "words"}]},
                {"type": "content", "content": [{"type": "image", "source": {}}]},
                {"type": "url", "url": "https://a/b.pdf"},
                {"type": "file", "file_id": "file_1"},
            ]
        ),
    },
    optional={"title": words, "context": words, "citations": st.just({"enabled": True}), **more},
)
search_result = some(
    {
        "type": st.just("search_result"),
        "source": words,
        "title": words,
        "content": st.lists(text_block, min_size=1, max_size=2),
    },
    optional={"citations": st.just({"enabled": True}), **more},
)
strange = some({"type": st.just("later_invention")}, optional={"value": values, **more})
upload = some({"type": st.just("container_upload"), "file_id": words}, optional=more)
tool_result = some(
    {"type": st.just("tool_result"), "tool_use_id": ids},
    optional={
        "content": said
        | st.lists(text_block | image | document | search_result | strange, max_size=2),
        "is_error": st.booleans(),
        **more,
    },
)
thinking = some(
    {"type": st.just("thinking"), "thinking": words}, optional={"signature": words, "x": words}
)
redacted = some({"type": st.just("redacted_thinking"), "data": words})
tool_use = some(
    {"type": st.just("tool_use"), "id": ids, "name": names, "input": objects},
    optional={"caller": st.just({"type": "direct"}), **more},
)
server_use = some(
    {"type": st.just("server_tool_use"), "id": ids, "name": names, "input": objects}, optional=more
)
found = some({"type": st.just("web_search_tool_result"), "tool_use_id": ids, "content": values})
cited = some(
    {"type": st.just("text"), "text": said, "citations": st.lists(citation, max_size=2)},
    optional=more,
)

user = some(
    {
        "role": st.just("user"),
        "content": words
        | st.lists(
            text_block | image | document | search_result | tool_result | upload | strange,
            max_size=4,
        ),
    },
    optional={"x_mark": something},
)
assistant = some(
    {
        "role": st.just("assistant"),
        "content": words
        | st.lists(
            cited | text_block | thinking | redacted | tool_use | server_use | found | strange,
            max_size=4,
        ),
    }
)
addition = some(
    {
        "type": st.just("tool_addition"),
        "tool": st.sampled_from(
            [
                {"type": "tool_reference", "name": "f"},
                {
                    "type": "tool_definition",
                    "definition": {"name": "late", "input_schema": {"type": "object"}},
                },
            ]
        ),
    }
)
amid = some(
    {
        "role": st.just("system"),
        "content": words | st.lists(text_block | addition, min_size=1, max_size=2),
    },
    optional={"clear_at": st.just("never"), "output_config": st.just({"effort": "low"})},
)

client_tool = some(
    {"name": names, "input_schema": some({"type": st.just("object")}, optional={"x": values})},
    optional={
        "type": st.just("custom"),
        "description": words,
        "strict": st.booleans(),
        "eager_input_streaming": st.booleans(),
        "input_examples": st.lists(objects, max_size=1),
        **more,
    },
)
typed_tool = st.sampled_from(
    [
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
        {"type": "mcp_toolset", "mcp_server_name": "s"},
        {"type": "later_invention_20300101", "name": "x", "value": [1]},
    ]
)
choices = st.sampled_from(
    [
        {"type": "auto"},
        {"type": "any"},
        {"type": "none"},
        {"type": "tool", "name": "f"},
        {"type": "auto", "disable_parallel_tool_use": True},
        {"type": "any", "disable_parallel_tool_use": False},
        {"type": "tool", "name": "f", "disable_parallel_tool_use": True, "x_mark": 1},
    ]
)
schema = st.just({"type": "json_schema", "schema": {"type": "object", "x": [1]}})
members: dict[str, Any] = {
    "system": words | st.lists(text_block | billing, max_size=2),
    "stream": st.just(True),
    "temperature": st.floats(0, 1) | st.integers(0, 1),
    "top_p": st.floats(0, 1),
    "top_k": st.integers(0, 500),
    "stop_sequences": st.lists(said, max_size=9),
    "metadata": some({}, optional={"user_id": words}),
    "thinking": st.sampled_from(
        [
            {"type": "enabled", "budget_tokens": 1024},
            {"type": "enabled", "budget_tokens": 2048, "display": "omitted"},
            {"type": "disabled"},
            {"type": "adaptive"},
            {"type": "adaptive", "display": "summarized"},
            {"type": "between_tools"},
        ]
    ),
    "output_config": some(
        {},
        optional={
            "effort": st.sampled_from(["low", "medium", "high", "xhigh", "max"]),
            "format": schema,
            "task_budget": objects,
        },
    ),
    "service_tier": st.sampled_from(["auto", "standard_only"]),
    "cache_control": st.just({"type": "ephemeral"}),
    "container": words | objects,
    "context_management": st.just({"edits": [{"type": "clear_tool_uses_20250919"}]}),
    "mcp_servers": st.lists(objects, max_size=1),
    "inference_geo": words,
    "speed": st.just("fast"),
    "x_later_invention": something,
}


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Legal requests: the maker's members, and inventions at every place."""
    body: dict[str, Any] = draw(
        some(
            {
                "model": names,
                "max_tokens": st.integers(0, 10**6),
                "messages": st.lists(user | assistant | amid, min_size=1, max_size=4),
            },
            optional=members,
        )
    )
    if draw(st.booleans()):
        body["tools"] = draw(st.lists(client_tool | typed_tool, max_size=3))
        body["tools"].append({"name": "f", "input_schema": {"type": "object"}})
        if draw(st.booleans()):
            body["tool_choice"] = draw(choices)
    elif draw(st.booleans()):
        body["tools"] = []
    if "format" not in body.get("output_config", {}) and draw(st.booleans()):
        body["output_format"] = draw(schema)
    return body


@given(requests())
def test_a_host_of_this_dialect_gets_exactly_what_the_caller_wrote(body: dict[str, Any]) -> None:
    expected = {**copy.deepcopy(body), "model": "theirs"}
    call = decode(decode_object(json.dumps(body).encode()), [])
    outgoing = encode(call, PLAIN, "theirs")
    assert decode_object(outgoing.body) == expected
    assert (outgoing.adjusted, outgoing.cut_here, outgoing.copies) == ((), (), 1)


AWKWARD = [
    Quirks(strict=True, reject=frozenset({"cache_control", "top_k", "stop", "messages.system"})),
    Quirks(reasoning_in="none", tool_description=True, stop_max=1, tools_max=2),
    Quirks(reasoning_in="reasoning", tool_choice=frozenset({"auto"}), formats=frozenset({"text"})),
    Quirks(
        tool_choice=frozenset(),
        thinking=ThinkingControl(
            known=True, on={"thinking": {"type": "enabled"}}, effort="output_config.effort"
        ),
        web_search=WebSearch(form="tool", tool={"type": "web_search_20250305"}),
        reject=frozenset({"x-anthropic-billing-header", "user", "response_format"}),
    ),
]


@given(requests())
def test_writing_a_call_does_not_change_it(body: dict[str, Any]) -> None:
    call = decode(body, [])
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


@given(requests())
def test_hosts_of_other_dialects_get_it_or_it_is_refused(body: dict[str, Any]) -> None:
    call = decode(body, [])
    before = copy.deepcopy(call)
    for writer in (encode_chat, encode_responses):
        refusal = refusal_of(partial(writer, call, PLAIN, "m"))
        assert refusal is None or refusal.kind == "unsupported"
    assert call == before


def refusal_of(action: Any) -> Refusal | None:
    try:
        action()
    except Refusal as refusal:
        return refusal
    return None


def test_nulls_are_the_same_as_nothing() -> None:
    body: dict[str, Any] = {
        "model": "m",
        "max_tokens": 1,
        "temperature": None,
        "thinking": None,
        "tools": None,
        "x_later_invention": None,
        "metadata": {"user_id": None, "x": 1},
        "output_config": {"effort": None, "format": None, "x": 1},
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "x", "cache_control": None, "citations": None},
                    {"type": "tool_result", "tool_use_id": "a", "content": None, "is_error": None},
                ],
                "x": None,
            }
        ],
    }
    assert json.loads(encode(decode(body, []), PLAIN, "m").body) == {
        "model": "m",
        "max_tokens": 1,
        "metadata": {"x": 1},
        "output_config": {"x": 1},
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "x"},
                    {"type": "tool_result", "tool_use_id": "a"},
                ],
            }
        ],
    }


# ---- anything at all ------------------------------------------------------------------------

PATHS: list[tuple[str | int, ...]] = [
    ("model",),
    ("messages",),
    ("messages", 0),
    ("messages", 0, "role"),
    ("messages", 0, "content"),
    ("messages", 0, "content", 0),
    *(
        ("messages", 0, "content", at, name)
        for at, known in enumerate(
            [
                ("type", "source"),
                ("type", "tool_use_id", "content", "is_error"),
                ("source", "title", "context"),
                ("source", "title", "content"),
            ]
        )
        for name in known
    ),
    ("messages", 0, "content", 0, "source", "type"),
    ("messages", 0, "content", 0, "source", "data"),
    ("messages", 0, "content", 2, "source", "type"),
    ("messages", 0, "content", 2, "source", "data"),
    ("messages", 1, "content", 0, "thinking"),
    ("messages", 1, "content", 0, "signature"),
    ("messages", 1, "content", 1, "input"),
    ("messages", 1, "content", 1, "id"),
    ("messages", 1, "content", 2, "data"),
    ("messages", 1, "content", 3, "citations"),
    ("tools", 0),
    ("tools", 0, "type"),
    ("tools", 0, "name"),
    ("tools", 0, "input_schema"),
    ("thinking", "type"),
    ("thinking", "budget_tokens"),
    ("output_config", "effort"),
    ("output_config", "format"),
    ("tool_choice", "type"),
    *((name,) for name in sorted(MEMBERS | {"extra_body", "output_format", "provider", "models"})),
]


@given(st.sampled_from(PATHS), values)
def test_anything_at_any_place_is_read_or_refused(path: tuple[str | int, ...], value: Any) -> None:
    body: dict[str, Any] = {
        "model": "m",
        "max_tokens": 64,
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "aa"},
                    },
                    {"type": "tool_result", "tool_use_id": "a", "content": "x"},
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "text/plain", "data": "aa"},
                    },
                    {"type": "search_result", "source": "s", "title": "t", "content": "c"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "x", "signature": "y"},
                    {"type": "tool_use", "id": "a", "name": "f", "input": {}},
                    {"type": "redacted_thinking", "data": "z"},
                    {"type": "text", "text": "x", "citations": []},
                ],
            },
        ],
        "tools": [{"name": "f", "input_schema": {}}],
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "output_config": {},
    }
    body["messages"][0]["content"][2]["source"]["data"] = ""
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    refusal = refusal_of(partial(decode, body, []))
    if refusal is not None:
        assert refusal.kind == "invalid"
        assert len(refusal.message) < 500
        return
    call = decode(body, [])
    for quirks in (PLAIN, *AWKWARD):
        for writer in (encode, encode_chat, encode_responses):
            refusal = refusal_of(partial(writer, call, quirks, "m"))
            assert refusal is None or refusal.kind == "unsupported"
