"""What becomes of each answer of the corpus on its way to a client of each dialect.

Knows how to find that out by running the codecs: each thing that an answer says is looked for in
what the client understands, and then anywhere in what it was sent. Refuses to know what any of it
is called in any dialect.
"""

from __future__ import annotations

import json
from typing import Any

from golden.asking import Fate, leaves
from golden.cases import HOST_ANSWERS, Answer, Meaning
from golden.clients import STREAMED, WHOLE, Understood, plain_call
from golden.hosts import answered, heard, streamed

Json = Any

FEATURES: dict[str, str] = {
    "text": "text",
    "thinking": "thought",
    "signed_thinking": "signature",
    "sealed_thinking": "sealed",
    "tool": "calls",
    "parallel_tools": "calls",
    "length_in_call": "calls",
    "structured": "text",
    "declined": "refusal",
    "citations": "sources",
    "web_search": "sources",
    "document_citations": "text",
    "cached": "usage",
}
"""Case -> what is looked for in it."""


def said(answer: Answer, client: str) -> tuple[Json, Understood]:
    """What a client is sent for a whole reply, decoded, and what it understands of that."""
    assert answer.whole is not None
    body, _ = answered(client, plain_call(client), answer.dialect, answer.whole)
    return json.loads(body), WHOLE[client](body)


def fate(answer: Answer, client: str, feature: str) -> Fate:
    """What becomes of one thing that an answer says."""
    body, understood = said(answer, client)
    meant: Json = getattr(answer.meaning, feature)
    told: Json
    if feature == "calls":
        meant, told = values(meant), values(understood.calls)
    else:
        told = getattr(understood, feature, None)
    if told == meant:
        return Fate("exact")
    texts = needles(answer.meaning, feature)
    places = [
        path
        for path, value in leaves(body)
        if type(value) is str and any(text in value for text in texts)
    ]
    if places:
        return Fate("exact" if feature in OPAQUE else "elsewhere", tuple(dict.fromkeys(places)))
    return Fate("left out", LEFT_OUT[feature])


OPAQUE = ("sealed", "signature")
"""What nobody but its maker reads: to have it is all."""

LEFT_OUT: dict[str, tuple[str, ...]] = {
    "calls": ("a call that was cut is no call, and the reason of the end says why",),
    "sealed": ("only its maker can read it",),
    "signature": ("the thinking itself is there",),
}
"""Why something is not there."""


def values(calls: list[tuple[str, str]]) -> list[Json]:
    """Name and arguments of each call, as values where they are."""
    found: list[Json] = []
    for name, arguments in calls:
        try:
            found.append([name, json.loads(arguments)])
        except ValueError:
            found.append([name, arguments])
    return found


def needles(meaning: Meaning, feature: str) -> list[str]:
    """Texts to look for."""
    meant = getattr(meaning, feature)
    if feature == "calls":
        return [arguments for _, arguments in meant]
    return [meant] if type(meant) is str else list(meant)


def ends(client: str) -> dict[str, str]:
    """Why answers end -> this client's word for it, the usual reasons first."""
    words: dict[str, str] = {}
    for answer in HOST_ANSWERS:
        if answer.whole is not None and not answer.meaning.refusal:
            words.setdefault(_reason(answer), said(answer, client)[1].stop or "")
    return {reason: words[reason] for reason in REASONS}


REASONS = (
    *("stop", "tool_calls", "length", "content_filter"),
    *("stop_sequence", "context", "pause"),
)
"""All reasons of an end; the first few have words of their own everywhere."""


def _reason(answer: Answer) -> str:
    sequence = answer.meaning.sequence is not None
    return "stop_sequence" if sequence else answer.meaning.stop or ""


def end_fate(answer: Answer, client: str) -> Fate:
    """What becomes of the reason of an end: another reason may have the same word."""
    reason = _reason(answer)
    if answer.meaning.stop is None:
        read = heard(answer.dialect, [answer.stream], plain_call(client))
        word = STREAMED[client](streamed(client, plain_call(client), read)).stop
        return Fate("lost") if word is not None else Fate("exact", ("an error, and no usual end",))
    words = ends(client)
    word = f"said as `{words[reason]}`"
    for earlier in REASONS[: REASONS.index(reason)]:
        # That a tool is to be called the call itself says.
        if words[earlier] == words[reason] and reason != "tool_calls":
            return Fate("elsewhere", (f"{word} like {earlier.replace('_', ' ')}",))
    return Fate("exact", (word,))
