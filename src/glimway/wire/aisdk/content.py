"""Text and files of a prompt, and what their options say to the gateway.

Knows every form in which a file comes: an address, a ``data:`` address, base64, text, and a
reference that only one provider can follow, in both versions' spellings. Refuses to fetch
anything, and to know which files a host reads.
Source: ``LanguageModelV3Prompt`` and ``LanguageModelV4Prompt`` of ``@ai-sdk/provider``.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Literal, cast

from glimway.wire import check
from glimway.wire.talk import FilePart, ImagePart, Json, OpaquePart, Part, TextPart

DIALECT = "aisdk"

OPTIONS = "providerOptions"
CACHE_MARK = "cache_control"
"""Key in a part's ``extra``: a hint about caching, as the dialect that has one spells it."""

_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""Base64 has no colon, so a string that begins so is an address."""

_SIGNATURES = (
    ("iVBORw0KGgo", "png"),
    ("/9j/", "jpeg"),
    ("R0lGOD", "gif"),
    ("UklGR", "webp"),
    ("Qk", "bmp"),
)
"""How the base64 of an image begins, and what it is."""

_AUDIO = {"mpeg": "mp3", "mp3": "mp3", "wav": "wav", "x-wav": "wav", "wave": "wav"}
"""Subtypes of sound -> the names that hosts have for them."""


def own_options(param: str, item: dict[str, Any]) -> dict[str, Any]:
    """The ``providerOptions`` of a part or message, one object per provider.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    options = item.get(OPTIONS)
    if options is None:
        return {}
    form = check.mapping(f"{param}.{OPTIONS}", options, '{"provider": {...}}')
    for name, inner in form.items():
        check.mapping(f"{param}.{OPTIONS}.{name[:64]}", inner)
    return form


def said_by_any(options: dict[str, Any], *names: str) -> Json:
    """The value that some provider's options have under one of the names; None: none has."""
    for inner in options.values():
        for name in names:
            if inner.get(name) is not None:
                return inner[name]
    return None


def extra_of(options: dict[str, Any]) -> dict[str, Json] | None:
    """What a part keeps of its options."""
    if not options:
        return None
    mark = said_by_any(options, "cacheControl", CACHE_MARK)
    extra: dict[str, Json] = {OPTIONS: options}
    if mark is not None:
        extra[CACHE_MARK] = mark
    return extra


def read_text(param: str, item: dict[str, Any]) -> TextPart:
    """A part of type ``text``."""
    if item.get("text") is None:
        check.missing(f"{param}.text", "the text of the part")
    text = check.string(f"{param}.text", item["text"])
    return TextPart(text, extra_of(own_options(param, item)) if OPTIONS in item else None)


def read_file(param: str, item: dict[str, Any]) -> Part:
    """A part of type ``file``.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    media = item.get("mediaType")
    if media is None:
        check.missing(f"{param}.mediaType", 'what the file is, for example "image/png"')
    media = check.string(f"{param}.mediaType", media).lower()
    if item.get("data") is None:
        check.missing(f"{param}.data", "the file's address, or its data in base64")
    return _file(param, item, media, _address(f"{param}.data", item, media))


def read_result_file(param: str, kind: str, item: dict[str, Any]) -> Part:
    """A file in a tool's result, whose type says how it comes (``image-url``, ``file-data``).

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    what, _, form = kind.partition("-")
    given = item.get("mediaType") or ("image/*" if what == "image" else "application/octet-stream")
    media = check.string(f"{param}.mediaType", given).lower()
    if form.endswith("id"):
        return _file(param, item, media, None)
    member = "url" if form == "url" else "data"
    if item.get(member) is None:
        check.missing(f"{param}.{member}", f"a part of type {kind} needs it")
    value = check.string(f"{param}.{member}", item[member])
    return _file(param, item, media, _spelled(f"{param}.{member}", value, media))


def _file(param: str, item: dict[str, Any], media: str, url: str | None) -> Part:
    options = own_options(param, item)
    extra = extra_of(options)
    name = item.get("filename")
    if name is not None:
        name = check.string(f"{param}.filename", name)
    top = media.partition("/")[0]
    if top == "image" and url is not None:
        detail = said_by_any(options, "imageDetail", "detail")
        return ImagePart(url, detail if type(detail) is str else None, extra)
    kind = cast("Literal['file', 'audio', 'video']", top if top in ("audio", "video") else "file")
    return FilePart(kind, item, DIALECT, extra, url, name)


def _address(param: str, item: dict[str, Any], media: str) -> str | None:
    """The file's address, ``https:`` or ``data:``; None: only its provider can follow it."""
    data = item["data"]
    if type(data) is str:
        original = item.get("originalUrl")
        return _spelled(param, original if type(original) is str else data, media)
    form = check.mapping(param, data, '{"type": "data", "data": "<base64>"}')
    kind = form.get("type")
    if kind is None:
        hint = "Bytes must be sent in base64." if form and all(k.isdigit() for k in form) else ""
        check.wrong(param, form, 'an object with a type: "data", "url", "text", "reference"', hint)
    kind = check.one_of(f"{param}.type", kind, ("data", "url", "text", "reference"))
    if kind == "reference":
        check.mapping(f"{param}.reference", form.get("reference"), '{"provider": "<id>"}')
        return None
    if form.get(kind) is None:
        check.missing(f"{param}.{kind}", f"a file of type {kind} needs it")
    value = check.string(f"{param}.{kind}", form[kind])
    if kind == "text":
        return f"data:text/plain;base64,{base64.b64encode(value.encode()).decode()}"
    if kind == "url":
        original = form.get("originalUrl")
        return _link(f"{param}.url", original if type(original) is str else value)
    return _spelled(f"{param}.data", value, media)


def _link(param: str, value: str) -> str:
    if not _HAS_SCHEME.match(value):
        check.wrong(param, value, "an address such as https://example.com/image.png")
    return check.address(param, value)


def _spelled(param: str, value: str, media: str) -> str:
    """An address as it is; base64 as a ``data:`` address."""
    if _HAS_SCHEME.match(value):
        return check.address(param, value)
    if not value:
        check.wrong(param, value, "an address, or data in base64")
    top, _, sub = media.partition("/")
    if top == "image" and sub in ("", "*"):
        sub = next((name for begin, name in _SIGNATURES if value.startswith(begin)), "")
        if not sub:
            hint = "Name what it is in 'mediaType', for example \"image/png\"."
            check.wrong(param, value, "the base64 of a PNG, JPEG, GIF, WebP or BMP image", hint)
    elif top == "audio":
        sub = _AUDIO.get(sub, sub)
    elif sub in ("", "*"):
        top, sub = ("text", "plain") if top == "text" else ("application", "octet-stream")
    return f"data:{top}/{sub};base64,{value}"


def opaque(item: dict[str, Any]) -> OpaquePart:
    """A part that only this dialect understands."""
    return OpaquePart(item, DIALECT)
