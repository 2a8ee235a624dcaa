"""JSON objects out of stream data that is not one JSON object.

Knows glued objects, ``data:`` in the middle of a line, an object that ends in its middle, a line
that is no JSON at all, bytes that are not UTF-8, and lone surrogates (the strict decoder refuses
both). Refuses to know what the objects say.

Sources: github.com/zai-org/GLM-5/issues/66, github.com/Kilo-Org/kilocode/issues/9432,
github.com/anomalyco/opencode/issues/23442 (an object cut in its middle, the next ``data:`` glued
to it).
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

_scan = json.JSONDecoder(strict=False).raw_decode

_NEXT = re.compile(r"data:\s*(?=\{|\[DONE\])")
_SPACE = re.compile(r"(?:\s|data:)*")
_ID = re.compile(r'^\{\s*"id"\s*:\s*"([^"\\]+)"\s*,')
_CARRIES = re.compile(r'"(?:content|text|refusal|tool_calls|arguments|reasoning\w*)"\s*:')


class Found(msgspec.Struct):
    """What one frame's data held.

    Args:
        objects: its JSON objects in order; a text stands for an object that was cut off.
        done: the end mark was glued to them.
        torn: text of an object that the data leave unfinished, or "".
    """

    objects: list[dict[str, Any] | str]
    done: bool = False
    torn: str = ""


def recover(data: bytes) -> Found:
    """Find the objects in ``data``. Invalid UTF-8 becomes U+FFFD; surrogates stay as they are.

    Line breaks come from joined ``data`` lines only (JSON escapes its own), so they are dropped.
    Text that begins no object cannot carry content and is skipped.
    """
    text = data.decode("utf-8", "replace").replace("\n", "")
    found = Found([])
    at = 0
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        if at >= len(text):
            return found
        if text.startswith("[DONE]", at):
            found.done = True
            return found
        if text[at] == "{":
            try:
                value, at = _scan(text, at)
            except (ValueError, RecursionError):
                pass
            else:
                found.objects.append(value)
                continue
        following = _NEXT.search(text, at)
        if text[at] == "{":
            if following is None:
                found.torn = text[at:]
                return found
            found.objects.append(text[at : following.start()])
        if following is None:
            return found
        at = following.start()


def is_leftover(torn: str, following: dict[str, Any]) -> bool:
    """Whether a cut object is the unsent rest of another answer, so that nothing is missing.

    True when it was cut before any member that carries content and names another id than the
    object that follows it: a buffer that the host had not flushed when it began anew.
    """
    named = _ID.match(torn)
    if named is None or _CARRIES.search(torn):
        return False
    return type(following.get("id")) is str and following["id"] != named[1]
