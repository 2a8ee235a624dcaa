"""The health of the books over the admin API."""

from __future__ import annotations

import sqlite3
import threading

from console.served import NOW_MS, WAIT_S, Admin, receipt_of
from glimway import __version__
from glimway.domain.ids import new_id
from kit.ids import entropy_of


def settle(admin: Admin, count: int) -> None:
    for number in range(count):
        admin.settle(receipt_of(new_id(NOW_MS, entropy_of(number)), NOW_MS))


def test_while_all_is_well(admin: Admin) -> None:
    settle(admin, 5)
    assert admin.runner.flush(WAIT_S)
    health = admin.get("/health")
    used, total = health["journal"]["used_bytes"], health["journal"]["total_bytes"]
    assert 0 < used < total == 262_144
    assert health == {
        "object": "health",
        "status": "ok",
        "version": __version__,
        "at": "2026-11-18T11:06:40.000Z",
        "draining": False,
        "journal": {
            "used_bytes": used,
            "total_bytes": total,
            "free_bytes": total - used,
            "broken": None,
        },
        "drain": {
            "running": True,
            "undrained_records": 0,
            "behind_since": None,
            "behind_s": 0,
            "last_error": None,
        },
        "serves_for_s": None,
    }


def test_while_the_database_takes_nothing_it_says_for_how_long_serving_goes_on(
    admin: Admin,
) -> None:
    assert admin.get("/health")["status"] == "ok"
    other = sqlite3.connect(admin.database_path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        settle(admin, 50)
        assert not admin.runner.flush(WAIT_S)
        admin.now_ms += 10_000
        health = admin.get("/health")
        assert health["status"] == "behind"
        assert health["drain"]["undrained_records"] == 100
        assert health["drain"]["behind_since"] == "2026-11-18T11:06:40.000Z"
        assert health["drain"]["behind_s"] == 10
        assert "locked" in health["drain"]["last_error"]
        journal = health["journal"]
        expected_s = 10 * journal["free_bytes"] // journal["used_bytes"]
        assert health["serves_for_s"] == expected_s > 0
    finally:
        other.close()
    assert admin.runner.flush(WAIT_S)
    health = admin.get("/health")
    assert (health["status"], health["serves_for_s"]) == ("ok", None)


def test_a_drain_that_stopped_is_failing(admin: Admin) -> None:
    admin.runner.stop(0)
    health = admin.get("/health")
    assert (health["status"], health["drain"]["running"]) == ("failing", False)


def test_a_journal_that_takes_nothing_is_failing(admin: Admin) -> None:
    admin.journal.close()
    health = admin.get("/health")
    assert health["status"] == "failing"
    assert health["journal"]["broken"]
    assert health["serves_for_s"] == 0


def test_it_says_that_the_server_drains(admin: Admin) -> None:
    admin.draining = True
    assert admin.get("/health")["draining"] is True


def test_it_takes_no_parameters(admin: Admin) -> None:
    assert admin.send("GET", "/health?full=1").status == 400


def test_it_answers_while_others_wait_for_the_database(admin: Admin) -> None:
    assert admin.get("/health")["status"] == "ok"
    free = threading.Event()
    waiting = admin.database.write(lambda _: free.wait(WAIT_S))
    try:
        assert admin.get("/health")["status"] == "ok"
    finally:
        free.set()
    assert waiting.result(WAIT_S)
