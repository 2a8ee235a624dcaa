"""The log of recent errors: bound, order, filters, pages."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.engine import errors
from glimway.engine.errors import ErrorEntry, ErrorFilter, ErrorLog


def entry(number: int, **changes: object) -> ErrorEntry:
    told: dict[str, object] = {
        "at_ms": number,
        "trace_id": f"t{number}",
        "status": 429,
        "kind": "rate_limited",
        "cause": "too fast",
        "mount": "/v1",
    }
    return ErrorEntry(**(told | changes))  # type: ignore[arg-type]


def log_of(count: int, kept: int = 1000) -> ErrorLog:
    log = ErrorLog(kept)
    for number in range(1, count + 1):
        log.add(entry(number))
    return log


def numbers(page: errors.ErrorPage) -> list[int]:
    return [one.at_ms for one in page.entries]


def test_the_newest_errors_are_kept_and_come_first() -> None:
    log = log_of(10, kept=4)
    assert len(log) == 4
    assert numbers(log.list()) == [10, 9, 8, 7]
    assert log.list().next_before is None
    assert numbers(ErrorLog(3).list()) == []


@given(st.integers(0, 30), st.integers(1, 20), st.integers(1, 7), st.integers(0, 25))
def test_pages_join_without_gap_or_repeat_while_errors_come(
    count: int, kept: int, limit: int, late: int
) -> None:
    log = log_of(count, kept)
    seen: list[int] = []
    before: int | None = None
    while True:
        page = log.list(limit, before=before)
        assert len(page.entries) <= limit
        seen += numbers(page)
        before = page.next_before
        if before is None:
            break
        if late:
            count += 1
            log.add(entry(count))
            late -= 1
    assert seen == sorted(set(seen), reverse=True)
    if seen:
        assert seen == list(range(seen[0], seen[0] - len(seen), -1))
        assert seen[-1] == 1 or seen[-1] <= count - kept + 1 + limit


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ErrorFilter(), [4, 3, 2, 1]),
        (ErrorFilter(since_ms=2), [4, 3, 2]),
        (ErrorFilter(until_ms=3), [2, 1]),
        (ErrorFilter(since_ms=2, until_ms=4), [3, 2]),
        (ErrorFilter(status=503), [2]),
        (ErrorFilter(kind="timeout"), [3]),
        (ErrorFilter(mount="/glm"), [4]),
        (ErrorFilter(model="m"), [3, 2]),
        (ErrorFilter(model="m", status=503), [2]),
        (ErrorFilter(key="k"), [4]),
        (ErrorFilter(trace_id="t1"), [1]),
        (ErrorFilter(trace_id="none"), []),
    ],
)
def test_errors_are_found_by_what_is_known_of_them(wanted: ErrorFilter, found: list[int]) -> None:
    log = ErrorLog(10)
    log.add(entry(1))
    log.add(entry(2, status=503, model="m"))
    log.add(entry(3, kind="timeout", model="m"))
    log.add(entry(4, mount="/glm", key="k"))
    page = log.list(wanted=wanted)
    assert numbers(page) == found
    assert page.next_before is None


def test_a_rare_wish_is_looked_for_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "SCAN_MAX", 5)
    log = log_of(12)
    wanted = ErrorFilter(trace_id="t1")
    first = log.list(wanted=wanted)
    assert (numbers(first), first.next_before) == ([], 8)
    second = log.list(wanted=wanted, before=8)
    assert (numbers(second), second.next_before) == ([], 3)
    assert numbers(log.list(wanted=wanted, before=3)) == [1]


@pytest.mark.parametrize(("before", "found"), [(0, []), (1, []), (2, [1]), (99, [3, 2, 1])])
def test_a_place_out_of_range_is_the_nearest_end(before: int, found: list[int]) -> None:
    assert numbers(log_of(3).list(before=before)) == found


def test_bugs_and_notes_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    log = ErrorLog(1)
    with caplog.at_level(logging.ERROR, "glimway"):
        log.bug("abc", ValueError("broken"))
        log.note("def", "the disk is full")
    assert "request abc failed inside" in caplog.text
    assert "ValueError: broken" in caplog.text
    assert "request def: the disk is full" in caplog.text
