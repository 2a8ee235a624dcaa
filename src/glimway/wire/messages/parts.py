"""Neutral parts as content blocks for a provider.

Knows each part's block, that a signature goes back to its maker alone, and what has no place here.
Refuses to know messages, and which host it is: ``Way`` says what matters of it.
Sources: https://docs.anthropic.com/en/api/messages,
https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking (signatures).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

import msgspec

from glimway.wire.losing import elsewhere, lost
from glimway.wire.messages.blocks import BLOCK, DIALECT, SOURCE
from glimway.wire.messages.ids import fitting
from glimway.wire.messages.signatures import ORIGIN, THINKING, at_home
from glimway.wire.talk import (
    CallPart,
    FilePart,
    ImagePart,
    Json,
    OpaquePart,
    Part,
    RefusalPart,
    ResultPart,
    TextPart,
    ThoughtPart,
)

Block = dict[str, Json]

CACHE_MARK = "cache_control"
"""A hint about caching: hosts of this dialect read it, whichever dialect it came in."""
RAW = "_raw"
"""Holds arguments of an earlier call that are no object: the input of a call must be one."""
PROPERTY = "input"
"""The one property of a function that stands in for a tool of free text."""

API = "the Messages API"

_ADDRESSES = ("https:", "http:", "data:")

_decode_object = msgspec.json.Decoder(dict[str, Any]).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Way(msgspec.Struct, frozen=True):
    """How parts are written for one host.

    Args:
        own: the request came in this dialect, so what only it knows goes on as it came.
        model: the host's own id of the model.
        thoughts: which earlier thinking goes back: ``signed`` only by its maker, ``all`` also
            what nobody signed, ``none``.
    """

    own: bool
    model: str
    thoughts: Literal["signed", "all", "none"] = "signed"


def write_part(part: Part, way: Way, adjusted: list[str]) -> Block | None:
    """One content block; None: it has no place here, and that is named.

    Args:
        part: of a turn, or of a result.
        way: how the host is written to.
        adjusted: learns what had to be changed.

    Raises:
        Refusal: ``unsupported``: the model must read it, and it cannot be sent.
    """
    if isinstance(part, TextPart):
        return _text(part, way)
    if isinstance(part, ThoughtPart):
        return _thought(part, way, adjusted)
    if isinstance(part, CallPart):
        return _call(part, way, adjusted)
    if isinstance(part, ResultPart):
        return _result(part, way, adjusted)
    if isinstance(part, ImagePart):
        return _image(part, way, adjusted)
    if isinstance(part, FilePart):
        return part.value if part.dialect == DIALECT else _file(part)
    if isinstance(part, RefusalPart):
        return _text(TextPart(part.text), way)
    return _opaque(part, adjusted)


def _members(extra: dict[str, Json] | None, way: Way) -> dict[str, Json]:
    """Members beyond the neutral ones: this dialect's own, of others the hint about caching."""
    if not extra:
        return {}
    if way.own:
        return extra
    return {CACHE_MARK: extra[CACHE_MARK]} if type(extra.get(CACHE_MARK)) is dict else {}


def _text(part: TextPart, way: Way) -> Block | None:
    if not way.own and not part.text.strip():
        return None  # a host refuses a block of white space, and it says nothing
    if part.extra is None:
        return {"type": "text", "text": part.text}
    whole = part.extra.get(BLOCK)
    if way.own and type(whole) is dict:
        return whole
    return {"type": "text", "text": part.text, **_members(part.extra, way)}


# ---- thinking, calls, results ---------------------------------------------------------------


def _thought(part: ThoughtPart, way: Way, adjusted: list[str]) -> Block | None:
    known = ORIGIN in (part.extra or {})
    # What this dialect's client wrote without a mark of ours may be of any host: it goes as it is.
    as_it_came = way.own and not known
    home = as_it_came or (known and at_home(part, way.model))
    members = {k: v for k, v in _members(part.extra, way).items() if k != ORIGIN}
    if way.thoughts != "none":
        if home and part.sealed is not None and part.signature is None and not part.text:
            return {"type": "redacted_thinking", "data": part.sealed, **members}
        block: Block = {"type": THINKING, "thinking": part.text, **members}
        if home and (part.signature is not None or part.text or as_it_came):
            if part.signature is not None or not as_it_came:
                block["signature"] = part.signature or ""
            return block
        if part.text and way.thoughts == "all":
            return {**block, "signature": ""}
    if part.text or part.sealed or part.signature:
        adjusted.append("earlier thinking left out")
    return None


def _call(part: CallPart, way: Way, adjusted: list[str]) -> Block:
    given: Json
    if part.kind != "function":
        given = {PROPERTY: part.arguments}
    else:
        try:
            given = _decode_object(part.arguments) if part.arguments.strip() else {}
        except _UNREADABLE:
            given = {RAW: part.arguments}
            adjusted.append(f"unreadable arguments of an earlier call put into {RAW}")
    call_id = fitting(part.id or "")
    block: Block = {"type": "tool_use", "id": call_id, "name": part.name, "input": given}
    return {**block, **_members(part.extra, way)}


def _result(part: ResultPart, way: Way, adjusted: list[str]) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": fitting(part.id or "")}
    alone = part.content[0] if len(part.content) == 1 else None
    plain = isinstance(alone, TextPart) and not _members(alone.extra, way)
    if plain and (part.form == "text" or not way.own) and isinstance(alone, TextPart):
        block["content"] = alone.text
    elif part.content or (way.own and part.form == "parts"):
        written = (write_part(inner, way, adjusted) for inner in part.content)
        block["content"] = [one for one in written if one is not None]
    if part.is_error:
        block["is_error"] = True
    return {**block, **_members(part.extra, way)}


# ---- media ----------------------------------------------------------------------------------


def _image(part: ImagePart, way: Way, adjusted: list[str]) -> Block:
    members = dict(_members(part.extra, way))
    if part.detail not in (None, "auto"):
        adjusted.append("detail of an image left out")
    if not way.own and not part.url.lower().startswith(_ADDRESSES):
        elsewhere("An image whose address is neither https: nor data:", API)
    source = _source(part.url)
    more = members.pop(SOURCE, None)
    if type(more) is dict:
        source.update(more)
    return {"type": "image", "source": source, **members}


def _source(url: str) -> Block:
    """The source of an image or document at ``url``."""
    if not url.startswith("data:"):
        return {"type": "url", "url": url}
    head, _, data = url.removeprefix("data:").partition(",")
    media_type, encoded, _ = head.partition(";base64")
    if not encoded:
        data = base64.b64encode(unquote_to_bytes(data)).decode()
        media_type = head.partition(";")[0]
    return {"type": "base64", "media_type": media_type, "data": data}


def _file(part: FilePart) -> Block:
    url = part.url
    if url is None or part.kind != "file":
        elsewhere(f"A part of kind '{part.kind}'", API)
    source = _source(url)
    if str(source.get("media_type", "")).startswith("text/"):
        try:
            data = base64.b64decode(source["data"], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            elsewhere("A document of text whose data are not UTF-8 text in base64", API)
        source = {"type": "text", "media_type": "text/plain", "data": data}
    block: Block = {"type": "document", "source": source}
    if part.filename:
        block["title"] = part.filename
    return block


def _opaque(part: OpaquePart, adjusted: list[str]) -> Block | None:
    if part.dialect == DIALECT:
        value: Block = part.value
        return value
    if part.taken:
        return None
    adjusted.append(f"a part of type {lost(part.value, API)} left out")
    return None
