"""Receipts over the admin API: at once, filtered, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from console.served import NOW_MS, Admin, receipt_of
from glimway.domain.ids import new_id
from glimway.domain.receipt import Attempt, Tokens
from kit.ids import entropy_of

MINUTE_MS = 60_000


def identity(number: int, at_ms: int = NOW_MS) -> str:
    return new_id(at_ms, entropy_of(number))


def ids(page: Any) -> list[str]:
    return [one["id"] for one in page["data"]]


def test_a_receipt_is_there_at_once_and_whole(admin: Admin) -> None:
    receipt = receipt_of(
        identity(1),
        NOW_MS,
        tokens=Tokens(input=100, output=20, cached=64, reasoning=7),
        cost_nanousd=1_250_000,
        ttft_ms=80,
        duration_ms=900,
        stream=True,
        attempts=(Attempt("e", "rack1", "ok", NOW_MS, 900, status=200),),
    )
    admin.settle(receipt)
    for public_id in (receipt.id, f"chatcmpl-{receipt.id}", f"req_{receipt.id}"):
        shown = admin.get(f"/requests/{public_id}")
        assert shown["object"] == "request"
        assert (shown["id"], shown["at"]) == (receipt.id, "2026-11-18T11:06:40.000Z")
        assert shown["tokens"] == {
            "input": 100,
            "output": 20,
            "cached": 64,
            "cache_write": 0,
            "reasoning": 7,
        }
        assert (shown["cost_nanousd"], shown["cost"]) == (1_250_000, 0.00125)
        assert (shown["estimated"], shown["price_version"], shown["user"]) == (False, None, None)
        assert shown["attempts"][0]["outcome"] == "ok"
        assert shown["attempts"][0]["detail"] is None


def test_a_drained_receipt_reads_the_same(admin: Admin) -> None:
    receipt = receipt_of(identity(1), NOW_MS)
    admin.settle(receipt)
    before = admin.get("/requests")
    assert admin.runner.flush(10)
    assert admin.get("/requests") == before
    assert admin.get(f"/requests/{receipt.id}") == before["data"][0]


@pytest.mark.parametrize("name", ["nothing", identity(9), "req_" + "z" * 26])
def test_a_request_that_is_not_there_is_not_found(still_admin: Admin, name: str) -> None:
    answer = still_admin.send("GET", f"/requests/{name}")
    assert answer.status == 404
    assert name in answer.error["message"]


def test_receipts_come_newest_first_page_by_page(admin: Admin) -> None:
    expected: list[str] = []
    for number in range(7):
        receipt = receipt_of(identity(number, NOW_MS + number), NOW_MS + number)
        admin.settle(receipt)
        expected.insert(0, receipt.id)
        if number == 3:
            assert admin.runner.flush(10)  # some are drained, some are not
    seen: list[str] = []
    cursor, pages = "", 0
    while True:
        page = admin.get(f"/requests?limit=3{cursor}")
        assert page["object"] == "list"
        assert page["has_more"] == (page["next"] is not None)
        seen += ids(page)
        pages += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert (seen, pages) == (expected, 3)


def test_receipts_are_found_by_what_is_known_of_them(admin: Admin) -> None:
    team = admin.post("/projects", {"name": "team"})["id"]
    old = receipt_of(identity(1, NOW_MS - 10 * MINUTE_MS), NOW_MS - 10 * MINUTE_MS, key="k2")
    other = receipt_of(identity(2), NOW_MS, project=team, status="failed")
    third = receipt_of(identity(3, NOW_MS + 1), NOW_MS + 1, model="lab/n")
    for receipt in (old, other, third):
        admin.settle(receipt)
    admin.now_ms += 2
    for query, found in {
        "": [third, other, old],
        "?key=k2": [old],
        "?project=team": [other],
        f"?project={team}": [other],
        "?status=failed": [other],
        "?model=lab/n": [third],
        "?since=5m": [third, other],
        "?until=5m": [old],
        "?since=2026-11-18T11:06:40.001Z": [third],
        "?since=5m&until=2026-11-18T11:06:40.001Z": [other],
        "?key=nobody": [],
    }.items():
        assert ids(admin.get(f"/requests{query}")) == [one.id for one in found], query


@pytest.mark.parametrize(
    ("query", "status", "param"),
    [
        ("limit=0", 400, "limit"),
        ("limit=201", 400, "limit"),
        ("limit=ten", 400, "limit"),
        ("limit=", 400, "limit"),
        ("status=okay", 400, "status"),
        ("since=yesterday", 400, "since"),
        ("until=2026-13-01", 400, "until"),
        ("cursor=abc", 400, "cursor"),
        ("project=none", 404, "project"),
        ("modell=x", 400, "modell"),
        ("key=a&key=b", 400, "key"),
    ],
)
def test_a_wrong_question_is_refused_by_its_parameter(
    still_admin: Admin, query: str, status: int, param: str
) -> None:
    answer = still_admin.send("GET", f"/requests?{query}")
    assert (answer.status, answer.error["param"]) == (status, param)
    assert answer.error["message"]
