from __future__ import annotations

import base64
from typing import Any

import pytest

from glimway.wire.chat.outgoing import encode
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal
from glimway.wire.talk import (
    CallPart,
    FilePart,
    ImagePart,
    OpaquePart,
    ResultPart,
    TextPart,
    ThoughtPart,
    Turn,
)
from wire.aisdk.making import asking, saying

PNG = "iVBORw0KGgo="


def part_of(value: Any, role: str = "user") -> Any:
    (turn,) = asking(prompt=saying(value, role=role)).turns
    (part,) = turn.parts
    return part


def test_system_and_plain_text() -> None:
    prompt = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": "Hello."},
    ]
    assert asking(prompt=prompt).turns == [
        Turn("system", [TextPart("Be brief.")]),
        Turn("user", [TextPart("Hi")]),
        Turn("assistant", [TextPart("Hello.")]),
    ]


def test_a_hint_about_caching_is_kept_under_its_common_name() -> None:
    options = {"anthropic": {"cacheControl": {"type": "ephemeral"}}}
    part = part_of({"type": "text", "text": "Hi", "providerOptions": options})
    assert part.extra == {
        "providerOptions": options,
        "cache_control": {"type": "ephemeral"},
    }


IMAGES = [
    ("https://x.test/a.png", "image/*", "https://x.test/a.png"),
    ("data:image/gif;base64,R0lGOD", "image/gif", "data:image/gif;base64,R0lGOD"),
    (PNG, "image/png", f"data:image/png;base64,{PNG}"),
    (PNG, "image/*", f"data:image/png;base64,{PNG}"),
    ("/9j/4AAQ", "image", "data:image/jpeg;base64,/9j/4AAQ"),
    ({"type": "data", "data": PNG}, "image/png", f"data:image/png;base64,{PNG}"),
    ({"type": "data", "data": PNG}, "IMAGE", f"data:image/png;base64,{PNG}"),
    ({"type": "url", "url": "https://x.test/a.png"}, "image", "https://x.test/a.png"),
    (
        {"type": "url", "url": "gs://b/a%20b", "originalUrl": "gs://b/a b"},
        "image/png",
        "gs://b/a b",
    ),
]


@pytest.mark.parametrize(("data", "media", "url"), IMAGES)
def test_images_in_every_form(data: Any, media: str, url: str) -> None:
    part = part_of({"type": "file", "mediaType": media, "data": data})
    assert part == ImagePart(url)


def test_the_detail_of_an_image_is_an_option_of_any_provider() -> None:
    options = {"openai": {"imageDetail": "low"}}
    item = {"type": "file", "mediaType": "image/png", "data": PNG, "providerOptions": options}
    part = part_of(item)
    assert part.detail == "low"


@pytest.mark.parametrize(
    ("data", "media", "kind", "url"),
    [
        ("JVBERg==", "application/pdf", "file", "data:application/pdf;base64,JVBERg=="),
        ("UklG", "audio/wav", "audio", "data:audio/wav;base64,UklG"),
        ("SUQz", "audio/mpeg", "audio", "data:audio/mp3;base64,SUQz"),
        ("https://x.test/v.mp4", "video/mp4", "video", "https://x.test/v.mp4"),
        ("YWI=", "text/*", "file", "data:text/plain;base64,YWI="),
        (
            {"type": "text", "text": "a é"},
            "text/plain",
            "file",
            "data:text/plain;base64," + base64.b64encode("a é".encode()).decode(),
        ),
        ({"type": "reference", "reference": {"openai": "file-1"}}, "image/png", "file", None),
    ],
)
def test_other_files(data: Any, media: str, kind: Any, url: str | None) -> None:
    item = {"type": "file", "mediaType": media, "data": data, "filename": "f"}
    assert part_of(item) == FilePart(kind, item, "aisdk", url=url, filename="f")


def test_a_turn_of_the_assistant_keeps_the_order_of_its_parts() -> None:
    prompt = saying(
        {"type": "reasoning", "text": "hm"},
        {"type": "text", "text": "Let me see."},
        {"type": "tool-call", "toolCallId": "c1", "toolName": "w", "input": {"a": 1}},
        {"type": "tool-call", "toolCallId": "c2", "toolName": "w", "input": '{"a": tru'},
        {"type": "custom", "kind": "openai.compaction"},
        role="assistant",
    )
    assert asking(prompt=prompt).turns[0].parts == [
        ThoughtPart("hm", "reasoning"),
        TextPart("Let me see."),
        CallPart("c1", "w", '{"a":1}'),
        CallPart("c2", "w", '{"a": tru'),
        OpaquePart({"type": "custom", "kind": "openai.compaction"}, "aisdk"),
    ]


def test_a_call_to_a_tool_of_free_text_is_text() -> None:
    tools = [{"type": "provider", "id": "openai.custom", "name": "patch", "args": {}}]
    item = {"type": "tool-call", "toolCallId": "c", "toolName": "patch", "input": "*** Begin"}
    (turn,) = asking(prompt=saying(item, role="assistant"), tools=tools).turns
    assert turn.parts == [CallPart("c", "patch", "*** Begin", "custom")]


@pytest.mark.parametrize(
    ("options", "signature", "sealed", "origin"),
    [
        ({"glimway": {"signature": "s", "model": "m"}}, "s", None, "m"),
        ({"glimway": {"sealed": "x"}, "anthropic": {"signature": "t"}}, None, "x", None),
        ({"anthropic": {"signature": "t"}}, "t", None, None),
        ({"anthropic": {"redactedData": "r"}}, None, "r", None),
        ({"openai": {"itemId": "rs_1", "reasoningEncryptedContent": "e"}}, None, "e", None),
        ({"openai": {"itemId": "rs_1", "reasoningEncryptedContent": None}}, None, None, None),
    ],
)
def test_proofs_of_thinking_come_back(
    options: Any, signature: str | None, sealed: str | None, origin: str | None
) -> None:
    part = part_of({"type": "reasoning", "text": "hm", "providerOptions": options}, "assistant")
    assert (part.signature, part.sealed) == (signature, sealed)
    assert part.extra.get("origin") == origin
    assert part.extra["providerOptions"] == options


OUTPUTS = [
    ({"type": "text", "value": "21"}, "21", False),
    ({"type": "json", "value": {"a": [1, None]}}, '{"a":[1,null]}', False),
    ({"type": "json", "value": None}, "null", False),
    ({"type": "error-text", "value": "no"}, "no", True),
    ({"type": "error-json", "value": {"why": 1}}, '{"why":1}', True),
    ({"type": "execution-denied"}, "The user denied the execution of this tool.", False),
    ({"type": "execution-denied", "reason": "Never."}, "Never.", False),
]


@pytest.mark.parametrize(("output", "text", "failed"), OUTPUTS)
def test_results(output: Any, text: str, failed: bool) -> None:
    item = {"type": "tool-result", "toolCallId": "c", "toolName": "w", "output": output}
    (turn,) = asking(prompt=saying(item, role="tool")).turns
    extra = {"toolName": "w"}
    result = ResultPart("c", [TextPart(text)], is_error=failed, extra=extra)
    assert turn == Turn("tool", [result])


def test_results_with_files_in_both_versions_words() -> None:
    value = [
        {"type": "text", "text": "see"},
        {"type": "file", "mediaType": "image/png", "data": {"type": "data", "data": PNG}},
        {"type": "image-data", "data": PNG, "mediaType": "image/png"},
        {"type": "image-url", "url": "https://x.test/a.png"},
        {"type": "media", "data": PNG, "mediaType": "image/png"},
        {"type": "file-data", "data": "JVBERg==", "mediaType": "application/pdf", "filename": "a"},
        {"type": "image-file-id", "fileId": "f"},
        {"type": "custom", "providerOptions": {"x": {}}},
    ]
    item = {
        "type": "tool-result",
        "toolCallId": "c",
        "toolName": "w",
        "output": {"type": "content", "value": value},
    }
    (turn,) = asking(prompt=saying(item, role="tool")).turns
    (result,) = turn.parts
    assert isinstance(result, ResultPart)
    data = f"data:image/png;base64,{PNG}"
    assert result.content[:5] == [
        TextPart("see"),
        ImagePart(data),
        ImagePart(data),
        ImagePart("https://x.test/a.png"),
        ImagePart(data),
    ]
    document, elsewhere, own = result.content[5:]
    assert isinstance(document, FilePart)
    assert document.url == "data:application/pdf;base64,JVBERg=="
    assert isinstance(elsewhere, FilePart)
    assert elsewhere.url is None
    assert isinstance(own, OpaquePart)


def test_each_result_is_a_turn_and_those_of_one_message_are_joined() -> None:
    results = [
        {
            "type": "tool-result",
            "toolCallId": name,
            "toolName": "w",
            "output": {"type": "text", "value": name},
        }
        for name in ("a", "b")
    ]
    approval = {"type": "tool-approval-response", "approvalId": "p", "approved": True}
    turns = asking(prompt=saying(*results, approval, role="tool")).turns
    assert [turn.joined for turn in turns] == [False, True, True]
    assert turns[2].parts == [OpaquePart(approval, "aisdk")]


def test_a_conversation_reaches_a_host_that_speaks_chat() -> None:
    prompt = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "text": "hm"},
                {"type": "tool-call", "toolCallId": "c1", "toolName": "w", "input": {"a": 1}},
            ],
        },
        *saying(
            {
                "type": "tool-result",
                "toolCallId": "c1",
                "toolName": "w",
                "output": {"type": "error-text", "value": "no"},
            },
            {"type": "tool-approval-response", "approvalId": "p", "approved": True},
            role="tool",
        ),
    ]
    outgoing = encode(asking(prompt=prompt, brandNew=1), Quirks(), "m")
    assert outgoing.body == (
        b'{"model":"m","messages":[{"role":"system","content":"Be brief."},'
        b'{"role":"user","content":"Weather?"},'
        b'{"role":"assistant","content":"","reasoning_content":"hm","tool_calls":[{"id":"c1",'
        b'"type":"function","function":{"name":"w","arguments":"{\\"a\\":1}"}}]},'
        b'{"role":"tool","content":"Error: no","tool_call_id":"c1"}]}'
    )
    assert outgoing.adjusted == (
        "brandNew left out",
        "a part of type tool-approval-response left out",
    )


CALL = {"type": "tool-call", "toolCallId": "c", "toolName": "w", "input": {}}
RESULT = {"type": "tool-result", "toolCallId": "c", "toolName": "w"}
AT = "prompt[0].content[0]"
WRONG: list[tuple[Any, str, str]] = [
    (["Hi"], "prompt[0]", "an object"),
    ([{"content": "Hi"}], "prompt[0].role", "who speaks"),
    ([{"role": "developer", "content": "Hi"}], "prompt[0].role", 'Send "system"'),
    ([{"role": "usr", "content": "Hi"}], "prompt[0].role", 'Did you mean "user"?'),
    ([{"role": "user"}], "prompt[0].content", "what the user says"),
    ([{"role": "system", "content": [{}]}], "prompt[0].content", "a string"),
    (saying("Hi"), AT, "an object"),
    (saying({"text": "Hi"}), f"{AT}.type", '"text" or "file"'),
    (saying({"type": "text"}), f"{AT}.text", "the text"),
    (saying({"type": "text", "text": 1}), f"{AT}.text", "a string"),
    (saying({"type": "image", "image": "x"}), f"{AT}.type", '{"type": "file"'),
    (saying({"type": "tool-call"}), f"{AT}.type", "of the user"),
    (saying({"type": "file", "data": "x"}), f"{AT}.mediaType", "image/png"),
    (saying({"type": "file", "mediaType": "image/png"}), f"{AT}.data", "base64"),
    (saying({"type": "file", "mediaType": "image/png", "data": ""}), f"{AT}.data", "base64"),
    (saying({"type": "file", "mediaType": "image/*", "data": "AAAA"}), f"{AT}.data", "mediaType"),
    (
        saying({"type": "file", "mediaType": "image/png", "data": {"0": 137, "1": 80}}),
        f"{AT}.data",
        "Bytes must be sent in base64",
    ),
    (
        saying({"type": "file", "mediaType": "a/b", "data": {"type": "blob"}}),
        f"{AT}.data.type",
        "reference",
    ),
    (
        saying({"type": "file", "mediaType": "a/b", "data": {"type": "url", "url": "a.png"}}),
        f"{AT}.data.url",
        "https://",
    ),
    (
        saying({"type": "file", "mediaType": "a/b", "data": {"type": "data"}}),
        f"{AT}.data.data",
        "needs it",
    ),
    (
        saying({"type": "text", "text": "a", "providerOptions": {"x": 1}}),
        f"{AT}.providerOptions.x",
        "an object",
    ),
    (saying({**CALL, "toolCallId": None}, role="assistant"), f"{AT}.toolCallId", "ties"),
    (saying({**CALL, "toolName": 1}, role="assistant"), f"{AT}.toolName", "a string"),
    (
        saying({k: v for k, v in CALL.items() if k != "input"}, role="assistant"),
        f"{AT}.input",
        "{} for nothing",
    ),
    (saying({"type": "reasoning"}, role="assistant"), f"{AT}.text", "a string"),
    (saying({"type": "text", "text": "a"}, role="tool"), f"{AT}.type", '"tool-result"'),
    (saying(RESULT, role="tool"), f"{AT}.output", "for example"),
    (saying({**RESULT, "result": 1}, role="tool"), f"{AT}.output", "'result'"),
    (saying({**RESULT, "output": "21"}, role="tool"), f"{AT}.output", "an object"),
    (saying({**RESULT, "output": {"type": "txt"}}, role="tool"), f"{AT}.output.type", "text"),
    (saying({**RESULT, "output": {"type": "json"}}, role="tool"), f"{AT}.output.value", "needs"),
    (
        saying({**RESULT, "output": {"type": "content", "value": "a"}}, role="tool"),
        f"{AT}.output.value",
        "an array",
    ),
]


@pytest.mark.parametrize(("prompt", "param", "words"), WRONG)
def test_a_wrong_part_is_named_with_what_is_accepted(prompt: Any, param: str, words: str) -> None:
    with pytest.raises(Refusal) as caught:
        asking(prompt=prompt)
    assert caught.value.param == param
    assert words in caught.value.message
