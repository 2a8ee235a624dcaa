"""Tool calls of a provider's answer, put in order.

Knows how hosts get tool-call deltas wrong and emits them right: a stable index in the order of the
calls, an id from the start, the name whole and once, arguments that are valid JSON at the end.
Refuses to know JSON Schema and what the tools do.

Shapes seen in the wild: no ``index`` or index 0 for every call, no ``id``, a numeric one or a new
one in each delta (github.com/CherryHQ/cherry-studio/pull/16322), the name in pieces, growing or
repeated (github.com/vllm-project/vllm/issues/39757), markup in the name
(github.com/zai-org/GLM-5/issues/84), arguments as an object instead of a string, empty
(github.com/vllm-project/vllm/issues/32436) or ``null``.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from glimway.wire.chat.healing.declared import Declared
from glimway.wire.chat.healing.markup import in_name
from glimway.wire.events import Event, ToolArgs, ToolOpen
from glimway.wire.refusal import Fault

CALLS_MAX = 1024
"""A host that opens more calls than this in one answer is broken."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class _Slot:
    """One call while it streams."""

    __slots__ = ("again", "args", "host_id", "id", "index", "kind", "name", "opened", "sealed")

    def __init__(self, call_id: str) -> None:
        self.index = -1  # given when it opens, so that indices count what the client sees
        self.host_id: str | None = None
        self.id = call_id
        self.name = ""
        self.kind = "function"
        self.opened = False
        self.args: list[str] = []  # all pieces: for the check at the end, and until the name comes
        self.again = False  # the name came once more after the arguments were complete
        self.sealed = False  # the arguments were in the name: others say nothing


class Calls:
    """The tool calls of one choice.

    Args:
        choice: the choice's index, copied into every event.
        id_stem: makes ids for calls that come without one: ``call_<stem>_<choice>_<n>``.
        tools: what the request declared.
    """

    __slots__ = ("_by_host_index", "_choice", "_last", "_opened", "_slots", "_stem", "_tools")

    def __init__(self, choice: int, id_stem: str, tools: Declared | None = None) -> None:
        self._choice = choice
        self._stem = id_stem
        self._tools = tools
        self._slots: list[_Slot] = []
        self._by_host_index: dict[int, _Slot] = {}
        self._last: _Slot | None = None
        self._opened = 0

    def __len__(self) -> int:
        return self._opened

    def feed(self, deltas: list[Any], events: list[Event]) -> None:
        """Take one ``tool_calls`` array and append the events it completes.

        Raises:
            Fault: ``broken`` when a host opens more than ``CALLS_MAX`` calls.
        """
        for delta in deltas:
            if type(delta) is not dict:
                continue
            function = delta.get("function") or delta.get("custom")
            if type(function) is not dict:
                function = {}
            name = function.get("name")
            name = name if type(name) is str else ""
            arguments = _argument_text(function.get("arguments", function.get("input")))
            slot = self._slot(delta, name, arguments)
            if slot is None:
                continue
            if type(delta.get("type")) is str and delta["type"]:
                slot.kind = delta["type"]
            if name and not slot.opened:
                self._name(slot, name)
            if arguments:
                self._arguments(slot, arguments, events)

    def open(self, name: str, arguments: str, events: list[Event]) -> None:
        """Add a whole call that did not come as a delta (it was parsed from leaked markup)."""
        slot = self._new()
        slot.name = name
        self._arguments(slot, arguments, events)

    def close(self, events: list[Event], *, cut: bool) -> None:
        """End all calls.

        Args:
            events: receives what is still to be said (a late name, ``{}`` for no arguments).
            cut: the answer hit its length limit, so unfinished arguments are no fault.

        Raises:
            Fault: ``broken`` when arguments are not valid JSON, or a call never got a name.
        """
        for slot in self._slots:
            if not slot.name:
                if cut or not slot.args:
                    continue  # nothing was called
                raise Fault("broken", "a tool call came without a name")
            if not slot.opened:
                self._open(slot, events)
            text = "".join(slot.args)
            if slot.kind != "function":
                continue
            if not text.strip():
                events.append(ToolArgs(slot.index, "{}", self._choice))
            elif not cut and not _is_json(text):
                raise Fault("broken", f"the arguments of tool call {slot.name!r} are not JSON")

    def _slot(self, delta: dict[str, Any], name: str, arguments: str) -> _Slot | None:
        """The call that a delta belongs to, made where it begins one."""
        index = delta.get("index")
        host_id = delta.get("id")
        host_id = str(host_id) if host_id not in (None, "") else None
        if type(index) is int:
            slot = self._by_host_index.get(index)
        else:
            slot = (self._by_id(host_id) or self._last) if host_id else self._last
        inherited = ""
        if slot is not None and self._is_another(slot, host_id, name, arguments):
            inherited = slot.name
            slot = self._by_id(host_id) if host_id else None
        if slot is None:
            if not (name or inherited or host_id) and type(index) is not int:
                return None  # belongs to nothing
            slot = self._new()
            slot.name = "" if name else inherited
            if host_id is not None and self._by_id(host_id) is None:
                slot.host_id = slot.id = host_id
        elif host_id is not None and slot.host_id is None:
            slot.host_id = host_id
            if not slot.opened:
                slot.id = host_id
        if type(index) is int:
            self._by_host_index[index] = slot
        self._last = slot
        return slot

    def _is_another(self, slot: _Slot, host_id: str | None, name: str, arguments: str) -> bool:
        """Whether a delta begins another call though host and index point at ``slot``."""
        if host_id and slot.host_id and name:
            return host_id != slot.host_id
        if not name:
            # What follows complete arguments is another call, if its name came before them.
            return slot.again and bool(arguments.strip())
        if slot.opened and _complete(slot.args):
            slot.again = not arguments.strip()
            return not slot.again
        return not self._goes_on(slot, name)

    def _goes_on(self, slot: _Slot, piece: str) -> bool:
        """Whether ``piece`` repeats or continues the name of ``slot``."""
        if slot.opened:
            return piece == slot.name
        if self._tools is None or piece.startswith(slot.name):
            return True
        return slot.name not in self._tools or self._tools.begins(slot.name + piece)

    def _by_id(self, host_id: str) -> _Slot | None:
        for slot in self._slots:
            if slot.host_id == host_id:
                return slot
        return None

    def _new(self) -> _Slot:
        if len(self._slots) >= CALLS_MAX:
            raise Fault("broken", f"more than {CALLS_MAX} tool calls in one answer")
        slot = _Slot(f"call_{self._stem}_{self._choice}_{len(self._slots)}")
        self._slots.append(slot)
        self._last = slot
        return slot

    def _name(self, slot: _Slot, piece: str) -> None:
        whole = slot.name + piece
        if piece.startswith(slot.name):
            # Growing ("get", then "get_weather") or repeated, unless only the sum is a tool's name.
            tools = self._tools
            if tools is None or piece in tools or not tools.begins(whole) or tools.begins(piece):
                whole = piece
        slot.name = whole

    def _arguments(self, slot: _Slot, piece: str, events: list[Event]) -> None:
        if slot.sealed:
            return
        slot.args.append(piece)
        if slot.opened:
            events.append(ToolArgs(slot.index, piece, self._choice))
        elif slot.name and self._is_whole(slot.name):
            self._open(slot, events)

    def _is_whole(self, name: str) -> bool:
        """Whether nothing speaks for more of this name to come."""
        tools = self._tools
        return tools is None or name in tools or not tools.begins(name)

    def _open(self, slot: _Slot, events: list[Event]) -> None:
        for earlier in self._slots:
            # Calls open in their order: one without arguments waits for them until now.
            if earlier is slot:
                break
            if not earlier.opened and earlier.name:
                self._open_one(earlier, events)
        self._open_one(slot, events)

    def _open_one(self, slot: _Slot, events: list[Event]) -> None:
        tools = self._tools
        if tools is not None and slot.name not in tools:
            leaked = in_name(slot.name, tools)
            if leaked is not None:
                slot.name, slot.args, slot.sealed = leaked.name, [leaked.arguments], True
            elif slot.name.strip() in tools:
                slot.name = slot.name.strip()
        slot.opened = True
        slot.index = self._opened
        self._opened += 1
        events.append(ToolOpen(slot.index, slot.id, slot.name, self._choice, slot.kind))
        if slot.args:
            events.append(ToolArgs(slot.index, "".join(slot.args), self._choice))


def _argument_text(value: Any) -> str:
    if type(value) is str:
        return "" if value == "null" else value
    if type(value) is dict or type(value) is list:
        return _encode(value).decode()
    return ""


def _complete(args: list[str]) -> bool:
    return bool(args) and args[-1].rstrip().endswith("}") and _is_json("".join(args))


def _is_json(text: str) -> bool:
    try:
        _decode(text)
    except (msgspec.DecodeError, RecursionError):
        pass
    else:
        return True
    try:
        json.loads(text)  # also takes an escaped half of a surrogate pair, as clients do
    except (ValueError, RecursionError):
        return False
    return True
