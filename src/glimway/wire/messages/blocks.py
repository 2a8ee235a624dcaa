"""Content blocks of a client's request: text, images, documents, thinking, calls, results.

Knows each kind of block and which of the speakers may send it. Kinds that it does not know (server
tools, containers, what is yet to come) travel whole. Refuses to know messages and turns.
Source: https://docs.anthropic.com/en/api/messages (content blocks).

Members that no neutral part has ride in ``extra`` under their own names. A block that becomes a
text only for other dialects (a search result, a document of text) rides there whole.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import msgspec

from glimway.wire import check
from glimway.wire.messages.ids import original
from glimway.wire.messages.signatures import Unseal, read_redacted, read_thinking
from glimway.wire.talk import (
    CallPart,
    FilePart,
    Form,
    ImagePart,
    Json,
    OpaquePart,
    Part,
    ResultPart,
    TextPart,
)

DIALECT = "messages"

CITATIONS = "citations"
"""Key in a part's ``extra``: the answer is to cite this part."""

BLOCK = "block of messages"
"""Key in a text's ``extra``: the block that it stands for."""
SOURCE = "source"
"""Key in an image's ``extra``: members of its source beside the address."""

BILLING = b"x-anthropic-billing-header".decode()
"""Begins a block that an agent puts before its instructions. It differs with every request, so it
is for this dialect's hosts only: elsewhere it would cost the prefix cache of the whole prompt
(https://github.com/anthropics/claude-code/issues/68900)."""

_encode = msgspec.json.Encoder().encode

_MEANT = {
    "image_url": "image",
    "input_image": "image",
    "input_text": "text",
    "output_text": "text",
    "input_file": "document",
    "file": "document",
    "function_call": "tool_use",
    "tool_call": "tool_use",
    "function_call_output": "tool_result",
    "reasoning": "thinking",
}
"""Types of other dialects -> what is meant here."""

_OF_ASSISTANT = frozenset({"tool_use", "thinking", "redacted_thinking"})
_OF_USER = frozenset({"tool_result"})

_EXAMPLE = '{"type": "text", "text": "Hello"}'


def read_content(
    param: str, content: Any, role: str, unseal: Unseal | None
) -> tuple[Form, list[Part]]:
    """Read the content of a message or of a tool's result.

    Args:
        param: where it stands.
        content: a string or an array of blocks.
        role: who speaks: user, assistant, system, or ``result`` inside a tool's result.
        unseal: opens what was sealed here.

    Raises:
        Refusal: ``invalid``, naming the block and member.
    """
    if type(content) is str:
        return "text", [TextPart(content)]
    if type(content) is not list:
        hint = "Put the block into an array." if type(content) is dict else ""
        check.wrong(param, content, f"a string or an array of blocks such as {_EXAMPLE}", hint)
    return "parts", [_block(f"{param}[{at}]", one, role, unseal) for at, one in enumerate(content)]


def rest(item: dict[str, Any], *known: str) -> dict[str, Json] | None:
    """The members beyond ``known``; ``null`` says the same as nothing. None: there are none."""
    return {k: v for k, v in item.items() if k not in known and v is not None} or None


def _block(param: str, value: Any, role: str, unseal: Unseal | None) -> Part:
    item = check.mapping(param, value, _EXAMPLE)
    kind = item.get("type")
    if kind is None:
        check.missing(f"{param}.type", '"text", "image", "document", "tool_use", "tool_result"')
    kind = check.string(f"{param}.type", kind)
    if kind == "text":
        return _text(param, item)
    if kind in _MEANT:
        hint = f'Did you mean "{_MEANT[kind]}"?'
        check.wrong(f"{param}.type", kind, "a type of the Messages API", hint)
    if (kind in _OF_ASSISTANT and role != "assistant") or (kind in _OF_USER and role != "user"):
        whose = "assistant" if kind in _OF_ASSISTANT else "user"
        accepted = f"a block that the {role} may send"
        check.wrong(f"{param}.type", kind, accepted, f"Put it into a message of the {whose}.")
    if kind == "tool_result":
        return _result(param, item, unseal)
    if kind == "thinking":
        return read_thinking(param, item, unseal)
    if kind == "redacted_thinking":
        return read_redacted(param, item, unseal)
    reader = _READERS.get(kind)
    return OpaquePart(item, DIALECT) if reader is None else reader(param, item)


def _text(param: str, item: dict[str, Any]) -> Part:
    text = item.get("text")
    if text is None:
        check.missing(f"{param}.text", "the text of the block")
    if type(text) is not str:
        check.string(f"{param}.text", text)
    if text.startswith(BILLING):
        # A client's account of itself says nothing to a model.
        return OpaquePart(item, DIALECT, taken=True)
    if len(item) == 2:
        return TextPart(text)
    extra = rest(item, "type", "text", "citations") or {}
    if item.get("citations") is not None:
        cited = check.sequence(f"{param}.citations", item["citations"], "citations")
        kept = [one for one in cited if not _made_here(one)]
        if kept or not cited:
            extra["citations"] = kept
    return TextPart(text, extra or None)


def _made_here(citation: Any) -> bool:
    """Whether a citation was written for a source that another dialect named: its index says
    nothing to anyone, and a host would refuse it."""
    return type(citation) is dict and citation.get("encrypted_index") == ""


# ---- media ----------------------------------------------------------------------------------


def _source(param: str, item: dict[str, Any]) -> dict[str, Any]:
    source = item.get("source")
    if source is None:
        check.missing(f"{param}.source", 'an object {"type": "base64", "media_type", "data"}')
    source = check.mapping(f"{param}.source", source, '{"type": "url", "url": "https://..."}')
    if source.get("type") is None:
        check.missing(f"{param}.source.type", '"base64", "url" or "file"')
    check.string(f"{param}.source.type", source["type"])
    for name in _NEEDED.get(source["type"], ()):
        if source.get(name) is None:
            check.missing(f"{param}.source.{name}", f"a source of {source['type']} needs it")
        _FORMS.get(name, check.string)(f"{param}.source.{name}", source[name])
    return source


_FORMS = {"url": check.address}
_NEEDED = {"base64": ("media_type", "data"), "url": ("url",), "text": ("data",)}


def _image(param: str, item: dict[str, Any]) -> Part:
    source = _source(param, item)
    extra = rest(item, "type", "source") or {}
    if source["type"] == "base64":
        data = check.base64_data(f"{param}.source.data", source["data"])
        url = f"data:{source['media_type']};base64,{data}"
        more = rest(source, "type", "media_type", "data")
    elif source["type"] == "url":
        url = source["url"]
        more = rest(source, "type", "url")
    else:
        return OpaquePart(item, DIALECT)
    if more:
        extra[SOURCE] = more
    return ImagePart(url, extra=extra or None)


def _document(param: str, item: dict[str, Any]) -> Part:
    source = _source(param, item)
    title = item.get("title")
    if title is not None:
        check.string(f"{param}.title", title)
    context = item.get("context")
    if context is not None:
        check.string(f"{param}.context", context)
    kind, url = source["type"], None
    if kind == "text":
        return _as_text(item, title, context, source["data"])
    if kind == "content":
        said = _said(source.get("content"))
        if said is not None:
            return _as_text(item, title, context, said)
    elif kind == "base64":
        if source["media_type"].startswith("text/"):
            return _as_text(item, title, context, _decoded(f"{param}.source.data", source["data"]))
        url = f"data:{source['media_type']};base64,{source['data']}"
    elif kind == "url":
        url = source["url"]
    return FilePart("file", item, DIALECT, _wishes(item) or None, url=url, filename=title)


def _decoded(param: str, data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError:
        check.wrong(param, data, "text as UTF-8 in base64")


def _as_text(item: dict[str, Any], title: str | None, context: str | None, data: str) -> TextPart:
    """A document that every model can read."""
    text = "\n\n".join(piece for piece in (title, context, data) if piece)
    return TextPart(text, {BLOCK: item, **_wishes(item)})


def _wishes(item: dict[str, Any]) -> dict[str, Json]:
    """What a block asks for beside being read, which other dialects must name where they cannot."""
    wishes = {name: item[name] for name in ("cache_control",) if item.get(name) is not None}
    cited = item.get("citations")
    if type(cited) is dict and cited.get("enabled") is True:
        wishes[CITATIONS] = cited
    return wishes


def _said(content: Any) -> str | None:
    """The text of content that is nothing else; None: there is more than text."""
    if type(content) is str:
        return content
    if type(content) is not list:
        return None
    texts = [
        one.get("text") if type(one) is dict and one.get("type") == "text" else None
        for one in content
    ]
    return "\n\n".join(texts) if all(type(text) is str for text in texts) else None  # type: ignore[arg-type]


def _search_result(param: str, item: dict[str, Any]) -> Part:
    for name in ("title", "source"):
        if item.get(name) is None:
            check.missing(f"{param}.{name}", "a search result has title, source and content")
        check.string(f"{param}.{name}", item[name])
    said = _said(item.get("content"))
    if said is None:
        check.wrong(f"{param}.content", item.get("content"), f"an array of texts: {_EXAMPLE}")
    text = f"Title: {item['title']}\nSource: {item['source']}\nContent: {said}"
    return TextPart(text, {BLOCK: item, **_wishes(item)})


# ---- calls and results ----------------------------------------------------------------------


def _call(param: str, item: dict[str, Any]) -> Part:
    for name, purpose in (("id", "the result refers to it"), ("name", "the tool that was called")):
        if item.get(name) is None:
            check.missing(f"{param}.{name}", purpose)
        check.string(f"{param}.{name}", item[name])
    given = item.get("input")
    if given is None:
        check.missing(f"{param}.input", "the tool's arguments, {} where it takes none")
    if type(given) is not dict:
        hint = "Decode the text: send the object itself." if type(given) is str else ""
        check.wrong(f"{param}.input", given, "an object", hint)
    arguments = _encode(given).decode()
    more = rest(item, "type", "id", "name", "input")
    return CallPart(original(item["id"]), item["name"], arguments, extra=more)


def _result(param: str, item: dict[str, Any], unseal: Unseal | None) -> Part:
    if item.get("tool_use_id") is None:
        check.missing(f"{param}.tool_use_id", "the id of the tool_use block that it answers")
    call_id = original(check.string(f"{param}.tool_use_id", item["tool_use_id"]))
    extra = rest(item, "type", "tool_use_id", "content", "is_error") or {}
    failed = False
    if item.get("is_error") is not None:
        failed = check.boolean(f"{param}.is_error", item["is_error"])
        if not failed:
            extra["is_error"] = False
    form: Form = "absent"
    parts: list[Part] = []
    if item.get("content") is not None:
        form, parts = read_content(f"{param}.content", item["content"], "result", unseal)
    return ResultPart(call_id, parts, form, failed, extra or None)


_READERS: dict[str, Callable[[str, dict[str, Any]], Part]] = {
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "tool_use": _call,
}
