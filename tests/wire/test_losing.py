"""What the model must read is sent or refused, whichever API the host speaks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.chat import CHAT_CLIENT, CHAT_PROVIDER
from glimway.wire.messages import MESSAGES_CLIENT, MESSAGES_PROVIDER
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal
from glimway.wire.responses import RESPONSES_CLIENT, RESPONSES_PROVIDER
from glimway.wire.talk import Call

HOSTS = {"chat": CHAT_PROVIDER, "messages": MESSAGES_PROVIDER, "responses": RESPONSES_PROVIDER}


def said(dialect: str, *parts: Any) -> Call:
    message = {"role": "user", "content": list(parts)}
    if dialect == "chat":
        return CHAT_CLIENT.decode({"model": "m", "messages": [message]}, [])
    if dialect == "messages":
        return MESSAGES_CLIENT.decode({"model": "m", "max_tokens": 9, "messages": [message]}, [])
    return RESPONSES_CLIENT.decode({"model": "m", "input": [message]}, [])


def sent(call: Call, host: str) -> tuple[Any, tuple[str, ...]]:
    written = HOSTS[host].encode(call, Quirks(), "m")
    return json.loads(written.body), written.adjusted


TEXTS = {
    "chat": {"type": "text", "text": "Hi"},
    "messages": {"type": "text", "text": "Hi"},
    "responses": {"type": "input_text", "text": "Hi"},
}
MUST = [
    ("chat", {"type": "file", "file": {"file_id": "f"}}),
    ("messages", {"type": "image", "source": {"type": "file", "file_id": "f"}}),
    ("messages", {"type": "image", "source": {"type": "new", "x": 1}}),
    ("messages", {"type": "document", "source": {"type": "new", "x": 1}}),
    ("responses", {"type": "input_image", "file_id": "f"}),
    ("responses", {"type": "input_file", "file_id": "f"}),
]
FOREIGN = [(d, part, host) for d, part in MUST for host in HOSTS if host != d]


@pytest.mark.parametrize(("dialect", "part", "host"), FOREIGN)
def test_what_the_model_must_read_is_refused_beside_text_too(
    dialect: str, part: Any, host: str
) -> None:
    with pytest.raises(Refusal) as caught:
        sent(said(dialect, TEXTS[dialect], part), host)
    assert caught.value.kind == "unsupported"
    assert "has no place in" in caught.value.message


@pytest.mark.parametrize("dialect", HOSTS)
@pytest.mark.parametrize("host", HOSTS)
def test_what_nobody_knows_is_left_out_beside_text_and_refused_alone(
    dialect: str, host: str
) -> None:
    new = {"type": "sketch", "x": 1}
    beside = said(dialect, TEXTS[dialect], new)
    _, adjusted = sent(beside, host)
    assert ("a part of type sketch left out" in adjusted) == (dialect != host)
    if dialect == host:
        return
    with pytest.raises(Refusal) as caught:
        sent(said(dialect, new), host)
    assert "The end of the conversation (a part of type 'sketch')" in caught.value.message


def test_an_empty_message_reaches_a_host_of_responses() -> None:
    assert sent(said("chat", {"type": "text", "text": ""}), "responses")[0]["input"] == [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": ""}]}
    ]
    empty = MESSAGES_CLIENT.decode(
        {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": ""}]}, []
    )
    assert sent(empty, "responses")[0]["input"] == [
        {"type": "message", "role": "user", "content": ""}
    ]


def image(dialect: str, url: str) -> Any:
    if dialect == "chat":
        return {"type": "image_url", "image_url": {"url": url}}
    if dialect == "responses":
        return {"type": "input_image", "image_url": url}
    if url.startswith("data:image/png;base64,"):
        data = url.removeprefix("data:image/png;base64,")
        return {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": data},
        }
    return {"type": "image", "source": {"type": "url", "url": url}}


@pytest.mark.parametrize("dialect", HOSTS)
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "A host cannot read your files"),
        ("FILE:/etc/passwd", "A host cannot read your files"),
        ("data:image/png;base64,@@@@", "base64"),
        ("data:image/png;base64,", ""),
        ("data:", "with data in it"),
        ("data:image/jpeg", "with data in it"),
        (" ", "https: or data:"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(dialect: str, url: str, words: str) -> None:
    with pytest.raises(Refusal) as caught:
        said(dialect, image(dialect, url))
    assert caught.value.kind == "invalid"
    assert words in caught.value.message
    assert (caught.value.param or "").startswith(
        ("messages[0].content[0].", "input[0].content[0].")
    )


@pytest.mark.parametrize("dialect", HOSTS)
@pytest.mark.parametrize(
    "url",
    [
        "https://x.test/a.png",
        "http://x.test/a.png",
        "data:image/png;base64,QUJD\nREVG",
        "data:image/png;base64,QUJD-_==",
        "data:image/svg+xml,%3Csvg/%3E",
        "s3://bucket/a.png",
        "iVBORw0KGgo",
    ],
)
def test_other_addresses_go_on(dialect: str, url: str) -> None:
    written, _ = sent(said(dialect, image(dialect, url)), dialect)
    assert written


@pytest.mark.parametrize("dialect", ["chat", "responses"])
def test_a_host_of_messages_gets_addresses_that_it_can_follow(dialect: str) -> None:
    with pytest.raises(Refusal) as caught:
        sent(said(dialect, image(dialect, "s3://bucket/a.png")), "messages")
    assert "neither https: nor data:" in caught.value.message


NO_TOOLS = [
    ("chat", "required"),
    ("chat", {"type": "function", "function": {"name": "f"}}),
    ("messages", {"type": "any"}),
    ("messages", {"type": "tool", "name": "f"}),
    ("responses", "required"),
    ("responses", {"type": "function", "name": "f"}),
]


@pytest.mark.parametrize(("dialect", "choice"), NO_TOOLS)
def test_a_call_is_not_demanded_of_nothing(dialect: str, choice: Any) -> None:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    if dialect == "responses":
        body = {"model": "m", "input": "Hi"}
    client = {"chat": CHAT_CLIENT, "messages": MESSAGES_CLIENT, "responses": RESPONSES_CLIENT}
    with pytest.raises(Refusal) as caught:
        client[dialect].decode({**body, "tool_choice": choice}, [])
    assert (caught.value.kind, caught.value.param) == ("invalid", "tool_choice")
    assert "as there are no 'tools'" in caught.value.message


def test_a_name_beside_the_function_is_understood() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": [tool]}
    with pytest.raises(Refusal) as caught:
        CHAT_CLIENT.decode({**body, "tool_choice": {"type": "function", "name": "f"}}, [])
    assert "put the name into it" in caught.value.message


@pytest.mark.parametrize("host", ["messages", "responses"])
def test_what_only_chat_hosts_read_is_named_or_refused(host: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    arguments = {"chat_template_kwargs": {"enable_thinking": False, "language": "en"}}
    _, adjusted = sent(CHAT_CLIENT.decode({**body, **arguments}, []), host)
    assert "chat_template_kwargs.language left out" in adjusted
    outdated = CHAT_CLIENT.decode({**body, "functions": [{"name": "f"}]}, [])
    with pytest.raises(Refusal, match="Send 'tools'") as caught:
        sent(outdated, host)
    assert caught.value.param == "functions"


def test_any_json_object_is_asked_of_a_chat_host() -> None:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    form = {"output_config": {"format": {"type": "json_object"}}}
    written, _ = sent(MESSAGES_CLIENT.decode({**body, **form}, []), "chat")
    assert written["response_format"] == {"type": "json_object"}
