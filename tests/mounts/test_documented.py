"""The answers that services show on their pages, field by field, on the mounts of their shape.

What differs is listed here and nothing else may: the answer's id and time are ours, the model is
named as it was asked, and usage has more members.
"""

from __future__ import annotations

import json
from typing import Any

from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider

Json = Any

HELLO: list[Json] = [{"role": "user", "content": "hello"}]
USAGE_ADDED = {"cost", "estimated_cost", "prompt_tokens_details", "completion_tokens_details"}
DETAILS = {
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}


def ask(gateway: Gateway, path: str, **members: Json) -> bytes:
    response = gateway.post(path + "/chat/completions", {"messages": HELLO, **members})
    assert response.status == 200, response.body
    return response.body


def frames_of(body: bytes) -> list[Json]:
    lines = [line for line in body.decode().split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines.pop() == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def same(given: Json, documented: Json) -> None:
    """One answer or frame beside the documented one."""
    ours, theirs = dict(given), dict(documented)
    assert ours.keys() == theirs.keys()
    for name in ("id", "created"):
        assert type(ours.pop(name)) is type(theirs.pop(name))
    used, told = ours.pop("usage", None), theirs.pop("usage", None)
    assert (used is None) == (told is None)
    if told is not None:
        assert {k: v for k, v in used.items() if k not in USAGE_ADDED} == {
            k: v for k, v in told.items() if k not in USAGE_ADDED
        }
        assert {name: used[name] for name in DETAILS} == DETAILS
        assert used["cost"] == used["estimated_cost"] > 0
        assert used.keys() == told.keys() | USAGE_ADDED
    assert ours == theirs


# ---- AceData: /glm -------------------------------------------------------------------------------

ACE: Json = {
    "id": "msg_202604262252030313862701a04e33",
    "model": "glm-4.5-air",
    "object": "chat.completion",
    "created": 1777215124,
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello! \N{WAVING HAND SIGN} How are you?"},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 10, "completion_tokens": 23, "total_tokens": 33},
}


def ace_frame(choices: Json, usage: Json = None) -> Json:
    head = {"id": "msg_2026042622521271f765bbc3734ce1", "object": "chat.completion.chunk"}
    return {**head, "created": 1777215133, "model": "glm-4.5-air", **choices, "usage": usage}


def ace_delta(delta: Json, finish: str | None = None) -> Json:
    return ace_frame({"choices": [{"delta": delta, "finish_reason": finish, "index": 0}]})


ACE_USED = {"prompt_tokens": 1420, "completion_tokens": 18, "total_tokens": 1438}
ACE_FRAMES = [
    ace_delta({"content": "", "role": "assistant"}),
    ace_delta({"content": "Hello! How can I"}),
    ace_delta({"content": " assist you"}),
    ace_delta({"content": "?"}),
    ace_delta({}, "stop"),
    ace_frame({"choices": []}, ACE_USED),
]


def test_acedata_whole(gateway: Gateway, host: ScriptedProvider) -> None:
    host.script(answers.whole(ACE))
    same(json.loads(ask(gateway, "/glm", model="glm-4.5-air")), ACE)


def test_acedata_stream(gateway: Gateway, host: ScriptedProvider) -> None:
    """Usage comes unasked, in a last frame of its own, and is null in all before it."""
    host.script(*answers.stream([*map(answers.frame, ACE_FRAMES), answers.DONE]))
    given = frames_of(ask(gateway, "/glm", model="glm-4.5-air", stream=True))
    assert len(given) == len(ACE_FRAMES)
    for ours, theirs in zip(given, ACE_FRAMES, strict=True):
        same(ours, theirs)


def test_acedata_tool_call(gateway: Gateway, host: ScriptedProvider) -> None:
    call = answers.tool_call("get_weather", '{"city": "Beijing"}')
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    documented = {**ACE, "choices": [choice]}
    host.script(answers.whole(documented))
    tools = [{"type": "function", "function": {"name": "get_weather"}}]
    same(json.loads(ask(gateway, "/glm", model="glm-4.5-air", tools=tools)), documented)


# ---- DeepInfra: /v1/openai -----------------------------------------------------------------------

INFRA: Json = {
    "id": "chatcmpl-guMTxWgpFf",
    "object": "chat.completion",
    "created": 1694623155,
    "model": "zai-org/GLM-4.7",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": " Hello! It's nice to meet you."},
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 15,
        "completion_tokens": 16,
        "total_tokens": 31,
        "estimated_cost": 0.0000268,
    },
}


def infra_frame(delta: Json, finish: str | None = None) -> Json:
    return {
        "id": "Rc5hsIPHOSfMP3rNSFUw9tfR",
        "object": "chat.completion.chunk",
        "created": 1694623354,
        "model": "zai-org/GLM-4.7",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


INFRA_FRAMES = [
    *(
        infra_frame({"role": "assistant", "content": text})
        for text in (" ", " Hi", "!", "", "</s>")
    ),
    infra_frame({}, "stop"),
]
INFRA_HEALED = [
    infra_frame({"role": "assistant", "content": ""}),
    *(infra_frame({"content": text}) for text in (" ", " Hi", "!")),
    infra_frame({}, "stop"),
]
"""As a client gets it: the role once and first, no empty piece, and no end mark."""


def test_deepinfra_whole(gateway: Gateway, host: ScriptedProvider) -> None:
    """Members as documented; the cost is what was charged here."""
    host.script(answers.whole(INFRA))
    given = json.loads(ask(gateway, "/v1/openai", model="zai-org/GLM-4.7"))
    same(given, INFRA)
    assert given["usage"]["estimated_cost"] == 0.0000442  # 15 at 0.60 and 16 at 2.20 a million


def test_deepinfra_stream(gateway: Gateway, host: ScriptedProvider) -> None:
    host.script(*answers.stream([*map(answers.frame, INFRA_FRAMES), answers.DONE]))
    given = frames_of(ask(gateway, "/v1/openai", model="zai-org/GLM-4.7", stream=True))
    assert len(given) == len(INFRA_HEALED)
    for ours, theirs in zip(given, INFRA_HEALED, strict=True):
        same(ours, theirs)


# ---- Z.ai: /api/paas/v4 --------------------------------------------------------------------------


def test_zai_whole(gateway: Gateway, host: ScriptedProvider) -> None:
    """As recorded from glm-4.7; ``request_id`` stands beside the id, as there."""
    recorded = answers.glm()
    host.script(answers.whole(recorded))
    given = json.loads(ask(gateway, "/api/paas/v4", model="glm-4.7"))
    assert given.keys() == recorded.keys()
    assert given["model"] == "glm-4.7"
    assert given["choices"] == recorded["choices"]
    assert given["usage"]["completion_tokens_details"] == {"reasoning_tokens": 4}
    assert {name: given["usage"][name] for name in ("prompt_tokens", "completion_tokens")} == {
        "prompt_tokens": 7,
        "completion_tokens": 9,
    }


def test_zai_stream(gateway: Gateway, host: ScriptedProvider) -> None:
    """Usage rides in the frame of the finish."""
    host.script(*answers.stream(answers.glm_frames()))
    given = frames_of(ask(gateway, "/api/paas/v4", model="glm-4.7", stream=True))
    *middle, last = given
    assert all("usage" not in frame for frame in middle)
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["total_tokens"] == 16
    deltas = [frame["choices"][0]["delta"] for frame in given]
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "\nThe user greets."
    assert "".join(delta.get("content", "") for delta in deltas) == "Hello there."
