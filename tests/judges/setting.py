"""The judges there are: which program, in which environment, with which cases.

Knows each judge by one line. Refuses to hold one that needs a path which nobody serves: such a
line waits until there is a mount for it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from glimway.surface.mounts import MOUNTS
from house.reading import ROOT

PROGRAMS = ROOT / "tests/judges/programs"

LOOP = ("text", "stream", "tools", "streamed_tools", "thinking", "structured", "error")
"""What every judge tries: an answer, a stream, two turns with parallel calls (whole and streamed),
thinking, structured output, and an error."""
AGENT = tuple(case for case in LOOP if case != "streamed_tools")
GATEWAY = (*LOOP, "key", "cut", "length")
ACCOUNT = ("config", "credits", "generation")

BESIDE: tuple[str, ...] = ("/v1/messages/count_tokens", "/v3/ai/config", "/v4/ai/config")
"""Paths that are served beside those of calls, and that some judge waits for."""

SERVED = frozenset((*(mount.path for mount in MOUNTS), *BESIDE))


class Judge(NamedTuple):
    """One program.

    Args:
        name: for the test's id.
        path: the path it needs.
        environment: ``python`` or ``node``.
        program: its file.
        arguments: given to it.
        cases: what it tries.
    """

    name: str
    path: str
    environment: str
    program: str
    arguments: tuple[str, ...] = ()
    cases: tuple[str, ...] = LOOP


_CHAT, _RESPONSES, _MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
_OWN_BASE = "/anthropic/v1/messages"
_V3, _V4 = "/v3/ai", "/v4/ai"

_ALL = (
    Judge("zai-sdk", "/api/paas/v4/chat/completions", "python", "chat_zai.py"),
    Judge("langchain-chat", _CHAT, "python", "chat_langchain.py"),
    Judge("pydantic-chat", _CHAT, "python", "chat_pydantic.py", cases=AGENT),
    Judge("openai-node-chat", _CHAT, "node", "chat_openai.mjs"),
    Judge("ai6-chat", _CHAT, "node", "chat_aisdk.mjs", ("6",)),
    Judge("ai7-chat", _CHAT, "node", "chat_aisdk.mjs", ("7",)),
    Judge("openai-responses", _RESPONSES, "python", "responses_openai.py"),
    Judge("langchain-responses", _RESPONSES, "python", "responses_langchain.py"),
    Judge("pydantic-responses", _RESPONSES, "python", "responses_pydantic.py", cases=AGENT),
    Judge("openai-node-responses", _RESPONSES, "node", "responses_openai.mjs"),
    Judge("anthropic", _MESSAGES, "python", "messages_anthropic.py"),
    Judge("anthropic-base", _OWN_BASE, "python", "messages_anthropic.py", ("/anthropic",)),
    Judge("langchain-messages", _MESSAGES, "python", "messages_langchain.py"),
    Judge("pydantic-messages", _MESSAGES, "python", "messages_pydantic.py", cases=AGENT),
    Judge("anthropic-node", _MESSAGES, "node", "messages_anthropic.mjs"),
    Judge("anthropic-node-base", _OWN_BASE, "node", "messages_anthropic.mjs", ("/anthropic",)),
    Judge("ai6-messages", _MESSAGES, "node", "messages_aisdk.mjs", ("6",)),
    Judge("ai7-messages", _MESSAGES, "node", "messages_aisdk.mjs", ("7",)),
    Judge("ai6-gateway", f"{_V3}/language-model", "node", "gateway.mjs", ("6", _V3), GATEWAY),
    Judge("ai7-gateway", f"{_V4}/language-model", "node", "gateway.mjs", ("7", _V4), GATEWAY),
    Judge("ai6-account", f"{_V3}/config", "node", "account.mjs", ("6", _V3), ACCOUNT),
    Judge("ai7-account", f"{_V4}/config", "node", "account.mjs", ("7", _V4), ACCOUNT),
    Judge(
        *("anthropic-count", f"{_MESSAGES}/count_tokens", "python", "messages_count.py"),
        cases=("count",),
    ),
)

JUDGES = tuple(judge for judge in _ALL if judge.path in SERVED)


def found(environment: str) -> Path:
    """The folder of an environment.

    Raises:
        AssertionError: it is not set up; the words say how to do that.
    """
    asked = ["scripts/judges", "--find", environment]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr.strip()
    return ROOT / done.stdout.strip()
