"""Content parts of other dialects as chat's own.

Knows files by address and data, and parts that only their own API can read. Refuses to know who
speaks them.
Sources: https://platform.openai.com/docs/api-reference/chat/create (content parts), docs.z.ai
(``file_url`` and ``video_url`` of the vision models).
"""

from __future__ import annotations

import base64
import binascii

from glimway.wire.losing import elsewhere, lost
from glimway.wire.refusal import Refusal
from glimway.wire.talk import (
    FilePart,
    ImagePart,
    Json,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
)

WISHES = ("cache_control", "citations")
"""What a part of another dialect may ask for: chat hosts cache unasked, and cite what they find."""

_DOCUMENT = "document"

API = "the chat API"


def at_home(part: Part, adjusted: list[str]) -> Part | None:
    """A content part as the chat dialect has it; None: it has none, and that is named.

    Args:
        part: text, image, file, refusal or an opaque part.
        adjusted: learns what was left out.

    Raises:
        Refusal: ``unsupported``: the model must read it, and it cannot be sent.
    """
    extra = getattr(part, "extra", None)
    if extra:
        adjusted.extend(f"{name} left out" for name in WISHES if name in extra)
    if isinstance(part, TextPart):
        return TextPart(part.text)
    if isinstance(part, ImagePart):
        return ImagePart(part.url, part.detail)
    if isinstance(part, RefusalPart):
        return TextPart(part.text)
    if isinstance(part, FilePart):
        return _file(part)
    if isinstance(part, OpaquePart) and part.taken:
        return None
    if isinstance(part, OpaquePart):
        adjusted.append(f"a part of type {lost(part.value, API)} left out")
        return None
    raise AssertionError("calls, results and thinking are not content parts")


def _file(part: FilePart) -> Part:
    url = part.url
    if url is None:
        elsewhere(f"A part of kind '{part.kind}'", API)
    if part.kind == "video":
        return _own(part, {"type": "video_url", "video_url": {"url": url}})
    if part.kind == "audio":
        form, encoded, data = url.removeprefix("data:audio/").partition(";base64,")
        if not (encoded and url.startswith("data:audio/")):
            raise Refusal(
                "unsupported",
                "Audio by address has no place in the chat API of this request's provider. "
                "Send its data in base64.",
            )
        return _own(part, {"type": "input_audio", "input_audio": {"data": data, "format": form}})
    if url.startswith("data:text/"):
        return _text(part, url)
    if not url.startswith("data:"):
        return _own(part, {"type": "file_url", "file_url": {"url": url}})
    name = part.filename or ("document.pdf" if "/pdf" in url[:40] else _DOCUMENT)
    return _own(part, {"type": "file", "file": {"filename": name, "file_data": url}})


def _own(part: FilePart, value: Json) -> FilePart:
    return FilePart(part.kind, value, "chat")


def _text(part: FilePart, url: str) -> TextPart:
    """A document of text, said as text: every model reads that."""
    head, _, data = url.partition(",")
    if head.endswith(";base64"):
        try:
            data = base64.b64decode(data, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Refusal(
                "invalid",
                "A document of text holds data that are not UTF-8 text in base64.",
                code="invalid_value",
            ) from None
    return TextPart(f"{part.filename}\n\n{data}" if part.filename else data)
