"""Every frame of every host, spoiled in every way, as OpenAI's own types read it: strictly.

Over real sockets: an emulated host, the gateway, the bytes that a client gets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from glimway.sandbox import describe
from glimway.sandbox.families import FAMILIES
from kit.gateway import Gateway
from kit.http import Response
from sandbox.answers import STOCKS, WEATHER
from sandbox.stage import QUESTION, Stage
from seeds.setting import UNLIMITED, provider
from wire.chat.grammar import Clean, check_whole

Json = Any

HASTY = "deadlines = { answer_ms = 300, first_token_ms = 300, between_tokens_ms = 300 }"
"""For hosts that fall silent."""
LONG = {"huge-line", "think-loop"}
"""Scripts about size alone."""
GROUPS = ("stream", "usage", "model", "tools")
SCRIPTS = [row for row in describe() if row.group in GROUPS and row.name not in LONG]
ROUGH = [row for row in describe() if row.group in ("status", "wire")]
MOUNTS = {"/v1": True, "/v1/openai": True, "/glm": True, "/api/paas/v4": False}
"""Mount -> whether frames before the usage say ``usage: null`` (where usage was asked for)."""
HEADS = {
    "/v1": {"error", "trace_id"},
    "/v1/openai": {"error", "trace_id"},
    "/glm": {"error", "trace_id"},
    "/api/paas/v4": {"error", "trace_id"},
}
FAULTY = {
    "error-frame-N",
    "glued-cut",
    "malformed-first",
    "malformed-N",
    "network_error",
    "no-done",
    "tool-bad-args",
}


@pytest.fixture(scope="module")
def strict_gateway() -> Iterator[Gateway]:
    with Stage("uvloop") as hosts:
        url = hosts.sandbox.url
        parts = [UNLIMITED, provider("f-hasty", "zai", url("zai"), HASTY)]
        parts += [provider(f"f-{one}", one, url(one)) for one in FAMILIES]
        with Gateway("".join(parts)) as running:
            yield running


def ask(gateway: Gateway, name: str, mount: str = "/v1", **more: Json) -> Response:
    """Ask the host of a family, by a name that goes there as it is."""
    body: dict[str, Json] = {
        "model": name,
        "messages": [{"role": "user", "content": QUESTION}],
        **more,
    }
    return gateway.post(f"{mount}/chat/completions", body)


def streamed(gateway: Gateway, name: str, mount: str = "/v1", **more: Json) -> Response:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    return ask(gateway, name, mount, **options, **more)


def scripted(name: str, family: str) -> str:
    script = name.replace("-N", "-3").replace("-X", "-abc")
    return f"glm-4.7-flash{':' if script else ''}{script}@f-{family}"


def extras(row: Any) -> dict[str, Json]:
    return {"tools": [WEATHER, STOCKS]} if row.group == "tools" else {}


def refused(response: Response, mount: str) -> None:
    """A proper error of the mount."""
    assert 400 <= response.status < 600
    body = response.json()
    assert body.keys() == HEADS[mount]
    assert body["error"]["message"]
    assert body["trace_id"] == response.header("x-request-id")


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_frame_of_every_spoiled_stream(strict_gateway: Gateway, family: str) -> None:
    """One after the other, because a gateway is made for all of them."""
    for row in SCRIPTS:
        response = streamed(strict_gateway, scripted(row.name, family), **extras(row))
        if response.status != 200:
            assert row.name in FAULTY, (row.name, response.body)
            refused(response, "/v1")
            continue
        clean = Clean(response.body, usage_null=True, n=1)
        assert not clean.failed or row.name in FAULTY, (row.name, response.body[-300:])


@pytest.mark.parametrize("mount", MOUNTS)
def test_every_frame_on_every_mount(strict_gateway: Gateway, mount: str) -> None:
    for row in SCRIPTS:
        response = streamed(strict_gateway, scripted(row.name, "zai"), mount, **extras(row))
        if response.status != 200:
            assert row.name in FAULTY, row.name
            refused(response, mount)
            continue
        clean = Clean(response.body, usage_null=MOUNTS[mount], n=1)
        assert not clean.failed or row.name in FAULTY, row.name
        if not clean.failed:
            assert clean.usage["cost"] == clean.usage["estimated_cost"]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_whole_reply(strict_gateway: Gateway, family: str) -> None:
    for row in SCRIPTS:
        if row.only == "streams":
            continue
        response = ask(strict_gateway, scripted(row.name, family), **extras(row))
        if response.status != 200:
            assert row.name in FAULTY, (row.name, response.body)
            refused(response, "/v1")
            continue
        check_whole(response.body)


@pytest.mark.parametrize("mount", MOUNTS)
def test_what_a_host_may_do_to_the_wire_ends_in_an_answer_or_an_error(
    strict_gateway: Gateway, mount: str
) -> None:
    for row in ROUGH:
        for how in (ask, streamed):
            response = how(strict_gateway, scripted(row.name, "hasty"), mount)
            if response.status != 200:
                refused(response, mount)
            elif how is ask:
                check_whole(response.body)
            else:
                Clean(response.body, usage_null=MOUNTS[mount])


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_several_answers_are_numbered(strict_gateway: Gateway, family: str) -> None:
    response = streamed(strict_gateway, scripted("", family), n=3)
    clean = Clean(response.body, usage_null=True, n=3)
    assert not clean.failed
    assert all(clean.text[index] for index in range(3))
    whole = check_whole(ask(strict_gateway, scripted("", family), n=3).body)
    assert [choice["index"] for choice in whole["choices"]] == [0, 1, 2]


def test_thinking_is_counted_by_its_text_where_the_host_does_not(strict_gateway: Gateway) -> None:
    """A host that reports its output without saying how much of it was thinking."""
    whole = check_whole(ask(strict_gateway, scripted("", "vllm")).body)
    message, usage = whole["choices"][0]["message"], whole["usage"]
    thought, text = len(message["reasoning_content"]), len(message["content"])
    counted = usage["completion_tokens_details"]["reasoning_tokens"]
    assert counted == usage["completion_tokens"] * thought // (thought + text) > 0
    clean = Clean(streamed(strict_gateway, scripted("", "vllm")).body, usage_null=True)
    assert clean.usage["completion_tokens_details"]["reasoning_tokens"] > 0
    assert json.dumps(clean.usage)
