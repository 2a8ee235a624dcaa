from __future__ import annotations

import os
import signal
import sys
import tomllib
from pathlib import Path

import pytest

from kit.gateway import Gateway, config
from kit.process import Process

PROGRAM = """
import http.server, json, os, pathlib, signal, sys

arguments = sys.argv[1:]
given = dict(zip(arguments, arguments[1:]))
data = pathlib.Path(given["--data"])
if arguments[0] == "keys":
    data.mkdir()
    (data / "key").write_text("glim_1")
    print(json.dumps({"id": "1", "key": "glim_1", "name": given["--name"]}))
    sys.exit()
if arguments[0] == "fail":
    sys.exit("no such thing")

class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        known = self.headers["authorization"] == "Bearer " + (data / "key").read_text()
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())

server = http.server.HTTPServer((given["--host"], int(given["--port"])), Answer)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
if "--config" in given:
    print("config is", len(pathlib.Path(given["--config"]).read_text()), file=sys.stderr)
print(f"listening on http://127.0.0.1:{server.server_port}")
server.serve_forever()
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    return [sys.executable, str(program)]


def test_a_gateway_is_configured_given_a_key_and_started(command: list[str]) -> None:
    with Gateway("# nothing\n", command=command) as gateway:
        assert (gateway.key, gateway.key_id) == ("glim_1", "1")
        assert gateway.post("/", {"a": 1}).json() == {"a": 1}
        assert gateway.post("/", {}, {"authorization": "Bearer other"}).status == 401
        assert gateway.process.wait_for_line(r"config is (\d+)")[1] == "10"
        assert gateway.rss_kib() > 1000
        assert gateway.fd_count() >= 3
        assert gateway.process.cpu_s() >= 0
        folder = gateway.folder
        assert folder.exists()
    assert not gateway.running
    assert not folder.exists()


def test_a_gateway_sees_nothing_of_the_machine_it_runs_on(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZAI_API_KEY", "secret")
    monkeypatch.setenv("https_proxy", "http://proxy")
    with Gateway(command=command, environment={"GLIMWAY_ADMIN_KEY": "a"}) as gateway:
        seen = gateway.get("/").json()
        assert not {"ZAI_API_KEY", "https_proxy"} & set(seen)
        assert seen["GLIMWAY_ADMIN_KEY"] == "a"
        assert Path(seen["HOME"]) == gateway.folder
        assert "PATH" in seen


def test_a_gateway_can_be_ended_killed_and_started_again(command: list[str]) -> None:
    with Gateway(command=command) as gateway:
        assert gateway.terminate() == 7
        gateway.start()
        gateway.kill()
        assert not gateway.running
        for _ in range(2):
            gateway.restart()
            assert gateway.post("/", {}).status == 200


def test_a_gateway_that_does_not_start_says_why(command: list[str]) -> None:
    gateway = Gateway(command=[*command, "fail"])
    with pytest.raises(RuntimeError, match=r"ended with 1"):
        gateway.__enter__()
    assert not gateway.folder.exists()
    gateway = Gateway(command=command, flags=["--host", "256.0.0.1"])
    with pytest.raises(TimeoutError, match="Traceback"):
        gateway.__enter__()
    assert not gateway.folder.exists()


def test_a_command_that_fails_says_why(command: list[str]) -> None:
    with Gateway(command=command) as gateway, pytest.raises(RuntimeError, match="no such thing"):
        gateway.command_json("fail")


def test_the_configuration_is_what_it_was_asked_to_be() -> None:
    read = tomllib.loads(
        config("http://127.0.0.1:9", price={"input": "0.07"}, more="[server]\nport = 1\n")
    )
    assert read["server"] == {"port": 1}
    assert read["providers"][0]["base_url"] == "http://127.0.0.1:9/v1"
    assert read["models"][0]["endpoints"][0]["price"] == {"input": "0.07"}


def test_a_process_is_heard_signalled_and_ended(tmp_path: Path) -> None:
    code = """
import signal
signal.signal(signal.SIGHUP, lambda *_: print("hup"))
print("up")
while True:
    signal.pause()
"""
    with Process([sys.executable, "-u", "-c", code], folder=tmp_path) as process:
        process.wait_for_line("up")
        process.signal(signal.SIGHUP)
        process.wait_for_line("hup")
        assert process.said == "up\nhup\n"
        with pytest.raises(TimeoutError, match="'down'"):
            process.wait_for_line("down", within_s=0.01)
        assert process.kill() == -signal.SIGKILL
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)
