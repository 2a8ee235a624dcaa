"""What every request of the responses dialect shares, and the mount that one of them comes by.

Knows whether an answer is kept, and hands it over at the moment when its last bytes are written:
before any of them leaves. Refuses to know paths, and what a kept answer is used for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from glimway.domain.keys import Key
from glimway.engine.client import Headers, Refused
from glimway.engine.house import House
from glimway.engine.kept import KeptAnswers, Waiting
from glimway.store.responses import Saved
from glimway.surface.mounts import Mount
from glimway.surface.stateless import refuse_elsewhere
from glimway.wire.dialect import ClientSide, Seal
from glimway.wire.dialect import Writer as AnyWriter
from glimway.wire.events import Event, Stop, Usage
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.responses.asked import Asked, asked
from glimway.wire.responses.stored import given_items
from glimway.wire.responses.style import style_of
from glimway.wire.responses.write import Writer
from glimway.wire.sse import encoded
from glimway.wire.talk import Call, Json

_decode = msgspec.json.Decoder().decode


class Whose(msgspec.Struct, frozen=True):
    """One answer and whose it is.

    Args:
        id: its public id.
        created_ms: when its request came.
        body: the request, as it came.
        previous: the id of the answer that it continues.
    """

    id: str
    organization: str
    project: str
    key: str
    created_ms: int
    body: bytes
    previous: str | None = None

    @property
    def stem(self) -> str:
        """The id without its prefix."""
        return self.id.partition("_")[2]


class Desk:
    """What requests of this dialect share.

    Args:
        house: the parts of the running server.
        kept: where answers are kept.
        mount: how calls are served whose answers are not kept.
    """

    def __init__(self, house: House, kept: KeptAnswers, mount: Mount) -> None:
        self.house = house
        self.kept = kept
        self.plain = mount
        self.stateful = msgspec.structs.replace(mount, check=refuse_elsewhere)

    def keeps(self, call: Call, wishes: Asked, project: str) -> bool:
        """Whether the answer to a project's call may be kept."""
        preferences = call.preferences
        return (
            self.kept.keeps(project, asked=wishes.store)
            # Whoever wants hosts that keep nothing does not want it kept here.
            and not (preferences and wants_no_trace(preferences))
            and not self.house.routing.leaves_no_trace(project)
        )

    def saved(self, whose: Whose, response: dict[str, Json], events: bytes | None = None) -> Saved:
        """An answer as it is kept."""
        return Saved(
            id=whose.id,
            organization=whose.organization,
            project=whose.project,
            key=whose.key,
            created_ms=whose.created_ms,
            expires_ms=whose.created_ms + self.kept.terms.keep_ms,
            status=str(response["status"]),
            previous=whose.previous,
            input=encoded(given_items(_decode(whose.body), whose.stem)),
            response=encoded(response),
            events=events,
        )

    def keep(self, whose: Whose, size_bytes: int, make: Callable[[], Saved]) -> None:
        """Keep an answer; whoever asks for it from now on finds it.

        Args:
            whose: whose it is.
            size_bytes: of what was answered, about.
            make: gives it as it is kept; called on another thread.
        """
        self.kept.put(Waiting(whose.id, whose.project, len(whose.body) + size_bytes, make))


def wants_no_trace(preferences: dict[str, Any]) -> bool:
    """Whether a request asks for zero data retention, in either spelling."""
    return preferences.get("zdr") is True or preferences.get("zeroDataRetention") is True


class KeepingWriter(Writer):
    """Writes one reply, and tells of it when it is whole.

    Args:
        style: how it is written.
        ended: told with the writer and the size of the whole response.
    """

    __slots__ = ("_ended",)

    def __init__(self, style: Any, ended: Callable[[Writer, int], None]) -> None:
        super().__init__(style)
        self._ended = ended

    def end(self, stops: list[Stop], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write the end."""
        written = super().end(stops, usage, cost_usd)
        self._ended(self, len(written))
        return written

    def whole(self, events: list[Event], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write a whole reply."""
        written = super().whole(events, usage, cost_usd)
        self._ended(self, len(written))
        return written


class KeepingMount:
    """The mount of one request.

    Args:
        desk: what all requests share.
        body: the request, as it came.
        token: its key, as sent.
        resolved: what it refers to was put in, so nothing of that need be refused.
        keep: its answer may be kept.
    """

    __slots__ = ("_keep", "_mount", "_token", "_whose", "_writer", "body", "desk")

    def __init__(
        self,
        desk: Desk,
        body: bytes,
        token: str | None,
        *,
        resolved: bool = False,
        keep: bool = True,
    ) -> None:
        self.desk = desk
        self._mount = desk.stateful if resolved else desk.plain
        self._token = token
        self._keep = keep
        self._whose: Whose | None = None
        self._writer: Writer | None = None
        self.body = body

    # ---- as any mount ------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The base path."""
        return self._mount.name

    @property
    def side(self) -> ClientSide:
        """The dialect."""
        return self._mount.side

    @property
    def path(self) -> str:
        """Where calls go."""
        return self._mount.path

    @property
    def key_header(self) -> bytes | None:
        """A header that carries a key."""
        return self._mount.key_header

    @property
    def filler(self) -> bytes:
        """What fills silence."""
        return self._mount.filler

    @property
    def id_header(self) -> bytes | None:
        """Where else the request's id goes."""
        return self._mount.id_header

    def named(self, trace_id: str) -> Headers:
        """The headers that tell a request's id."""
        return self._mount.named(trace_id)

    def judge(self, call: Call) -> None:
        """Check what the mount bounds; raises Refusal."""
        self._mount.judge(call)

    def refuse(self, error: Refusal | Fault, trace_id: str) -> Refused:
        """How this mount says no."""
        return self._mount.refuse(error, trace_id)

    @property
    def answer(self) -> Writer | None:
        """What has written the answer; None: there was none."""
        return self._writer

    # ---- what it is for ----------------------------------------------------------------------

    def writer(
        self, call: Call, stem: str, created_s: int, prompt_tokens: int, seal: Seal | None = None
    ) -> AnyWriter:
        """The writer of the answer; always the same one, so that the events of a stream that
        fails go on where they were."""
        if self._writer is None:
            self._writer = self._made(call, stem, created_s, seal)
        return self._writer

    def _made(self, call: Call, stem: str, created_s: int, seal: Seal | None) -> Writer:
        wishes = asked(call)
        answer_id = self.side.id_prefix + stem
        keeps = self._keep and wishes.store is not False and self._know(answer_id, call, wishes)
        style = style_of(call, answer_id, created_s, seal=seal, now_s=_now_s)
        style = msgspec.structs.replace(
            style,
            echo={**style.echo, "store": keeps},
            # Whoever keeps the conversation itself has nothing else to send back.
            encrypted=style.encrypted or not keeps,
        )
        return KeepingWriter(style, self._ended) if keeps else Writer(style)

    def _know(self, answer_id: str, call: Call, wishes: Asked) -> bool:
        """Learn whose the answer will be; False: it is not kept."""
        desk, house = self.desk, self.desk.house
        now_ms = house.now_ms()
        try:
            key = house.keys.now.identify(self._token, now_ms)
        except Refusal:
            return False  # revoked since it was let in
        if not desk.keeps(call, wishes, key.project) or not desk.kept.has_room(len(self.body)):
            return False
        self._whose = whose(answer_id, key, now_ms, self.body, wishes)
        return True

    def _ended(self, writer: Writer, size_bytes: int) -> None:
        mine, desk = self._whose, self.desk
        if mine is not None:
            response = writer.kept()
            desk.keep(mine, size_bytes, lambda: desk.saved(mine, response))


def whose(answer_id: str, key: Key, created_ms: int, body: bytes, wishes: Asked) -> Whose:
    """An answer that a key asks for."""
    return Whose(
        answer_id,
        key.organization,
        key.project,
        key.id,
        created_ms,
        body,
        wishes.previous_response_id,
    )


def _now_s() -> int:
    return int(time.time())
