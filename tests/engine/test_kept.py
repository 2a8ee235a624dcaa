"""Kept answers can be read before they are written, and nothing waits without bound."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from glimway.engine import kept as kept_module
from glimway.engine.keepterms import Terms
from glimway.engine.kept import KeptAnswers, Missing, Waiting
from glimway.engine.wheel import Wheel
from glimway.store import sqlite
from glimway.store.database import Database
from glimway.store.responses import Saved
from glimway.wire.refusal import Refusal

NOW_MS = 1_795_000_000_000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(sqlite.address(tmp_path / "glimway.db"), busy_timeout_ms=50)
    yield opened
    opened.close()


def waiting(id_: str, previous: str | None = None, size: int = 10) -> Waiting:
    one = Saved(
        id=id_,
        organization="o",
        project="p",
        key="k",
        created_ms=NOW_MS,
        expires_ms=NOW_MS + 1000,
        status="completed",
        previous=previous,
        input=b"",
        response=b"x" * size,
    )
    return Waiting(id_, "p", size, lambda: one)


class Held:
    """The writer's thread stands still inside."""

    def __init__(self, database: Database) -> None:
        self._go = threading.Event()
        database.write(self._wait)

    def _wait(self, _connection: sa.Connection) -> None:
        self._go.wait(10)

    def let_go(self) -> None:
        self._go.set()


def test_what_is_not_written_yet_is_found(database: Database) -> None:
    async def play() -> None:
        wheel = Wheel(asyncio.get_running_loop())
        kept = KeptAnswers(database, wheel, lambda: NOW_MS, Terms())
        await kept.start()
        held = Held(database)
        kept.put(waiting("resp_1"))
        kept.put(waiting("resp_2", "resp_1"))
        found = await kept.get("resp_1", "p")
        assert found is not None
        assert await kept.get("resp_1", "other") is None
        assert [one.id for one in await kept.chain("resp_2", "p")] == ["resp_1", "resp_2"]
        held.let_go()
        await asyncio.wrap_future(database.write(lambda _: None))
        kept.put(waiting("resp_3", "resp_2"))
        assert [one.id for one in await kept.chain("resp_3", "p")] == ["resp_1", "resp_2", "resp_3"]
        assert await kept.drop("resp_1", "p")
        assert not await kept.drop("resp_1", "p")
        with pytest.raises(Missing) as missing:
            await kept.chain("resp_3", "p")
        assert missing.value.id == "resp_1"
        await kept.stop()
        wheel.close()

    asyncio.run(play())


def test_what_waits_has_a_bound(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "WAITING_BYTES_MAX", 100)

    async def play() -> None:
        wheel = Wheel(asyncio.get_running_loop())
        kept = KeptAnswers(database, wheel, lambda: NOW_MS, Terms())
        held = Held(database)
        assert kept.has_room(100)
        kept.put(waiting("resp_1", size=60))
        assert not kept.has_room(60)
        held.let_go()
        async with asyncio.timeout(10):
            while not kept.has_room(100):  # noqa: ASYNC110 - it happens on the database's thread
                await asyncio.sleep(0.01)
        assert await kept.get("resp_1", "p") is not None
        wheel.close()

    asyncio.run(play())


def test_a_conversation_has_a_bound(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "CHAIN_MAX", 2)

    async def play() -> None:
        wheel = Wheel(asyncio.get_running_loop())
        kept = KeptAnswers(database, wheel, lambda: NOW_MS, Terms())
        for n in range(3):
            kept.put(waiting(f"resp_{n}", f"resp_{n - 1}" if n else None))
        assert len(await kept.chain("resp_1", "p")) == 2
        with pytest.raises(Refusal) as refused:
            await kept.chain("resp_2", "p")
        assert refused.value.param == "previous_response_id"
        wheel.close()

    asyncio.run(play())


def test_a_database_that_is_away_loses_the_answer_and_counts_it(database: Database) -> None:
    async def play() -> None:
        wheel = Wheel(asyncio.get_running_loop())
        kept = KeptAnswers(database, wheel, lambda: NOW_MS, Terms())
        database.close()
        kept.put(waiting("resp_1"))
        assert kept.lost == 1
        assert kept.has_room(10)
        with pytest.raises(Refusal, match="cannot be read"):
            await kept.get("resp_1", "p")
        wheel.close()

    asyncio.run(play())


def test_what_came_together_is_written_together(database: Database) -> None:
    async def play() -> None:
        wheel = Wheel(asyncio.get_running_loop())
        kept = KeptAnswers(database, wheel, lambda: NOW_MS, Terms())
        held = Held(database)
        for n in range(250):
            kept.put(waiting(f"resp_{n}"))
        kept.put(waiting("resp_7", "resp_0"))  # said again, as a background answer is
        dropping = asyncio.ensure_future(kept.drop("resp_200", "p"))
        await asyncio.sleep(0)
        held.let_go()
        assert await dropping
        await kept.stop()
        found = [await kept.get(f"resp_{n}", "p") for n in range(250)]
        assert [n for n, one in enumerate(found) if one is None] == [200]
        seventh = found[7]
        assert seventh is not None
        assert seventh.previous == "resp_0"
        wheel.close()

    asyncio.run(play())
