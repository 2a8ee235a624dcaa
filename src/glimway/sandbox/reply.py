"""What goes in and out between the connection, the rooms and the delivery.

Knows the values only. Refuses to do anything with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from glimway.sandbox.family import Family
from glimway.sandbox.memory import Memory
from glimway.sandbox.script import Script

Json = Any


class Request(msgspec.Struct, frozen=True):
    """One HTTP request: header names are lower case; ``keep`` says the connection may go on."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    keep: bool = True
    chunks: bool = True
    """The client takes chunked bodies (HTTP/1.1)."""


FrameKind = Literal["content", "finish", "usage", "end", "error"]


class Frame(msgspec.Struct):
    """One event of a stream: its data, its event name where the dialect has them, and how many
    tokens of text it carries (for speed)."""

    kind: FrameKind
    data: bytes
    event: bytes = b""
    tokens: int = 0


class Reply(msgspec.Struct):
    """An answer before it is delivered.

    Args:
        status: of HTTP.
        content_type: of the body.
        body: a whole body; empty for streams.
        frames: the frames of a stream, made one by one, or None.
        error: the frame that ``error-frame-N`` sends.
        script: what the delivery does wrong.
        headers: more headers.
        tokens: of a whole answer, for speed.
        comment: a comment line that this host sends in streams, or "".
    """

    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""
    frames: Iterator[Frame] | None = None
    error: Frame | None = None
    script: Script = Script()
    headers: tuple[tuple[str, str], ...] = ()
    tokens: int = 0
    comment: str = ""


class Visit(msgspec.Struct, frozen=True):
    """A request that found its room.

    Args:
        body: the decoded JSON object.
        model: the name without its script.
        script: from the name and from ``x-sandbox-script``.
        family: how the host speaks.
        memory: what came before.
    """

    body: dict[str, Json]
    model: str
    script: Script
    family: Family
    memory: Memory
