"""A call held to the parameter table of its model.

Knows which members of a call a table speaks of, and under which name the caller wrote them.
Refuses to know ranges: the tables hold them, and a host's narrower ones are no reason to refuse.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import msgspec

from glimway.domain.model import Model
from glimway.domain.parameters import Parameter, Table, Tables, table_of
from glimway.wire import check
from glimway.wire.talk import Call

MODELS_KEPT_MAX = 1024
"""Models whose rows are remembered; at more, all are forgotten."""

_CAPS = ("max_tokens", "max_completion_tokens")

_Rows = dict[str, Parameter]


class Judge:
    """Holds calls to the tables of their models.

    Args:
        known: every table, by the name that models give.
    """

    def __init__(self, known: Tables) -> None:
        self._known = known
        self._rows: dict[str, tuple[Model, _Rows | None]] = {}

    def judge(self, call: Call, model: Model | None) -> None:
        """Hold a call to its model's table; without a model or a table nothing is judged.

        Raises:
            Refusal: ``invalid``: the field as the caller spelled it, the value (shortened), what
                is accepted.
        """
        if model is None:
            return
        kept = self._rows.get(model.id)
        if kept is None or kept[0] is not model:
            if len(self._rows) >= MODELS_KEPT_MAX:
                self._rows.clear()
            table = table_of(self._known, model)
            kept = (model, None if table is None else _by_name(table))
            self._rows[model.id] = kept
        if kept[1] is not None:
            _hold(call, kept[1])


def judge_parameters(call: Call, table: Table) -> None:
    """Hold a call to a table.

    Args:
        call: what is asked.
        table: the rows of its model (``parameters.table_of``).

    Raises:
        Refusal: as ``Judge.judge``.
    """
    _hold(call, _by_name(table))


def _by_name(table: Table) -> _Rows:
    rows = {row.name: row for row in table.parameters}
    for name, other in (_CAPS, _CAPS[::-1]):
        if name in rows and other not in rows:
            # Both spellings mean one thing; the error names the one that was written.
            rows[other] = msgspec.structs.replace(rows[name], name=other)
    return rows


def _hold(call: Call, rows: _Rows) -> None:
    if call.max_tokens is not None:
        _hold_one(rows, call.spelled.get("max_tokens", "max_tokens"), call.max_tokens)
    if call.temperature is not None:
        _hold_one(rows, "temperature", call.temperature)
    if call.top_p is not None:
        _hold_one(rows, "top_p", call.top_p)
    if call.n is not None:
        _hold_one(rows, "n", call.n)
    if call.seed is not None:
        _hold_one(rows, "seed", call.seed)
    _hold_length(rows, "messages", call.turns)
    if call.tools:
        _hold_length(rows, "tools", call.tools)
    if call.stop:
        _hold_length(rows, "stop", call.stop)
    for name, value in call.extra.items():
        _hold_one(rows, name, value)
    if call.thinking is not None:
        for name, value in call.thinking.raw.items():
            _hold_one(rows, name, value)


def _hold_one(rows: _Rows, name: str, value: Any) -> None:
    row = rows.get(name)
    if row is not None:
        row.validate(value)


def _hold_length(rows: _Rows, name: str, items: Sized) -> None:
    row = rows.get(name)
    if row is not None and row.items_max is not None and len(items) > row.items_max:
        accepted = f"an array of at most {row.items_max}"
        check.wrong(name, f"{len(items)} entries", accepted)
