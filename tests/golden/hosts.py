"""Providers of each dialect, and one answer of theirs read and written for a client.

Knows how the engine joins a reader to a writer: frames to frames, then the end or the error.
Refuses to know what dialects do in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from glimway.wire.chat import CHAT_PROVIDER
from glimway.wire.dialect import ProviderSide
from glimway.wire.events import Event, Stop, Text, Thought, ToolArgs, Usage
from glimway.wire.messages import MESSAGES_PROVIDER
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.responses import RESPONSES_PROVIDER
from glimway.wire.talk import Call
from golden.cases import Used
from golden.clients import mount_of

Json = Any

HOSTS: dict[str, ProviderSide] = {
    "chat": CHAT_PROVIDER,
    "responses": RESPONSES_PROVIDER,
    "messages": MESSAGES_PROVIDER,
}
PLAIN = Quirks()
COST_USD = b"0.00012"

Frames = list[list[Event]]


class Heard(msgspec.Struct, frozen=True):
    """What was read of a stream."""

    frames: Frames
    usage: Usage | None
    fault: Fault | None
    done: bool

    @property
    def events(self) -> list[Event]:
        """All events, the ways the stream was cut forgotten."""
        return [event for frame in self.frames for event in frame]

    @property
    def stops(self) -> list[Stop]:
        """Why it ended."""
        return [event for event in self.events if isinstance(event, Stop)]


def heard(dialect: str, pieces: Iterable[bytes], call: Call) -> Heard:
    """Read a provider's stream that comes in pieces."""
    reader = HOSTS[dialect].reader(PLAIN, "stem", call)
    frames: Frames = []
    for piece in pieces:
        frames += reader.feed(piece)
    frames += reader.close()
    return Heard(frames, reader.usage, reader.fault, reader.done)


def streamed(client: str, call: Call, read: Heard) -> bytes:
    """What a client gets of a stream."""
    mount = mount_of(client)
    writer = mount.writer(call, "01golden", 1_700_000_000, 40, None)
    out = b"".join(writer.frame(events) for events in read.frames)
    if read.fault is not None:
        return out + writer.error(mount.refuse(read.fault, "req_1").body)
    return out + writer.end(read.stops, read.usage or Usage(), COST_USD)


def answered(client: str, call: Call, dialect: str, body: bytes) -> tuple[bytes, Usage | None]:
    """What a client gets of a whole reply, and what the reply used."""
    reader = HOSTS[dialect].reader(PLAIN, "stem", call)
    events = reader.whole(body)
    writer = mount_of(client).writer(call, "01golden", 1_700_000_000, 40, None)
    return writer.whole(events, reader.usage or Usage(), COST_USD), reader.usage


def used(usage: Usage | None) -> Used | None:
    """The figures of a receipt."""
    if usage is None:
        return None
    return Used(usage.input, usage.output, usage.cached, usage.cache_write, usage.reasoning or 0)


def said(events: list[Event]) -> list[Event]:
    """Events with neighbours of one kind joined: what was said, however it was cut."""
    joined: list[Event] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, Text) and isinstance(last, Text) and last.choice == event.choice:
            joined[-1] = Text(last.text + event.text, event.choice)
        elif (
            isinstance(event, Thought)
            and isinstance(last, Thought)
            and (last.choice, last.summary) == (event.choice, event.summary)
            and not (last.signature or last.sealed or event.signature or event.sealed)
        ):
            joined[-1] = Thought(last.text + event.text, event.choice, summary=event.summary)
        elif (
            isinstance(event, ToolArgs)
            and isinstance(last, ToolArgs)
            and (last.choice, last.index) == (event.choice, event.index)
        ):
            joined[-1] = ToolArgs(event.index, last.text + event.text, event.choice)
        else:
            joined.append(event)
    return joined
