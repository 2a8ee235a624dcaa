"""The responses dialect over WebSockets: one answer after the other on one connection."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kit import answers
from kit.gateway import Gateway, config
from kit.http import call
from kit.provider import ScriptedProvider
from kit.steps import Close, Pause, WaitForClose
from kit.websocket import Socket

PATH = "/v1/responses"


@pytest.fixture(scope="module")
def host() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as scripted:
        scripted.always(*answers.stream(answers.chat_frames()))
        yield scripted


@pytest.fixture(scope="module")
def gateway(host: ScriptedProvider) -> Iterator[Gateway]:
    with Gateway(config(host.url, more='[responses]\nstore = "always"\n')) as running:
        yield running


@pytest.fixture
def socket(gateway: Gateway) -> Iterator[Socket]:
    with Socket(gateway.url + PATH, gateway.headers()) as opened:
        assert opened.status == 101
        yield opened


def create(text: str = "Hi.", **more: Any) -> dict[str, Any]:
    return {"type": "response.create", "model": "lab/m", "input": text, **more}


def ask(socket: Socket, text: str = "Hi.", **more: Any) -> dict[str, Any]:
    socket.send(create(text, **more))
    events = socket.events()
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[0]["type"] == "response.created"
    assert events[-1]["type"] == "response.completed"
    response: dict[str, Any] = events[-1]["response"]
    return response


def told(host: ScriptedProvider) -> list[str]:
    return [str(one["content"]) for one in host.requests[-1].json()["messages"]]


def test_answers_come_one_after_the_other(socket: Socket, gateway: Gateway) -> None:
    made = [ask(socket) for _ in range(3)]
    assert len({one["id"] for one in made}) == 3
    for one in made:
        assert one["output"][0]["content"][0]["text"] == "Hello there."
        assert one["store"] is True
        found = gateway.get(f"{PATH}/{one['id']}")
        assert found.json()["output"] == one["output"]


def test_what_is_sent_at_once_is_answered_in_order(socket: Socket) -> None:
    for n in range(5):
        socket.send(create(metadata={"n": str(n)}))
    for n in range(5):
        assert socket.events()[-1]["response"]["metadata"] == {"n": str(n)}


def test_a_connection_remembers_its_last_answer(
    socket: Socket, host: ScriptedProvider, gateway: Gateway
) -> None:
    first = ask(socket, "I am Ann.", store=False)
    assert gateway.get(f"{PATH}/{first['id']}").status == 404
    second = ask(socket, "Who am I?", store=False, previous_response_id=first["id"])
    assert told(host) == ["I am Ann.", "Hello there.", "Who am I?"]
    third = ask(socket, "And?", previous_response_id=second["id"])
    assert len(told(host)) == 5
    assert third["store"] is False  # it goes on from what is not kept
    with Socket(gateway.url + PATH, gateway.headers()) as other:
        other.send(create(previous_response_id=second["id"]))
        (refused,) = other.events()
    assert refused["status"] == 404
    assert refused["error"]["code"] == "previous_response_not_found"


def test_a_kept_answer_is_continued_from_anywhere(
    socket: Socket, host: ScriptedProvider, gateway: Gateway
) -> None:
    first = ask(socket, "I am Ann.")
    with Socket(gateway.url + PATH, gateway.headers()) as other:
        ask(other, "Who am I?", previous_response_id=first["id"])
    assert len(told(host)) == 3


def test_words_are_sent_ahead(socket: Socket, host: ScriptedProvider) -> None:
    before = len(host.requests)
    warm = ask(socket, "I am Ann.", generate=False, store=False)
    assert warm["output"] == []
    assert len(host.requests) == before
    ask(socket, "Who am I?", previous_response_id=warm["id"])
    assert told(host) == ["I am Ann.", "Who am I?"]


@pytest.mark.parametrize(
    ("message", "status", "param"),
    [
        ({"type": "response.other"}, 400, "type"),
        ({"model": "lab/m"}, 400, "type"),
        (create(background=True), 400, "background"),
        (create(temperature=9), 400, "temperature"),
        (create(previous_response_id="resp_none"), 404, "previous_response_id"),
        (create(model="lab/none"), 404, "model"),
        ([], 400, None),
    ],
    ids=str,
)
def test_a_mistake_is_told_and_the_connection_goes_on(
    socket: Socket, message: Any, status: int, param: str | None
) -> None:
    socket.send(message)
    (refused,) = socket.events()
    assert (refused["type"], refused["status"]) == ("error", status)
    assert refused["error"]["param"] == param
    ask(socket)


def test_an_answer_that_breaks_ends_in_failure(socket: Socket, host: ScriptedProvider) -> None:
    host.script(*answers.stream(answers.chat_frames())[:3], Close())
    socket.send(create())
    events = socket.events()
    assert [event["type"] for event in events][-2:] == ["error", "response.failed"]
    ask(socket)


def test_pings_are_answered_while_an_answer_is_made(socket: Socket, host: ScriptedProvider) -> None:
    go = threading.Event()
    host.script(Pause(go), *answers.stream(answers.chat_frames()))
    socket.send(create())
    socket.send_frame(9, b"still there?")
    assert socket.frame() == (10, b"still there?")
    go.set()
    assert socket.events()[-1]["type"] == "response.completed"


def test_a_client_that_leaves_lets_its_provider_go(
    gateway: Gateway, host: ScriptedProvider
) -> None:
    steps = answers.stream(answers.chat_frames())
    host.script(*steps[:3], Pause(threading.Event(), at_most_s=0.01), *steps[3:])
    with Socket(gateway.url + PATH, gateway.headers()) as leaving:
        leaving.send(create())
        leaving.frame()
    with Socket(gateway.url + PATH, gateway.headers()) as staying:
        ask(staying)


@pytest.mark.parametrize(
    ("opcode", "data", "fin", "code"),
    [
        (2, b"x", True, 1003),
        (3, b"x", True, 1002),
        (0, b"x", True, 1002),
        (1, b"\xff", True, 1007),
        (9, b"x", False, 1002),
        (8, (1000).to_bytes(2, "big"), True, 1000),
        (8, (3123).to_bytes(2, "big"), True, 3123),
    ],
)
def test_the_connection_closes_with_a_reason(
    socket: Socket, opcode: int, data: bytes, fin: bool, code: int
) -> None:
    socket.send_frame(opcode, data, fin=fin)
    assert socket.until_closed() == code


def test_texts_come_in_fragments(socket: Socket) -> None:
    socket.send_frame(1, b'{"type":"response.create",', fin=False)
    socket.send_frame(9)
    socket.send_frame(0, b'"model":"lab/m","input":"Hi."}')
    assert socket.events()[-1]["type"] == "response.completed"


def test_too_many_messages_are_too_many(gateway: Gateway, host: ScriptedProvider) -> None:
    go = threading.Event()
    host.script(Pause(go), *answers.stream(answers.chat_frames()))
    with Socket(gateway.url + PATH, gateway.headers()) as crowd:
        for _ in range(40):
            crowd.send(create())
        assert crowd.until_closed() == 1008
    go.set()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Bearer no"}, 401),
        ({"sec-websocket-version": "8"}, 400),
        ({"sec-websocket-key": "short"}, 400),
    ],
)
def test_a_handshake_that_is_wrong(gateway: Gateway, headers: dict[str, str], status: int) -> None:
    with Socket(gateway.url + PATH, {**gateway.headers(), **headers}) as refused:
        assert refused.status == status


def test_other_paths_ignore_the_offer(gateway: Gateway) -> None:
    with Socket(f"{gateway.url}/v1/models", gateway.headers()) as plain:
        assert plain.status == 200
    with Socket(f"{gateway.url}/v1/chat/completions", gateway.headers()) as plain:
        assert plain.status == 405


def test_the_servers_end_is_told(host: ScriptedProvider) -> None:
    with (
        Gateway(config(host.url)) as ending,
        Socket(ending.url + PATH, ending.headers()) as socket,
    ):
        ask(socket)
        assert ending.terminate() == 0
        assert socket.until_closed() == 1001


# ---- bounds --------------------------------------------------------------------------------------

BOUNDED = "[responses]\nsockets = 2\nsocket_s = 1\n"


def test_a_connection_has_a_lifetime(host: ScriptedProvider) -> None:
    with (
        Gateway(config(host.url, more=BOUNDED)) as gateway,
        Socket(gateway.url + PATH, gateway.headers()) as socket,
    ):
        host.script(Pause(1.5), *answers.stream(answers.chat_frames()))
        ask(socket)  # it outlives the connection's time, and is answered to its end
        (told,) = socket.events()
        assert told["error"]["code"] == "websocket_connection_limit_reached"
        assert socket.until_closed() == 1001


def test_there_are_only_so_many_connections(host: ScriptedProvider) -> None:
    with Gateway(config(host.url, more="[responses]\nsockets = 2\n")) as gateway:
        address, headers = gateway.url + PATH, gateway.headers()
        with Socket(address, headers), Socket(address, headers) as second:
            with Socket(address, headers) as third:
                assert third.status == 503
                assert "retry-after" in third.head
            second.send_frame(8, (1000).to_bytes(2, "big"))
            second.until_closed()
            ended = second.socket.recv(1)
            assert ended == b""
            with Socket(address, headers) as fourth:
                ask(fourth)


def test_a_client_that_closes_in_the_middle_lets_its_provider_go(
    gateway: Gateway, host: ScriptedProvider
) -> None:
    host.script(*answers.stream(answers.chat_frames())[:3], WaitForClose())
    with Socket(gateway.url + PATH, gateway.headers()) as leaving:
        leaving.send(create())
        answer_id = json.loads(leaving.frame()[1])["response"]["id"]
        while b"output_text.delta" not in leaving.frame()[1]:
            pass
        leaving.send_frame(8, (1000).to_bytes(2, "big"))
        assert leaving.until_closed() == 1000
    host.wait_for_leave(host.requests[-1])
    receipt = gateway.get(f"/v1/generations/{answer_id}").json()
    assert (receipt["status"], receipt["end"]) == ("incomplete", "client_left")


def test_what_waits_is_bounded_in_bytes(gateway: Gateway, host: ScriptedProvider) -> None:
    go = threading.Event()
    host.script(Pause(go), *answers.stream(answers.chat_frames()))
    with Socket(gateway.url + PATH, gateway.headers()) as crowd:
        for _ in range(4):
            crowd.send(create("x" * 12_000_000))
        assert crowd.until_closed() == 1008
    go.set()


def test_what_connections_hold_counts_among_large_bodies(host: ScriptedProvider) -> None:
    small = "[limits.request]\nbody_bytes = 65536\n"  # sixteen of these together
    with (
        Gateway(config(host.url, more=small)) as gateway,
        Socket(gateway.url + PATH, gateway.headers()) as socket,
    ):
        socket.send_frame(1, b"x" * 2_000_000, fin=False)
        assert socket.until_closed() == 1013
        while socket.socket.recv(65536):
            pass
        body = {"model": "lab/m", "input": "x" * 60_000 + "é" * 5_000}
        assert gateway.post(PATH, body).status != 503  # nothing of it is held any more


def test_a_revoked_key_ends_its_connections(host: ScriptedProvider) -> None:
    admin = {"authorization": "Bearer an-administrator's-key-of-the-test-0123456789"}
    environment = {"GLIMWAY_ADMIN_KEY": admin["authorization"].removeprefix("Bearer ")}
    with Gateway(config(host.url), environment=environment) as gateway:
        keys = f"{gateway.url}/admin/v1/keys"
        made = call(keys, {"name": "k", "project": "default"}, admin).json()
        with Socket(gateway.url + PATH, {"authorization": f"Bearer {made['key']}"}) as socket:
            ask(socket)
            assert call(f"{keys}/{made['id']}", None, admin, method="DELETE").status == 200
            socket.send(create())
            (told,) = socket.events()
            assert told["status"] == 401
            assert socket.until_closed() == 1008
