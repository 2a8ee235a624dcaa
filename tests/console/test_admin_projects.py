"""Projects over the admin API."""

from __future__ import annotations

import pytest

from console.served import Admin
from glimway.domain.ids import id_time_ms


def test_the_default_project_is_there(still_admin: Admin) -> None:
    (project,) = still_admin.get("/projects")["data"]
    assert (project["id"], project["name"]) == ("default", "default")
    assert project["billing"] in ("postpaid", "prepaid")


@pytest.mark.parametrize(
    ("body", "billing"), [({}, "postpaid"), ({"billing": "prepaid"}, "prepaid")]
)
def test_a_project_is_made(admin: Admin, body: dict[str, str], billing: str) -> None:
    answer = admin.send("POST", "/projects", {"name": "Team 7", **body})
    assert answer.status == 201
    project = answer.json
    assert id_time_ms(project["id"].removeprefix("proj_")) == admin.now_ms
    assert project == {
        "object": "project",
        "id": project["id"],
        "name": "Team 7",
        "organization": "default",
        "billing": billing,
        "allowed_origins": [],
        "settings": {},
        "created_at": "2026-11-18T11:06:40.000Z",
    }
    assert project in admin.get("/projects")["data"]
    assert admin.get(f"/projects/{project['id']}") == project
    assert admin.get("/projects/Team%207") == project


def test_two_projects_have_two_names(admin: Admin) -> None:
    admin.post("/projects", {"name": "team"})
    answer = admin.send("POST", "/projects", {"name": "team"})
    assert (answer.status, answer.error["param"]) == (400, "name")
    assert "already" in answer.error["message"]
    assert "UNIQUE" not in answer.body.decode()


@pytest.mark.parametrize(
    ("body", "param", "says"),
    [
        ({}, "name", "Missing required field"),
        ({"name": "\t"}, "name", "printable"),
        ({"name": "a", "billing": "Prepaid"}, "billing", 'Did you mean "prepaid"?'),
        ({"name": "a", "billing": None}, "billing", "a string"),
        ({"name": "a", "biling": "prepaid"}, "biling", "Did you mean 'billing'?"),
        ({"name": "a", "allowed_origins": ["ftp://a"]}, "allowed_origins[0]", "an origin"),
    ],
)
def test_a_wrong_project_is_refused_by_its_field(
    still_admin: Admin, body: object, param: str, says: str
) -> None:
    answer = still_admin.send("POST", "/projects", body)
    assert (answer.status, answer.error["param"]) == (400, param)
    assert says in answer.error["message"]
    assert len(still_admin.get("/projects")["data"]) == 1


def test_a_project_that_is_not_there_is_not_found(still_admin: Admin) -> None:
    assert still_admin.send("GET", "/projects/none").status == 404


def test_a_project_chooses_what_it_shares(admin: Admin) -> None:
    made = admin.post("/projects", {"name": "team"})
    sharing = {"coalesce": {"use": "always", "twins_pay": "split"}, "cache": {"use": "never"}}
    answer = admin.send("PATCH", "/projects/team", {"settings": {"sharing": sharing}})
    assert answer.status == 200
    assert answer.json == made | {"settings": {"sharing": sharing}}
    assert admin.get("/projects/team") == answer.json
    assert admin.send("PATCH", "/projects/team", {"settings": {}}).json == answer.json
    gone = admin.send("PATCH", "/projects/team", {"settings": {"sharing": None}})
    assert gone.json["settings"] == {}


@pytest.mark.parametrize(
    ("settings", "param", "says"),
    [
        ({"shering": {}}, "settings.shering", "Did you mean 'sharing'?"),
        ({"sharing": {"cash": {}}}, "settings.sharing.cash", "Did you mean 'cache'?"),
        ({"sharing": {"cache": {"ttl": 5}}}, "settings.sharing.cache.ttl", "'ttl_s'"),
        ({"sharing": {"cache": {"ttl_s": 0}}}, "settings.sharing.cache.ttl_s", "1"),
        ({"sharing": {"cache": {"use": "now"}}}, "settings.sharing.cache.use", "now"),
        ({"sharing": {"coalesce": 5}}, "settings.sharing.coalesce", "an object"),
    ],
)
def test_a_wrong_choice_is_refused_by_its_field(
    still_admin: Admin, settings: object, param: str, says: str
) -> None:
    answer = still_admin.send("PATCH", "/projects/default", {"settings": settings})
    assert (answer.status, answer.error["param"]) == (400, param)
    assert says in answer.error["message"]
    assert still_admin.get("/projects/default")["settings"] == {}


def test_a_project_that_is_not_there_chooses_nothing(still_admin: Admin) -> None:
    answer = still_admin.send("PATCH", "/projects/nobody", {"settings": {}})
    assert answer.status == 404
