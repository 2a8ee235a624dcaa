"""What an agent of the command line is told, and what it must send back.

Knows a host's part in one task: the agent thinks, calls two tools at once, sends back what those
say, and ends. Refuses to know which agent it is.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from kit import answers
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from kit.steps import Step

RUN_S = 100.0
"""How long an agent may take, on a busy machine."""

MODEL = "lab/m"
SECRETS = {"one.txt": "the first secret is heron", "two.txt": "the second secret is otter"}
THOUGHT, SAID = "Both files must be read.", "A heron and an otter."
PROMPT = "Which secrets are in one.txt and two.txt?"


class Told:
    """The host's part: calls for both files first, then the end.

    Args:
        calls: name and arguments of the calls.
    """

    def __init__(self, calls: list[tuple[str, dict[str, Any]]]) -> None:
        self._calls = calls

    def __call__(self, request: Recorded) -> list[Step]:
        """What is answered to one request; agents also ask for titles and the like."""
        asked = request.json()
        assert asked["stream"] is True
        names = {tool["function"]["name"] for tool in asked.get("tools", [])}
        deltas: list[Any] = [{"role": "assistant", "content": ""}]
        if asked["messages"][-1]["role"] == "tool" or not names:
            frames = [answers.chat_chunk(one) for one in (*deltas, {"content": SAID})]
            return self._stream(frames, "stop")
        assert names >= {name for name, _ in self._calls}, names
        deltas.append({"reasoning_content": THOUGHT})
        for at, (name, given) in enumerate(self._calls):
            text = json.dumps(given)
            deltas.append({"tool_calls": [answers.tool_call(name, "", f"call_{at}", at)]})
            for piece in (text[:5], text[5:]):
                more = {"index": at, "function": {"arguments": piece}}
                deltas.append({"tool_calls": [more]})
        return self._stream([answers.chat_chunk(one) for one in deltas], "tool_calls")

    @staticmethod
    def _stream(frames: list[Any], reason: str) -> list[Step]:
        frames.append(answers.chat_chunk({}, reason, usage=answers.usage(900, 40)))
        return [*answers.stream([*map(answers.frame, frames), answers.DONE])]


def run(command: list[str | Path], home: Path, **environment: str) -> list[Any]:
    """The documents that an agent prints, one a line."""
    done = subprocess.run(
        command,
        cwd=home / "work",
        env={"PATH": os.environ["PATH"], "HOME": str(home), "DO_NOT_TRACK": "1", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def sent_back(host: ScriptedProvider) -> list[Any]:
    """The messages of the last request that has the tools' answers."""
    asked = [request.json()["messages"] for request in host.requests]
    return next(one for one in reversed(asked) if one[-1]["role"] == "tool")


def check_conversation(messages: list[Any]) -> None:
    """The assistant's turn came back whole, with a result for each call, in any order: an agent
    sends them as they come."""
    *_, turn, one, other = messages
    assert [call["id"] for call in turn["tool_calls"]] == ["call_0", "call_1"]
    assert turn["reasoning_content"] == THOUGHT
    results = {result["tool_call_id"]: result["content"] for result in (one, other)}
    for at, secret in enumerate(SECRETS.values()):
        assert secret in results[f"call_{at}"]
