"""Claude Code, on the Messages API."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from judges.setting import found
from judges.telling import MODEL, PROMPT, SAID, SECRETS, Told, check_conversation, run, sent_back
from kit.gateway import Gateway
from kit.provider import ScriptedProvider


def test_claude_code_reads_two_files(
    agent_gateway: Gateway, agent_host: ScriptedProvider, home: Path
) -> None:
    calls = [("Read", {"file_path": str(home / "work" / name)}) for name in SECRETS]
    agent_host.requests.clear()
    agent_host.always_by(Told(calls))
    (said,) = run(
        [claude(), "-p", PROMPT, "--model", MODEL, "--output-format", "json"],
        home,
        ANTHROPIC_BASE_URL=agent_gateway.url,
        ANTHROPIC_AUTH_TOKEN=agent_gateway.key,
        ANTHROPIC_DEFAULT_HAIKU_MODEL=MODEL,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
        DISABLE_AUTOUPDATER="1",
        DISABLE_ERROR_REPORTING="1",
        DISABLE_TELEMETRY="1",
    )
    assert said["result"] == SAID
    assert said["is_error"] is False
    assert said["num_turns"] == 3
    assert said["usage"]["output_tokens"] == 80
    check_conversation(sent_back(agent_host))


def claude() -> Path:
    """The program for this machine, which its package would link in place by an install script."""
    kind = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    libc = "" if platform.libc_ver()[0] == "glibc" or sys.platform == "darwin" else "-musl"
    package = f"claude-code-{sys.platform}-{kind}{libc}"
    return found("agents") / "node_modules/@anthropic-ai" / package / "claude"
