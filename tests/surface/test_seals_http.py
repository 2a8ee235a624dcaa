"""Thinking that a client keeps sealed comes back to the host that reads it, and to nobody else.

Over real sockets, with nothing kept here: what the next turn needs travels with the client.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit import answers
from kit.gateway import Gateway, config
from kit.http import Response, call
from kit.provider import ScriptedProvider

ADMIN_KEY = "glimadmin_of_these_tests"
THOUGHT = "The user greets, so do I."
USER = {"role": "user", "content": "Hi."}
SEALED: dict[str, Any] = {
    "model": "lab/m",
    "store": False,
    "include": ["reasoning.encrypted_content"],
}
CAPPED: dict[str, Any] = {"model": "lab/m", "max_tokens": 500}


@pytest.fixture(scope="module")
def host() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def gateway(host: ScriptedProvider) -> Iterator[Gateway]:
    environment = {"GLIMWAY_ADMIN_KEY": ADMIN_KEY}
    with Gateway(config(host.url), environment=environment) as running:
        yield running


def answered(host: ScriptedProvider, thought: str | None = THOUGHT) -> None:
    more = {} if thought is None else {"reasoning_content": thought}
    host.script(answers.whole(answers.chat("Hello.", **more)))


def first_turn(host: ScriptedProvider, gateway: Gateway) -> list[dict[str, Any]]:
    """The items of a first answer, as a client keeps them."""
    answered(host)
    response = gateway.post("/v1/responses", {**SEALED, "input": [USER]})
    assert response.status == 200, response.body
    items: list[dict[str, Any]] = response.json()["output"]
    assert [item["type"] for item in items] == ["reasoning", "message"]
    assert items[0]["encrypted_content"].startswith("gw1.")
    assert THOUGHT not in items[0]["encrypted_content"]
    return items


def first_blocks(host: ScriptedProvider, gateway: Gateway, **thinking: Any) -> list[dict[str, Any]]:
    """The blocks of a first answer, as a client keeps them."""
    answered(host)
    response = gateway.post("/v1/messages", {**CAPPED, "messages": [USER], **thinking})
    assert response.status == 200, response.body
    blocks: list[dict[str, Any]] = response.json()["content"]
    assert [block["type"] for block in blocks] == ["thinking", "text"]
    assert blocks[0]["signature"].startswith("gw1.")
    return blocks


def bare(item: dict[str, Any]) -> dict[str, Any]:
    """A reasoning item that nobody can read who cannot open it."""
    token = item["encrypted_content"]
    return {"type": "reasoning", "summary": [], "encrypted_content": token}


def next_turn(gateway: Gateway, items: list[dict[str, Any]]) -> Response:
    return gateway.post("/v1/responses", {**SEALED, "input": [USER, *items, USER]})


def test_sealed_reasoning_is_replayed_to_a_host_that_reads_it(
    host: ScriptedProvider, gateway: Gateway
) -> None:
    reasoning, message = first_turn(host, gateway)
    answered(host)
    # Some clients send the sealed text alone.
    bare = {"type": "reasoning", "summary": []}
    assert (
        next_turn(
            gateway, [{**bare, "encrypted_content": reasoning["encrypted_content"]}, message]
        ).status
        == 200
    )
    told = host.requests[-1].json()["messages"][1]
    assert told["role"] == "assistant"
    assert (told["reasoning_content"], told["content"]) == (THOUGHT, "Hello.")


def test_a_seal_outlives_a_restart(host: ScriptedProvider, gateway: Gateway) -> None:
    items = first_turn(host, gateway)
    gateway.restart()
    host.drop_idle()
    answered(host)
    assert next_turn(gateway, [bare(items[0]), items[1]]).status == 200
    assert host.requests[-1].json()["messages"][1]["reasoning_content"] == THOUGHT


@pytest.mark.parametrize("forged", ["gw1.", "gw1.AAAA", "gw1.!!", "gw1." + "A" * 500, "gAAAAAB"])
def test_a_forged_seal_is_left_out_and_named(
    host: ScriptedProvider, gateway: Gateway, forged: str
) -> None:
    answered(host)
    item = bare({"encrypted_content": forged})
    response = next_turn(gateway, [item, {"role": "assistant", "content": "Hello."}])
    assert response.status == 200, response.body
    assert response.header("x-glimway-adjusted") == "sealed thinking left out"
    assert "reasoning_content" not in host.requests[-1].json()["messages"][1]


def test_a_seal_of_another_project_is_not_opened(host: ScriptedProvider, gateway: Gateway) -> None:
    items = first_turn(host, gateway)
    admin = {"authorization": f"Bearer {ADMIN_KEY}"}
    project = call(gateway.url + "/admin/v1/projects", {"name": "other"}, admin).json()["id"]
    made = call(gateway.url + "/admin/v1/keys", {"name": "k", "project": project}, admin).json()
    answered(host)
    asked = {**SEALED, "input": [USER, bare(items[0]), items[1], USER]}
    headers = {"authorization": f"Bearer {made['key']}"}
    response = call(gateway.url + "/v1/responses", asked, headers)
    assert response.status == 200, response.body
    assert response.header("x-glimway-adjusted") == "sealed thinking left out"
    assert "reasoning_content" not in host.requests[-1].json()["messages"][1]


def test_a_streamed_seal_opens_too(host: ScriptedProvider, gateway: Gateway) -> None:
    frames = answers.chat_frames("Hello.")
    frames.insert(1, answers.frame(answers.chat_chunk({"reasoning_content": THOUGHT})))
    host.script(*answers.stream(frames))
    with gateway.client() as client:
        client.post_json(
            "/v1/responses", {**SEALED, "input": [USER], "stream": True}, gateway.headers()
        )
        client.read_head()
        events = [frame.json() for frame in client.frames() if frame.data is not None]
    (done,) = [one for one in events if one["type"] == "response.completed"]
    items = done["response"]["output"]
    answered(host)
    assert next_turn(gateway, [bare(items[0]), items[1]]).status == 200
    assert host.requests[-1].json()["messages"][1]["reasoning_content"] == THOUGHT


def test_without_being_asked_for_nothing_is_sealed_in_responses(
    host: ScriptedProvider, gateway: Gateway
) -> None:
    answered(host)
    body = {"model": "lab/m", "input": [USER], "store": True}
    response = gateway.post("/v1/responses", body)
    assert "encrypted_content" not in response.json()["output"][0]


def test_what_is_not_kept_is_sealed_without_being_asked_for(
    host: ScriptedProvider, gateway: Gateway
) -> None:
    answered(host)
    response = gateway.post("/v1/responses", {"model": "lab/m", "input": [USER]})
    assert response.json()["store"] is False
    assert response.json()["output"][0]["encrypted_content"]


@pytest.mark.parametrize("shown", [True, False], ids=["shown", "omitted"])
def test_a_thinking_block_is_replayed_by_its_signature(
    host: ScriptedProvider, gateway: Gateway, shown: bool
) -> None:
    more = {} if shown else {"thinking": {"type": "adaptive", "display": "omitted"}}
    blocks = first_blocks(host, gateway, **more)
    assert blocks[0]["thinking"] == (THOUGHT if shown else "")  # then the signature holds it
    answered(host)
    told = [USER, {"role": "assistant", "content": blocks}, USER]
    response = gateway.post("/v1/messages", {**CAPPED, "messages": told})
    assert response.status == 200, response.body
    assert host.requests[-1].json()["messages"][1]["reasoning_content"] == THOUGHT


@pytest.mark.parametrize("kind", ["thinking", "redacted_thinking"])
def test_a_forged_signature_is_left_out_and_named(
    host: ScriptedProvider, gateway: Gateway, kind: str
) -> None:
    answered(host)
    forged = {"type": kind, "thinking": "", "signature": "gw1.AAAA"}
    if kind == "redacted_thinking":
        forged = {"type": kind, "data": "gw1.AAAA"}
    content = [forged, {"type": "text", "text": "Hello."}]
    told = [USER, {"role": "assistant", "content": content}, USER]
    response = gateway.post("/v1/messages", {**CAPPED, "messages": told})
    assert response.status == 200, response.body
    assert "sealed thinking left out" in (response.header("x-glimway-adjusted") or "")
    assert "reasoning_content" not in host.requests[-1].json()["messages"][1]


def test_a_seal_of_one_dialect_is_none_of_another(host: ScriptedProvider, gateway: Gateway) -> None:
    token = first_blocks(host, gateway)[0]["signature"]
    answered(host)
    item = bare({"encrypted_content": token})
    response = next_turn(gateway, [item, {"role": "assistant", "content": "Hello."}])
    assert response.header("x-glimway-adjusted") == "sealed thinking left out"
