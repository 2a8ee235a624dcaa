"""Answers in the shape that resellers document, member by member, on their mounts.

The host behind the gateway answers exactly in that shape; the client must get it so, with ids and
names that are ours and the members that every answer here has beside.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from seeds.frames import frames_of

Json = Any

HELLO = [{"role": "user", "content": "hello"}]
ADDED = {"cost", "estimated_cost", "prompt_tokens_details", "completion_tokens_details"}
"""Members of every answer's usage beside the documented ones."""

WHOLE: dict[str, Json] = {
    "/glm": {
        "id": "msg_202604262252030313862701a04e33",
        "model": "m",
        "object": "chat.completion",
        "created": 1777215124,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello! 👋 How can I help?"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 23, "total_tokens": 33},
    },
    "/v1/openai": {
        "id": "chatcmpl-guMTxWgpFf",
        "object": "chat.completion",
        "created": 1694623155,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": " Hello! Nice to meet you."},
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 15,
            "completion_tokens": 16,
            "total_tokens": 31,
            "estimated_cost": 0.0000268,
        },
    },
}


def shape(value: Json) -> Json:
    """Members and types of a value; numbers are one type."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return "number" if type(value) in (int, float) else type(value).__name__


def documented(usage: Json) -> Json:
    """The documented members of a usage object."""
    assert usage.keys() >= ADDED
    kept = {name: inner for name, inner in usage.items() if name not in ADDED - {"estimated_cost"}}
    assert kept["total_tokens"] == kept["prompt_tokens"] + kept["completion_tokens"]
    return kept


@pytest.mark.parametrize("mount", WHOLE)
def test_a_whole_answer(gateway: Gateway, host: ScriptedProvider, mount: str) -> None:
    answer = WHOLE[mount]
    host.script(answers.whole(answer))
    response = gateway.post(f"{mount}/chat/completions", {"model": "em", "messages": HELLO})
    assert response.status == 200
    got = response.json()
    used = documented(got.pop("usage"))
    wanted = {name: inner for name, inner in answer.items() if name != "usage"}
    assert shape(got) == shape(wanted)
    assert got["choices"] == answer["choices"]
    assert (got["object"], got["model"]) == ("chat.completion", "em")
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert used.pop(name) == answer["usage"][name]
    assert used.keys() == {"estimated_cost"}, "what was charged, on every mount"


def frame(delta: Json, finish: str | None = None, **members: Json) -> Json:
    return {
        "id": "theirs",
        "object": "chat.completion.chunk",
        "created": 1777215133,
        "model": "m",
        "choices": [{"delta": delta, "finish_reason": finish, "index": 0}],
        **members,
    }


USAGE = {"prompt_tokens": 1420, "completion_tokens": 18, "total_tokens": 1438}


def test_a_stream_of_acedata(gateway: Gateway, host: ScriptedProvider) -> None:
    documented_frames = [
        frame({"content": "", "role": "assistant"}, usage=None),
        frame({"content": "Hello! How can I"}, usage=None),
        frame({"content": " assist you"}, usage=None),
        frame({"content": "?"}, usage=None),
        frame({}, "stop", usage=None),
        {**frame({}), "choices": [], "usage": USAGE},
    ]
    host.script(*answers.stream([*map(answers.frame, documented_frames), answers.DONE]))
    body = {"model": "em", "messages": HELLO, "stream": True}
    got = frames_of(gateway.post("/glm/chat/completions", body).body.decode())
    assert documented(got[-1]["usage"]).items() >= USAGE.items()
    assert [one["choices"] for one in got] == [one["choices"] for one in documented_frames]
    assert [shape(one) for one in got[:-1]] == [shape(one) for one in documented_frames[:-1]]
    assert got[-1].keys() == documented_frames[-1].keys()


def test_a_stream_of_deepinfra(gateway: Gateway, host: ScriptedProvider) -> None:
    """Its host repeats the role and lets its end mark through; its users expect what OpenAI's
    library takes: the role once, and no mark."""
    theirs = [
        frame({"role": "assistant", "content": " "}),
        frame({"role": "assistant", "content": " Hi"}),
        frame({"role": "assistant", "content": "!"}),
        frame({"role": "assistant", "content": ""}),
        frame({}, "stop"),
    ]
    host.script(*answers.stream([*map(answers.frame, theirs), answers.DONE]))
    body = {"model": "em", "messages": HELLO, "stream": True}
    got = frames_of(gateway.post("/v1/openai/chat/completions", body).body.decode())
    deltas = [one["choices"][0]["delta"] for one in got]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"content": " "},
        {"content": " Hi"},
        {"content": "!"},
        {},
    ]
    assert all(shape(one).keys() == shape(theirs[0]).keys() for one in got)
    assert [one["choices"][0]["finish_reason"] for one in got] == [None] * 4 + ["stop"]
    assert json.dumps(got)


ERRORS = {
    401: "invalid_token",
    400: "token_mismatched",
}


@pytest.mark.parametrize("status", ERRORS)
def test_an_error_of_acedata(gateway: Gateway, status: int) -> None:
    headers = {"authorization": "Bearer nobody"} if status == 401 else {}
    response = gateway.post("/glm/chat/completions", {"model": "em"}, headers)
    assert response.status == status
    wanted = {"trace_id": "t", "error": {"code": ERRORS[status], "message": "why"}}
    assert shape(response.json()) == shape(wanted)
    assert response.json()["error"]["code"] == ERRORS[status]


def test_a_host_that_is_away_has_acedatas_words(gateway: Gateway, host: ScriptedProvider) -> None:
    host.script(answers.whole({"error": {"message": "x"}}, status=503))
    response = gateway.post("/glm/chat/completions", {"model": "em", "messages": HELLO})
    assert response.status == 500
    assert response.json()["error"] == {
        "code": "api_error",
        "message": "Service is temporarily unavailable, please retry later.",
    }
