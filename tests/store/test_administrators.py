from __future__ import annotations

import sqlalchemy as sa

from glimway.store import administrators
from glimway.store.database import Database
from glimway.store.schema import sign_in_links

NOW_MS = 1_000_000


def test_the_administrator_is_kept_as_a_digest_and_replaced(database: Database) -> None:
    assert database.read(administrators.get).result() is None
    database.write(lambda c: administrators.put(c, b"one", "adm_1…", NOW_MS)).result()
    database.write(lambda c: administrators.put(c, b"two", "adm_2…", NOW_MS + 1)).result()
    found = database.read(administrators.get).result()
    assert found == administrators.Administrator("admin", b"two", "adm_2…", NOW_MS + 1)


def test_a_link_signs_in_once(database: Database) -> None:
    database.write(lambda c: administrators.add_link(c, b"link", NOW_MS, NOW_MS + 10)).result()
    assert database.write(lambda c: administrators.use_link(c, b"link", NOW_MS + 9)).result()
    assert not database.write(lambda c: administrators.use_link(c, b"link", NOW_MS + 9)).result()


def test_a_link_that_is_late_unknown_or_of_an_older_key_does_not(database: Database) -> None:
    database.write(lambda c: administrators.add_link(c, b"link", NOW_MS, NOW_MS + 10)).result()
    assert not database.write(lambda c: administrators.use_link(c, b"none", NOW_MS)).result()
    assert not database.write(lambda c: administrators.use_link(c, b"link", NOW_MS + 10)).result()
    assert not database.write(lambda c: administrators.use_link(c, b"link", NOW_MS)).result()
    database.write(lambda c: administrators.add_link(c, b"new", NOW_MS, NOW_MS + 10)).result()
    database.write(lambda c: administrators.put(c, b"key", "adm…", NOW_MS)).result()
    assert not database.write(lambda c: administrators.use_link(c, b"new", NOW_MS)).result()


def test_links_that_wait_are_bounded_and_old_ones_go(database: Database) -> None:
    def fill(connection: sa.Connection) -> int:
        for number in range(administrators.LINKS_MAX + 20):
            administrators.add_link(connection, b"%d" % number, NOW_MS + number, NOW_MS + 10**6)
        count = sa.select(sa.func.count()).select_from(sign_in_links)
        return int(connection.execute(count).scalar_one())

    assert database.write(fill).result() == administrators.LINKS_MAX
    assert not database.write(lambda c: administrators.use_link(c, b"0", NOW_MS)).result()
    assert database.write(lambda c: administrators.use_link(c, b"119", NOW_MS)).result()
