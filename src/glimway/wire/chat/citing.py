"""Sources of an answer, as chat hosts name them.

Knows annotations of a message and the list of findings that some hosts put beside the choices.
Refuses to read them for clients of the chat dialect: those get them at their place, unchanged.
Sources: https://platform.openai.com/docs/api-reference/chat/object (annotations), docs.z.ai (web
search: ``web_search`` beside ``choices``).
"""

from __future__ import annotations

from typing import Any

from glimway.wire.events import Cited

CITED_MAX = 256
"""Sources of one frame; more than these are no citations but a catalogue."""

_FINDING_LINKS = ("link", "url")


def annotated(annotations: Any, choice: int) -> list[Cited]:
    """The sources in ``annotations``; those without an address say nothing."""
    cited: list[Cited] = []
    for note in annotations[:CITED_MAX] if type(annotations) is list else ():
        inner = note.get("url_citation") if type(note) is dict else None
        if type(inner) is not dict or type(inner.get("url")) is not str:
            continue
        cited.append(
            Cited(
                inner["url"],
                _text(inner.get("title")),
                _place(inner.get("start_index")),
                _place(inner.get("end_index")),
                choice,
                note,
                "chat",
            )
        )
    return cited


def found(members: dict[str, Any], paths: tuple[str, ...]) -> list[Cited]:
    """The findings of a search that a host put beside the choices.

    Args:
        members: of the frame.
        paths: the members that may hold them; the first that does counts.
    """
    items = next((members[path] for path in paths if type(members.get(path)) is list), ())
    cited: list[Cited] = []
    for item in items[:CITED_MAX]:
        if type(item) is not dict:
            continue
        link = next((item[name] for name in _FINDING_LINKS if type(item.get(name)) is str), None)
        if link:
            cited.append(Cited(link, _text(item.get("title")), value=item, dialect="chat"))
    return cited


def _text(value: Any) -> str | None:
    return value if type(value) is str and value else None


def _place(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
