"""Tool calls of a provider's stream, put in order.

Knows how hosts get tool-call deltas wrong and emits them right: a stable index, an id from the
start, the name whole and once, arguments that are valid JSON at the end. Refuses to know JSON
Schema and what the tools do.

Shapes seen in the wild: no ``index`` or index 0 for every call, no ``id`` or a numeric one
(github.com/CherryHQ/cherry-studio/pull/16322), the name in pieces or repeated
(github.com/vllm-project/vllm/issues/39757), arguments as an object instead of a string,
no arguments at all (github.com/vllm-project/vllm/issues/44326).
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.refusal import Fault
from glimway.wire.talk import Event, ToolArgs, ToolOpen

CALLS_MAX = 1024
"""A host that opens more calls than this in one answer is broken."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class _Slot:
    """One call while it streams."""

    __slots__ = ("args", "host_id", "id", "index", "kind", "name", "opened", "waiting")

    def __init__(self, index: int) -> None:
        self.index = index
        self.host_id: str | None = None
        self.id = ""
        self.name = ""
        self.kind = "function"
        self.opened = False
        self.args: list[str] = []  # all pieces, for the check at the end
        self.waiting: list[str] = []  # pieces that came before the name


class Calls:
    """The tool calls of one choice.

    Args:
        choice: the choice's index, copied into every event.
        id_stem: makes ids for calls that come without one: ``call_<stem>_<n>``.
    """

    __slots__ = ("_by_host_index", "_choice", "_last", "_slots", "_stem")

    def __init__(self, choice: int, id_stem: str) -> None:
        self._choice = choice
        self._stem = id_stem
        self._slots: list[_Slot] = []
        self._by_host_index: dict[int, _Slot] = {}
        self._last: _Slot | None = None

    def __len__(self) -> int:
        return len(self._slots)

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
            slot = self._slot(delta, function)
            if slot is None:
                continue
            if type(delta.get("type")) is str and delta["type"]:
                slot.kind = delta["type"]
            self._name(slot, function.get("name"))
            self._arguments(slot, function.get("arguments", function.get("input")), events)

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
                if cut:
                    continue
                raise Fault("broken", "a tool call came without a name")
            if not slot.opened:
                self._open(slot, events)
            text = "".join(slot.args)
            if not text.strip():
                if slot.kind == "function":
                    events.append(ToolArgs(slot.index, "{}", self._choice))
            elif not cut and slot.kind == "function" and not _is_json(text):
                raise Fault("broken", f"the arguments of tool call {slot.name!r} are not JSON")

    def _slot(self, delta: dict[str, Any], function: dict[str, Any]) -> _Slot | None:
        index = delta.get("index")
        host_id = delta.get("id")
        host_id = str(host_id) if host_id not in (None, "") else None
        slot: _Slot | None = None
        if type(index) is int:
            slot = self._by_host_index.get(index)
            # A new id with a name on a taken index is a new call, from a host that counts wrong.
            if slot is not None and host_id and slot.host_id and host_id != slot.host_id:
                slot = self._by_id(host_id) if not function.get("name") else None
        elif host_id is not None:
            slot = self._by_id(host_id)
        elif not function.get("name"):
            slot = self._last
            if slot is None:
                return None
        elif self._last is not None and self._last.name == function["name"]:
            slot = self._last  # the name is merely repeated
        if slot is None:
            slot = self._new()
            if type(index) is int:
                self._by_host_index[index] = slot
        if host_id is not None and slot.host_id is None:
            slot.host_id = host_id
            if not slot.opened:
                slot.id = host_id
        self._last = slot
        return slot

    def _by_id(self, host_id: str) -> _Slot | None:
        for slot in self._slots:
            if slot.host_id == host_id:
                return slot
        return None

    def _new(self) -> _Slot:
        if len(self._slots) >= CALLS_MAX:
            raise Fault("broken", f"more than {CALLS_MAX} tool calls in one answer")
        slot = _Slot(len(self._slots))
        slot.id = f"call_{self._stem}_{self._choice}_{slot.index}"
        self._slots.append(slot)
        self._last = slot
        return slot

    def _name(self, slot: _Slot, piece: Any) -> None:
        if type(piece) is not str or not piece or slot.opened:
            return
        # Cumulative spelling ("get", then "get_weather") and repetition end as the longer one.
        slot.name = piece if piece.startswith(slot.name) else slot.name + piece

    def _arguments(self, slot: _Slot, piece: Any, events: list[Event]) -> None:
        if type(piece) is dict or type(piece) is list:
            piece = _encode(piece).decode()
        if type(piece) is not str or not piece:
            return
        slot.args.append(piece)
        if not slot.opened:
            if not slot.name:
                slot.waiting.append(piece)
                return
            self._open(slot, events)
        events.append(ToolArgs(slot.index, piece, self._choice))

    def _open(self, slot: _Slot, events: list[Event]) -> None:
        slot.opened = True
        events.append(ToolOpen(slot.index, slot.id, slot.name, self._choice, slot.kind))
        if slot.waiting:
            events.append(ToolArgs(slot.index, "".join(slot.waiting), self._choice))
            slot.waiting = []


def _is_json(text: str) -> bool:
    try:
        _decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
