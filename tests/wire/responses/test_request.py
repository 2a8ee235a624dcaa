"""What a client's body becomes, and how precisely a wrong one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.refusal import Refusal
from glimway.wire.responses import RESPONSES_CLIENT
from glimway.wire.responses.asked import Asked, asked
from glimway.wire.responses.request import decode
from glimway.wire.talk import (
    COMMON_MEMBERS,
    CallPart,
    FilePart,
    ImagePart,
    OpaquePart,
    RefusalPart,
    ResultPart,
    TextPart,
    ThoughtPart,
    Turn,
)
from wire.responses.making import asking

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "4"}
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}}


def turns(*items: Any) -> list[Turn]:
    return asking(input=list(items)).turns


def test_the_dialect() -> None:
    assert (RESPONSES_CLIENT.name, RESPONSES_CLIENT.path) == ("responses", "/responses")
    assert RESPONSES_CLIENT.id_prefix == "resp_"
    call = asking(stream=True)
    assert (call.dialect, call.stream, call.usage_asked) == ("responses", True, True)


def test_a_string_and_the_easy_and_the_full_message() -> None:
    assert asking(input="Hi").turns == [Turn("user", [TextPart("Hi")])]
    (easy,) = turns({"role": "user", "content": "Hi"})
    assert (easy.role, easy.parts, easy.form) == ("user", [TextPart("Hi")], "text")
    content = [{"type": "input_text", "text": "Hi"}]
    (full,) = turns({"type": "message", "role": "developer", "content": content, "id": "m"})
    assert (full.role, full.parts, full.form) == ("developer", [TextPart("Hi")], "parts")
    assert full.extra == {"item": {"type": "message", "id": "m"}}


def test_instructions_are_the_first_turn() -> None:
    call = asking(instructions="Be kind.", input=[{"role": "system", "content": "Now."}])
    assert [(turn.role, turn.parts[0]) for turn in call.turns] == [
        ("system", TextPart("Be kind.")),
        ("system", TextPart("Now.")),
    ]


def test_consecutive_items_of_the_assistant_are_one_turn() -> None:
    said = {"type": "output_text", "text": "a", "annotations": []}
    conversation = turns(
        {"role": "user", "content": "Hi"},
        {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "Hm"}]},
        {"type": "message", "role": "assistant", "id": "m", "status": "completed", "content": [
            said, {"type": "refusal", "refusal": "no"}, {**said, "text": "b"}]},
        {**CALL, "id": "fc"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "x"},
        RESULT,
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "y"},
        {"role": "assistant", "content": "done"},
    )  # fmt: skip
    assert [turn.role for turn in conversation] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "assistant",
    ]
    kinds = [type(part) for part in conversation[1].parts]
    assert kinds == [ThoughtPart, TextPart, RefusalPart, TextPart, CallPart, CallPart]
    thought, *_, call, custom = conversation[1].parts
    assert isinstance(thought, ThoughtPart)
    assert (thought.text, thought.form) == ("Hm", "summary_text")
    assert isinstance(call, CallPart)
    assert isinstance(custom, CallPart)
    assert (call.id, call.name, call.kind, call.arguments) == ("c1", "f", "function", "{}")
    assert (custom.kind, custom.arguments) == ("custom", "x")
    (result,) = conversation[2].parts
    assert isinstance(result, ResultPart)
    assert (result.id, result.content) == ("c1", [TextPart("4")])


def test_images_files_sound_and_video() -> None:
    (turn,) = turns(
        {
            "role": "user",
            "content": [
                {"type": "input_image", "image_url": "https://a/b.png", "detail": "low"},
                {"type": "input_image", "file_id": "f"},
                {"type": "input_file", "file_data": "QQ==", "filename": "a.PDF"},
                {"type": "input_file", "file_url": "https://a/b"},
                {"type": "input_file", "file_id": "f"},
                {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
                {"type": "input_video", "video_url": "https://a/v"},
                {"type": "input_future"},
            ],
        }
    )
    image, by_id, pdf, linked, kept, sound, film, future = turn.parts
    assert image == ImagePart("https://a/b.png", "low")
    assert isinstance(by_id, OpaquePart)
    assert isinstance(future, OpaquePart)
    urls = [part.url for part in (pdf, linked, kept, sound, film) if isinstance(part, FilePart)]
    assert urls == [
        "data:application/pdf;base64,QQ==",
        "https://a/b",
        None,
        "data:audio/wav;base64,QQ==",
        "https://a/v",
    ]
    assert isinstance(pdf, FilePart)
    assert pdf.filename == "a.PDF"


def test_outputs_of_parts_and_of_nothing() -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,QQ=="}
    conversation = turns(
        CALL,
        {**RESULT, "output": [{"type": "input_text", "text": "see"}, image]},
        {**RESULT, "output": ""},
        {**RESULT, "output": None},
    )
    results = [turn.parts[0] for turn in conversation[1:]]
    assert all(isinstance(result, ResultPart) for result in results)
    assert [len(result.content) for result in results if isinstance(result, ResultPart)] == [
        2,
        1,
        0,
    ]


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("local_shell_call", "assistant"),
        ("local_shell_call_output", "user"),
        ("apply_patch_call", "assistant"),
        ("apply_patch_call_output", "user"),
        ("mcp_call", "assistant"),
        ("mcp_approval_request", "assistant"),
        ("mcp_approval_response", "user"),
        ("web_search_call", "assistant"),
        ("computer_call_output", "user"),
        ("compaction_trigger", "user"),
        ("something_new", "assistant"),
    ],
)
def test_other_kinds_of_item_are_kept(kind: str, role: str) -> None:
    item = {"type": kind, "id": "x", "data": 1}
    (turn,) = turns(item)
    assert (turn.role, turn.parts) == (role, [OpaquePart(item, "responses")])


def test_thinking_of_every_kind() -> None:
    def thought(**members: Any) -> ThoughtPart:
        (turn,) = turns({"type": "reasoning", "id": "r", "summary": [], **members})
        (part,) = turn.parts
        assert isinstance(part, ThoughtPart)
        return part

    raw = [{"type": "reasoning_text", "text": "a"}, {"type": "reasoning_text", "text": "b"}]
    assert thought(content=raw).text == "a\n\nb"
    assert thought(content=raw).form == "reasoning_text"
    assert thought(content=None, encrypted_content=None).sealed is None
    assert thought(encrypted_content="blob").sealed == "blob"


def test_tools_choice_and_format() -> None:
    inner = {"type": "function", "name": "read", "parameters": {}, "strict": True}
    call = asking(
        tools=[
            FUNCTION,
            {"type": "custom", "name": "patch", "description": "d"},
            {"type": "namespace", "name": "fs", "description": "d", "tools": [inner]},
            {"type": "web_search"},
        ],
        tool_choice={"type": "function", "name": "read"},
        text={"format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True}},
    )
    assert [(tool.kind, tool.name) for tool in call.tools] == [
        ("function", "f"),
        ("custom", "patch"),
        ("function", "fs__read"),
        ("web_search", ""),
    ]
    assert call.tools[1].parameters["required"] == ["input"]
    assert call.tool_choice is not None
    assert (call.tool_choice.mode, call.tool_choice.names) == ("named", ("fs__read",))
    assert call.format is not None
    assert (call.format.kind, call.format.name, call.format.strict) == ("json_schema", "n", True)


@pytest.mark.parametrize(
    ("value", "mode", "names"),
    [
        ("auto", "auto", ()),
        ("none", "none", ()),
        ("required", "required", ()),
        ({"type": "function", "name": "f"}, "named", ("f",)),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
            "allowed",
            ("f",),
        ),
        ({"type": "web_search_preview"}, "opaque", ()),
        ({"type": "mcp", "server_label": "s"}, "opaque", ()),
    ],
)
def test_forms_of_tool_choice(value: Any, mode: str, names: tuple[str, ...]) -> None:
    choice = asking(tools=[FUNCTION], tool_choice=value).tool_choice
    assert choice is not None
    assert (choice.mode, choice.names) == (mode, names)


def test_additional_tools_are_tools() -> None:
    item = {"type": "additional_tools", "role": "developer", "tools": [FUNCTION]}
    call = asking(input=[{"role": "user", "content": "Hi"}, item])
    assert [tool.name for tool in call.tools] == ["f"]


def test_the_thinking_knob() -> None:
    knob = asking(reasoning={"effort": "high", "summary": "auto"}).thinking
    assert knob is not None
    assert (knob.on, knob.effort) == (True, "high")
    off = asking(reasoning={"effort": "none"}).thinking
    assert off is not None
    assert off.on is False
    only = asking(reasoning={"summary": "auto"}).thinking
    assert only is not None
    assert (only.on, only.effort) == (None, None)
    switch = asking(thinking={"type": "disabled"}).thinking
    assert switch is not None
    assert switch.on is False


def test_members_that_mean_the_same_everywhere() -> None:
    members = {
        "frequency_penalty": 0.5,
        "metadata": {"a": "b"},
        "min_p": 0.1,
        "presence_penalty": 0.5,
        "prompt_cache_key": "k",
        "repetition_penalty": 1.1,
        "safety_identifier": "s",
        "service_tier": "flex",
        "store": True,
        "top_k": 5,
        "top_logprobs": 2,
    }
    call = asking(**members, text={"verbosity": "low"})
    assert call.extra == {**members, "verbosity": "low"}
    assert set(call.extra) <= COMMON_MEMBERS
    full = asking(max_output_tokens=9, temperature=0, top_p=1, seed=3, stop="x", user="u")
    assert (full.max_tokens, full.temperature, full.top_p) == (9, 0, 1)
    assert (full.seed, full.stop, full.user) == (3, ["x"], "u")


def test_what_is_asked_of_the_gateway() -> None:
    call = asking(
        previous_response_id="resp_1",
        store=True,
        background=True,
        include=["reasoning.encrypted_content"],
        truncation="auto",
        max_tool_calls=3,
        conversation={"id": "conv_1"},
        prompt={"id": "p"},
        stream_options={"include_obfuscation": False},
        reasoning={"summary": "detailed"},
        input=[{"id": "msg_9"}, {"type": "item_reference", "id": "msg_8"}],
    )
    assert asked(call) == Asked(
        previous_response_id="resp_1",
        store=True,
        background=True,
        conversation="conv_1",
        include=("reasoning.encrypted_content",),
        truncation="auto",
        max_tool_calls=3,
        references=("msg_9", "msg_8"),
        prompt={"id": "p"},
        obfuscation=False,
        summary="detailed",
    )
    assert asked(asking()).keeps
    assert asked(asking(conversation="conv_2")).conversation == "conv_2"
    foreign = asking()
    foreign.dialect = "chat"
    assert not asked(foreign).keeps


def test_preferences_are_ours() -> None:
    call = asking(
        provider={"order": ["a"]},
        providerOptions={"gateway": {"only": ["b"]}, "other": 1},
        models=["m2"],
    )
    assert call.preferences == {"order": ["a"], "only": ["b"]}
    assert (call.fallback_models, call.extra) == (["m2"], {"providerOptions": {"other": 1}})
    assert asking(extra_body={"top_k": 2}).extra == {"top_k": 2}


def test_null_is_nothing_and_unknown_members_are_kept() -> None:
    call = asking(temperature=None, tools=None, client_metadata={"a": 1}, reasoning=None)
    assert (call.temperature, call.tools, call.thinking) == (None, [], None)
    assert call.extra == {"client_metadata": {"a": 1}}


def test_input_may_be_missing_where_the_conversation_is_known() -> None:
    for name, value in (("previous_response_id", "resp_1"), ("prompt", {"id": "p"})):
        assert decode({"model": "m", name: value}).turns == []
        assert decode({"model": "m", "input": [], name: value}).turns == []


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"input": None}, "input", "Missing required field 'input'"),
    ({"input": None, "messages": []}, "input", "belongs to the chat completions API"),
    ({"input": []}, "input", "at least one item"),
    ({"input": 5}, "input", "a string or an array of items"),
    ({"input": {"role": "user"}}, "input", "Put the item into an array"),
    ({"input": ["Hi"]}, "input[0]", "an object"),
    ({"input": [{}]}, "input[0].type", "function_call_output"),
    ({"input": [{"type": 5}]}, "input[0].type", "a string"),
    ({"input": [{"role": "human", "content": "x"}]}, "input[0].role", 'Did you mean "user"?'),
    ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role", "function_call_output"),
    ({"input": [{"type": "message", "content": "x"}]}, "input[0].role", "who speaks"),
    ({"input": [{"role": "user"}]}, "input[0].content", "what the user says"),
    ({"input": [{"role": "user", "content": {"type": "input_text"}}]}, "input[0].content", "array"),
    ({"input": [{"role": "user", "content": [{"text": "x"}]}]}, "input[0].content[0].type", "inp"),
    (
        {"input": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "input[0].content[0].type",
        'Did you mean "input_image"?',
    ),
    (
        {
            "input": [
                {"role": "user", "content": [{"type": "input_image", "image_url": {"url": "x"}}]}
            ]
        },
        "input[0].content[0].image_url",
        "a string, not an object",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
        "input[0].content[0].image_url",
        "the image's address",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
        "input[0].content[0].file_data",
        "file_url or file_id",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_text"}]}]},
        "input[0].content[0].text",
        "the text of the part",
    ),
    ({"input": [{**CALL, "call_id": None}]}, "input[0].call_id", "the id that the call's output"),
    ({"input": [{**RESULT, "call_id": None}]}, "input[0].call_id", "the call_id of the call that"),
    ({"input": [{**CALL, "name": None}]}, "input[0].name", "the tool that was called"),
    ({"input": [{**CALL, "arguments": {}}]}, "input[0].arguments", "Encode the object as a string"),
    ({"input": [{**CALL, "arguments": None}]}, "input[0].arguments", "a string"),
    (
        {"input": [{"type": "function_call_output", "call_id": "c1"}]},
        "input[0].output",
        "what the tool answered",
    ),
    ({"input": [{**RESULT, "output": {}}]}, "input[0].output", "Encode it as a string"),
    (
        {"input": [{"type": "reasoning", "summary": [{"text": 5}]}]},
        "input[0].summary[0].text",
        "a string",
    ),
    ({"input": [{"type": "compaction"}]}, "input[0].encrypted_content", "a string"),
    ({"model": None}, "model", "name the model"),
    ({"model": "  "}, "model", "a model name"),
    ({"stream": "true"}, "stream", "send the boolean true"),
    ({"max_output_tokens": 0}, "max_output_tokens", "1 or more"),
    ({"max_tokens": 5}, "max_tokens", "max_output_tokens"),
    ({"max_completion_tokens": 5}, "max_completion_tokens", "max_output_tokens"),
    ({"response_format": {"type": "json_object"}}, "response_format", "text.format"),
    ({"temperature": "hot"}, "temperature", "a number"),
    ({"top_p": 2}, "top_p", "from 0 to 1"),
    ({"n": 2}, "n", "gives one answer"),
    ({"tools": {}}, "tools", "an array of tools"),
    ({"tools": [{"name": "f"}]}, "tools[0].type", 'send "function"'),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].name", "not inside"),
    ({"tools": [{"type": "function", "name": ""}]}, "tools[0].name", "not empty"),
    ({"tools": [{**FUNCTION, "parameters": []}]}, "tools[0].parameters", "an object"),
    (
        {"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}]},
        "tools[0].tools[0].name",
        "the name the model calls",
    ),
    ({"tool_choice": "any"}, "tool_choice", 'Did you mean "required"?'),
    ({"tool_choice": {"type": "any"}}, "tool_choice.type", 'the tool_choice "required"'),
    ({"tool_choice": {"type": "function", "function": {}}}, "tool_choice.name", "not inside"),
    (
        {"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "g"}},
        "tool_choice",
        "the name of one of the tools",
    ),
    ({"text": "json"}, "text", "an object"),
    ({"text": {"format": {}}}, "text.format.type", "json_schema"),
    ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format.schema", "JSON Sche"),
    (
        {"text": {"format": {"type": "json_schema", "json_schema": {}}}},
        "text.format.name",
        "not inside",
    ),
    ({"text": {"verbosity": "loud"}}, "text.verbosity", '"low", "medium", "high"'),
    ({"reasoning": "high"}, "reasoning", "an object"),
    ({"reasoning": {"effort": "extreme"}}, "reasoning.effort", "one of"),
    ({"reasoning": {"summary": "short"}}, "reasoning.summary", '"concise"'),
    ({"include": "reasoning"}, "include", "an array"),
    ({"include": [5]}, "include[0]", "a string"),
    ({"truncation": "yes"}, "truncation", '"auto", "disabled"'),
    ({"background": True, "store": False}, "background", "It must be false beside"),
    ({"previous_response_id": 5}, "previous_response_id", "a string"),
    ({"conversation": {}}, "conversation.id", "the conversation's id"),
    ({"prompt": {}}, "prompt.id", "the prompt's id"),
    ({"metadata": {"a": 1}}, "metadata.a", "a string"),
    ({"max_tool_calls": 0}, "max_tool_calls", "1 or more"),
    ({"top_logprobs": 99}, "top_logprobs", "from 0 to 20"),
    ({"instructions": ["a"]}, "instructions", "a string"),
    ({"provider": "a"}, "provider", "an object"),
]


@pytest.mark.parametrize(("members", "param", "words"), REFUSED)
def test_refusals_name_the_field_and_the_mend(
    members: dict[str, Any], param: str, words: str
) -> None:
    with pytest.raises(Refusal) as raised:
        decode({"model": "m", "input": "Hi", **members})
    assert raised.value.kind == "invalid"
    assert raised.value.param == param
    assert words in raised.value.message
    assert f"'{param}'" in raised.value.message


def test_an_ambiguous_local_name_is_refused() -> None:
    inner = {"type": "function", "name": "read"}
    tools = [
        {"type": "namespace", "name": name, "description": "d", "tools": [inner]} for name in "ab"
    ]
    with pytest.raises(Refusal, match="namespace"):
        asking(tools=tools, tool_choice={"type": "function", "name": "read"})
    choice = {"type": "function", "name": "read", "namespace": "b"}
    chosen = asking(tools=tools, tool_choice=choice).tool_choice
    assert chosen is not None
    assert chosen.names == ("b__read",)
