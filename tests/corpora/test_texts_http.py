"""Naughty strings and UTF-8 from a client to a host and back: the same bytes, or a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit import answers, corpora
from kit.gateway import Gateway
from kit.http import Client
from kit.provider import ScriptedProvider

PATHS = ("/v1/chat/completions", "/glm/chat/completions", "/api/paas/v4/chat/completions")
TEXTS = [
    *(text for text in corpora.naughty_strings()),
    *(one.data.decode() for one in corpora.sequences() if one.valid),
]


def ask(client: Client, gateway: Gateway, path: str, content: bytes, *, stream: bool) -> None:
    """Send a request whose text stands in the body as these very bytes."""
    head = b'{"model":"lab/m","stream":%b,' % (b"true" if stream else b"false")
    body = head + b'"messages":[{"role":"user","content":"' + content + b'"}]}'
    client.request("POST", path, {"content-type": "application/json", **gateway.headers()}, body)


def in_json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False)[1:-1].encode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stream", [False, True])
def test_texts_survive_both_ways(
    gateway: Gateway, parrot: ScriptedProvider, path: str, stream: bool
) -> None:
    with gateway.client() as client:
        for text in TEXTS:
            ask(client, gateway, path, in_json(text), stream=stream)
            response = client.read_head()
            assert response.status == 200, text
            assert said(client, stream=stream) == text
            sent: Any = parrot.requests[-1].json()
            assert sent["messages"][-1]["content"] == text


def said(client: Client, *, stream: bool) -> str:
    if not stream:
        content: str = json.loads(client.read_body())["choices"][0]["message"]["content"]
        return content
    frames = [frame.data for frame in client.frames()]
    assert frames.pop() == "[DONE]"
    deltas = [
        one["choices"][0]["delta"]
        for one in map(json.loads, filter(None, frames))
        if one["choices"]
    ]
    return "".join(delta.get("content", "") for delta in deltas)


def test_bytes_that_are_no_utf_8_are_refused(gateway: Gateway) -> None:
    with gateway.client() as client:
        for one in corpora.sequences():
            if not one.valid:
                ask(client, gateway, PATHS[0], one.data, stream=False)
                response = client.read_response()
                assert response.status == 400, (one.name, response.body)
                assert "not valid JSON" in response.json()["error"]["message"], one.name


@pytest.mark.parametrize("stream", [False, True])
def test_bytes_of_an_answer_that_are_no_utf_8_become_one_sign_each(
    gateway: Gateway, parrot: ScriptedProvider, stream: bool
) -> None:
    """Some hosts cut characters apart; a client's reader must not fail for that."""
    with gateway.client() as client:
        for one in corpora.sequences():
            if one.valid or {b"\n", b'"'} & {one.data[at : at + 1] for at in range(len(one.data))}:
                continue
            if stream:
                frames = answers.chat_frames(["MARK"])
                pieces = [frame.replace(b"MARK", one.data) for frame in frames]
                parrot.script(*answers.stream(pieces))
            else:
                whole = json.dumps(answers.chat("MARK")).encode().replace(b"MARK", one.data)
                parrot.script(answers.whole(whole))
            ask(client, gateway, PATHS[0], b"Hello", stream=stream)
            assert client.read_head().status == 200, one.name
            assert said(client, stream=stream) == one.mended, one.name
