"""What each shipped host is sent: the profiles through the chat codec."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.data import load_profiles
from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.request import decode

PROFILES = load_profiles()
CHAT = [name for name, one in PROFILES.items() if one.dialect == "chat"]
ASK = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def sent(host: str, **members: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(
        encode(decode({**ASK, **members}), PROFILES[host].quirks, "theirs").body
    )
    return body


@pytest.mark.parametrize("host", CHAT)
def test_a_plain_request_stays_plain(host: str) -> None:
    assert sent(host) == {"model": "theirs", "messages": ASK["messages"]}


@pytest.mark.parametrize(
    ("host", "members"),
    [
        ("zai", {"thinking": {"type": "disabled"}}),
        ("zai-coding-cn", {"thinking": {"type": "disabled"}}),
        ("novita", {"thinking": {"type": "disabled"}}),
        ("fireworks", {"thinking": {"type": "disabled"}}),
        ("deepinfra", {"reasoning": {"enabled": False}}),
        ("openrouter", {"reasoning": {"enabled": False}}),
        ("ai-gateway", {"reasoning": {"enabled": False}}),
        ("cerebras", {"reasoning_effort": "none"}),
        ("baseten", {"chat_template_args": {"enable_thinking": False}}),
        ("vllm", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("sglang", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("llamacpp", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("vertex", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("cloudflare", {"chat_template_kwargs": {"enable_thinking": False}}),
    ],
)
@pytest.mark.parametrize(
    "asked",
    [
        {"thinking": {"type": "disabled"}},
        {"enable_thinking": False},
        {"reasoning_effort": "none"},
        {"reasoning": {"enabled": False}},
        {"chat_template_kwargs": {"enable_thinking": False}},
    ],
    ids=lambda one: next(iter(one)),
)
def test_thinking_is_turned_off_in_the_hosts_own_words(
    host: str, members: dict[str, Any], asked: dict[str, Any]
) -> None:
    body = sent(host, **asked)
    assert body == {"model": "theirs", "messages": ASK["messages"], **members}


@pytest.mark.parametrize("host", CHAT)
def test_no_known_host_gets_a_foreign_word_for_thinking(host: str) -> None:
    if not PROFILES[host].quirks.thinking.known:
        return
    body = sent(host, thinking={"type": "enabled", "clear_thinking": False}, reasoning_effort="low")
    control = PROFILES[host].quirks.thinking
    own = {
        *control.on,
        *control.off,
        *(p.partition(".")[0] for p in (control.effort, control.keep) if p),
    }
    assert body.keys() <= {"model", "messages", *own}


def test_earlier_thinking_is_kept_in_the_hosts_own_words() -> None:
    keep = {"thinking": {"clear_thinking": False}}
    assert sent("zai", **keep)["thinking"] == {"clear_thinking": False}
    assert sent("cerebras", **keep)["clear_thinking"] is False
    assert sent("vllm", **keep)["chat_template_kwargs"] == {"clear_thinking": False}


def test_the_makers_ranges_and_names() -> None:
    body = sent("zai", temperature=2, top_p=0, user="somebody", logit_bias={"1": 1}, n=1)
    assert body["temperature"] == 1
    assert body["top_p"] == 0.01
    assert body["user_id"] == "somebody"
    assert "user" not in body
    assert "logit_bias" not in body
