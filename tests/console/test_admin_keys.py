"""Keys over the admin API: make, list, revoke, rotate; what holds when the answer is there."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from console.served import NOW_MS, Admin
from glimway.domain.keys import parse
from glimway.store.errors import DatabaseAway
from glimway.wire.refusal import Refusal

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DEFAULTS = {
    "requests_per_minute": 600,
    "burst": 60,
    "tokens_per_minute": 0,
    "concurrency": 100,
    "queue_ms": 0,
}


def made(admin: Admin, **body: Any) -> Any:
    return admin.post("/keys", {"name": "a key"} | body)


def accepted(admin: Admin, token: str, at_ms: int | None = None) -> bool:
    try:
        admin.keyring.identify(token, admin.now_ms if at_ms is None else at_ms)
    except Refusal:
        return False
    return True


@contextmanager
def locked(admin: Admin) -> Iterator[None]:
    """Another process holds the database's write lock."""
    other = sqlite3.connect(admin.database_path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


# ---- make -------------------------------------------------------------------------------------


def test_a_key_is_made_shown_once_and_in_force(admin: Admin) -> None:
    answer = admin.send("POST", "/keys", {"name": "laptop", "project": "default"})
    assert answer.status == 201
    assert answer.headers["cache-control"] == "no-store"
    new = answer.json
    token = new.pop("key")
    key_id, digest = parse(token)
    assert new == {
        "object": "key",
        "id": key_id,
        "name": "laptop",
        "prefix": token[:9] + "…",
        "organization": "default",
        "project": "default",
        "billing": "postpaid",
        "state": "active",
        "created_at": "2026-11-18T11:06:40.000Z",
        "expires_at": None,
        "revoked_at": None,
        "limits": None,
        "allowed_origins": [],
    }
    assert accepted(admin, token)
    assert admin.keyring.identify(token, NOW_MS).digest == digest


def test_no_later_answer_shows_a_secret(admin: Admin) -> None:
    token = made(admin)["key"]
    key_id = parse(token)[0]
    bodies = [
        admin.send("GET", "/keys").body,
        admin.send("GET", f"/keys/{key_id}").body,
        admin.send("DELETE", f"/keys/{key_id}").body,
    ]
    secret = token.rpartition("_")[2]
    for body in bodies:
        assert secret.encode() not in body
        assert b"digest" not in body
        assert f'"last4":"{token[-4:]}"'.encode() in body or body == bodies[2]


def test_a_project_is_named_by_its_id_or_its_name(admin: Admin) -> None:
    project = admin.post("/projects", {"name": "Team 7", "billing": "prepaid"})
    for name in ("Team 7", project["id"]):
        new = made(admin, project=name)
        assert new["project"] == project["id"]
        assert new["billing"] == "prepaid"
        assert admin.keyring.identify(new["key"], NOW_MS).billing == "prepaid"


def test_a_project_that_is_not_there_is_named(admin: Admin) -> None:
    answer = admin.send("POST", "/keys", {"name": "a", "project": "teem"})
    assert answer.status == 404
    assert answer.error["param"] == "project"
    assert '"teem"' in answer.error["message"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (None, None),
        ({}, None),
        ({"concurrency": 3}, DEFAULTS | {"concurrency": 3}),
        ({"requests_per_minute": 5}, DEFAULTS | {"requests_per_minute": 5, "burst": 5}),
        (
            {
                "requests_per_minute": 1,
                "burst": 2,
                "tokens_per_minute": 3,
                "concurrency": 4,
                "queue_ms": 5,
            },
            {
                "requests_per_minute": 1,
                "burst": 2,
                "tokens_per_minute": 3,
                "concurrency": 4,
                "queue_ms": 5,
            },
        ),
        ({"requests_per_minute": 0}, DEFAULTS | {"requests_per_minute": 0, "burst": 0}),
    ],
)
def test_limits_that_are_not_said_are_the_default_s(
    admin: Admin, limits: dict[str, int] | None, expected: dict[str, int] | None
) -> None:
    new = made(admin, limits=limits)
    assert new["limits"] == expected
    key = admin.keyring.identify(new["key"], NOW_MS)
    assert (key.limits is None) == (expected is None)
    if expected is not None and key.limits is not None:
        assert key.limits.requests_per_minute == expected["requests_per_minute"]


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        ("30d", "2026-12-18T11:06:40.000Z"),
        ("90s", "2026-11-18T11:08:10.000Z"),
        ("2027-01-01", "2027-01-01T00:00:00.000Z"),
        ("2027-01-01T12:00:00+02:00", "2027-01-01T10:00:00.000Z"),
        (None, None),
    ],
)
def test_a_key_expires_when_it_was_said(
    admin: Admin, expires: str | None, expected: str | None
) -> None:
    new = made(admin, expires=expires)
    assert new["expires_at"] == expected
    assert accepted(admin, new["key"])
    assert accepted(admin, new["key"], NOW_MS + 400 * DAY_MS) == (expected is None)


def test_origins_are_kept_in_the_form_that_browsers_send(admin: Admin) -> None:
    new = made(admin, allowed_origins=["https://App.Example.com", "http://localhost:3000", "*"])
    assert new["allowed_origins"] == ["https://app.example.com", "http://localhost:3000", "*"]


@pytest.mark.parametrize(
    ("body", "param", "code", "says"),
    [
        ({}, "name", "missing_field", "Missing required field 'name'"),
        ({"name": ""}, "name", "invalid_value", "not empty"),
        ({"name": " "}, "name", "invalid_value", "not empty"),
        ({"name": "a\nb"}, "name", "invalid_value", "one line"),
        ({"name": "a" * 201}, "name", "invalid_value", "at most 200 characters"),
        ({"name": 7}, "name", "invalid_value", "must be a string"),
        ({"name": "a", "project": None}, "project", "invalid_value", "must be a string"),
        ({"name": "a", "projct": "x"}, "projct", "unknown_parameter", "Did you mean 'project'?"),
        ({"name": "a", "Expires": "x"}, "Expires", "unknown_parameter", "'expires'?"),
        ({"name": "a", "zzz": 1}, "zzz", "unknown_parameter", "Known are: name, project"),
        (
            {"name": "a", "limits": {"requests_per_minut": 1}},
            "limits.requests_per_minut",
            "unknown_parameter",
            "Did you mean 'requests_per_minute'?",
        ),
        ({"name": "a", "limits": 5}, "limits", "invalid_value", "an object or null"),
        (
            {"name": "a", "limits": {"burst": -1}},
            "limits.burst",
            "invalid_value",
            "-1. It must be a whole number >= 0",
        ),
        (
            {"name": "a", "limits": {"burst": "9"}},
            "limits.burst",
            "invalid_value",
            '"9". It must be a whole number',
        ),
        ({"name": "a", "limits": {"burst": 1.5}}, "limits.burst", "invalid_value", "1.5"),
        ({"name": "a", "limits": {"burst": 10**13}}, "limits.burst", "invalid_value", "<="),
        ({"name": "a", "expires": "soon"}, "expires", "invalid_value", "2026-12-31"),
        ({"name": "a", "expires": "2020-01-01"}, "expires", "invalid_value", "has passed"),
        ({"name": "a", "expires": "0s"}, "expires", "invalid_value", "has passed"),
        ({"name": "a", "expires": "999999999w"}, "expires", "invalid_value", "100 years"),
        ({"name": "a", "expires": 5}, "expires", "invalid_value", "a string or null"),
        ({"name": "a", "allowed_origins": "*"}, "allowed_origins", "invalid_value", "an array"),
        (
            {"name": "a", "allowed_origins": ["*", "https://a.example/path"]},
            "allowed_origins[1]",
            "invalid_value",
            "no path",
        ),
        (
            {"name": "a", "allowed_origins": ["*", 5]},
            "allowed_origins[1]",
            "invalid_value",
            "a string",
        ),
        ({"name": "a", "allowed_origins": ["*"] * 101}, "allowed_origins", "invalid_value", "100"),
    ],
)
def test_a_body_that_is_wrong_is_refused_by_its_field(
    still_admin: Admin, body: object, param: str, code: str, says: str
) -> None:
    answer = still_admin.send("POST", "/keys", body)
    assert answer.status == 400, answer
    assert (answer.error["param"], answer.error["code"]) == (param, code)
    assert answer.error["type"] == "invalid_request_error"
    assert says in answer.error["message"]
    assert still_admin.get("/keys")["data"] == []


# ---- list -------------------------------------------------------------------------------------


def test_keys_are_listed_newest_first_by_project_and_state(admin: Admin) -> None:
    team = admin.post("/projects", {"name": "team"})["id"]
    first = made(admin, name="first")["id"]
    admin.now_ms += 1
    second = made(admin, name="second", project="team", expires="1h")["id"]
    admin.now_ms += 1
    third = made(admin, name="third")["id"]
    admin.send("DELETE", f"/keys/{first}")
    admin.now_ms += HOUR_MS

    def ids(query: str) -> list[str]:
        listed = admin.get(f"/keys{query}")
        assert (listed["object"], listed["has_more"], listed["next"]) == ("list", False, None)
        return [key["id"] for key in listed["data"]]

    assert ids("") == [third, second, first]
    assert ids("?project=team") == ids(f"?project={team}") == [second]
    assert ids("?state=active") == [third]
    assert ids("?state=expired") == [second]
    assert ids("?state=revoked&project=default") == [first]
    shown = admin.get(f"/keys/{second}")
    assert (shown["name"], shown["state"], shown["successor"]) == ("second", "expired", None)


@pytest.mark.parametrize(
    ("path", "status", "param"),
    [
        ("/keys/nothing", 404, "key"),
        ("/keys?project=none", 404, "project"),
        ("/keys?state=Active", 400, "state"),
        ("/keys?stat=active", 400, "stat"),
        ("/keys?state=active&state=active", 400, "state"),
    ],
)
def test_what_is_asked_wrongly_is_named(
    still_admin: Admin, path: str, status: int, param: str
) -> None:
    answer = still_admin.send("GET", path)
    assert (answer.status, answer.error["param"]) == (status, param)


# ---- revoke -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "/revoke")])
def test_a_revoked_key_is_refused_when_the_answer_is_there(
    admin: Admin, method: str, path: str
) -> None:
    new, other = made(admin), made(admin)
    admin.now_ms += 5
    answer = admin.send(method, f"/keys/{new['id']}{path}")
    assert answer.status == 200
    assert answer.json["state"] == "revoked"
    assert answer.json["revoked_at"] == "2026-11-18T11:06:40.005Z"
    assert not accepted(admin, new["key"])
    assert accepted(admin, other["key"])


def test_revoking_twice_keeps_the_first_time(admin: Admin) -> None:
    key_id = made(admin)["id"]
    first = admin.post(f"/keys/{key_id}/revoke")
    admin.now_ms += 1000
    assert admin.post(f"/keys/{key_id}/revoke") == first


def test_a_key_that_is_not_there_cannot_be_changed(admin: Admin) -> None:
    for method, path in (("DELETE", ""), ("POST", "/revoke"), ("POST", "/rotate")):
        answer = admin.send(method, f"/keys/nothing{path}")
        assert (answer.status, answer.error["param"]) == (404, "key")


def test_a_revocation_that_does_not_hold_yet_is_not_answered_as_if_it_did(admin: Admin) -> None:
    new = made(admin)
    admin.reload_error = DatabaseAway("locked")
    answer = admin.send("DELETE", f"/keys/{new['id']}")
    assert answer.status == 503
    assert "send this again" in answer.error["message"]
    assert accepted(admin, new["key"])
    admin.reload_error = None
    assert admin.send("DELETE", f"/keys/{new['id']}").status == 200
    assert not accepted(admin, new["key"])


def test_while_the_database_is_locked_nothing_changes_and_the_answer_is_503(admin: Admin) -> None:
    new = made(admin)
    with locked(admin):
        for method, path in (
            ("DELETE", f"/keys/{new['id']}"),
            ("POST", f"/keys/{new['id']}/rotate"),
        ):
            answer = admin.send(method, path)
            assert answer.status == 503
            assert "locked" not in answer.error["message"]
        assert admin.send("POST", "/keys", {"name": "b"}).status == 503
    assert [key["state"] for key in admin.get("/keys")["data"]] == ["active"]
    assert "locked" in admin.errors.list().entries[0].cause


# ---- rotate -----------------------------------------------------------------------------------


def test_rotation_overlaps_for_a_day_unless_said_otherwise(admin: Admin) -> None:
    old = made(admin, name="ci", limits={"concurrency": 3}, allowed_origins=["*"], expires="30d")
    admin.now_ms += 1000
    answer = admin.send("POST", f"/keys/{old['id']}/rotate")
    assert answer.status == 201
    new = answer.json
    assert new["id"] != old["id"]
    for same in ("name", "project", "limits", "allowed_origins", "expires_at"):
        assert new[same] == old[same]
    assert new["replaces"]["id"] == old["id"]
    assert new["replaces"]["successor"] == new["id"]
    assert new["replaces"]["state"] == "active"
    assert new["replaces"]["revoked_at"] == "2026-11-19T11:06:41.000Z"
    assert accepted(admin, new["key"])
    assert accepted(admin, old["key"], admin.now_ms + DAY_MS - 1)
    assert not accepted(admin, old["key"], admin.now_ms + DAY_MS)
    assert accepted(admin, new["key"], admin.now_ms + DAY_MS)


@pytest.mark.parametrize(("overlap", "lasts_ms"), [("0s", 0), ("90s", 90_000), ("1h", HOUR_MS)])
def test_the_overlap_is_what_was_said(admin: Admin, overlap: str, lasts_ms: int) -> None:
    old = made(admin)
    admin.post(f"/keys/{old['id']}/rotate", {"overlap": overlap})
    assert not accepted(admin, old["key"], NOW_MS + lasts_ms)
    if lasts_ms:
        assert accepted(admin, old["key"], NOW_MS + lasts_ms - 1)


def test_a_key_is_rotated_once_so_that_no_successor_is_orphaned(admin: Admin) -> None:
    old = made(admin)
    new = admin.post(f"/keys/{old['id']}/rotate")
    again = admin.send("POST", f"/keys/{old['id']}/rotate")
    assert again.status == 400
    assert "rotated already" in again.error["message"]
    newest = admin.post(f"/keys/{new['id']}/rotate")
    assert all(accepted(admin, one["key"]) for one in (old, new, newest))


def test_an_overlap_can_be_cut_short(admin: Admin) -> None:
    old = made(admin)
    new = admin.post(f"/keys/{old['id']}/rotate")
    admin.post(f"/keys/{old['id']}/revoke")
    assert not accepted(admin, old["key"])
    assert accepted(admin, new["key"])


def test_a_dead_key_is_not_rotated(admin: Admin) -> None:
    key_id = made(admin)["id"]
    admin.post(f"/keys/{key_id}/revoke")
    answer = admin.send("POST", f"/keys/{key_id}/rotate")
    assert answer.status == 400
    assert "is revoked" in answer.error["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"overlap": "soon"}, "overlap"),
        ({"overlap": 5}, "overlap"),
        ({"overlap": "101 years"}, "overlap"),
        ({"overlap": "99999w"}, "overlap"),
        ({"over": "1h"}, "over"),
    ],
)
def test_a_wrong_overlap_is_refused(admin: Admin, body: object, param: str) -> None:
    key_id = made(admin)["id"]
    answer = admin.send("POST", f"/keys/{key_id}/rotate", body)
    assert (answer.status, answer.error["param"]) == (400, param)
    assert len(admin.get("/keys")["data"]) == 1


def test_a_new_key_is_shown_even_if_the_server_cannot_read_it_yet(
    admin: Admin, caplog: pytest.LogCaptureFixture
) -> None:
    admin.reload_error = DatabaseAway("locked")
    new = made(admin)
    assert re.fullmatch(r"glim_\w{62}", new["key"])
    assert not accepted(admin, new["key"])
    assert "a new key waits to be read" in caplog.text
