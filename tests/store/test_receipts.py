from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from glimway.domain.receipt import Receipt
from glimway.store import schema
from glimway.store.database import Database
from glimway.store.drain import Drain
from glimway.store.journal import Journal
from glimway.store.receipts import PAGE_MAX, Filter, Receipts, drop_month
from glimway.store.runner import DrainRunner
from glimway.store.sorting import UNSORTED_MAX
from glimway.store.tail import Tail
from kit.clock import ManualClock
from store.records import DECEMBER_MS, NOVEMBER_MS, opened, raw, request_id, settled


class Shop:
    """Receipts, of which some are drained and some are not."""

    def __init__(
        self, journal: Journal, database: Database, unsorted_max: int = UNSORTED_MAX
    ) -> None:
        self.journal = journal
        self.drain = Drain(journal, database, unsorted_max=unsorted_max)
        self.receipts = Receipts(database, Tail(journal, self.drain))

    def settle(self, *receipts: Receipt, drained: bool = True) -> None:
        for receipt in receipts:
            self.journal.append(raw(receipt))
        while drained and not self.drain.run_once().caught_up:
            pass

    def get(self, public_id: str) -> Receipt | None:
        return self.receipts.get(public_id).result()

    def ids(self, wanted: Filter, limit: int = 50) -> list[str]:
        page = self.receipts.list(wanted, limit).result()
        return [receipt.id for receipt in page.receipts]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=[1, 3, UNSORTED_MAX], ids=["sorted", "partly", "unsorted"])
def shop(journal: Journal, database: Database, request: pytest.FixtureRequest) -> Shop:
    """All that is read is the same, whether receipts are in the order of keys yet or not."""
    return Shop(journal, database, request.param)


def test_a_receipt_is_found_by_any_id_of_its_request(shop: Shop) -> None:
    shop.settle(settled(1), settled(2))
    for prefix in ("", "chatcmpl-", "req_", "msg_", "resp_"):
        assert shop.get(prefix + request_id(2)) == settled(2)


@pytest.mark.parametrize(
    "public_id",
    ["", "x", "chatcmpl-", request_id(3), request_id(1, DECEMBER_MS), "z" * 26, "7" + "z" * 25],
)
def test_what_has_no_receipt_has_none(shop: Shop, public_id: str) -> None:
    shop.settle(settled(1))
    shop.settle(settled(2), drained=False)
    assert shop.get(public_id) is None


def test_a_receipt_is_there_before_it_is_drained(shop: Shop) -> None:
    shop.settle(settled(1))
    shop.journal.append(raw(opened(2)))
    assert shop.get(request_id(2)) is None
    shop.settle(settled(2), drained=False)
    assert shop.get(request_id(2)) == settled(2)
    assert shop.ids(Filter()) == [request_id(2), request_id(1)]
    shop.settle()
    assert shop.get(request_id(2)) == settled(2)
    assert shop.ids(Filter()) == [request_id(2), request_id(1)]


def test_a_receipt_is_there_while_it_is_not_even_synced(folder: Path, database: Database) -> None:
    journal = Journal.open(folder, fsync_ms=60_000)
    shop = Shop(journal, database)
    shop.settle(settled(1))
    assert shop.get(request_id(1)) == settled(1)
    journal.close()


def test_an_id_in_the_text_of_another_receipt_is_not_taken_for_it(shop: Shop) -> None:
    shop.settle(settled(1, user=f'"id":"{request_id(2)}"'), drained=False)
    assert shop.get(request_id(2)) is None


def test_records_of_other_kinds_in_the_tail_are_passed_over(shop: Shop) -> None:
    for payload in (b'{"record":"settled"}', b'"record":"settled"', b"\xff", raw(opened(5))):
        shop.journal.append(payload)
    shop.settle(settled(1), drained=False)
    assert shop.ids(Filter()) == [request_id(1)]


def test_lists_are_newest_first_across_months_in_pages(shop: Shop) -> None:
    november = [settled(number, NOVEMBER_MS) for number in range(7)]
    december = [settled(number, DECEMBER_MS) for number in range(6)]
    undrained = [settled(number, DECEMBER_MS) for number in range(6, 9)]
    shop.settle(*november, *december)
    shop.settle(*undrained, drained=False)
    everything = [receipt.id for receipt in reversed(november + december + undrained)]
    for limit in (1, 4, 7, 16, 17):
        seen: list[str] = []
        before: str | None = None
        while True:
            page = shop.receipts.list(Filter(before=before), limit).result()
            assert len(page.receipts) <= limit
            seen += [receipt.id for receipt in page.receipts]
            before = page.next_before
            if before is None:
                break
            assert len(page.receipts) == limit
        assert seen == everything


def test_a_keys_receipts_are_listed_in_pages_across_months(shop: Shop) -> None:
    ours = [
        settled(number, month, key="ours" if number % 3 else "theirs")
        for month in (NOVEMBER_MS, DECEMBER_MS)
        for number in range(9)
    ]
    for receipt in [*ours[9:], *ours[:9]]:  # a long one of November ends in December
        shop.settle(receipt)
    expected = [receipt.id for receipt in reversed(ours) if receipt.key == "ours"]
    for limit in (1, 5, 12, 13):
        seen: list[str] = []
        before: str | None = None
        while True:
            page = shop.receipts.list(Filter(key="ours", before=before), limit).result()
            seen += [receipt.id for receipt in page.receipts]
            before = page.next_before
            if before is None:
                break
        assert seen == expected
    assert shop.ids(Filter(key="nobody")) == []


def test_receipts_that_come_again_stand_once_in_each_page(shop: Shop) -> None:
    """As after a repair of the journal, which gives its records to the drain once more."""
    receipts = [settled(number, key=f"key{number % 2}") for number in range(20)]
    for _ in range(3):
        shop.settle(*receipts)
    seen: list[str] = []
    before: str | None = None
    while True:
        page = shop.receipts.list(Filter(key="key0", before=before), 3).result()
        seen += [receipt.id for receipt in page.receipts]
        before = page.next_before
        if before is None:
            break
        assert len(page.receipts) == 3
    assert seen == [receipt.id for receipt in reversed(receipts) if receipt.key == "key0"]


def test_months_without_receipts_get_no_order(shop: Shop, database: Database) -> None:
    """A clock that was wrong by years must not make a table for each month between."""
    shop.settle(settled(1, at_ms=1_000_000_000), settled(2))
    shop.settle(*(settled(number) for number in range(3, 9)))
    names = database.read(lambda c: sa.inspect(c).get_table_names()).result()
    assert len([name for name in names if name.endswith("_of_keys")]) <= 2


def test_a_months_order_of_keys_goes_with_it(shop: Shop, database: Database) -> None:
    shop.settle(*(settled(number) for number in range(4)))
    database.write(lambda c: drop_month(c, "2025_11")).result()
    assert shop.ids(Filter(key="key1")) == []
    names = database.read(lambda c: sa.inspect(c).get_table_names()).result()
    assert not [name for name in names if "2025_11" in name]
    rows = database.read(lambda c: c.execute(sa.select(schema.unsorted_receipts)).all()).result()
    assert rows == []


def test_the_list_of_the_unsorted_is_bounded(journal: Journal, database: Database) -> None:
    """Also when the process that added to it has ended, or a batch of it has failed."""
    count = sa.select(sa.func.count()).select_from(schema.unsorted_receipts)
    for start in range(0, 40, 4):
        shop = Shop(journal, database, unsorted_max=10)
        for number in range(start, start + 4):
            shop.journal.append(raw(settled(number)))
        if start == 24:
            shop.drain._sorting.forget()
        while not shop.drain.run_once().caught_up:
            pass
        assert database.read(lambda c: c.execute(count).scalar_one()).result() < 10


def test_a_page_is_bounded(shop: Shop) -> None:
    shop.settle(*(settled(number) for number in range(PAGE_MAX + 10)))
    assert len(shop.ids(Filter(), 10**6)) == PAGE_MAX
    assert len(shop.ids(Filter(), 0)) == 1


@pytest.mark.parametrize("drained", [True, False])
@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(), [4, 3, 2, 1, 0]),
        (Filter(organization="other"), [0]),
        (Filter(project="shop"), [2, 1]),
        (Filter(key="key2"), [3]),
        (Filter(model="zai/glm-4.6"), [4]),
        (Filter(status="failed"), [2]),
        (Filter(status="ok"), [4, 3, 1, 0]),
        (Filter(project="shop", status="ok"), [1]),
        (Filter(since_ms=NOVEMBER_MS + 3), [4, 3]),
        (Filter(until_ms=NOVEMBER_MS + 3), [2, 1, 0]),
        (Filter(since_ms=NOVEMBER_MS + 1, until_ms=NOVEMBER_MS + 3), [2, 1]),
        (Filter(until_ms=NOVEMBER_MS + 3, before=request_id(1)), [0]),
        (Filter(until_ms=NOVEMBER_MS + 1, before=request_id(3)), [0]),
        (Filter(since_ms=-1, until_ms=10**18), [4, 3, 2, 1, 0]),
        (Filter(key="' OR 1=1 --"), []),
    ],
)
def test_filters(shop: Shop, wanted: Filter, numbers: list[int], drained: bool) -> None:
    shop.settle(
        settled(0, organization="other"),
        settled(1, project="shop"),
        settled(2, project="shop", status="failed"),
        settled(3, key="key2"),
        settled(4, model="zai/glm-4.6"),
        drained=drained,
    )
    assert shop.ids(wanted) == [request_id(number) for number in numbers]


def test_reading_goes_on_while_the_database_is_locked(shop: Shop, tmp_path: Path) -> None:
    shop.settle(settled(1))
    other = sqlite3.connect(tmp_path / "glimway.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    shop.settle(settled(2), drained=False)
    assert shop.get(request_id(1)) == settled(1)
    assert shop.get(request_id(2)) == settled(2)
    assert shop.ids(Filter()) == [request_id(2), request_id(1)]
    other.close()


def test_a_settled_receipt_is_never_out_of_sight_while_it_moves(
    shop: Shop, clock: ManualClock
) -> None:
    runner = DrainRunner(shop.drain, shop.journal, clock.now_ms, interval_s=0.0005)
    runner.start()
    for number in range(400):
        shop.settle(settled(number), drained=False)
        assert shop.get(request_id(number)) == settled(number)
        if number % 20 == 0:
            newest = [request_id(back) for back in range(number, max(-1, number - 30), -1)]
            assert shop.ids(Filter(), 30) == newest
    assert runner.stop(20)
    assert len(shop.journal.starts()) == 1


def test_the_tail_is_looked_through_only_so_far(shop: Shop) -> None:
    for number in range(60):
        shop.settle(settled(number), drained=False)
    assert len(shop.journal.starts()) > 4
    assert shop.get(request_id(59)) == settled(59)
    assert shop.get(request_id(0)) is None  # until the drain has come so far
    shop.settle()
    assert shop.get(request_id(0)) == settled(0)


def test_without_a_journal_the_tables_are_read(
    shop: Shop, open_database: Callable[[], Database]
) -> None:
    shop.settle(settled(1))
    shop.settle(settled(2), drained=False)
    beside = Receipts(open_database(), None)
    assert beside.get(request_id(1)).result() == settled(1)
    assert beside.get(request_id(2)).result() is None
    assert [receipt.id for receipt in beside.list(Filter()).result().receipts] == [request_id(1)]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Filter(), "PRIMARY KEY"),
        (Filter(key="key1"), "of_keys"),
        (Filter(key="key1", since_ms=1, before=request_id(5)), "of_keys"),
        (Filter(status="failed"), "by_status"),
        (Filter(since_ms=NOVEMBER_MS), "PRIMARY KEY"),
    ],
)
def test_lists_walk_an_index_and_sort_nothing(
    shop: Shop, database: Database, wanted: Filter, index: str
) -> None:
    shop.settle(settled(1))
    plans: list[str] = []

    def explain(
        connection: sa.Connection,
        _cursor: object,
        text: str,
        values: tuple[object, ...],
        *_: object,
    ) -> None:
        if text.startswith("SELECT receipts_2025_11"):
            raw_connection = connection.connection.dbapi_connection
            assert raw_connection is not None
            cursor = raw_connection.cursor()
            cursor.execute("EXPLAIN QUERY PLAN " + text, values)
            plans.extend(row[3] for row in cursor.fetchall())

    engine = database._readers._engine
    sa.event.listen(engine, "before_cursor_execute", explain)
    shop.ids(wanted)
    sa.event.remove(engine, "before_cursor_execute", explain)
    if wanted.key is not None:  # those that wait are few
        assert plans.pop(0) == "SEARCH unsorted_receipts USING PRIMARY KEY (id>? AND id<?)"
        assert plans.pop(0) == "SEARCH receipts_2025_11 USING PRIMARY KEY (id=?)"
    if wanted.key is not None and plans:
        assert plans.pop() == "SEARCH receipts_2025_11 USING PRIMARY KEY (id=?)"
    for plan in plans:
        assert index in plan or (index == "PRIMARY KEY" and plan == "SCAN receipts_2025_11")
        assert "TEMP B-TREE" not in plan


def test_month_tables_are_named_by_months_only() -> None:
    for good in ("2025_11", "10889_01"):
        assert schema.receipts_table(good).name == f"receipts_{good}"
    for bad in ("2025_13", "2025_00", "2025-11", "2025_11; DROP", "", "2025_1"):
        with pytest.raises(ValueError, match="is not a month"):
            schema.receipts_name(bad)
