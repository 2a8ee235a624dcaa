r"""Halves of characters, joined again.

Knows that a host which cuts text by UTF-16 units sends ``\ud83d`` in one frame and ``\ude00`` in
the next: the halves are joined, and a half that stays alone becomes U+FFFD. Refuses to know where
the frames come from.
"""

from __future__ import annotations

import re
from typing import Any

from glimway.wire.refusal import Fault

_LONE = re.compile(r"[\ud800-\udfff]")
_HIGH_FIRST, _HIGH_LAST = "\ud800", "\udbff"

_CHANNELS = ("reasoning_content", "reasoning", "content", "refusal")
_REPLACEMENT = "\ufffd"


def whole_text(text: str) -> str:
    """``text`` with pairs of halves joined and lone halves replaced."""
    if _LONE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Mender:
    """Joins halves over the frames of one stream, in place."""

    __slots__ = ("_halves",)

    def __init__(self) -> None:
        # At most one character for each choice and channel.
        self._halves: dict[tuple[int, str], str] = {}

    def mend(self, frame: dict[str, Any], member: str) -> None:
        """Put a decoded frame right.

        Args:
            frame: a chunk or a whole reply; it is changed.
            member: ``delta`` in chunks, ``message`` in whole replies.

        Raises:
            Fault: ``broken`` when the frame nests too deeply to be looked through.
        """
        try:
            self._frame(frame, member)
        except RecursionError:
            raise Fault("broken", "a frame nests too deeply") from None

    def _frame(self, frame: dict[str, Any], member: str) -> None:
        choices = frame.get("choices")
        if type(choices) is list:
            for choice in choices:
                if type(choice) is dict and type(choice.get(member)) is dict:
                    over = member == "message" or choice.get("finish_reason") is not None
                    self._delta(choice[member], choice.get("index", 0), over=over)
        _scrub(frame)

    def _delta(self, delta: dict[str, Any], index: Any, *, over: bool) -> None:
        speaks = [name for name in _CHANNELS if type(delta.get(name)) is str and delta[name]]
        for name in _CHANNELS:
            half = self._halves.pop((index, name), "")
            if name in speaks:
                delta[name] = self._join((index, name), half + delta[name], over=over)
            elif half and (speaks or over or delta.get("tool_calls")):
                delta[name] = _REPLACEMENT  # its other half never came
            elif half:
                self._halves[index, name] = half
        calls = delta.get("tool_calls")
        for call in calls if type(calls) is list else ():
            function = call.get("function") if type(call) is dict else None
            if type(function) is dict and type(function.get("arguments")) is str:
                key = (index, f"arguments {call.get('index', 0)}")
                text = self._halves.pop(key, "") + function["arguments"]
                function["arguments"] = self._join(key, text, over=over)

    def _join(self, key: tuple[int, str], text: str, *, over: bool) -> str:
        if not over and text and _HIGH_FIRST <= text[-1] <= _HIGH_LAST:
            self._halves[key] = text[-1]
            text = text[:-1]
        return whole_text(text)


def _scrub(value: Any) -> Any:
    """Replace lone halves anywhere in decoded JSON, in place where it can be."""
    if type(value) is str:
        return whole_text(value)
    if type(value) is dict:
        for key, member in value.items():
            value[key] = _scrub(member)
    elif type(value) is list:
        value[:] = [_scrub(member) for member in value]
    return value
