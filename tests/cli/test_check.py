from __future__ import annotations

import json
from typing import Any

import pytest

Run = Any

WRONG = """\
[server]
port = 99999
[[providers]]
id = "zai"
api_key = { env = "NOT_SET_KEY" }
"""


def test_a_configuration_without_problems(run: Run) -> None:
    result = run("check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "There is no configuration file: no problem (0 providers, 0 models).\n"
    )
    run.config("[server]\nport = 1\n")
    assert run("check").stdout == "glimway.toml: no problem (0 providers, 0 models).\n"
    assert run.json("check") == {"ok": True, "file": "glimway.toml", "problems": []}


def test_each_problem_is_a_line_of_file_line_key_message_and_mend(run: Run) -> None:
    run.config(WRONG)
    result = run("check", environment={"GLIMWAY_SERVER__PROT": "1"})
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "environment: GLIMWAY_SERVER__PROT: is not a setting; did you mean GLIMWAY_SERVER__PORT?",
        "glimway.toml:2: server.port: is 99999; write a whole number from 0 to 65535",
        "glimway.toml:5: providers[0].api_key.env: NOT_SET_KEY is not set; "
        "set it in the environment of the server, or remove this line",
    ]
    assert run("check", environment={"NOT_SET_KEY": "k"}).stdout.count("\n") == 1


def test_problems_as_one_document(run: Run) -> None:
    run.config(WRONG)
    result = run("check", "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    document = json.loads(result.stdout)
    assert not document["ok"]
    assert document["problems"][0] == {
        "path": "glimway.toml",
        "line": 2,
        "key": "server.port",
        "message": "is 99999",
        "mend": "write a whole number from 0 to 65535",
    }


def test_the_file_that_is_named_is_checked(run: Run) -> None:
    run.config("[server]\nport = 1\n")
    (run.folder / "other.toml").write_text("nonsense\n")
    result = run("check", "--config", "other.toml")
    assert result.exit_code == 1
    assert result.stdout.startswith("other.toml:1: is not valid TOML: ")
    result = run("check", "--config", "missing.toml")
    assert result.exit_code == 1
    assert "there is no file" in result.stdout


def test_a_server_does_not_start_with_problems(run: Run) -> None:
    run.config(WRONG)
    result = run("serve")
    assert result.exit_code == 1
    assert not result.stdout
    lines = result.stderr.splitlines()
    assert lines[0].startswith("glimway.toml:2: server.port: ")
    assert lines[-1] == "glimway: the configuration has 2 problems"
    assert not run.data.exists()


@pytest.mark.parametrize("count", ["1", "2"])
def test_workers_are_refused_clearly(run: Run, count: str) -> None:
    result = run("serve", "--workers", count)
    assert result.exit_code == 2
    assert "--workers is not there yet" in result.stderr


def test_flags_are_checked_as_settings_are(run: Run) -> None:
    result = run("serve", "--port", "http")
    assert result.exit_code == 1
    assert 'command line: --port: is "http"; write a whole number from 0 to 65535' in result.stderr


def test_serving_gets_the_configuration(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import glimway.app
    from glimway.config.values import Config

    got: list[Config] = []
    monkeypatch.setattr(glimway.app, "serve", got.append)
    run.config("[server]\nport = 1\ndrain_s = 5\n")
    assert run("serve", "--port", "2", "--host", "::1").exit_code == 0
    (config,) = got
    server = config.settings.server
    assert (server.port, server.host, server.drain_s) == (2, "::1", 5)
    assert server.data == str(run.data)
