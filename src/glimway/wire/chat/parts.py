"""The content of a chat message, both ways: text, images, files, and parts of others.

Knows the array form of ``content`` and its parts. Refuses to know who speaks them and which a
host accepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from glimway.wire import check
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

_FILES: dict[str, tuple[Literal["file", "audio", "video"], str]] = {
    "file": ("file", '{"file_data": "..."} or {"file_id": "..."}'),
    "file_url": ("file", '{"url": "https://..."}'),
    "input_audio": ("audio", '{"data": "...", "format": "wav"}'),
    "video_url": ("video", '{"url": "https://..."}'),
}
"""Type of a part -> what it is, and what its object looks like."""


def read_content(param: str, message: dict[str, Any]) -> tuple[Form, list[Part]]:
    """Read the ``content`` of the message ``param``.

    Raises:
        Refusal: ``invalid``, naming the part and member.
    """
    if "content" not in message:
        return "absent", []
    content = message["content"]
    if content is None:
        return "null", []
    if type(content) is str:
        return "text", [TextPart(content)]
    if type(content) is not list:
        hint = "Put the part into an array." if type(content) is dict else ""
        check.wrong(
            f"{param}.content",
            content,
            'a string or an array of parts such as {"type": "text", "text": "Hello"}',
            hint,
        )
    return "parts", [_part(f"{param}.content[{at}]", item) for at, item in enumerate(content)]


def rest(item: dict[str, Any], *known: str) -> dict[str, Json] | None:
    """The members beyond ``known``; None: there are none."""
    return {key: value for key, value in item.items() if key not in known} or None


def _part(param: str, value: Any) -> Part:
    if type(value) is str:
        # Some hosts take bare strings in the array; the typed form means the same.
        return TextPart(value)
    item = check.mapping(param, value, '{"type": "text", "text": "Hello"}')
    kind = item.get("type")
    if kind is None:
        check.missing(f"{param}.type", '"text", "image_url", "input_audio" or "file"')
    kind = check.string(f"{param}.type", kind)
    if kind == "text":
        if item.get("text") is None:
            check.missing(f"{param}.text", "the text of the part")
        text = check.string(f"{param}.text", item["text"])
        return TextPart(text, rest(item, "type", "text") if len(item) > 2 else None)
    if kind == "image_url":
        return _image(param, item)
    if kind == "refusal":
        declined = check.string(f"{param}.refusal", item.get("refusal"))
        return RefusalPart(declined, "part", rest(item, "type", "refusal"))
    if kind in _FILES:
        return _file(param, kind, item)
    return OpaquePart(item, "chat")


def _image(param: str, item: dict[str, Any]) -> Part:
    image = item.get("image_url")
    if image is None:
        check.missing(f"{param}.image_url", 'an object {"url": "https://..."}')
    if type(image) is str:
        # The short form of some hosts means the same.
        check.address(f"{param}.image_url", image)
        return ImagePart(image, extra=rest(item, "type", "image_url"))
    image = check.mapping(f"{param}.image_url", image, '{"url": "https://..."}')
    if image.get("url") is None:
        check.missing(f"{param}.image_url.url", "the image's address, https: or data:")
    url = check.address(f"{param}.image_url.url", image["url"])
    detail = image.get("detail")
    if detail is not None:
        detail = check.string(f"{param}.image_url.detail", detail)
    extra = rest(item, "type", "image_url") or {}
    inner = rest(image, "url", "detail")
    if inner:
        extra["image_url"] = inner
    return ImagePart(url, detail, extra or None)


_CARRIED = ("data:", "https:", "http:")


def _file(param: str, kind: str, item: dict[str, Any]) -> Part:
    what, example = _FILES[kind]
    value = item.get(kind)
    if value is None:
        check.missing(f"{param}.{kind}", f"an object {example}")
    url = filename = None
    if type(value) is str and kind.endswith("_url"):
        url = value
    else:
        inner = check.mapping(f"{param}.{kind}", value, example)
        for name in ("url", "data", "format", "file_data", "file_id", "filename"):
            if inner.get(name) is not None:
                check.string(f"{param}.{kind}.{name}", inner[name])
        for name in {"input_audio": ("data", "format")}.get(kind, ()):
            if inner.get(name) is None:
                check.missing(f"{param}.{kind}.{name}", f"the part looks like {example}")
        url, filename = _url(kind, inner), inner.get("filename")
    return FilePart(what, item, "chat", url=url, filename=filename)


def _url(kind: str, inner: dict[str, Any]) -> str | None:
    """Where its content is, as other dialects can carry it; None: only its host knows."""
    if kind == "input_audio":
        return f"data:audio/{inner['format']};base64,{inner['data']}"
    url = inner.get("url", inner.get("file_data"))
    return url if type(url) is str and url.startswith(_CARRIED) else None


# ---- outward --------------------------------------------------------------------------------


def write_content(parts: Sequence[Part], form: Form) -> Json:
    """The value of ``content``; None: there is none, or it is ``null``."""
    if form in ("null", "absent") and not parts:
        return None
    if form == "text" and all(type(part) is TextPart for part in parts):
        return "".join(part.text for part in parts if type(part) is TextPart)
    return [write_part(part) for part in parts]


def write_part(part: Part) -> Json:
    """One content part."""
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text, **(part.extra or {})}
    if isinstance(part, ImagePart):
        image: dict[str, Json] = {"url": part.url}
        if part.detail is not None:
            image["detail"] = part.detail
        extra = dict(part.extra or {})
        image.update(extra.pop("image_url", {}))
        return {"type": "image_url", "image_url": image, **extra}
    if isinstance(part, RefusalPart):
        return {"type": "refusal", "refusal": part.text, **(part.extra or {})}
    if isinstance(part, FilePart | OpaquePart):
        return part.value
    raise AssertionError("calls, results and thinking are not content parts")
