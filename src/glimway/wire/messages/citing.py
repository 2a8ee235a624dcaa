"""Sources of an answer's text, as this dialect's clients get them.

Knows the dialect's own citations, and the form in which a source of another dialect is shown.
Refuses to know which block a citation belongs to.
Source: https://docs.anthropic.com/en/docs/build-with-claude/citations.
"""

from __future__ import annotations

from glimway.wire.events import Cited
from glimway.wire.messages.blocks import DIALECT
from glimway.wire.talk import Json


def citation_of(event: Cited, texts: list[str]) -> Json:
    """The citation. One that another dialect named has an empty index: it says nothing, and by it
    the citation is known and left out when it comes back.

    Args:
        event: the source.
        texts: the answer's text so far, in pieces.
    """
    if event.dialect == DIALECT:
        return event.value
    said = ""
    if event.start is not None and event.end is not None:
        said = "".join(texts)[event.start : event.end]
    return {
        "type": "web_search_result_location",
        "url": event.url or "",
        "title": event.title,
        "encrypted_index": "",
        "cited_text": said,
    }


def delta_of(event: Cited, texts: list[str]) -> dict[str, Json]:
    """The delta of a block of text that carries the citation."""
    return {"type": "citations_delta", "citation": citation_of(event, texts)}
