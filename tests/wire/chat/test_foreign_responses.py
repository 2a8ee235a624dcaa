"""Requests as clients of the Responses API send them, written for chat hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolUnionParam
from pydantic import TypeAdapter

from glimway.data import load_profiles
from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.request import decode as read_chat
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal
from glimway.wire.responses import RESPONSES_CLIENT
from glimway.wire.responses.request import decode
from wire.responses.test_lossless import BODIES

Json = Any

ZAI = load_profiles()["zai"].quirks
MESSAGES = TypeAdapter(list[ChatCompletionMessageParam])
TOOLS = TypeAdapter(list[ChatCompletionToolUnionParam])

OF_CHAT = frozenset(
    """
    max_tokens messages model parallel_tool_calls prompt_cache_key reasoning_effort response_format
    safety_identifier seed service_tier stop stream stream_options temperature thinking tool_choice
    tool_stream tools top_logprobs logprobs top_p user user_id verbosity
    """.split()
)
"""What may be written of the requests below: nothing that only the Responses API knows."""

PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edit files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: begin"},
}
SHELL = {
    "type": "function",
    "name": "shell",
    "description": "Run it.",
    "parameters": {"type": "object", "properties": {"command": {"type": "array"}}},
    "strict": False,
}


def out(body: Json, quirks: Quirks = ZAI) -> tuple[Json, tuple[str, ...]]:
    outgoing = encode(decode({"model": "m", **body}), quirks, "up")
    return json.loads(outgoing.body), outgoing.adjusted


def said(*items: Json, quirks: Quirks = ZAI) -> list[Json]:
    body, _ = out({"input": list(items)}, quirks)
    messages: list[Json] = body["messages"]
    return messages


def message(role: str, text: str) -> Json:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def test_a_coding_agents_request_becomes_a_chat_request() -> None:
    """The members that Codex sends, with one round of thinking and calls behind it."""
    body, adjusted = out(
        {
            "instructions": "You edit code.",
            "input": [
                message("developer", "Sandboxed."),
                message("user", "Fix it."),
                {
                    "type": "reasoning",
                    "id": "rs_1",
                    "summary": [],
                    "content": [{"type": "reasoning_text", "text": "Look first."}],
                    "encrypted_content": "theirs",
                },
                message("assistant", "I look."),
                {
                    "type": "function_call",
                    "id": "fc_1",
                    "call_id": "c1",
                    "name": "shell",
                    "arguments": '{"command":["ls"]}',
                },
                {
                    "type": "custom_tool_call",
                    "call_id": "c2",
                    "name": "apply_patch",
                    "input": '*** Begin "x"\n',
                },
                {"type": "function_call_output", "call_id": "c1", "output": "a.py"},
                {"type": "custom_tool_call_output", "call_id": "c2", "output": "Done."},
            ],
            "tools": [SHELL, PATCH, {"type": "local_shell"}],
            "tool_choice": "auto",
            "parallel_tool_calls": False,
            "reasoning": {"effort": "high", "summary": "auto"},
            "store": False,
            "stream": True,
            "include": ["reasoning.encrypted_content"],
            "prompt_cache_key": "thread",
            "text": {"verbosity": "low"},
            "client_metadata": {"a": "b"},
        },
        Quirks(),
    )
    described = body["tools"][1]["function"].pop("parameters")["properties"]["input"]
    assert "start: begin" in described["description"]
    assert body == {
        "model": "up",
        "messages": [
            {"role": "system", "content": "You edit code."},
            {"role": "developer", "content": "Sandboxed."},
            {"role": "user", "content": "Fix it."},
            {
                "role": "assistant",
                "content": "I look.",
                "reasoning_content": "Look first.",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "shell", "arguments": '{"command":["ls"]}'},
                    },
                    {
                        "id": "c2",
                        "type": "function",
                        "function": {
                            "name": "apply_patch",
                            "arguments": '{"input":"*** Begin \\"x\\"\\n"}',
                        },
                    },
                ],
            },
            {"role": "tool", "content": "a.py", "tool_call_id": "c1"},
            {"role": "tool", "content": "Done.", "tool_call_id": "c2"},
        ],
        "stream": True,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "shell",
                    "description": "Run it.",
                    "parameters": SHELL["parameters"],
                    "strict": False,
                },
            },
            {
                "type": "function",
                "function": {"name": "apply_patch", "description": "Edit files."},
            },
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "reasoning_effort": "high",
        "prompt_cache_key": "thread",
        "verbosity": "low",
        "stream_options": {"include_usage": True},
    }
    assert adjusted == ("tool of type local_shell left out", "client_metadata left out")


def test_thinking_goes_in_the_hosts_own_words() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    talk = [message("user", "A"), thought, message("assistant", "B"), message("user", "C")]
    body, adjusted = out({"input": talk, "reasoning": {"effort": "none"}})
    assert body["thinking"] == {"type": "disabled", "clear_thinking": False}
    assert body["messages"][1]["reasoning_content"] == "Hm."
    assert adjusted == ()
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": "theirs"}
    body, adjusted = out({"input": [message("user", "A"), sealed, message("user", "C")]})
    assert "reasoning_content" not in json.dumps(body["messages"])
    assert adjusted == ("sealed thinking left out",)


def test_files_and_images_go_by_address_data_and_name() -> None:
    parts = [
        {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "low"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "JVBERi0="},
        {"type": "input_file", "file_url": "https://x.test/b.pdf"},
    ]
    (written,) = said({"role": "user", "content": parts}, quirks=Quirks())
    assert written["content"] == [
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        },
        {"type": "file_url", "file_url": {"url": "https://x.test/b.pdf"}},
    ]


def test_what_another_api_did_is_left_out_of_the_history() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    body, adjusted = out({"input": [message("user", "A"), search, message("user", "B")]})
    assert [one["role"] for one in body["messages"]] == ["user", "assistant", "user"]
    assert adjusted == ("a part of type web_search_call left out",)


@pytest.mark.parametrize(
    "items",
    [
        [{"type": "web_search_call", "id": "ws_1"}],
        [message("user", "A"), {"type": "shell_call_output", "call_id": "s", "output": []}],
        [message("user", "A"), {"role": "user", "content": [{"type": "input_new", "x": 1}]}],
        [{"type": "item_reference", "id": "msg_1"}],
        [{"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]}],
    ],
)
def test_an_end_that_cannot_be_said_is_refused(items: list[Json]) -> None:
    with pytest.raises(Refusal) as caught:
        out({"input": items})
    assert caught.value.kind == "unsupported"
    kinds = ("web_search_call", "shell_call_output", "input_new", "item_reference", "'file'")
    assert any(kind in caught.value.message for kind in kinds)


def test_instructions_alone_are_enough() -> None:
    talk = [message("system", "Say hello.")]
    assert said(*talk, quirks=Quirks()) == [{"role": "system", "content": "Say hello."}]
    assert [one["role"] for one in said(*talk)] == ["user"]


@pytest.mark.parametrize(
    "members",
    [
        {"include": ["reasoning.encrypted_content"]},
        {"truncation": "disabled"},
        {"text": {}},
        {"stream_options": {"include_obfuscation": False}},
        {"store": True, "metadata": {"a": "b"}},
    ],
)
def test_what_changes_nothing_is_not_named(members: Json) -> None:
    body, adjusted = out({"input": "Hi", **members})
    assert body == {"model": "up", "messages": [{"role": "user", "content": "Hi"}]}
    assert adjusted == ()


@given(BODIES)
def test_every_request_is_written_as_chat_has_it_or_refused(given_body: Json) -> None:
    call = RESPONSES_CLIENT.decode({"model": "m", **given_body}, [])
    for quirks in (Quirks(), ZAI):
        before = repr(call)
        try:
            outgoing = encode(call, quirks, "up")
        except Refusal as refusal:
            assert refusal.kind in ("unsupported", "invalid")  # noqa: PT017  # else it is checked
            continue
        finally:
            assert repr(call) == before
        body = json.loads(outgoing.body)
        assert body.keys() <= OF_CHAT
        assert b"encrypted_content" not in outgoing.body
        _check(body)
        read_chat(body)


def _check(body: Json) -> None:
    """OpenAI's own types read it, and every result follows its call."""
    for one in body["messages"]:
        one.pop("reasoning_content", None)
    MESSAGES.validate_python(body["messages"], strict=False)
    TOOLS.validate_python([one for one in body.get("tools", []) if one["type"] != "web_search"])
    for before, one in zip(body["messages"], body["messages"][1:], strict=False):
        if before.get("tool_calls"):
            assert one["role"] in ("tool", "system", "developer", "user")
