"""JSON taken out of what a model wrote.

Knows which wrappings are safe to take off: white space, a byte order mark, and one code fence.
Refuses to mend JSON itself: what lacks a bracket or a quote may lack words too.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from glimway.wire.body import deeper_than
from glimway.wire.talk import Json

DEPTH_MAX: Final = 64
"""How deep an answer may nest."""

_FENCE: Final = re.compile(r"^[ \t]*```[A-Za-z0-9_+-]*[ \t]*\r?\n", re.MULTILINE)
_END: Final = re.compile(r"\r?\n?[ \t]*```[ \t]*$", re.MULTILINE)
_decode = msgspec.json.Decoder().decode


class Found:
    """JSON of an answer: its text as the model wrote it, and its value."""

    __slots__ = ("text", "value")

    def __init__(self, text: str, value: Json) -> None:
        self.text = text
        self.value = value


def json_in(text: str) -> Found | str:
    """The JSON that an answer is, or has inside its one code fence; else what is wrong with it."""
    bare = text.strip("\ufeff \t\r\n")
    if not bare:
        return "the answer is empty"
    found = _read(bare)
    if isinstance(found, str):
        fenced = _fenced(bare)
        if fenced is not None:
            inner = _read(fenced)
            if not isinstance(inner, str):
                return inner
    return found


def _fenced(text: str) -> str | None:
    """What stands in the one code fence; two would leave a choice that is not ours."""
    begin = _FENCE.search(text)
    if begin is None:
        return None
    end = _END.search(text, begin.end())
    if end is None or "```" in text[end.end() :]:
        return None
    return text[begin.end() : end.start()].strip()


def _read(text: str) -> Found | str:
    try:
        value = _decode(text)
    except RecursionError:
        return f"the answer nests deeper than {DEPTH_MAX} levels"
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        return f"the answer is not JSON: {error}"
    if type(value) in (dict, list) and deeper_than(value, DEPTH_MAX):
        return f"the answer nests deeper than {DEPTH_MAX} levels"
    return Found(text, value)
