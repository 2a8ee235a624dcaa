"""Recent errors over the admin API."""

from __future__ import annotations

import pytest

from console.served import NOW_MS, Admin
from glimway.engine.errors import ErrorEntry


def add(admin: Admin, number: int, **changes: object) -> None:
    told: dict[str, object] = {
        "at_ms": NOW_MS + number * 1000,
        "trace_id": f"t{number}",
        "status": 429,
        "kind": "rate_limited",
        "cause": "too fast",
        "mount": "/v1",
    }
    admin.errors.add(ErrorEntry(**(told | changes)))  # type: ignore[arg-type]


def traces(admin: Admin, query: str = "") -> list[str]:
    return [one["trace_id"] for one in admin.get(f"/errors{query}")["data"]]


def test_errors_are_told_with_their_cause_newest_first(admin: Admin) -> None:
    add(admin, 1)
    add(admin, 2, status=502, kind="broken", cause="cut", model="lab/m", key="k1", mount="/glm")
    page = admin.get("/errors")
    assert page["data"][0] == {
        "object": "error",
        "at": "2026-11-18T11:06:42.000Z",
        "at_ms": NOW_MS + 2000,
        "trace_id": "t2",
        "status": 502,
        "kind": "broken",
        "cause": "cut",
        "mount": "/glm",
        "model": "lab/m",
        "key": "k1",
    }
    assert (page["data"][1]["trace_id"], page["data"][1]["model"]) == ("t1", None)
    assert (page["has_more"], page["next"]) == (False, None)


def test_errors_are_found_by_what_is_known_of_them(admin: Admin) -> None:
    add(admin, 1)
    add(admin, 2, status=502, kind="broken", model="lab/m", key="k1", mount="/glm")
    admin.now_ms = NOW_MS + 3000
    for query in ("status=502", "kind=broken", "model=lab/m", "key=k1", "mount=/glm", "since=1s"):
        assert traces(admin, f"?{query}") == ["t2"], query
    for query in ("trace_id=t1", "until=2026-11-18T11:06:42Z"):
        assert traces(admin, f"?{query}") == ["t1"], query
    assert traces(admin, "?kind=nothing") == []


def test_errors_come_page_by_page_while_new_ones_arrive(admin: Admin) -> None:
    for number in range(1, 6):
        add(admin, number)
    first = admin.get("/errors?limit=2")
    add(admin, 6)
    second = admin.get(f"/errors?limit=2&cursor={first['next']}")
    last = admin.get(f"/errors?limit=2&cursor={second['next']}")
    seen = [one["trace_id"] for page in (first, second, last) for one in page["data"]]
    assert seen == ["t5", "t4", "t3", "t2", "t1"]
    assert last["next"] is None


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("status=many", "status"),
        ("status=600", "status"),
        ("cursor=-1", "cursor"),
        ("since=now", "since"),
        ("stauts=429", "stauts"),
    ],
)
def test_a_wrong_question_is_refused_by_its_parameter(
    still_admin: Admin, query: str, param: str
) -> None:
    answer = still_admin.send("GET", f"/errors?{query}")
    assert (answer.status, answer.error["param"]) == (400, param)
