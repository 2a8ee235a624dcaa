"""Tool calls on the chat wire, right and wrong.

Knows the shapes of ``tool_calls`` in messages and deltas, and the scripts that spoil them.
Refuses to know why a call is made.

Sources of the wrong shapes: github.com/vllm-project/vllm/issues/39757 (names),
github.com/CherryHQ/cherry-studio/pull/16322 (ids), github.com/zai-org/GLM-5/issues/84 (markup in
the name), github.com/vllm-project/vllm/issues/32436 (empty arguments).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from glimway.sandbox.ask import ToolCall
from glimway.sandbox.family import Family
from glimway.sandbox.habits import pairs
from glimway.sandbox.ids import Ids
from glimway.sandbox.script import Script

Json = Any

ARGUMENT_PIECE_CHARS: Final = 12
NAME_PIECE_CHARS: Final = 4


class Calls:
    """The calls of one choice as a host writes them.

    Args:
        calls: what the model said.
        family: how the host speaks.
        script: what it does wrong.
        ids: makes the calls' ids.
        whole: a stream brings each call in one piece.
    """

    def __init__(
        self, calls: list[ToolCall], family: Family, script: Script, ids: Ids, *, whole: bool
    ) -> None:
        self._calls = [spoiled(call, script) for call in calls]
        self._family = family
        self._script = script
        self._ids = ids
        self._whole = whole or script.has("tool-whole")

    def message(self) -> list[Json]:
        """The ``tool_calls`` of a whole message."""
        return [
            self._shaped(
                {
                    "id": self._id(at),
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
            )
            for at, call in enumerate(self._calls)
        ]

    def deltas(self) -> Iterator[list[Json]]:
        """The ``tool_calls`` arrays of the frames of a stream."""
        for at, call in enumerate(self._calls):
            names = [call.name]
            if self._script.has("tool-name-split"):
                names = _pieces(call.name, NAME_PIECE_CHARS)
            arguments = [call.arguments] if self._whole else [""]
            yield [self._opening(at, names[0], arguments[0])]
            for name in names[1:]:
                yield [self._more(at, {"name": name})]
            if not self._whole:
                for piece in _pieces(call.arguments, ARGUMENT_PIECE_CHARS):
                    yield [self._more(at, {"arguments": piece})]

    def _opening(self, at: int, name: str, arguments: str) -> Json:
        return self._shaped(
            {
                "index": at,
                "id": self._id(at),
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
        )

    def _more(self, at: int, function: dict[str, str]) -> Json:
        entry: dict[str, Json] = {"index": at, "function": function}
        if self._family.call_nulls:
            entry = {"index": at, "id": None, "function": {"name": None, **function}}
        return self._shaped(entry)

    def _id(self, at: int) -> str | int:
        if self._script.has("tool-numeric-id"):
            return int(self._ids.made("{digits:.9}", at + 1))
        return self._ids.made(self._family.call_id, at + 1)

    def _shaped(self, entry: dict[str, Json]) -> Json:
        if self._script.has("tool-no-id"):
            entry.pop("id", None)
        if self._script.has("tool-no-index"):
            entry.pop("index", None)
        return entry


def spoiled(call: ToolCall, script: Script) -> ToolCall:
    """The call with its name and arguments as the script wants them."""
    name, arguments = call.name, call.arguments
    if script.has("tool-name-markup"):
        name, arguments = f"{name}{pairs(call)}", ""
    if script.has("tool-name-cut"):
        name = name[: max(1, len(name) // 2)]
    if script.has("tool-empty-args"):
        arguments = ""
    if script.has("tool-bad-args"):
        arguments = arguments[: max(1, len(arguments) * 2 // 3)].rstrip("}")
    return ToolCall(name, arguments)


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]
