from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pytest
import sqlalchemy as sa

from glimway.domain.keys import Key, Keyring, mint
from glimway.domain.limits import Limits
from glimway.store import keys, projects
from glimway.store.database import Database
from glimway.store.keys import NewKey
from glimway.store.projects import Project
from glimway.store.schema import revisions
from glimway.wire.refusal import Refusal

T = TypeVar("T")
NOW_MS = 1_000_000


def new_key(number: int, **changes: object) -> tuple[str, NewKey]:
    minted = mint(number.to_bytes(8), number.to_bytes(32))
    fields: dict[str, object] = {
        "id": minted.id,
        "digest": minted.digest,
        "prefix": minted.prefix,
        "last4": minted.token[-4:],
        "name": f"key {number}",
        "project": "default",
        "created_ms": NOW_MS + number,
    }
    return minted.token, NewKey(**{**fields, **changes})  # type: ignore[arg-type]


def revision(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(revisions.c.value)).scalar_one())


class Books:
    """Runs work and says how far it raised the revision."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def do(self, work: Callable[[sa.Connection], T]) -> T:
        return self._database.write(work).result()

    def raised(self, work: Callable[[sa.Connection], object]) -> int:
        before = self.do(revision)
        self.do(work)
        return self.do(revision) - before


@pytest.fixture
def books(database: Database) -> Books:
    return Books(database)


def test_a_key_comes_back_as_it_was_made(books: Books) -> None:
    token, new = new_key(
        1,
        limits=Limits(requests_per_minute=60, burst=5),
        expires_ms=NOW_MS + 50_000,
        allowed_origins=("https://app.example",),
    )
    made = books.do(lambda connection: keys.create(connection, new))
    assert made == Key(
        id=new.id,
        digest=new.digest,
        name="key 1",
        organization="default",
        project="default",
        created_ms=NOW_MS + 1,
        expires_ms=NOW_MS + 50_000,
        limits=Limits(requests_per_minute=60, burst=5),
        allowed_origins=("https://app.example",),
        prefix=new.prefix,
        billing="postpaid",
    )
    loaded = books.do(keys.load)
    assert loaded == [made]
    assert Keyring(loaded).identify(token, NOW_MS + 2) == made
    listed = books.do(lambda connection: keys.get(connection, new.id))
    assert (listed.key, listed.last4, listed.successor) == (made, token[-4:], None)


def test_a_key_takes_its_billing_from_its_project(books: Books) -> None:
    project = Project("p1", "default", "Shop", "prepaid", (), {"cache": True}, NOW_MS)
    books.do(lambda connection: projects.create(connection, project))
    by_name = books.do(lambda connection: keys.create(connection, new_key(1, project="Shop")[1]))
    by_id = books.do(lambda connection: keys.create(connection, new_key(2, project="p1")[1]))
    assert (by_name.project, by_name.billing) == ("p1", "prepaid")
    assert (by_id.project, by_id.billing) == ("p1", "prepaid")


def test_a_project_that_is_not_there_is_refused(books: Books) -> None:
    with pytest.raises(Refusal, match='no project "none"') as caught:
        books.do(lambda connection: keys.create(connection, new_key(1, project="none")[1]))
    assert caught.value.kind == "not_found"
    assert books.do(keys.load) == []


def test_keys_are_listed_newest_first_by_project_and_within_bounds(books: Books) -> None:
    other = Project("p1", "default", "other", "postpaid", (), {}, NOW_MS)
    books.do(lambda connection: projects.create(connection, other))
    for number in range(6):
        new = new_key(number, project="p1" if number % 2 else "default")[1]
        books.do(partial(keys.create, new=new))
    listed = books.do(keys.every)
    assert [row.key.name for row in listed] == [f"key {number}" for number in range(5, -1, -1)]
    odd = books.do(lambda connection: keys.every(connection, "p1", limit=2))
    assert [row.key.name for row in odd] == ["key 5", "key 3"]


def test_revoking_holds_from_then_on_and_keeps_its_first_time(books: Books) -> None:
    token, new = new_key(1)
    books.do(lambda connection: keys.create(connection, new))
    revoked = books.do(lambda connection: keys.revoke(connection, new.id, NOW_MS + 10))
    assert revoked.revoked_ms == NOW_MS + 10
    again = books.do(lambda connection: keys.revoke(connection, new.id, NOW_MS + 99))
    assert again.revoked_ms == NOW_MS + 10
    with pytest.raises(Refusal, match="revoked"):
        Keyring(books.do(keys.load)).identify(token, NOW_MS + 11)


def test_a_replaced_key_overlaps_with_its_successor(books: Books) -> None:
    old_token, old = new_key(1)
    token, new = new_key(2)
    books.do(lambda connection: keys.create(connection, old))
    books.do(lambda connection: keys.replace(connection, old.id, new, NOW_MS + 1000))
    assert books.do(lambda connection: keys.get(connection, old.id)).successor == new.id
    ring = Keyring(books.do(keys.load))
    assert ring.identify(old_token, NOW_MS + 999).id == old.id
    assert ring.identify(token, NOW_MS + 999).id == new.id
    with pytest.raises(Refusal):
        ring.identify(old_token, NOW_MS + 1000)
    third = new_key(3)[1]
    with pytest.raises(Refusal, match="rotated already"):
        books.do(lambda connection: keys.replace(connection, old.id, third, NOW_MS + 5000))
    # A leaked key need not wait for the end of the overlap.
    sooner = books.do(lambda connection: keys.revoke(connection, old.id, NOW_MS + 500))
    assert sooner.revoked_ms == NOW_MS + 500


def test_a_revoked_key_is_not_replaced(books: Books) -> None:
    old = new_key(1)[1]
    books.do(lambda connection: keys.create(connection, old))
    books.do(lambda connection: keys.revoke(connection, old.id, NOW_MS))
    with pytest.raises(Refusal, match="is revoked"):
        books.do(lambda connection: keys.replace(connection, old.id, new_key(2)[1], NOW_MS + 9))


@pytest.mark.parametrize(
    "work",
    [
        lambda connection: keys.get(connection, "nobody"),
        lambda connection: keys.revoke(connection, "nobody", 1),
        lambda connection: keys.replace(connection, "nobody", new_key(1)[1], 1),
    ],
)
def test_a_key_that_is_not_there_is_refused(
    books: Books, work: Callable[[sa.Connection], object]
) -> None:
    with pytest.raises(Refusal, match='no key "nobody"') as caught:
        books.do(work)
    assert caught.value.kind == "not_found"


def test_each_change_raises_the_revision_and_no_look_does(books: Books) -> None:
    first, second = new_key(1)[1], new_key(2)[1]
    project = Project("p1", "default", "other", "postpaid", (), {}, NOW_MS)
    assert books.raised(lambda connection: keys.create(connection, first)) == 1
    assert books.raised(lambda connection: keys.replace(connection, first.id, second, 9**9)) == 1
    assert books.raised(lambda connection: keys.revoke(connection, second.id, 1)) == 1
    assert books.raised(lambda connection: projects.create(connection, project)) == 1
    assert books.raised(lambda connection: projects.update(connection, project)) == 1
    assert books.raised(keys.load) == 0
    assert books.raised(keys.every) == 0
    assert books.raised(projects.every) == 0


def test_projects_are_found_by_id_before_name(books: Books) -> None:
    for project in (
        Project("p1", "default", "p2", "postpaid", (), {}, 1),
        Project("p2", "default", "p1", "prepaid", ("https://a.example",), {"x": [1]}, 2),
    ):
        books.do(partial(projects.create, project=project))
    assert books.do(lambda connection: projects.find(connection, "p1")).id == "p1"
    found = books.do(lambda connection: projects.find(connection, "p2"))
    assert found == Project("p2", "default", "p1", "prepaid", ("https://a.example",), {"x": [1]}, 2)
    with pytest.raises(Refusal, match="no project"):
        books.do(lambda connection: projects.find(connection, "p1", "another organization"))
    names = [project.name for project in books.do(projects.every)]
    assert names == ["default", "p2", "p1"]
    mine = books.do(lambda connection: projects.every(connection, "nobody"))
    assert mine == []


def test_a_project_is_changed_and_names_stay_unique(books: Books) -> None:
    project = Project("p1", "default", "shop", "postpaid", (), {}, 1)
    books.do(lambda connection: projects.create(connection, project))
    changed = Project("p1", "default", "store", "prepaid", ("https://b.example",), {"a": 1}, 1)
    books.do(lambda connection: projects.update(connection, changed))
    assert books.do(lambda connection: projects.find(connection, "store")) == changed
    taken = Project("p1", "default", "default", "prepaid", (), {}, 1)
    for work in (projects.update, projects.create):
        with pytest.raises(Refusal, match='already a project named "default"') as caught:
            books.do(partial(work, project=taken))
        assert caught.value.kind == "invalid"
    nobody = Project("p9", "default", "nobody", "prepaid", (), {}, 1)
    with pytest.raises(Refusal, match="no project"):
        books.do(lambda connection: projects.update(connection, nobody))
