"""Kept answers as clients get them: whole, as a stream, and page by page.

Knows which members and frames are shown. Refuses to know paths, and who may see what.
"""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import parse_qs

import msgspec

from glimway.store.responses import Saved
from glimway.surface.exchange import Exchange
from glimway.surface.responses.job import STOPPED, Job
from glimway.wire import check
from glimway.wire.refusal import Refusal
from glimway.wire.responses.asked import ENCRYPTED
from glimway.wire.responses.stored import PAGE_ITEMS_DEFAULT, page_of, retrieved
from glimway.wire.sse import COMMENT, encoded
from glimway.wire.talk import Json

SILENCE_S = 15.0
"""A stream says something after so much silence."""

STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]

_decode = msgspec.json.Decoder().decode
_END = b"\n\n"


class Query:
    """The parameters of one address.

    Args:
        text: what stands behind the question mark.
    """

    def __init__(self, text: bytes) -> None:
        self._given = parse_qs(text.decode("latin-1"), keep_blank_values=True)

    def all(self, name: str) -> list[str]:
        """Every value of a parameter, in either spelling of lists."""
        return self._given.get(name, []) + self._given.get(f"{name}[]", [])

    def text(self, name: str, default: str = "") -> str:
        """The last value."""
        return self._given.get(name, [default])[-1]

    def number(self, name: str, default: int) -> int:
        """The last value, as a whole number; raises Refusal."""
        value = self.text(name, str(default))
        try:
            return int(value)
        except ValueError:
            check.wrong(name, value, "a whole number")

    def true(self, name: str) -> bool:
        """Whether it says so; raises Refusal."""
        value = self.text(name, "false").lower()
        return check.one_of(name, value, ("true", "false")) == "true"


def response_of(saved: Saved) -> dict[str, Json]:
    """A kept response; one that nobody makes any more says that it failed."""
    response: dict[str, Json] = _decode(saved.response)
    if response.get("status") != saved.status:
        response["status"] = saved.status
        response["error"] = STOPPED
    return response


def shown(response: dict[str, Json], query: Query) -> bytes:
    """A response in JSON, as far as the query wants to see it."""
    return encoded(retrieved(response, query.all("include")))


def page(items: list[dict[str, Any]], query: Query) -> bytes:
    """A page of input items; raises Refusal."""
    sealed = ENCRYPTED in query.all("include")
    items = [_listed(item, sealed=sealed) for item in items]
    order = query.text("order", "desc")
    limit = query.number("limit", PAGE_ITEMS_DEFAULT)
    return encoded(page_of(items, limit=limit, after=query.text("after"), order=order))


def _listed(item: dict[str, Any], *, sealed: bool) -> dict[str, Any]:
    """An input item as lists show it: a message's text is a part, however it was sent."""
    kind, content = item.get("type"), item.get("content")
    if kind == "reasoning" and not sealed:
        return {name: value for name, value in item.items() if name != "encrypted_content"}
    if kind != "message" or type(content) is not str:
        return item
    part: dict[str, Any] = {"type": "input_text", "text": content}
    if item.get("role") == "assistant":
        part = {"type": "output_text", "text": content, "annotations": []}
    return {"status": "completed", **item, "content": [part]}


def begin_after(query: Query) -> int:
    """The number of the first event that is wanted; raises Refusal."""
    after = query.number("starting_after", -1)
    if after < -1:
        check.wrong("starting_after", after, "the number of an event, 0 or more")
    return after + 1


def frames_of(saved: Saved, begin: int) -> bytes:
    """The events of a finished answer from one on. Of an answer that was no stream only the last
    is told."""
    if saved.events is not None:
        frames = zlib.decompress(saved.events).split(_END)[:-1]
        return b"".join([frame + _END for frame in frames[begin:]])
    response = response_of(saved)
    kind = f"response.{response['status']}"
    event = {"type": kind, "sequence_number": begin, "response": retrieved(response)}
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), encoded(event))


async def follow(job: Job, exchange: Exchange, headers: list[tuple[bytes, bytes]], at: int) -> None:
    """Show the events of an answer that is being made, from one on, until its end.

    A client that leaves ends this and not the answer.
    """
    if not job.stream:
        raise Refusal(
            "invalid",
            "This response was not made with 'stream', so its events are not kept. Ask for it "
            "without 'stream' until its status is neither queued nor in_progress.",
            param="stream",
        )
    exchange.ends_with_client = True
    exchange.begin(200, [*STREAM_HEADERS, *headers])
    await exchange.send({"type": "http.response.start", "status": 200, "headers": []})
    frames = job.sink.frames
    while True:
        ended, data = job.ended, b"".join(frames[at:])
        at = max(at, len(frames))
        if data:
            await exchange.send({"type": "http.response.body", "body": data, "more_body": True})
        elif ended or exchange.gone:
            break
        elif not await job.more(SILENCE_S):
            exchange.write(COMMENT)
    exchange.finish()
