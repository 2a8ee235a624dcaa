"""GLM's own tool-call markup, read where a host's parser missed it.

Knows ``<tool_call>NAME<arg_key>k</arg_key><arg_value>v</arg_value></tool_call>`` (4.7 and later),
the same with line breaks (4.5, 4.6), the name with a JSON object behind it, and a JSON object with
``name`` and ``arguments``. Refuses to fire on a name that the request did not declare: that is
text about markup.

Sources: the chat templates of GLM-4.5 to 5; github.com/vllm-project/vllm/pull/45915 (inside
thinking), github.com/zai-org/GLM-5/issues/84 (inside a name).
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from glimway.wire.chat.healing.declared import Declared
from glimway.wire.chat.healing.think import partial

OPEN, CLOSE = "<tool_call>", "</tool_call>"
KEY, VALUE_END = "<arg_key>", "</arg_value>"

HEAD_CHARS_MAX = 512
"""The name must be known by then; no declared name is longer."""

_WORD = re.compile(r"[^<>{}\s]+")
_PAIR = re.compile(
    # A value may hold anything, even its own closing tag: only the one that another key or the end
    # of the call follows is the last.
    r"\s*<arg_key>([^<]*)</arg_key>\s*<arg_value>(.*?)</arg_value>"
    r"(?=\s*(?:<arg_key>|</tool_call>))",
    re.DOTALL,
)
_OPEN_PAIR = re.compile(r"\s*<arg_key>([^<]*)</arg_key>\s*<arg_value>(.*)\Z", re.DOTALL)
_CLOSE = re.compile(r"\s*</tool_call>")

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Leaked(msgspec.Struct, frozen=True):
    """A call that was found in text."""

    name: str
    arguments: str


Head = Literal["call", "more", "text"]


def head(text: str, tools: Declared) -> Head:
    """Whether ``text``, which begins with the opening tag, is a call to a declared tool."""
    rest = text[len(OPEN) : HEAD_CHARS_MAX].lstrip()
    if rest[:1] == "{":
        return "call"
    what = _confirmed(rest, tools) if rest else "more"
    return "text" if what == "more" and len(text) >= HEAD_CHARS_MAX else what


def _confirmed(rest: str, tools: Declared) -> Head:
    word = _WORD.match(rest)
    if word is None:
        return "text"
    name, after = word[0], rest[word.end() :]
    if not after:
        return "more" if tools.begins(name) else "text"
    if name not in tools:
        return "text"
    after = after.lstrip()
    if after.startswith((KEY, CLOSE, "{")):
        return "call"
    return "more" if KEY.startswith(after) or CLOSE.startswith(after) else "text"


def parse(text: str, tools: Declared) -> tuple[Leaked, int] | Head:
    """The call at the beginning of ``text`` and where it ends.

    ``more`` where the closing tag may still be inside a value, ``text`` where it is no call.
    """
    rest = len(OPEN)
    while text[rest : rest + 1].isspace():
        rest += 1
    if text.startswith("{", rest):
        return _json_form(text, rest, None, tools)
    word = _WORD.match(text, rest)
    if word is None or word[0] not in tools:
        return "text"
    at = word.end()
    while text[at : at + 1].isspace():
        at += 1
    if text.startswith("{", at):
        return _json_form(text, at, word[0], tools)
    pairs, at = read_pairs(text, at)
    closed = _CLOSE.match(text, at)
    if closed is None:
        return "more" if _OPEN_PAIR.match(text, at) else "text"
    return Leaked(word[0], tools.arguments(word[0], pairs)), closed.end()


def parse_cut(text: str, tools: Declared, *, cut: bool) -> Leaked | None:
    """The call that ``text`` ends in without a closing tag.

    Args:
        text: from the opening tag to the end of the answer.
        tools: what was declared.
        cut: the answer hit its length limit: the arguments may be unfinished, as a clean host's
            are then. Otherwise every pair must be whole.
    """
    word = _WORD.match(text[len(OPEN) :].lstrip())
    if word is None or word[0] not in tools:
        return None
    name = word[0]
    at = text.index(name, len(OPEN)) + len(name)
    if not cut:
        # A host that stops at the closing tag leaves it out, or a part of it.
        closed = _closed(text)
        pairs, at = read_pairs(closed, at)
        whole = pairs and at == len(closed) - len(CLOSE)
        return Leaked(name, tools.arguments(name, pairs)) if whole else None
    pairs, at = read_pairs(text, at)
    arguments = tools.arguments(name, pairs)[:-1]
    unfinished = _OPEN_PAIR.match(text, at)
    if unfinished is not None:
        key, value = _encode(unfinished[1]).decode(), _encode(unfinished[2]).decode()
        arguments += f"{',' if pairs else ''}{key}:{value[:-1]}"
    return Leaked(name, arguments)


def read_pairs(text: str, at: int) -> tuple[list[tuple[str, str]], int]:
    """The key-value pairs from ``at`` on, and where they end."""
    pairs: list[tuple[str, str]] = []
    while (pair := _PAIR.match(text, at)) is not None:
        pairs.append((pair[1].strip(), pair[2]))
        at = pair.end()
    return pairs, at


def in_name(name: str, tools: Declared) -> Leaked | None:
    """A call whose markup was taken for its name (``read<arg_key>path</arg_key>...``)."""
    at = name.find(KEY)
    if at < 0:
        return None
    bare = name[:at].strip()
    if bare not in tools:
        return None
    pairs, _ = read_pairs(_closed(name), at)
    return Leaked(bare, tools.arguments(bare, pairs))


def _closed(text: str) -> str:
    """``text`` with its closing tag, of which a part may be there."""
    text = text.rstrip()
    keep = partial(text, CLOSE)
    return (text[:-keep] if keep else text.removesuffix(CLOSE)).rstrip() + CLOSE


def _json_form(text: str, at: int, name: str | None, tools: Declared) -> tuple[Leaked, int] | Head:
    end = text.find(CLOSE, at)
    while end >= 0:
        try:
            value = _decode(text[at:end])
        except (msgspec.DecodeError, RecursionError):
            end = text.find(CLOSE, end + 1)
            continue
        found = _of_json(value, name, tools)
        return "text" if found is None else (found, end + len(CLOSE))
    return "more"


def _of_json(value: Any, name: str | None, tools: Declared) -> Leaked | None:
    if name is None:
        name = value.get("name")
        value = value.get("arguments", value.get("parameters", {}))
    if type(name) is not str or name not in tools:
        return None
    if type(value) is str:
        return Leaked(name, value)
    return Leaked(name, _encode(value).decode()) if type(value) is dict else None
