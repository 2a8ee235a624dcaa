"""Who gets in: every operation's permission, the admin key, and what happens without a database."""

from __future__ import annotations

import pytest
from starlette.routing import Route

from console.served import ADMIN_KEY, Admin
from glimway.console.access import PERMISSIONS, Headers, Permission, Principal, bearer
from glimway.console.admin import TABLE, admin_app
from glimway.console.resource import Resource
from glimway.domain.keys import mint
from glimway.wire.refusal import Refusal

OPERATIONS = [
    (method, path, operation.permission)
    for path, operations in TABLE.items()
    for method, operation in operations.items()
]


def place(path: str) -> str:
    return path.replace("{id}", "nothing")


def test_every_route_of_the_application_is_a_resource_with_permissions(admin: Admin) -> None:
    routes = admin_app(admin.parts).routes
    assert {route.path for route in routes if isinstance(route, Route)} == {
        "/admin/v1" + path for path in TABLE
    }
    for route in routes:
        assert isinstance(route, Route)
        assert route.methods is None  # the resource itself answers every method
        assert isinstance(route.app, Resource)
        assert route.app.operations
        for operation in route.app.operations.values():
            assert operation.permission in PERMISSIONS


def test_what_changes_needs_a_permission_to_write() -> None:
    for method, path, permission in OPERATIONS:
        changes = method != "GET" and path != "/routes"  # a question with a body
        assert permission.endswith(".write" if changes else ".read"), path


def test_every_permission_is_needed_somewhere() -> None:
    assert {permission for _, _, permission in OPERATIONS} == PERMISSIONS


def test_nobody_gets_in_anywhere_without_a_key_or_with_a_wrong_one(admin: Admin) -> None:
    for method, path, _ in OPERATIONS:
        for key in (None, "glimadmin_" + "x" * 43):
            answer = admin.send(method, place(path), b"not json", key=key)
            assert answer.status == 401, (method, path)
            assert answer.error["type"] == "authentication_error"
            assert answer.error["code"] == "invalid_api_key"
            assert answer.headers["www-authenticate"] == "Bearer"
            assert ADMIN_KEY not in answer.body.decode()


def test_every_operation_refuses_whoever_lacks_just_its_permission(bare_admin: Admin) -> None:
    may: list[frozenset[Permission]] = [PERMISSIONS]

    async def identify(_: Headers) -> Principal:
        return Principal("someone", may[0])

    bare_admin.identify = identify
    for method, path, permission in OPERATIONS:
        may[0] = PERMISSIONS - {permission}
        answer = bare_admin.send(method, place(path), b"not json", key=None)
        assert answer.status == 403, (method, path)
        assert permission in answer.error["message"]
        assert answer.error["type"] == "permission_error"


@pytest.mark.parametrize("permission", sorted(PERMISSIONS))
def test_a_permission_opens_its_operations_and_no_other(
    bare_admin: Admin, permission: Permission
) -> None:
    async def identify(_: Headers) -> Principal:
        return Principal("someone", frozenset({permission}))

    bare_admin.identify = identify
    for method, path, needed in OPERATIONS:
        answer = bare_admin.send(method, place(path), b"not json", key=None)
        if needed == permission:
            assert answer.status in (200, 400, 404), (method, path, answer)
        else:
            assert answer.status == 403, (method, path, answer)


def test_the_admin_key_may_everything(admin: Admin) -> None:
    for method, path, _ in OPERATIONS:
        assert admin.send(method, place(path), b"not json").status in (200, 400, 404)


def test_a_new_admin_key_holds_at_once(admin: Admin) -> None:
    assert admin.send("GET", "/keys").status == 200
    admin.set_admin_key("another")
    assert admin.send("GET", "/keys").status == 401
    assert admin.send("GET", "/keys", key="another").status == 200


def test_an_admin_key_may_have_any_characters(admin: Admin) -> None:
    admin.set_admin_key("schlüssel mit ☃")
    assert admin.send("GET", "/keys", key="schlüssel mit ☃").status == 200


def test_without_an_administrator_nobody_gets_in(bare_admin: Admin) -> None:
    assert bare_admin.send("GET", "/keys").status == 401
    assert bare_admin.send("GET", "/keys", key="").status == 401


def test_an_api_key_is_told_that_it_is_none_for_this(admin: Admin) -> None:
    api_key = admin.post("/keys", {"name": "a"})["key"]
    answer = admin.send("GET", "/keys", key=api_key)
    assert answer.status == 401
    assert "It is an API key" in answer.error["message"]


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Basic YTpi", "glimadmin_x", "bearer:x", ADMIN_KEY]
)
def test_another_kind_of_credential_is_refused_by_its_form(still_admin: Admin, value: str) -> None:
    answer = still_admin.send("GET", "/keys", key=None, headers={"authorization": value})
    assert answer.status == 401
    assert "Bearer" in answer.error["message"]


@pytest.mark.parametrize("value", [b"Bearer abc", b"bearer abc", b"  BEARER   abc "])
def test_the_scheme_is_read_in_any_case(value: bytes) -> None:
    assert bearer([(b"x", b"y"), (b"Authorization", value)]) == b"abc"


def test_a_key_elsewhere_is_no_key() -> None:
    with pytest.raises(Refusal):
        bearer([(b"x-api-key", b"abc")])


def test_without_the_database_the_answer_is_503_never_401(admin: Admin) -> None:
    admin.database.close()
    for method, path, _ in OPERATIONS:
        answer = admin.send(method, place(path), b"not json")
        assert answer.status == 503, (method, path)
        assert answer.error["type"] == "api_error"
        assert int(answer.headers["retry-after"]) >= 1
        assert "DatabaseClosed" not in answer.body.decode()
    told = admin.errors.list().entries
    assert len(told) == min(len(OPERATIONS), 50)
    assert all(entry.cause.startswith("DatabaseClosed") for entry in told)
    assert admin.send("GET", "/keys", key=None).status == 401  # nothing to look up


def test_the_key_that_was_known_sees_the_health_page_without_a_database(admin: Admin) -> None:
    assert admin.send("GET", "/health").status == 200
    admin.database.close()
    assert admin.send("GET", "/health").status == 200
    assert admin.send("GET", "/keys").status == 503
    # It may be a newer key: nobody can say.
    assert admin.send("GET", "/health", key="another").status == 503


def test_a_principal_may_what_its_permissions_say() -> None:
    who = Principal("a", frozenset({"keys.read"}))
    who.require("keys.read")
    with pytest.raises(Refusal) as caught:
        who.require("keys.write")
    assert caught.value.kind == "forbidden"


def test_other_tokens_are_unlike_admin_keys() -> None:
    assert not mint(bytes(8), bytes(32)).token.startswith("glimadmin_")
