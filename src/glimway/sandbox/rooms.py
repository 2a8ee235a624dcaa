"""Which path leads to which room, and what every room has in common.

Knows paths, path prefixes of families, the reading of bodies and scripts, and ``fail-first-N``.
Refuses to know dialects: a room answers a ``Visit``. A new dialect is a new row of ``ROOMS``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from glimway.sandbox import chat
from glimway.sandbox.families import FAMILIES, family_of
from glimway.sandbox.families.hosted import OPENAI
from glimway.sandbox.family import Family
from glimway.sandbox.faults import STATUSES, error_reply, instead, refused
from glimway.sandbox.ids import EPOCH_S
from glimway.sandbox.memory import Memory
from glimway.sandbox.reply import Reply, Request, Visit
from glimway.sandbox.script import Script
from glimway.sandbox.scripts import GRAMMAR, TABLE
from glimway.wire.body import decode_object
from glimway.wire.refusal import Refusal, shown

Json = Any
Room = Callable[[Visit], Reply]

ROOMS: Final[dict[str, Room]] = {
    "/chat/completions": chat.answer,
}
"""Path ending -> room."""

MODELS: Final = (
    "glm-4.7-flash",
    "glm-4.7-flashx",
    "glm-4.7",
    "glm-4.6",
    "glm-4.5",
    "glm-4.5-air",
    "glm-5",
    "glm-5.1",
)
"""What the model list shows; any other name is answered as well."""

MODEL_CHARS_MAX: Final = 1_024

_encode = msgspec.json.Encoder().encode


def answer(request: Request, memory: Memory) -> Reply:
    """Answer one request: never raises for what a client sent."""
    family = _prefixed(request.path)
    try:
        return _answer(request, memory, family)
    except Refusal as refusal:
        return refused(family or OPENAI, refusal)


def _answer(request: Request, memory: Memory, family: Family | None) -> Reply:
    path = request.path.rstrip("/")
    room = next((room for end, room in ROOMS.items() if path.endswith(end)), None)
    if room is not None:
        if request.method != "POST":
            raise Refusal("method_not_allowed", f"{shown(path)} takes POST only.")
        return _enter(room, request, memory, family)
    if request.method not in ("GET", "HEAD"):
        raise Refusal("not_found", f"The sandbox has no path {shown(path)}.")
    if path.endswith("/models"):
        return Reply(body=_encode({"object": "list", "data": [_model(name) for name in MODELS]}))
    if "/models/" in path:
        return Reply(body=_encode(_model(path.partition("/models/")[2])))
    if path in ("", "/sandbox/scripts"):
        return Reply(body=_encode({"object": "list", "data": [_row(row) for row in TABLE]}))
    raise Refusal("not_found", f"The sandbox has no path {shown(path)}.")


def _enter(room: Room, request: Request, memory: Memory, family: Family | None) -> Reply:
    body = decode_object(request.body)
    asked = body.get("model")
    if type(asked) is not str or not asked or len(asked) > MODEL_CHARS_MAX:
        raise Refusal("invalid", "The field model is missing; send a name.", param="model")
    model, text = GRAMMAR.split(asked)
    script = GRAMMAR.read(text)
    if header := request.headers.get("x-sandbox-script"):
        script = GRAMMAR.join(script, GRAMMAR.read(header))
    family = _family(script, model, family)
    try:
        script = _tried(script, request.headers.get("x-sandbox-token") or asked, memory)
        reply = instead(script, family)
        if reply is None:
            reply = room(Visit(body, model, script, family, memory))
    except Refusal as refusal:
        reply = refused(family, refusal)
        script = GRAMMAR.calm(script)  # a wrong request is told so plainly, by no faulty wire
    reply.script = script
    return reply


def _tried(script: Script, token: str, memory: Memory) -> Script:
    """The script of this try: under ``fail-first-N`` the faults stay away after N tries."""
    failures = script.number("fail-first")
    if failures is None:
        return script
    if memory.attempt(script.word("token") or token) > failures:
        return GRAMMAR.calm(script)
    return script if GRAMMAR.faults(script) else GRAMMAR.join(script, Script({"503": ""}))


def _prefixed(path: str) -> Family | None:
    """The family that a path names in its first segment."""
    return FAMILIES.get(path.lstrip("/").partition("/")[0])


def _family(script: Script, model: str, prefixed: Family | None) -> Family:
    name = script.word("family")
    if name:
        if name.lower() not in FAMILIES:
            known = ", ".join(FAMILIES)
            raise Refusal(
                "invalid",
                f"The sandbox has no family {shown(name)}; known: {known}.",
                code="unknown_script",
            )
        return FAMILIES[name.lower()]
    return prefixed or family_of(model)


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": EPOCH_S, "owned_by": "glimway"}


def _row(row: Any) -> Json:
    return {"name": row.name, "group": row.group, "does": row.does, "sees": row.sees}


def busy(family: Family | None = None) -> Reply:
    """The answer when too many requests are in progress."""
    reply = error_reply(family or OPENAI, STATUSES[503])
    reply.headers = (("retry-after", "1"),)
    return reply
