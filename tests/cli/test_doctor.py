from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

Run = Any
Findings = dict[str, list[dict[str, str]]]


def _findings(run: Run, *arguments: str, environment: dict[str, str] | None = None) -> Findings:
    result = run("doctor", "--port", "0", *arguments, "--json", environment=environment)
    document = json.loads(result.stdout)
    wrong = [one for one in document["findings"] if one["state"] == "wrong"]
    assert document["ok"] is not bool(wrong)
    assert result.exit_code == (1 if wrong else 0)
    found: Findings = {}
    for one in document["findings"]:
        found.setdefault(one["subject"], []).append(one)
    return found


@contextmanager
def _server(status: int, seen: list[dict[str, str]]) -> Iterator[int]:
    """A server on loopback that answers everything with ``status``; its port."""

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
            self.send_response(status)
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _provider(port: int) -> str:
    return f"""\
[[providers]]
id = "rack1"
profile = "vllm"
base_url = "http://127.0.0.1:{port}/v1"
api_key = {{ env = "RACK_KEY" }}
private = true
"""


def test_a_bare_machine_is_described(run: Run) -> None:
    found = _findings(run)
    assert found["configuration"][0]["message"] == "no file: defaults and the environment"
    assert found["data folder"][0]["message"].endswith("data is made at the first start")
    assert found["server.data"][0]["message"] == f"{run.data} (from GLIMWAY_DATA)"
    assert found["providers"][0]["state"] == "note"
    assert "the sandbox answers" in found["providers"][0]["message"]
    assert not run.data.exists()


def test_lines_for_people_say_how_to_mend(run: Run) -> None:
    result = run("doctor", "--port", "0")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("good   program: glimway ")
    place = next(place for place, line in enumerate(lines) if line.startswith("note   providers: "))
    assert lines[place + 1].startswith("       set a provider's key")
    assert "\x1b" not in result.stdout


def test_a_data_folder_in_use_is_looked_at_and_left_alone(run: Run) -> None:
    run("keys", "create")
    before = sorted((file.name, file.stat().st_mtime_ns) for file in run.data.iterdir())
    found = _findings(run)
    assert found["data folder"][0]["state"] == "good"
    assert found["database"][0]["message"] == "glimway.db can be read"
    assert found["disk"][0]["message"].split()[1] == "GiB"
    assert sorted((file.name, file.stat().st_mtime_ns) for file in run.data.iterdir()) == before
    run.data.chmod(0o755)
    assert "others on this machine may enter" in _findings(run)["data folder"][1]["message"]
    (run.data / "glimway.db").write_bytes(b"not a database at all")
    assert _findings(run)["database"][0]["state"] == "wrong"


def test_a_data_folder_that_is_a_file_is_wrong(run: Run) -> None:
    run.data.write_text("")
    assert _findings(run)["data folder"][0]["state"] == "wrong"


def test_problems_of_the_configuration_are_wrong(run: Run) -> None:
    run.config("[server]\nhost = 7\n[[providers]]\nid = 'zai'\n")
    found = _findings(run)
    assert [one["state"] for one in found["configuration"]] == ["wrong", "wrong"]
    assert found["configuration"][0]["message"].startswith("glimway.toml:2: server.host: ")
    assert "not looked at" in found["providers"][0]["message"]


def test_providers_are_described_and_not_called(run: Run) -> None:
    seen: list[dict[str, str]] = []
    with _server(200, seen) as port:
        run.config(_provider(port))
        found = _findings(run, environment={"RACK_KEY": "canary"})
    assert found["provider rack1"][0]["message"] == "key from RACK_KEY, 0 models"
    assert found["provider rack1"][0]["state"] == "note"
    assert not seen


@pytest.mark.parametrize(
    ("status", "state", "told"),
    [
        (200, "good", "answers (200) in "),
        (404, "good", "answers (404) in "),
        (302, "good", "answers (302) in "),
        (401, "wrong", "does not accept the key (401)"),
        (403, "wrong", "does not accept the key (403)"),
    ],
)
def test_online_each_provider_is_called_with_its_key(
    run: Run, status: int, state: str, told: str
) -> None:
    seen: list[dict[str, str]] = []
    with _server(status, seen) as port:
        run.config(_provider(port))
        found = _findings(run, "--online", environment={"RACK_KEY": "canary"})
    called = found["provider rack1"][1]
    assert called["state"] == state
    assert called["message"].startswith(told)
    if state == "wrong":
        assert called["mend"] == "check the key in RACK_KEY"
    assert [(one["path"], one["authorization"]) for one in seen] == [
        ("/v1/models", "Bearer canary")
    ]
    assert "canary" not in str(found)


def test_online_a_provider_that_is_away_is_wrong(run: Run) -> None:
    with _server(200, []) as port:
        pass
    run.config(_provider(port))
    called = _findings(run, "--online", environment={"RACK_KEY": "k"})["provider rack1"][1]
    assert (called["state"], called["mend"]) == (
        "wrong",
        "check base_url, the network and proxies",
    )
    assert called["message"].startswith("cannot be reached: ")


def test_the_own_server_is_asked_whether_it_is_ready(run: Run) -> None:
    seen: list[dict[str, str]] = []
    with _server(200, seen) as port:
        result = run("doctor", "--port", str(port))
        assert f"good   server: ready on 127.0.0.1:{port}" in result.stdout
    assert [one["path"] for one in seen] == ["/health/ready"]
    with _server(503, seen) as port:
        assert f"answers on 127.0.0.1:{port} with 503" in run("doctor", "--port", str(port)).stdout
    result = run("doctor", "--port", str(port))
    assert f"nothing answers on 127.0.0.1:{port}" in result.stdout
    assert result.exit_code == 0


def test_a_server_for_everybody_is_noted(run: Run) -> None:
    found = _findings(run, "--host", "0.0.0.0")
    assert "without TLS" in found["server"][0]["message"]
    found = _findings(run, "--host", "203.0.113.7")
    assert found["server"][1]["message"].startswith("its port is chosen")
