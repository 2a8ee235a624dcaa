"""Twins share one provider call, and answers are kept, where a project wants that.

Over real sockets: what counts is how many requests reach the provider.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from engine.stage import ADMIN_KEY, CHAT, COST_NANOUSD, Stage, staged
from kit import answers
from kit.http import Client, Response, call
from kit.steps import Close, Pause, Reset, Step, WaitForClose

COALESCE = """
[coalesce]
use = "always"
window_ms = 10000
twins_pay = "{pay}"
alike = "near"

[cache]
use = "asked"
"""
BEGUN = 3
"""Pieces of a stream up to its first text: the head, the role, the text."""
TEXT = ("Hello", " there", ".")


def frames() -> list[bytes]:
    return answers.chat_frames(TEXT)


@pytest.fixture(scope="module")
def shared() -> Iterator[Stage]:
    with staged(COALESCE, pay="full") as stage:
        yield stage


@pytest.fixture(scope="module")
def split() -> Iterator[Stage]:
    with staged(COALESCE, pay="split") as stage:
        yield stage


def ask(stage: Stage, text: str, *, stream: bool = False, **more: Any) -> Client:
    messages = [{"role": "user", "content": text}]
    asked: dict[str, Any] = {"temperature": 0, "messages": messages} | more
    return stage.ask(stream=stream, **asked)


def wait_for_seats(stage: Stage) -> None:
    """Until what was sent has been read: a later request on another connection is answered."""
    assert stage.gateway.get("/health/live").status == 200


def said(response: Response) -> str:
    assert response.status == 200, response.body
    if response.header("content-type") == "application/json":
        return str(response.json()["choices"][0]["message"]["content"])
    text = ""
    for block in response.body.decode().split("\n\n"):
        data = block.removeprefix("data: ")
        if block.startswith("data: ") and data != "[DONE]":
            document = json.loads(data)
            assert "error" not in document, document
            text += "".join(one["delta"].get("content") or "" for one in document["choices"])
    assert response.body.endswith(b"data: [DONE]\n\n")
    return text


@pytest.mark.parametrize("lead", [False, True], ids=["whole first", "stream first"])
def test_twins_get_one_call_and_each_its_own_answer_and_receipt(shared: Stage, lead: bool) -> None:
    go = threading.Event()
    steps: list[Step] = [Pause(go)]
    steps += answers.stream(frames()) if lead else [answers.whole(answers.chat("".join(TEXT)))]
    with shared.arrivals() as arrived:
        shared.provider.script(*steps)
        question = f"one call, {lead}"
        clients = [ask(shared, question, stream=lead)]

        clients += [ask(shared, question, stream=stream) for stream in (True, False, True)]
        clients.append(ask(shared, f"  ONE call,  {lead}?!", stream=False))
        go.set()
        responses = [client.read_response() for client in clients]
        for client in clients:
            client.close()
    assert len(arrived) == 1
    assert [said(response) for response in responses] == ["".join(TEXT)] * 5
    assert len({response.header("x-request-id") for response in responses}) == 5
    marks = [response.header("x-glimway-coalesced") for response in responses]
    assert marks == [None] + ["true"] * 4
    receipts = [shared.receipt(response) for response in responses]
    assert [receipt["status"] for receipt in receipts] == ["ok"] * 5
    assert [receipt["cost_nanousd"] for receipt in receipts] == [COST_NANOUSD] * 5
    assert sum(len(receipt["attempts"]) for receipt in receipts) == 1
    assert [receipt["shared"] for receipt in receipts].count("twin") == 4


def test_one_price_is_split_to_the_last_nanodollar(split: Stage) -> None:
    go = threading.Event()
    split.provider.script(Pause(go), *answers.stream(frames()))
    clients = [ask(split, "split", stream=True)]
    split.provider.wait_until(lambda: bool(split.provider.requests))
    clients += [ask(split, "split", stream=True) for _ in range(2)]
    wait_for_seats(split)
    go.set()
    responses = [client.read_response() for client in clients]
    costs = [split.receipt(response)["cost_nanousd"] for response in responses]
    assert sum(costs) == COST_NANOUSD
    assert max(costs) - min(costs) <= 1
    for client in clients:
        client.close()


@pytest.mark.parametrize("gone", [0, 1], ids=["the first", "a twin"])
def test_who_leaves_does_not_cut_the_others(shared: Stage, gone: int) -> None:
    go = threading.Event()
    pieces = answers.stream(frames())
    with shared.arrivals() as arrived:
        shared.provider.script(*pieces[:BEGUN], Pause(go), *pieces[BEGUN:])
        clients = [ask(shared, f"leave {gone}", stream=True) for _ in range(2)]
        heads = [client.read_head() for client in clients]
        clients.pop(gone).close()
        response = heads[1 - gone]
        wait_for_seats(shared)
        go.set()
        response.body = clients[0].read_body()
        clients[0].close()
    assert said(response) == "".join(TEXT)
    assert len(arrived) == 1
    assert arrived[0].left_s is None
    assert shared.receipt(response)["status"] == "ok"


def test_the_provider_is_stopped_when_all_have_left(shared: Stage) -> None:
    begun = answers.stream(frames())[:BEGUN]
    with shared.arrivals() as arrived:
        shared.provider.script(*begun, WaitForClose())
        clients = [ask(shared, "all leave", stream=True) for _ in range(3)]
        for client in clients:
            assert client.read_head().status == 200
        for client in clients:
            client.close()
        shared.provider.wait_until(lambda: bool(shared.provider.requests[-1].left_s))
    assert len(arrived) == 1


def test_a_client_that_does_not_read_holds_up_nobody(shared: Stage) -> None:
    """It gets what it can, then an error, however much the others have read meanwhile."""
    go = threading.Event()
    piece = "x" * 60_000
    pieces = answers.stream(answers.chat_frames([piece] * 400))
    shared.provider.script(*pieces[:BEGUN], Pause(go), *pieces[BEGUN:])
    seen = len(shared.provider.requests)
    slow = ask(shared, "who reads?", stream=True)
    shared.provider.wait_for_requests(seen + 1)
    quick = ask(shared, "who reads?", stream=True)
    heads = [client.read_head() for client in (slow, quick)]
    go.set()
    heads[1].body = quick.read_body()
    assert said(heads[1]) == piece * 400
    left = slow.read_body()
    assert b"[DONE]" not in left
    assert b'"error"' in left
    assert b"service_unavailable" in left
    for client in (slow, quick):
        client.close()


@pytest.mark.parametrize("late", [False, True], ids=["before content", "after content"])
def test_a_fault_reaches_each_in_its_own_words(shared: Stage, late: bool) -> None:
    go = threading.Event()
    begun = answers.stream(frames())[:BEGUN]
    steps: list[Step] = [*begun, Pause(go), Close()] if late else [Pause(go), Reset()]
    question = f"fault {late}"
    shared.rest()  # a kept connection that is reset would be tried once more
    with shared.arrivals() as arrived:
        shared.provider.script(*steps)
        seen = len(shared.provider.requests)
        chat = ask(shared, question, stream=True, max_tokens=1000)
        shared.provider.wait_for_requests(seen + 1)
        other = shared.gateway.client()
        body = {
            "model": "lab/m",
            "max_tokens": 1000,
            "messages": [{"role": "user", "content": question}],
            "temperature": 0,
            "stream": True,
        }
        other.post_json("/v1/messages", body, shared.headers())
        whole = ask(shared, question, max_tokens=1000)
        wait_for_seats(shared)
        go.set()
        responses = [chat.read_response(), whole.read_response(), other.read_response()]
        if late:
            assert b'"error"' in responses[0].body
            assert b"[DONE]" not in responses[0].body
        else:
            assert responses[0].status == 503
        assert responses[1].status == (502 if late else 503)
        assert responses[1].json()["error"]["type"] == "api_error"
        assert b'"type":"error"' in responses[2].body
        for client in (chat, whole, other):
            client.close()
    assert len(arrived) == 1
    receipts = [shared.receipt(response) for response in responses]
    assert sum(len(receipt["attempts"]) for receipt in receipts) == 1
    assert {receipt["status"] for receipt in receipts} <= {"failed", "incomplete"}


@pytest.mark.parametrize(
    "more",
    [
        {"temperature": 0.7},
        {"n": 2},
        {"max_tokens": 5},
        {"model": "lab/m@rack1"},
    ],
    ids=["variety", "several", "another bound", "another name"],
)
def test_what_is_not_the_same_has_a_call_of_its_own(shared: Stage, more: dict[str, Any]) -> None:
    go = threading.Event()
    answer = answers.whole(answers.chat())
    with shared.arrivals() as arrived:
        shared.provider.always(Pause(go), answer)
        seen = len(shared.provider.requests)
        question = f"mine alone {more}"
        clients = [ask(shared, question), ask(shared, question, **more)]
        shared.provider.wait_for_requests(seen + 2)
        go.set()
        assert [client.read_response().status for client in clients] == [200, 200]
        for client in clients:
            client.close()
    assert len(arrived) >= 2


def test_a_project_may_share_where_others_do_not(shared: Stage) -> None:
    """It holds as soon as the change is answered, in both directions."""
    admin = {"authorization": f"Bearer {ADMIN_KEY}"}
    question = {"model": "lab/m", "messages": [{"role": "user", "content": "whose rules?"}]}
    asked = question | {"temperature": 0}
    marks = []
    for use in ("always", "never", None):
        sharing = None if use is None else {"cache": {"use": use}, "coalesce": {"use": "never"}}
        with Client(shared.gateway.url) as client:
            body = json.dumps({"settings": {"sharing": sharing}}).encode()
            client.request("PATCH", "/admin/v1/projects/default", admin, body)
            assert client.read_response().status == 200
        for _ in range(2):
            shared.provider.always(answers.whole(answers.chat()))
            marks.append(shared.gateway.post(CHAT, asked).header("x-glimway-cache"))
    assert marks == ["miss", "hit", None, None, None, None]


def test_projects_share_nothing(shared: Stage) -> None:
    admin = {"authorization": f"Bearer {ADMIN_KEY}"}
    url = shared.gateway.url
    made = call(url + "/admin/v1/projects", {"name": "other"}, admin)
    key = call(url + "/admin/v1/keys", {"name": "k", "project": "other"}, admin).json()["key"]
    other = Stage(shared.gateway, shared.provider)
    other.key = key
    assert made.status == 201
    go = threading.Event()
    shared.provider.always(Pause(go), answers.whole(answers.chat()))
    with shared.arrivals() as arrived:
        seen = len(shared.provider.requests)
        clients = [ask(stage, "whose is it?") for stage in (shared, other)]
        shared.provider.wait_for_requests(seen + 2)
        go.set()
        responses = [client.read_response() for client in clients]
        for client in clients:
            client.close()
    assert len(arrived) == 2
    assert [response.header("x-glimway-coalesced") for response in responses] == [None, None]


# --- answers that are kept ------------------------------------------------------------------------


def test_a_kept_answer_is_given_in_any_form_and_costs_nothing(shared: Stage) -> None:
    on = {"x-glimway-cache": "on", "x-glimway-coalesce": "off"}
    question = [{"role": "user", "content": "kept?"}]
    chat = {"model": "lab/m", "max_tokens": 50, "messages": question}
    with shared.arrivals() as arrived:
        shared.provider.script(*answers.stream(frames()))
        first = shared.gateway.post(CHAT, chat | {"stream": True}, on)
        whole = shared.gateway.post(CHAT, chat, on)
        stream = shared.gateway.post(CHAT, chat | {"stream": True}, on)
        messages = shared.gateway.post("/v1/messages", chat, on)
    assert len(arrived) == 1
    assert [said(one) for one in (first, whole, stream)] == ["".join(TEXT)] * 3
    assert messages.json()["content"][0]["text"] == "".join(TEXT)
    marks = [one.header("x-glimway-cache") for one in (first, whole, stream, messages)]
    assert marks == ["miss", "hit", "hit", "hit"]
    assert whole.json()["usage"]["cost"] == 0
    assert whole.json()["usage"]["prompt_tokens"] == 7
    receipts = [shared.receipt(one) for one in (first, whole, stream)]
    assert [one["cost_nanousd"] for one in receipts] == [COST_NANOUSD, 0, 0]
    assert [one["shared"] for one in receipts] == [None, "cache", "cache"]
    assert [len(one["attempts"]) for one in receipts] == [1, 0, 0]
    assert receipts[1]["shared_from"] == receipts[0]["id"].split("-")[-1]


def test_errors_and_cut_answers_are_not_kept(shared: Stage) -> None:
    on = {"x-glimway-cache": "on", "x-glimway-coalesce": "off"}
    chat = {"model": "lab/m", "messages": [{"role": "user", "content": "cut?"}], "stream": True}
    pieces = answers.stream(frames())
    with shared.arrivals() as arrived:
        shared.provider.script(*pieces[:BEGUN], Close())
        shared.provider.script(answers.error(500, "oops"))
        shared.provider.script(*answers.stream(answers.chat_frames(TEXT, finish_reason="length")))
        shared.provider.script(*pieces)
        found = [shared.gateway.post(CHAT, chat, on) for _ in range(5)]
    assert len(arrived) == 4
    marks = [one.header("x-glimway-cache") for one in found]
    assert marks == ["miss", "miss", "miss", "miss", "hit"]
    assert said(found[-1]) == "".join(TEXT)


def test_a_request_may_refuse_or_renew_what_is_kept(shared: Stage) -> None:
    chat = {"model": "lab/m", "messages": [{"role": "user", "content": "renewed?"}]}
    words = ("on", "off", "refresh", "on")
    with shared.arrivals() as arrived:
        for text in ("one", "two", "three"):
            shared.provider.script(answers.whole(answers.chat(text)))
        found = [shared.gateway.post(CHAT, chat, {"x-glimway-cache": word}) for word in words]
    assert len(arrived) == 3
    assert [said(one) for one in found] == ["one", "two", "three", "three"]
    wrong = shared.gateway.post(CHAT, chat, {"x-glimway-cache": "maybe"})
    assert wrong.status == 400
    assert wrong.json()["error"]["param"] == "x-glimway-cache"
