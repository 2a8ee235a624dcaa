"""The admin API as HTTP: paths, methods, bodies, headers, and bugs of our own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from console.served import Admin
from glimway.console import answers, errors, requests
from glimway.console.admin import TABLE
from glimway.console.bodies import BODY_BYTES_MAX
from glimway.surface import errors as surface_errors
from glimway.wire.refusal import REFUSAL_KINDS, Refusal


@pytest.mark.parametrize("path", ["", "/", "/key", "/keys/", "/keys/a/b", "/keys/a/revoke/", "/x"])
def test_an_unknown_path_is_not_found_in_json(still_admin: Admin, path: str) -> None:
    answer = still_admin.send("GET", path)
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"
    assert f'"/admin/v1{path}"' in answer.error["message"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/keys", "GET, POST"),
        ("OPTIONS", "/keys", "GET, POST"),
        ("PATCH", "/keys/a", "DELETE, GET"),
        ("GET", "/keys/a/rotate", "POST"),
        ("POST", "/requests", "GET"),
    ],
)
def test_another_method_is_refused_with_those_that_work(
    still_admin: Admin, method: str, path: str, allow: str
) -> None:
    answer = still_admin.send(method, path, key=None)
    assert answer.status == 405
    assert answer.headers["allow"] == allow
    assert answer.error["code"] == "method_not_allowed"


def test_head_is_get_without_a_body(still_admin: Admin) -> None:
    answer = still_admin.send("HEAD", "/keys")
    assert (answer.status, answer.body) == (200, b"")
    assert still_admin.send("HEAD", "/keys", key=None).status == 401


@pytest.mark.parametrize("path", ["/keys", "/nothing", "/keys/nothing"])
def test_every_answer_has_its_own_id_and_is_kept_by_nobody(still_admin: Admin, path: str) -> None:
    one, two = still_admin.send("GET", path), still_admin.send("GET", path)
    assert one.headers["x-request-id"] != two.headers["x-request-id"]
    assert len(one.headers["x-request-id"]) == 26
    assert one.headers["cache-control"] == "no-store"
    assert one.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "an array"),
        (b'"a"', "a string"),
        (b"null", "null"),
        (b'{"name": "\xff"}', "not valid UTF-8"),
        (b"name=a&project=default", "not valid JSON"),
        (b'{"name":' + b"[" * 100 + b"]" * 100 + b"}", "nests deeper than 8"),
    ],
)
def test_a_body_that_is_no_object_is_refused(still_admin: Admin, body: bytes, says: str) -> None:
    answer = still_admin.send("POST", "/keys", body)
    assert answer.status == 400
    assert answer.error["code"] == "invalid_json"
    assert says in answer.error["message"]


def test_an_empty_body_is_an_empty_object(still_admin: Admin) -> None:
    assert still_admin.send("POST", "/keys", b" \n").error["code"] == "missing_field"


def test_a_body_that_is_too_large_is_refused(still_admin: Admin) -> None:
    body = json.dumps({"name": "a" * BODY_BYTES_MAX}).encode()
    answer = still_admin.send("POST", "/keys", body)
    assert answer.status == 413
    assert answer.error["code"] == "request_too_large"


def test_control_characters_in_a_name_do_not_reach_a_message(still_admin: Admin) -> None:
    answer = still_admin.send("POST", "/keys", {"a\r\nb": 1})
    assert answer.error["param"] == "a\\u000d\\u000ab"
    assert "\n" not in answer.error["message"]


def test_a_failure_of_our_own_is_json_logged_and_listed(
    admin: Admin, caplog: pytest.LogCaptureFixture
) -> None:
    admin.reload_error = ZeroDivisionError("a bug")
    answer = admin.send("POST", "/keys", {"name": "a"})
    assert answer.status == 503
    assert "a bug" not in answer.body.decode()
    trace_id = answer.json["trace_id"]
    assert f"request {trace_id} failed inside" in caplog.text
    (entry,) = admin.errors.list().entries
    assert (entry.trace_id, entry.status, entry.mount) == (trace_id, 503, "/admin/v1")
    assert "ZeroDivisionError" in entry.cause


@pytest.mark.parametrize("kind", REFUSAL_KINDS)
def test_a_kind_reads_as_it_does_under_v1(kind: str) -> None:
    row, public = answers.ROWS[kind], surface_errors.ROWS[kind]  # type: ignore[index]
    assert row == (public.status, public.type, public.code)


def test_a_refusal_says_when_to_come_back() -> None:
    def wait(refusal: Refusal) -> str | None:
        return answers.refused(refusal, "t").headers.get("retry-after")

    assert wait(Refusal("unavailable", "a", retry_after_s=4.2)) == "5"
    assert wait(Refusal("unavailable", "a")) == "1"
    assert wait(Refusal("rate_limited", "a", retry_after_s=0.1)) == "1"
    assert wait(Refusal("invalid", "a", retry_after_s=9)) is None


def test_the_page_about_it_lists_every_operation_with_its_permission() -> None:
    page = (Path(__file__).parents[2] / "docs" / "admin.md").read_text()
    told = re.findall(r"^\| `([A-Z]+) /admin/v1(\S+)` \|.*\| `(\S+)` \|$", page, re.MULTILINE)
    assert sorted(told) == sorted(
        (method, path, operation.permission)
        for path, operations in TABLE.items()
        for method, operation in operations.items()
    )


@pytest.mark.parametrize(
    ("path", "parameters"),
    [("/requests", requests.PARAMETERS), ("/errors", errors.PARAMETERS)],
)
def test_the_page_about_it_names_every_filter(path: str, parameters: tuple[str, ...]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "admin.md").read_text()
    (line,) = re.findall(rf"^\| `GET /admin/v1{path}` \|(.*)$", page, re.MULTILINE)
    for name in set(parameters) - {"cursor"}:
        assert f"`{name}`" in line, name
