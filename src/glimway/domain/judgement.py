"""A call held to the parameter table of its model.

Knows which members of a call a table speaks of, and under which name the caller wrote them.
Refuses to know ranges: the tables hold them, and a host's narrower ones are no reason to refuse.
"""

from __future__ import annotations

import math
from collections.abc import Sized
from typing import Any

import msgspec

from glimway.domain.model import Model
from glimway.domain.parameters import Parameter, Table, Tables, table_of
from glimway.wire import check
from glimway.wire.talk import Call

MODELS_KEPT_MAX = 1024
"""Models whose rows are remembered; at more, all are forgotten."""

_UNBOUNDED = (-math.inf, math.inf)


class _Rules(msgspec.Struct, frozen=True):
    """A model's table, ready to hold calls to.

    Args:
        rows: by name.
        temperature, top_p, n: their bounds, both included; the usual case needs no more.
        items: most entries of ``messages``, ``tools`` and ``stop``.
    """

    rows: dict[str, Parameter]
    temperature: tuple[float, float]
    top_p: tuple[float, float]
    n: tuple[float, float]
    items: tuple[float, float, float]


class Judge:
    """Holds calls to the tables of their models.

    Args:
        known: every table, by the name that models give.
    """

    __slots__ = ("_known", "_rules")

    def __init__(self, known: Tables) -> None:
        self._known = known
        self._rules: dict[str, tuple[Model, _Rules | None]] = {}

    def judge(self, call: Call, model: Model | None) -> None:
        """Hold a call to its model's table; without a model or a table nothing is judged.

        A cap on output above the model's own is no mistake: many programs send one figure to
        every model. It is lowered where the request is sent, and named there.

        Raises:
            Refusal: ``invalid``: the field as the caller spelled it, the value (shortened), what
                is accepted.
        """
        if model is None:
            return
        kept = self._rules.get(model.id)
        if kept is None or kept[0] is not model:
            if len(self._rules) >= MODELS_KEPT_MAX:
                self._rules.clear()
            table = table_of(self._known, model)
            kept = (model, None if table is None else _rules(table))
            self._rules[model.id] = kept
        if kept[1] is not None:
            _hold(call, kept[1])


def _rules(table: Table) -> _Rules:
    rows = {row.name: row for row in table.parameters}
    messages, tools, stop = (_items(rows.get(name)) for name in ("messages", "tools", "stop"))
    return _Rules(
        rows,
        _bounds(rows.get("temperature")),
        _bounds(rows.get("top_p")),
        _bounds(rows.get("n")),
        (messages, tools, stop),
    )


def _bounds(row: Parameter | None) -> tuple[float, float]:
    if row is None:
        return _UNBOUNDED
    low, high = _UNBOUNDED
    return (low if row.low is None else row.low, high if row.high is None else row.high)


def _items(row: Parameter | None) -> float:
    return math.inf if row is None or row.items_max is None else row.items_max


def _hold(call: Call, rules: _Rules) -> None:
    rows = rules.rows
    value: float | None = call.temperature
    if value is not None and not rules.temperature[0] <= value <= rules.temperature[1]:
        rows["temperature"].validate(value)
    value = call.top_p
    if value is not None and not rules.top_p[0] <= value <= rules.top_p[1]:
        rows["top_p"].validate(value)
    value = call.n
    if value is not None and not rules.n[0] <= value <= rules.n[1]:
        rows["n"].validate(value)
    if call.seed is not None and "seed" in rows:
        rows["seed"].validate(call.seed)
    messages, tools, stop = rules.items
    if len(call.turns) > messages:
        _too_many("messages", call.turns, messages)
    if len(call.tools) > tools:
        _too_many("tools", call.tools, tools)
    if len(call.stop) > stop:
        _too_many("stop", call.stop, stop)
    if call.extra:
        _hold_each(rows, call.extra)
    if call.thinking is not None:
        _hold_each(rows, call.thinking.raw)


def _hold_each(rows: dict[str, Parameter], members: dict[str, Any]) -> None:
    for name, value in members.items():
        row = rows.get(name)
        if row is not None:
            row.validate(value)


def _too_many(name: str, items: Sized, most: float) -> None:
    check.wrong(name, f"{len(items)} entries", f"an array of at most {most:g}")
