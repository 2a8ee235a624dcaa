"""Kept responses outlive the server, its crash and its end, and belong to one project."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kit import answers
from kit.gateway import Gateway, config
from kit.http import Response, call
from kit.provider import ScriptedProvider
from kit.steps import WaitForClose

ADMIN_KEY = "an-administrator's-key-of-the-test-0123456789"
SOON_S = 0.02


@contextmanager
def running(host: ScriptedProvider, more: str = "") -> Iterator[Gateway]:
    environment = {"GLIMWAY_ADMIN_KEY": ADMIN_KEY}
    with Gateway(config(host.url, more=more), environment=environment) as gateway:
        yield gateway


@pytest.fixture
def host() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as scripted:
        scripted.always(answers.whole(answers.chat("Hello there.")))
        yield scripted


def ask(gateway: Gateway, **more: Any) -> Any:
    answer = gateway.post(
        "/v1/responses", {"model": "lab/m", "input": "Hi.", "store": True, **more}
    )
    assert answer.status == 200, answer.body
    return answer.json()


def shown(gateway: Gateway, answer_id: str, key: str | None = None) -> Response:
    headers = {"authorization": f"Bearer {key}"} if key else None
    return gateway.get(f"/v1/responses/{answer_id}", headers)


def key_of_another_project(gateway: Gateway) -> str:
    admin = {"authorization": f"Bearer {ADMIN_KEY}"}
    made = call(f"{gateway.url}/admin/v1/projects", {"name": "other"}, admin)
    assert made.status == 201, made.body
    created = call(f"{gateway.url}/admin/v1/keys", {"name": "k", "project": "other"}, admin)
    assert created.status == 201, created.body
    return str(created.json()["key"])


def test_an_answer_belongs_to_its_project(host: ScriptedProvider) -> None:
    with running(host) as gateway:
        made = ask(gateway)
        theirs = {"authorization": f"Bearer {key_of_another_project(gateway)}"}
        base = f"{gateway.url}/v1/responses"
        assert call(f"{base}/{made['id']}", None, theirs).status == 404
        assert call(f"{base}/{made['id']}", None, theirs, method="DELETE").status == 404
        assert call(f"{base}/{made['id']}/input_items", None, theirs).status == 404
        go_on = {"model": "lab/m", "input": "And?", "previous_response_id": made["id"]}
        refused = call(base, go_on, theirs)
        assert refused.status == 404
        assert refused.json()["error"]["code"] == "previous_response_not_found"
        refer = {
            "model": "lab/m",
            "input": [{"type": "item_reference", "id": made["output"][0]["id"]}],
        }
        assert call(base, refer, theirs).status == 404
        assert shown(gateway, made["id"]).status == 200


def test_an_answer_outlives_restart_and_crash(host: ScriptedProvider) -> None:
    with running(host) as gateway:
        first = ask(gateway)
        gateway.restart()
        assert shown(gateway, first["id"]).json() == first
        second = ask(gateway, previous_response_id=first["id"])
        gateway.kill()
        gateway.start()
        third = ask(gateway, previous_response_id=first["id"])
        assert third["status"] == "completed"
        assert shown(gateway, second["id"]).status in (200, 404)  # written a moment later


def test_what_a_crash_interrupted_reads_as_failed(host: ScriptedProvider) -> None:
    host.script(WaitForClose())
    with running(host) as gateway:
        made = ask(gateway, background=True)
        host.wait_for_requests(1)
        until_written(gateway, made["id"])
        gateway.kill()
        gateway.start()
        found = shown(gateway, made["id"]).json()
        assert (found["status"], found["error"]["code"]) == ("failed", "server_error")
        frames = gateway.get(f"/v1/responses/{made['id']}?stream=true")
        assert b"response.failed" in frames.body
        path = f"/v1/responses/{made['id']}/cancel"
        assert gateway.post(path, {}).json()["status"] == "failed"


def until_written(gateway: Gateway, answer_id: str) -> None:
    """A deletion by a stranger waits behind all that is to be written before it."""
    for _ in range(2):
        call(f"{gateway.url}/v1/responses/resp_none", None, gateway.headers(), method="DELETE")
    assert shown(gateway, answer_id).status == 200


def test_the_end_of_the_server_waits_for_what_is_being_made(host: ScriptedProvider) -> None:
    host.script(WaitForClose())
    with running(host, "[server]\ndrain_s = 0.3\n") as gateway:
        made = ask(gateway, background=True)
        host.wait_for_requests(1)
        assert gateway.terminate() == 3
        gateway.start()
        found = shown(gateway, made["id"]).json()
        assert found["status"] == "failed"
        assert "shutting down" in found["error"]["message"]


def test_what_waits_at_the_servers_end_is_told_as_failed(host: ScriptedProvider) -> None:
    host.always(WaitForClose())
    settings = "[server]\ndrain_s = 0.3\n[responses]\nbackground = 1\n"
    with running(host, settings) as gateway:
        made = [ask(gateway, background=True) for _ in range(3)]
        host.wait_for_requests(1)
        gateway.terminate()
        gateway.start()
        found = [shown(gateway, one["id"]).json() for one in made]
        assert [one["status"] for one in found] == ["failed"] * 3
        assert len(host.requests) == 1


def test_nothing_is_kept_unless_somebody_asks(host: ScriptedProvider) -> None:
    with running(host) as gateway:
        plain = gateway.post("/v1/responses", {"model": "lab/m", "input": "Hi."}).json()
        assert plain["store"] is False
        gone = shown(gateway, plain["id"])
        assert gone.status == 404
        assert "responses.store" in gone.json()["error"]["message"]
        body = {"model": "lab/m", "input": "And?", "previous_response_id": plain["id"]}
        refused = gateway.post("/v1/responses", body)
        assert refused.json()["error"]["code"] == "previous_response_not_found"
        assert "responses.store" in refused.json()["error"]["message"]


def test_a_project_has_its_answers_kept(host: ScriptedProvider) -> None:
    with running(host) as gateway:
        choose(gateway, "always")
        made = gateway.post("/v1/responses", {"model": "lab/m", "input": "Hi."}).json()
        assert made["store"] is True
        assert shown(gateway, made["id"]).status == 200
        gateway.restart()
        assert shown(gateway, made["id"]).status == 200
        later = gateway.post("/v1/responses", {"model": "lab/m", "input": "Hi."}).json()
        assert later["store"] is True
        choose(gateway, "never")
        assert ask(gateway)["store"] is False
        body = {"model": "lab/m", "input": "Work.", "background": True}
        assert "responses.store" in gateway.post("/v1/responses", body).json()["error"]["message"]


def choose(gateway: Gateway, store: str) -> None:
    admin = {"authorization": f"Bearer {ADMIN_KEY}"}
    body = {"settings": {"responses": {"store": store}}}
    url = f"{gateway.url}/admin/v1/projects/default"
    answer = call(url, body, admin, method="PATCH")
    assert answer.status == 200, answer.body


def test_an_operator_may_keep_nothing(host: ScriptedProvider) -> None:
    with running(host, '[responses]\nstore = "never"\n') as gateway:
        made = ask(gateway, store=True)
        assert made["store"] is False
        assert shown(gateway, made["id"]).status == 404
        body = {"model": "lab/m", "input": "Work.", "background": True}
        refused = gateway.post("/v1/responses", body)
        assert (refused.status, refused.json()["error"]["param"]) == (400, "background")


def test_nothing_is_kept_of_a_project_that_leaves_no_trace(host: ScriptedProvider) -> None:
    with running(host, "[projects.default.routing]\nzdr = true\n") as gateway:
        made = ask(gateway, model="sandbox/glm-4.7-flash", store=True)
        assert made["store"] is False
        assert shown(gateway, made["id"]).status == 404
        body = {"model": "sandbox/glm-4.7-flash", "input": "Work.", "background": True}
        assert gateway.post("/v1/responses", body).json()["error"]["param"] == "background"


def test_nothing_of_what_is_not_kept_is_on_disk(host: ScriptedProvider) -> None:
    with running(host) as gateway:
        ask(gateway, input="canary-in", store=False)
        ask(gateway, input="canary-zdr", provider={"zdr": True}, model="sandbox/glm-4.7-flash")
        kept = ask(gateway, input="kept-in")
        gateway.terminate()
        data = b"".join(path.read_bytes() for path in gateway.data.rglob("*") if path.is_file())
        assert b"kept-in" in data
        assert b"canary" not in data
        assert kept["store"] is True


def test_only_so_many_are_made_at_once(host: ScriptedProvider) -> None:
    host.always(WaitForClose())
    with running(host, "[responses]\nbackground = 1\n") as gateway:
        made = [ask(gateway, background=True) for _ in range(11)]
        host.wait_for_requests(1)
        body = {"model": "lab/m", "input": "Work.", "background": True}
        refused = gateway.post("/v1/responses", body)
        assert refused.status == 429
        states = [shown(gateway, one["id"]).json()["status"] for one in made]
        assert states == ["in_progress"] + ["queued"] * 10
        for one in reversed(made):
            stopped = gateway.post(f"/v1/responses/{one['id']}/cancel", {})
            assert stopped.json()["status"] == "cancelled"
        assert len(host.requests) == 1


def test_the_oldest_make_room(host: ScriptedProvider) -> None:
    with running(host, "[responses]\nbytes_max = 65536\n") as gateway:
        made = [ask(gateway, input="x" * 20_000) for _ in range(5)]
        ends_s = time.monotonic() + 10
        while shown(gateway, made[1]["id"]).status != 404 and time.monotonic() < ends_s:
            time.sleep(SOON_S)
        assert [shown(gateway, one["id"]).status for one in made] == [404, 404, 200, 200, 200]
        too_long = ask(gateway, input="x" * 70_000)
        assert too_long["store"] is False
