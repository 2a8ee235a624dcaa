"""The record of the usual end is the receipt that the general way would write."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from glimway.domain.receipt import Opened, Receipt, Tokens
from glimway.engine.record import Records
from glimway.engine.settlement import receipt_of
from glimway.engine.settling import Charge, Outcome
from glimway.wire.events import Usage

ODD = 'zai/"odd"\\ né \x01'
"""A name that JSON must escape."""


def endpoint() -> Any:
    return SimpleNamespace(id=f"{ODD}@rack1", provider=SimpleNamespace(id="rack1"))


def outcome(*, stream: bool = False, **changes: Any) -> Outcome:
    where = endpoint()
    attempt: Any = SimpleNamespace(
        endpoint=where, fault=None, finished=True, started_s=10.001, status=200, replayed=False,
        why="", wait_s=0.0, provider_request_id=None, reader=SimpleNamespace(answer_id='a"b'),
        first_frame_s=10.5004, outrun=False, ended_s=None,
    )  # fmt: skip
    opened = Opened(
        id="01m7ya5kpw6vf2wvbp2c2rf0s7", at_ms=1_795_239_890_652, organization="default",
        project='of "us"', key="0LUhUi6zpZbe", model=ODD, endpoint=where.id, dialect="chat",
        mount="/v1", stream=stream, client_request_id=changes.pop("client_request_id", None),
    )  # fmt: skip
    made = Outcome(
        opened=opened, asked="odd", endpoint=where, request_bytes=100, arrived_s=10.0, status="ok",
        end="stop", http_status=200, attempts=[attempt], answer=attempt,
    )  # fmt: skip
    for name, value in changes.items():
        target = attempt if hasattr(attempt, name) and not hasattr(made, name) else made
        setattr(target, name, value)
    return made


CHARGES = [
    Charge(Usage(24, 32), Tokens(24, 32), 14_480, False, "config.59719a90"),
    Charge(Usage(24, 32), Tokens(24, 32, 8, 4, 16), 0, False, None),
]


@pytest.mark.parametrize("charge", CHARGES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_both_ways_write_one_receipt(charge: Charge, stream: bool) -> None:
    records = Records()
    ended = outcome(stream=stream)
    for now_s in (11.2344, 12.0006):
        written = records.usual(ended, charge, now_s)
        assert written is not None
        assert msgspec.json.decode(written, type=Receipt) == receipt_of(ended, charge, now_s)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "incomplete"},
        {"http_status": 499},
        {"attempts": []},
        {"answer": None},
        {"adjusted": ("top_k left out",)},
        {"user": "u"},
        {"client_request_id": "mine"},
        {"replayed": True},
        {"why": "after timeout at x"},
        {"finished": False},
        {"first_frame_s": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_any_other_end_is_left_to_the_general_way(changes: dict[str, Any]) -> None:
    assert Records().usual(outcome(**changes), CHARGES[0], 11.0) is None


def test_an_estimate_is_left_to_the_general_way() -> None:
    charge = msgspec.structs.replace(CHARGES[0], estimated=True)
    assert Records().usual(outcome(), charge, 11.0) is None
