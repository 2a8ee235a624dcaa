"""Requests of other dialects, and the wishes of hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.chat.request import decode as chat
from glimway.wire.quirks import Quirks, Range, ThinkingControl, WebSearch
from glimway.wire.refusal import Refusal
from glimway.wire.responses import RESPONSES_PROVIDER
from glimway.wire.talk import (
    Call,
    CallPart,
    FilePart,
    Format,
    ImagePart,
    OpaquePart,
    Part,
    ResultPart,
    TextPart,
    ThoughtPart,
    Tool,
    ToolChoice,
    Turn,
)
from wire.responses.making import PLAIN, asking, encoded


def foreign(*turns: Turn, **members: Any) -> Call:
    return Call("m", list(turns) or [Turn("user", [TextPart("Hi")])], "messages", **members)


def adjusted(call: Call, quirks: Quirks = PLAIN) -> tuple[str, ...]:
    return RESPONSES_PROVIDER.encode(call, quirks, "up").adjusted


def test_a_chat_request() -> None:
    call = chat(
        {
            "model": "m",
            "stream": True,
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Hi"},
                {
                    "role": "assistant",
                    "content": "",
                    "reasoning_content": "Hm",
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "4"},
            ],
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
            "max_tokens": 100,
            "reasoning_effort": "low",
            "metadata": {"a": "b"},
            "verbosity": "low",
            "logprobs": True,
            "top_logprobs": 3,
        }
    )
    assert encoded(call) == {
        "model": "up",
        "input": [
            {"type": "message", "role": "system", "content": "Be kind."},
            {"type": "message", "role": "user", "content": "Hi"},
            {
                "type": "reasoning",
                "summary": [],
                "content": [{"type": "reasoning_text", "text": "Hm"}],
            },
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "4"},
        ],
        "stream": True,
        "max_output_tokens": 100,
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}, "verbosity": "low"},
        "tools": [{"type": "function", "name": "f", "parameters": None, "strict": False}],
        "tool_choice": {"type": "function", "name": "f"},
        "reasoning": {"effort": "low"},
        "metadata": {"a": "b"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }


def test_what_has_no_place_is_named() -> None:
    call = chat(
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Hi", "name": "Ann"}],
            "seed": 1,
            "logit_bias": {"5": 1},
            "max_tokens": 5,
            "n": 3,
            "stop": ["a", "b"],
            "logprobs": True,
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "f"},
                    "cache_control": {"type": "ephemeral"},
                }
            ],
        }
    )
    outgoing = RESPONSES_PROVIDER.encode(call, PLAIN, "up")
    assert set(outgoing.adjusted) == {
        "logprobs left out",
        "cache_control left out",
        "name of a message left out",
        "seed left out",
        "logit_bias left out",
        "max_output_tokens raised to 16",
    }
    assert (outgoing.copies, outgoing.cut_here) == (3, ("a", "b"))


def test_the_assistants_parts_become_items_in_their_order() -> None:
    turn = Turn(
        "assistant",
        [
            ThoughtPart("1"),
            TextPart("a"),
            TextPart("b"),
            CallPart("c1", "f", "{}"),
            ThoughtPart("2"),
            CallPart("c2", "g", "text", kind="custom"),
            OpaquePart({"type": "server_tool_use"}, "messages"),
        ],
    )
    results = [
        Turn("tool", [ResultPart("c2", [TextPart("x")])]),
        Turn("tool", [ResultPart("c1", [TextPart("y")], is_error=True)]),
    ]
    call = foreign(turn, *results)
    items = encoded(call)["input"]
    assert [item["type"] for item in items] == [
        "reasoning",
        "message",
        "function_call",
        "reasoning",
        "custom_tool_call",
        "custom_tool_call_output",
        "function_call_output",
    ]
    assert [part["text"] for part in items[1]["content"]] == ["a", "b"]
    assert items[-1]["output"] == "Error: y"
    assert adjusted(call) == ("a part of type server_tool_use left out",)


def test_parts_of_users_and_results() -> None:
    parts: list[Part] = [
        TextPart("see"),
        ImagePart("https://a/b", "low"),
        FilePart("file", {}, "messages", url="data:application/pdf;base64,QQ=="),
        FilePart("file", {}, "messages", url="https://a/c", filename="c.txt"),
        FilePart("audio", {}, "chat", url="data:audio/wav;base64,QQ=="),
        FilePart("video", {}, "chat", url="https://a/d"),
    ]
    call = foreign(
        Turn("user", parts, "parts"),
        Turn("assistant", [CallPart("c1", "f", "{}")]),
        Turn("tool", [ResultPart("c1", [TextPart("a"), ImagePart("data:x")], "parts", True)]),
        Turn("tool", [ResultPart(None, [], "absent")]),
    )
    user, _, result, empty = encoded(call)["input"]
    assert user["content"] == [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": "https://a/b", "detail": "low"},
        {
            "type": "input_file",
            "filename": "document.pdf",
            "file_data": "data:application/pdf;base64,QQ==",
        },
        {"type": "input_file", "filename": "c.txt", "file_url": "https://a/c"},
        {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
        {"type": "input_video", "video_url": "https://a/d"},
    ]
    assert [part["type"] for part in result["output"]] == [
        "input_text",
        "input_text",
        "input_image",
    ]
    assert empty == {"type": "function_call_output", "call_id": "call_0", "output": ""}


def test_ids_that_are_missing_are_made_and_found_again() -> None:
    call = foreign(
        Turn("assistant", [CallPart(None, "f", "{}"), CallPart(None, "g", "{}")]),
        Turn("tool", [ResultPart(None, [TextPart("1")])]),
        Turn("tool", [ResultPart(None, [TextPart("2")])]),
    )
    first, second, one, two = encoded(call)["input"]
    assert (one["call_id"], two["call_id"]) == (first["call_id"], second["call_id"])
    assert first["call_id"] != second["call_id"]


def test_a_file_that_only_another_api_has_is_refused() -> None:
    call = foreign(Turn("user", [FilePart("file", {"file": {"file_id": "x"}}, "chat")], "parts"))
    with pytest.raises(Refusal, match="has no place in the Responses API"):
        encoded(call)


def test_tools_of_other_dialects() -> None:
    custom = {
        "type": "custom",
        "custom": {
            "name": "p",
            "description": "d",
            "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}},
        },
    }
    search = Tool("web_search_20250305", value={}, dialect="messages")
    call = foreign(tools=[Tool("custom", "p", value=custom, dialect="chat"), search])
    tools = encoded(call, Quirks(web_search=WebSearch(form="tool")))["tools"]
    assert tools == [
        {
            "type": "custom",
            "name": "p",
            "description": "d",
            "format": {"type": "grammar", "syntax": "lark", "definition": "x"},
        },
        {"type": "web_search"},
    ]
    own = Quirks(web_search=WebSearch(form="tool", tool={"type": "web_search_preview"}))
    assert encoded(foreign(tools=[search]), own)["tools"] == [{"type": "web_search_preview"}]
    with pytest.raises(Refusal) as raised:
        encoded(foreign(tools=[search]))
    assert (raised.value.kind, raised.value.param) == ("unsupported", "tools[0]")


def test_choices_of_other_dialects() -> None:
    tools = [Tool("function", "f"), Tool("custom", "p", dialect="chat")]

    def choice(value: ToolChoice) -> Any:
        return encoded(foreign(tools=tools, tool_choice=value))["tool_choice"]

    assert choice(ToolChoice("required")) == "required"
    assert choice(ToolChoice("named", ("p",))) == {"type": "custom", "name": "p"}
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}
    assert choice(ToolChoice("allowed", ("f",), allowed)) == {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "f"}],
    }
    with pytest.raises(Refusal, match="tool_choice"):
        choice(ToolChoice("opaque", value={"type": "odd"}))


@pytest.mark.parametrize(
    ("members", "reasoning", "changes"),
    [
        ({"reasoning_effort": "high"}, {"effort": "high"}, ()),
        ({"thinking": {"type": "disabled"}}, {"effort": "none"}, ()),
        ({"thinking": {"type": "enabled"}}, None, ("thinking left to the provider",)),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
            {"effort": "medium"},
            ("thinking budget sent as effort medium",),
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 5}},
            {"effort": "minimal"},
            ("thinking budget sent as effort minimal",),
        ),
        ({"thinking": {"clear_thinking": False}}, None, ("clear_thinking left out",)),
    ],
)
def test_thinking_of_the_chat_dialect(
    members: Any, reasoning: Any, changes: tuple[str, ...]
) -> None:
    call = chat({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **members})
    assert encoded(call).get("reasoning") == reasoning
    assert adjusted(call) == changes


def test_a_hosts_own_switch() -> None:
    control = ThinkingControl(
        known=True,
        on={"thinking": {"type": "enabled"}},
        effort="thinking.level",
        efforts={"high": "max"},
        budget="thinking.budget",
    )
    quirks = Quirks(thinking=control)
    call = asking(reasoning={"effort": "high", "summary": "auto"}, thinking={"budget_tokens": 9})
    body = encoded(call, quirks)
    assert body["thinking"] == {"type": "enabled", "level": "max", "budget": 9}
    assert body["reasoning"] == {"summary": "auto"}
    off = asking(reasoning={"effort": "none"})
    assert adjusted(off, quirks) == ("thinking left on",)


@pytest.mark.parametrize(
    ("place", "item", "changes"),
    [
        ("reasoning_content", "content", ()),
        ("reasoning", "summary", ()),
        ("none", None, ("earlier thinking left out",)),
    ],
)
def test_where_a_host_reads_thinking(
    place: Any, item: str | None, changes: tuple[str, ...]
) -> None:
    call = foreign(Turn("assistant", [ThoughtPart("Hm"), TextPart("a")]))
    quirks = Quirks(reasoning_in=place)
    body = encoded(call, quirks)
    thoughts = [one for one in body["input"] if one["type"] == "reasoning"]
    assert [one[item or ""][0]["text"] for one in thoughts] == ([] if item is None else ["Hm"])
    assert ("include" in body) == (item is not None)
    assert adjusted(call, quirks) == changes


def test_proofs_of_others_are_not_shown_to_this_host() -> None:
    call = foreign(
        Turn("assistant", [ThoughtPart("Hm", "thinking", signature="s", sealed="x")]),
        Turn("assistant", [ThoughtPart("", "redacted_thinking", sealed="x")]),
    )
    assert b"encrypted_content" not in json.dumps(encoded(call)["input"]).encode()
    assert adjusted(call) == ("earlier thinking left out",)


def test_what_a_host_refuses() -> None:
    quirks = Quirks(
        reject=frozenset({"metadata", "verbosity", "reasoning_effort", "store"}),
        ranges={"temperature": Range(high=1), "max_tokens": Range(low=16, high=50)},
        lengths={"user": Range(low=3)},
        rename={"max_output_tokens": "max_tokens"},
    )
    call = asking(
        metadata={"a": "b"},
        text={"verbosity": "low"},
        reasoning={"effort": "low", "summary": "auto"},
        temperature=1.5,
        max_output_tokens=99,
        user="u",
    )
    assert encoded(call, quirks) == {
        "model": "up",
        "input": "Hi",
        "reasoning": {"summary": "auto"},
        "temperature": 1,
        "max_tokens": 50,
    }
    assert set(adjusted(call, quirks)) == {
        "metadata left out",
        "text.verbosity left out",
        "reasoning.effort left out",
        "temperature lowered to 1",
        "max_output_tokens lowered to 50",
        "user left out",
    }
    low = Quirks(ranges={"max_output_tokens": Range(low=16), "top_p": Range(above=0)})
    assert adjusted(asking(max_output_tokens=5, top_p=0), low) == (
        "max_output_tokens raised to 16",
        "top_p raised to 0.01",
    )


def test_a_strict_host() -> None:
    call = asking(top_k=5, client_metadata={}, service_tier="flex")
    strict = Quirks(strict=True, members=frozenset({"top_k"}))
    body = encoded(call, strict)
    assert body == {
        "model": "up",
        "input": "Hi",
        "top_k": 5,
        "service_tier": "flex",
        "store": False,
    }
    assert adjusted(call, strict) == ("client_metadata left out",)


def test_formats() -> None:
    only_text = Quirks(formats=frozenset({"json_object"}))
    assert "text" not in encoded(asking(text={"format": {"type": "text"}}), only_text)
    schema = {"format": {"type": "json_schema", "name": "n", "schema": {}}}
    with pytest.raises(Refusal) as raised:
        encoded(asking(text=schema), only_text)
    assert raised.value.param == "text.format"
    with pytest.raises(Refusal) as raised:
        encoded(foreign(format=Format("json_schema", "n", {})), only_text)
    assert raised.value.param == "response_format"
    assert encoded(foreign(format=Format("json_schema")))["text"]["format"] == {
        "type": "json_schema",
        "name": "response",
        "schema": {},
    }


def test_tools_that_a_host_cannot_have() -> None:
    tool = {"type": "function", "name": "f"}
    call = asking(tools=[tool], tool_choice="required")
    only_auto = Quirks(tool_choice=frozenset({"auto"}), tool_description=True)
    body = encoded(call, only_auto)
    assert (body["tool_choice"], body["tools"]) == ("auto", [{**tool, "description": "f"}])
    assert adjusted(call, only_auto) == ("tool_choice changed to auto",)
    nothing = Quirks(tool_choice=frozenset())
    assert "tool_choice" not in encoded(call, nothing)
    none = asking(tools=[tool], tool_choice="none")
    assert "tools" not in encoded(none, only_auto)
    with pytest.raises(Refusal, match="at most 0"):
        encoded(call, Quirks(tools_max=0))


def test_roles_and_arrays() -> None:
    parts = [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]
    call = asking(input=[{"role": "developer", "content": parts}])
    quirks = Quirks(developer_role=False, text_parts=False)
    assert encoded(call, quirks)["input"] == [{"role": "system", "content": "a\n\nb"}]


def test_a_reference_is_refused_and_the_mend_named() -> None:
    call = asking(input=[{"type": "item_reference", "id": "msg_1"}])
    with pytest.raises(Refusal, match="previous_response_id"):
        encoded(call)


def test_an_opaque_part_of_another_dialect_in_a_users_turn() -> None:
    turn = Turn("user", [OpaquePart({"type": "odd"}, "messages")], "parts")
    call = foreign(turn, Turn("user", [TextPart("Hi")]))
    assert len(encoded(call)["input"]) == 1
    assert adjusted(call) == ("a part of type odd left out",)


SEARCHES: list[dict[str, Any]] = [
    {"web_search_options": {}},
    {"tool_web_search": True},
    {"plugins": [{"id": "web"}]},
]


@pytest.mark.parametrize("wish", SEARCHES)
def test_a_wish_for_a_web_search_beside_the_tools_is_obeyed_or_refused(wish: Any) -> None:
    call = chat({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **wish})
    offered = Quirks(web_search=WebSearch(form="tool"))
    assert encoded(call, offered)["tools"] == [{"type": "web_search"}]
    assert RESPONSES_PROVIDER.encode(call, offered, "up").adjusted == ()
    with pytest.raises(Refusal, match="asks for a web search") as refused:
        encoded(call)
    assert refused.value.kind == "unsupported"
