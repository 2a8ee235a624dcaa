"""Reasoning items of earlier turns, both ways, and the seal on their ``encrypted_content``.

Knows the three places of a thought (summary, text, sealed text) and what is put under a seal of
ours. Refuses to know cryptography: ``seal`` and ``unseal`` are handed in.

A sealed text of another's making is opaque: it goes back to where it may have come from and is
never looked into. One of ours that cannot be opened (altered, or from before a change of keys) is
dropped, and what the item says readably counts: a conversation must never be stuck for it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire import check
from glimway.wire.dialect import Seal, Unseal
from glimway.wire.responses.content import ITEM, beyond
from glimway.wire.talk import Json, ThoughtPart

__all__ = [
    "BETWEEN_PARTS",
    "MARK",
    "Seal",
    "Secret",
    "Unseal",
    "opened",
    "read_thought",
    "sealed_text",
    "write_thought",
]

MARK = "gw1."
"""Begins every sealed text of ours."""

BETWEEN_PARTS = "\n\n"
"""Between the parts of a thought where it becomes one text."""

_PLACES = (("summary", "summary_text"), ("content", "reasoning_text"))


class Secret(msgspec.Struct, omit_defaults=True):
    """What is put under a seal.

    Args:
        text: the thought, readable.
        signature, sealed: the maker's own proof or sealed thought.
        model: who made it, as the provider calls the model: only there they mean anything.
    """

    text: str = ""
    signature: str | None = None
    sealed: str | None = None
    model: str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Secret).decode


def sealed_text(secret: Secret, seal: Seal) -> str:
    """The value of ``encrypted_content``."""
    return MARK + seal(_encode(secret).decode())


def opened(token: str, unseal: Unseal | None) -> Secret | None:
    """What is under a seal of ours; None: it cannot be opened."""
    if unseal is None or not token.startswith(MARK):
        return None
    inner = unseal(token[len(MARK) :])
    if inner is None:
        return None
    try:
        return _decode(inner)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


# ---- inward ---------------------------------------------------------------------------------


def read_thought(param: str, item: dict[str, Any], unseal: Unseal | None) -> ThoughtPart:
    """Read a reasoning item.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    texts = {place: _texts(f"{param}.{place}", item.get(place)) for place, _ in _PLACES}
    form = "reasoning_text" if texts["content"] else "summary_text"
    text = BETWEEN_PARTS.join(texts["content"] or texts["summary"])
    token = item.get("encrypted_content")
    if token is None:
        return ThoughtPart(text, form, extra={ITEM: item})
    token = check.string(f"{param}.encrypted_content", token)
    rest = beyond(item, "encrypted_content")
    if not token.startswith(MARK) or unseal is None:
        return ThoughtPart(text, form, sealed=token, extra={ITEM: rest})
    secret = opened(token, unseal)
    if secret is None:
        # An origin that nobody has: without a readable text the item says nothing any more, and
        # whoever writes it names it as left out.
        left = None if text else token
        return ThoughtPart(text, form, sealed=left, extra={ITEM: rest, "origin": ""})
    extra: dict[str, Json] = {ITEM: rest}
    if secret.model is not None:
        extra["origin"] = secret.model
    return ThoughtPart(secret.text or text, form, secret.signature, secret.sealed, extra)


def _texts(param: str, value: Any) -> list[str]:
    if value is None:
        return []
    if type(value) is str:
        return [value] if value else []
    texts = []
    for at, part in enumerate(check.sequence(param, value, "parts with a type and a text")):
        inner = check.mapping(f"{param}[{at}]", part, '{"type": "summary_text", "text": "..."}')
        texts.append(check.string(f"{param}[{at}].text", inner.get("text")))
    return texts


# ---- outward --------------------------------------------------------------------------------


def write_thought(part: ThoughtPart, model: str, place: str) -> dict[str, Json] | None:
    """A reasoning item for the host of ``model``; None: nothing of it means anything there.

    Args:
        part: the thought.
        model: the host's own id of the model.
        place: where the host reads plain thinking, ``summary`` or ``content``.
    """
    extra = part.extra or {}
    item = extra.get(ITEM)
    origin = extra.get("origin")
    at_home = type(item) is dict if origin is None else _same_model(origin, model)
    sealed = part.sealed if at_home else None
    if type(item) is dict:
        written: dict[str, Json] = dict(item)
    else:
        written = {"type": "reasoning", "summary": []}
        if part.text:
            kind = "summary_text" if place == "summary" else "reasoning_text"
            written[place] = [{"type": kind, "text": part.text}]
    if sealed is not None:
        written["encrypted_content"] = sealed
    elif not part.text and origin is not None:
        return None
    if type(item) is not dict and not part.text and sealed is None:
        return None
    return written


def _same_model(one: str, other: str) -> bool:
    """Hosts answer with a dated name of the model that was asked for."""
    return bool(one) and (one.startswith(other) or other.startswith(one))
