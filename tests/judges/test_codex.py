"""Codex, on the Responses API."""

from __future__ import annotations

from pathlib import Path

from judges.setting import found
from judges.telling import (
    MODEL,
    PROMPT,
    SAID,
    SECRETS,
    THOUGHT,
    Told,
    check_conversation,
    run,
    sent_back,
)
from kit.gateway import Gateway
from kit.provider import ScriptedProvider

UNGUARDED = ("--dangerously-bypass-approvals-and-sandbox",)
"""What it runs is two times ``cat``; its own sandbox needs rights that a container lacks."""

CODEX = """
model = "{model}"
model_provider = "gateway"
check_for_update_on_startup = false
analytics.enabled = false
otel.exporter = "none"

[model_providers.gateway]
name = "gateway"
base_url = "{url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""


def test_codex_reads_two_files(
    agent_gateway: Gateway, agent_host: ScriptedProvider, home: Path
) -> None:
    calls = [("exec_command", {"cmd": f"cat {name}"}) for name in SECRETS]
    agent_host.requests.clear()
    agent_host.always_by(Told(calls))
    settings = home / "codex"
    settings.mkdir()
    (settings / "config.toml").write_text(CODEX.format(url=agent_gateway.url, model=MODEL))
    program = found("agents") / "node_modules/@openai/codex/bin/codex.js"
    said = run(
        ["node", program, "exec", "--json", "--skip-git-repo-check", *UNGUARDED, PROMPT],
        home,
        CODEX_HOME=str(settings),
        GATEWAY_KEY=agent_gateway.key,
    )
    items = [one["item"] for one in said if one["type"] == "item.completed"]
    assert [one["text"] for one in items if one["type"] == "agent_message"] == [SAID]
    assert [one["text"] for one in items if one["type"] == "reasoning"] == [THOUGHT]
    assert said[-1]["type"] == "turn.completed"
    assert said[-1]["usage"]["input_tokens"] == 1800
    check_conversation(sent_back(agent_host))
