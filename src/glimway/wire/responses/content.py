"""The content of messages and tool results, both ways: text, images, files, refusals.

Knows the typed parts of the Responses API. Refuses to know who speaks them beyond the two kinds
of text (``input_text`` and ``output_text``), and which a host accepts.
Source: https://platform.openai.com/docs/api-reference/responses/create (input).

What a request of this dialect had beyond the neutral members rides in ``extra``: ``item`` holds
the members of the item, ``part`` those of the content part, so that neither can be taken for the
other and the same request can be written again.
"""

from __future__ import annotations

from typing import Any

from glimway.wire import check
from glimway.wire.losing import elsewhere, lost
from glimway.wire.refusal import shown
from glimway.wire.talk import (
    FilePart,
    Form,
    ImagePart,
    Json,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
)

DIALECT = "responses"
"""Also marks an opaque part that is an item of its own."""
API = "the Responses API"
INNER = "responses part"
"""Marks an opaque part that stands inside a message or an output."""

ITEM = "item"
PART = "part"

_TEXTS = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})
_MEANT = {"image_url": '"input_image"', "image": '"input_image"', "file": '"input_file"'}
_PDF = ".pdf"


def beyond(item: dict[str, Any], *known: str) -> dict[str, Json]:
    """The members that are not ``known``, those that are ``null`` included."""
    return {key: value for key, value in item.items() if key not in known}


def refers(item: Any) -> bool:
    """Whether an item only refers to one that is kept elsewhere."""
    if type(item) is not dict or "role" in item:
        return False
    return item.get("type", "item_reference") in ("item_reference", None)


def read_content(param: str, content: Any, text_type: str) -> tuple[Form, list[Part]]:
    """Read the content of a message or the output of a tool.

    Args:
        param: where it stands.
        content: a string, an array of parts, or None.
        text_type: the type that text has in this place.

    Raises:
        Refusal: ``invalid``, naming the part and member.
    """
    if content is None:
        return "null", []
    if type(content) is str:
        return "text", [TextPart(content)]
    if type(content) is not list:
        accepted = f'a string or an array of parts such as {{"type": "{text_type}", "text": "..."}}'
        hint = "Put the part into an array." if type(content) is dict and "type" in content else ""
        check.wrong(param, content, accepted, hint)
    return "parts", [_part(f"{param}[{at}]", one, text_type) for at, one in enumerate(content)]


def _part(param: str, value: Any, text_type: str) -> Part:
    item = check.mapping(param, value, f'{{"type": "{text_type}", "text": "Hello"}}')
    kind = item.get("type")
    if kind is None:
        check.missing(f"{param}.type", '"input_text", "input_image", "input_file" or "output_text"')
    kind = check.string(f"{param}.type", kind)
    if kind in _TEXTS:
        if item.get("text") is None:
            check.missing(f"{param}.text", "the text of the part")
        text = check.string(f"{param}.text", item["text"])
        if len(item) == 2 and kind == text_type:
            return TextPart(text)
        more = beyond(item, "text") if kind != text_type else beyond(item, "type", "text")
        return TextPart(text, {PART: more})
    if kind == "refusal":
        declined = check.string(f"{param}.refusal", item.get("refusal"))
        more = beyond(item, "type", "refusal")
        return RefusalPart(declined, "part", {PART: more} if more else None)
    if kind == "input_image":
        return _image(param, item)
    if kind in ("input_file", "input_audio", "input_video"):
        return _file(param, kind, item)
    if kind in _MEANT:
        meant = _MEANT[kind]
        check.wrong(f"{param}.type", kind, "a type of the Responses API", f"Did you mean {meant}?")
    return OpaquePart(item, INNER)


def _image(param: str, item: dict[str, Any]) -> Part:
    url = item.get("image_url")
    if url is None:
        if item.get("file_id") is not None:
            check.string(f"{param}.file_id", item["file_id"])
            return OpaquePart(item, INNER)
        check.missing(f"{param}.image_url", "the image's address, https: or data:")
    if type(url) is dict and type(url.get("url")) is str:
        hint = f'Send "image_url": {shown(url["url"][:40])} (a string, not an object).'
        check.wrong(f"{param}.image_url", url, "a string", hint)
    url = check.address(f"{param}.image_url", url)
    detail = item.get("detail")
    if detail is not None:
        detail = check.string(f"{param}.detail", detail)
    known = ("type", "image_url") if detail is None else ("type", "image_url", "detail")
    more = beyond(item, *known)
    return ImagePart(url, detail, {PART: more} if more else None)


def _file(param: str, kind: str, item: dict[str, Any]) -> Part:
    if kind == "input_audio":
        sound = check.mapping(f"{param}.{kind}", item.get(kind), '{"data": "...", "format": "wav"}')
        for name in ("data", "format"):
            if sound.get(name) is None:
                check.missing(f"{param}.{kind}.{name}", "audio needs its data and its format")
            check.string(f"{param}.{kind}.{name}", sound[name])
        url = f"data:audio/{sound['format']};base64,{sound['data']}"
        return FilePart("audio", item, DIALECT, url=url)
    if kind == "input_video":
        url = check.string(f"{param}.video_url", item.get("video_url"))
        return FilePart("video", item, DIALECT, url=url)
    for name in ("file_url", "file_data", "file_id", "filename"):
        if item.get(name) is not None:
            check.string(f"{param}.{name}", item[name])
    if all(item.get(name) is None for name in ("file_url", "file_data", "file_id")):
        check.missing(f"{param}.file_data", "send file_data, file_url or file_id")
    filename = item.get("filename")
    return FilePart("file", item, DIALECT, url=_address(item), filename=filename)


def _address(item: dict[str, Any]) -> str | None:
    """A file's address as other dialects can carry it."""
    data = item.get("file_data")
    if data is None:
        return item.get("file_url")
    if data.startswith("data:"):
        return str(data)
    is_pdf = str(item.get("filename") or "").lower().endswith(_PDF)
    return f"data:application/{'pdf' if is_pdf else 'octet-stream'};base64,{data}"


# ---- outward --------------------------------------------------------------------------------


def write_parts(parts: list[Part], text_type: str, adjusted: list[str]) -> list[Json]:
    """The parts of a content array.

    Args:
        parts: text, images, files, refusals; parts of other dialects are left out and named.
        text_type: the type that text has in this place.
        adjusted: learns what had to be changed.

    Raises:
        Refusal: ``unsupported``: a file that only another API can read.
    """
    written = (write_part(part, text_type, adjusted) for part in parts)
    return [one for one in written if one is not None]


def write_part(part: Part, text_type: str, adjusted: list[str]) -> Json | None:
    """One content part; None: another dialect's, named as left out."""
    if isinstance(part, TextPart):
        return {"type": text_type, "text": part.text, **own(part.extra)}
    if isinstance(part, RefusalPart):
        return {"type": "refusal", "refusal": part.text, **own(part.extra)}
    if isinstance(part, ImagePart):
        members = own(part.extra)
        image: dict[str, Json] = {"type": "input_image", "image_url": part.url}
        if part.detail is not None:
            image["detail"] = part.detail
        return {**image, **members}
    if isinstance(part, FilePart):
        return part.value if part.dialect == DIALECT else _foreign_file(part)
    if isinstance(part, OpaquePart):
        if part.dialect == INNER:
            return part.value
        if part.taken:
            return None
        adjusted.append(f"a part of type {lost(part.value, API)} left out")
        return None
    raise AssertionError("calls, results and thinking are items, not content parts")


def own(extra: dict[str, Json] | None) -> dict[str, Json]:
    """The members of a content part that this dialect wrote."""
    members = extra.get(PART) if extra else None
    return members if type(members) is dict else {}


def _foreign_file(part: FilePart) -> Json:
    url = part.url
    if url is None:
        elsewhere(f"A part of kind '{part.kind}'", API)
    if part.kind == "audio" and url.startswith("data:audio/"):
        form, _, data = url.removeprefix("data:audio/").partition(";base64,")
        return {"type": "input_audio", "input_audio": {"data": data, "format": form}}
    if part.kind == "video":
        return {"type": "input_video", "video_url": url}
    file: dict[str, Json] = {"type": "input_file"}
    if part.filename is not None:
        file["filename"] = part.filename
    if url.startswith("data:"):
        file.setdefault("filename", "document.pdf" if "/pdf" in url[:40] else "document")
        file["file_data"] = url
    else:
        file["file_url"] = url
    return file
