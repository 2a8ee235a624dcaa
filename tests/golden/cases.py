"""The cases of the corpus: one meaning each, spelled in several dialects.

Knows the files. Refuses to know what a codec makes of them.

``meanings.json`` says what each case of an answer means, ``<dialect>/answers`` spells it: a whole
reply (``.json``) and a stream (``.sse``) of the same case mean the same. ``<dialect>/requests`` has
requests, one feature each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

Json = Any

FOLDER = Path(__file__).parent / "corpus"

CLIENT_DIALECTS = ("chat", "responses", "messages", "aisdk")
HOST_DIALECTS = ("chat", "responses", "messages")


class Used(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer used: ``input`` has the cached tokens in it, ``output`` the reasoning."""

    input: int
    output: int
    cached: int
    cache_write: int
    reasoning: int


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer says, in no dialect.

    Args:
        text, thought, refusal: all of it, joined.
        calls: name and arguments of each call.
        sources: addresses that the text cites.
        stop: why it ended; None: it failed.
        usage: what it used.
        fails: the kind of failure, where it fails.
        sequence: the stop string that it met.
        sealed, signature: thinking that only its maker can read, and the proof of one that all can.
        second: the text of another choice.
        chat, responses, messages: what differs where a dialect cannot spell all of it.
    """

    text: str
    thought: str
    calls: list[tuple[str, str]]
    refusal: str
    sources: list[str]
    stop: str | None
    usage: Used
    fails: str | None = None
    sequence: str | None = None
    sealed: list[str] = []
    signature: str | None = None
    second: str = ""
    chat: dict[str, str] = {}
    responses: dict[str, str] = {}
    messages: dict[str, str] = {}

    def spelled_by(self, dialect: str) -> Meaning:
        """What it means as this dialect can spell it."""
        return msgspec.structs.replace(self, **getattr(self, dialect, {}))


MEANINGS = msgspec.json.decode((FOLDER / "meanings.json").read_bytes(), type=dict[str, Meaning])


class Answer(msgspec.Struct, frozen=True):
    """One case of an answer, as one dialect spells it."""

    dialect: str
    name: str
    meaning: Meaning
    stream: bytes
    whole: bytes | None

    @property
    def label(self) -> str:
        """Names it in test ids."""
        return f"{self.dialect}-{self.name}"


class Request(msgspec.Struct, frozen=True):
    """One request, as one dialect spells it."""

    dialect: str
    name: str
    body: dict[str, Json]

    @property
    def label(self) -> str:
        """Names it in test ids."""
        return f"{self.dialect}-{self.name}"

    def fresh(self) -> dict[str, Json]:
        """The body, for a reader that takes values over."""
        copy: dict[str, Json] = json.loads(json.dumps(self.body))
        return copy


def answers(dialect: str) -> list[Answer]:
    """All answers of a dialect, by name."""
    found = []
    for path in sorted((FOLDER / dialect / "answers").glob("*.sse")):
        whole = path.with_suffix(".json")
        meaning = MEANINGS[path.stem].spelled_by(dialect)
        body = whole.read_bytes() if whole.exists() else None
        found.append(Answer(dialect, path.stem, meaning, path.read_bytes(), body))
    return found


def requests(dialect: str) -> list[Request]:
    """All requests of a dialect, by name."""
    paths = sorted((FOLDER / dialect / "requests").glob("*.json"))
    return [Request(dialect, path.stem, json.loads(path.read_bytes())) for path in paths]


HOST_ANSWERS = [answer for dialect in HOST_DIALECTS for answer in answers(dialect)]
"""All that a provider may answer."""
REQUESTS = [request for dialect in CLIENT_DIALECTS for request in requests(dialect)]
"""All that a client may ask."""
