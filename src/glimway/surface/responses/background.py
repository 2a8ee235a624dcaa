"""Answers in the background: made without a client that waits.

Knows how many are made at once, how many may wait, and how one is stopped. Refuses to know what an
answer says, and how it is shown.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Final

import msgspec

from glimway.domain.keys import Key
from glimway.engine.client import Ask
from glimway.engine.peek import peek, seal_of
from glimway.surface.responses.desk import Desk, KeepingMount, Whose, whose
from glimway.surface.responses.job import Job, too_many
from glimway.wire.dialect import Seal
from glimway.wire.refusal import Refusal
from glimway.wire.responses.asked import asked
from glimway.wire.responses.style import style_of
from glimway.wire.responses.write import Writer
from glimway.wire.talk import Call

WAITING_PER_RUNNING: Final = 10
"""How many may wait for each that may run."""


class JobMount(KeepingMount):
    """The mount of a request that is served in the background."""

    __slots__ = ("_job",)

    def __init__(self, desk: Desk, ask: Ask, job: Job | None = None) -> None:
        super().__init__(desk, ask.body, ask.token, resolved=True)
        self._job = job

    def writer(
        self, call: Call, stem: str, created_s: int, prompt_tokens: int, seal: Seal | None = None
    ) -> Writer:
        """The writer of the answer."""
        assert self._job is not None  # noqa: S101 - it is writing its answer
        return self._job.writer()


class Background:
    """The answers that are made in the background.

    Args:
        desk: what all requests share.
        running_max: how many are made at once; 0: none is.
    """

    def __init__(self, desk: Desk, running_max: int) -> None:
        self._desk = desk
        self._running_max = running_max
        self._jobs: dict[str, Job] = {}
        self._queued: list[Job] = []  # at most WAITING_PER_RUNNING for each that may run
        self.tasks: set[asyncio.Task[None]] = set()
        """Where running ones are entered; the server's, so that its end waits for them."""

    def __len__(self) -> int:
        return len(self._jobs)

    def begin(self, ask: Ask, key: Key, body: bytes) -> Job:
        """Begin an answer.

        Args:
            ask: the request with all that it refers to.
            key: who asks.
            body: the request as it came.

        Raises:
            Refusal: it is wrong, or one more cannot wait.
        """
        desk, house = self._desk, self._desk.house
        call = peek(house, msgspec.structs.replace(ask, mount=JobMount(desk, ask)), key)
        wishes = asked(call)
        if not self._running_max or not desk.keeps(
            call, msgspec.structs.replace(wishes, store=True), key.project
        ):
            raise Refusal(
                "unsupported",
                "No response of this request may be kept (the setting 'responses.store' is "
                "\"never\", 'responses.background' is 0, or nothing is to be retained), so none "
                "can be made in the background: leave 'background' out, and use 'stream' for "
                "long answers.",
                param="background",
            )
        most = self._running_max * (1 + WAITING_PER_RUNNING)
        if len(self._jobs) >= most or not desk.kept.has_room(len(body)):
            raise too_many(most)
        # Whatever would be refused at once is refused now, and not found out later.
        house.routing.plan(call, key, len(ask.body), house.now_ms())
        job = Job(desk, call)
        style = style_of(
            call,
            "",
            house.now_ms() // 1000,
            seal=seal_of(house, ask, key),
            now_s=lambda: house.now_ms() // 1000,
        )
        style = msgspec.structs.replace(style, echo={**style.echo, "store": True})

        def owned(answer_id: str) -> Whose:
            return whose(answer_id, key, house.now_ms(), body, wishes)

        job.prepare(msgspec.structs.replace(ask, mount=JobMount(desk, ask, job)), style, owned)
        self._jobs[job.whose.id] = job
        job.keep()
        self._queued.append(job)
        house.loop.call_soon(self._start)  # whoever asked is told first
        return job

    def stop(self) -> None:
        """The server ends: what still waits is never made."""
        self._queued.clear()
        for job in list(self._jobs.values()):
            self._end(job)

    def get(self, answer_id: str, project: str) -> Job | None:
        """An answer of a project that is being made."""
        job = self._jobs.get(answer_id)
        return job if job is not None and job.whose.project == project else None

    async def cancel(self, job: Job) -> None:
        """Stop an answer; when this returns it has ended."""
        job.cancelled = job.sink.gone = True
        if job in self._queued:
            self._queued.remove(job)
            self._end(job)
            return
        job.sink.cancel()
        while not job.ended:
            await job.more(1.0)

    async def drop(self, job: Job) -> None:
        """Stop an answer that nobody wants any more."""
        job.wanted = False
        await self.cancel(job)

    def _start(self) -> None:
        """Make the next ones, as many as may be made."""
        house = self._desk.house
        while self._queued and len(self._jobs) - len(self._queued) < self._running_max:
            if house.draining:
                return
            job = self._queued.pop(0)
            job.status = "in_progress"
            task = job.sink.task = house.loop.create_task(job.trip.go())
            self.tasks.add(task)
            task.add_done_callback(functools.partial(self._done, job))

    def _done(self, job: Job, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            task.exception()  # the journey has told of it
        self._end(job)
        self._start()

    def _end(self, job: Job) -> None:
        if self._jobs.pop(job.whose.id, None) is not None:
            job.end()
