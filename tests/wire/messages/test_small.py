"""Ids, usage and signatures: the small parts on their own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.events import Usage
from glimway.wire.messages.ids import fitting, original
from glimway.wire.messages.outgoing import encode
from glimway.wire.messages.request import decode
from glimway.wire.messages.signatures import UNSIGNED, token_of
from glimway.wire.messages.style import style_of
from glimway.wire.messages.usage import Counted, write_usage
from glimway.wire.responses.thoughts import Secret
from glimway.wire.talk import Call, Thinking
from wire.messages.making import PLAIN, body, seal, unseal

encodable = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]))


@given(encodable)
def test_every_id_fits_and_comes_back(call_id: str) -> None:
    wrapped = fitting(call_id)
    assert wrapped
    assert set(wrapped) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert original(wrapped) == call_id or original(call_id) != call_id


@given(st.text("abcXYZ019_-", min_size=1))
def test_an_id_that_fits_stays(call_id: str) -> None:
    for one in (call_id, "call_gw_" + call_id):
        assert fitting(one) == one
        assert fitting(original(one)) == one


# ---- usage ----------------------------------------------------------------------------------


def counted(*reports: Any, ours: bool = False) -> Usage | None:
    counts = Counted(ours=ours)
    for report in reports:
        counts.report(report)
    return counts.usage


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([{"input_tokens": 8, "output_tokens": 3}], Usage(8, 3)),
        (
            [
                {
                    "input_tokens": 8,
                    "cache_read_input_tokens": 20,
                    "cache_creation_input_tokens": 2,
                    "output_tokens": 3,
                    "output_tokens_details": {"thinking_tokens": 2},
                }
            ],
            Usage(30, 3, cached=20, cache_write=2, reasoning=2),
        ),
        # what comes later replaces what came before, and is not added to it
        ([{"input_tokens": 8, "output_tokens": 1}, {"output_tokens": 9}], Usage(8, 9)),
        (
            [{"input_tokens": 8, "output_tokens": 1}, {"input_tokens": 9, "output_tokens": 9}],
            Usage(9, 9),
        ),
        # zeros at one end of the stream say nothing
        (
            [
                {"input_tokens": 0, "output_tokens": 0},
                {"input_tokens": 8, "cache_read_input_tokens": 4, "output_tokens": 9},
            ],
            Usage(12, 9, cached=4),
        ),
        (
            [
                {"input_tokens": 8, "cache_read_input_tokens": 4, "output_tokens": 1},
                {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 9},
            ],
            Usage(12, 9, cached=4),
        ),
        # all of it was cached
        (
            [
                {"input_tokens": 100, "output_tokens": 1},
                {"input_tokens": 0, "cache_read_input_tokens": 100, "output_tokens": 9},
            ],
            Usage(100, 9, cached=100),
        ),
        (
            [
                {"input_tokens": 8, "output_tokens": 1},
                {"cache_read_input_tokens": 5, "output_tokens": 9},
            ],
            Usage(13, 9, cached=5),
        ),
        ([{"input_tokens": 8, "output_tokens": 9}, {"output_tokens": 0}], Usage(8, 9)),
        ([{"input_tokens": None, "output_tokens": None}], None),
        ([None, {}, []], None),
        ([{"input_tokens": -5, "output_tokens": 2**50}], None),
        ([{"input_tokens": "7", "output_tokens": 2.0}], Usage(7, 2)),
        (
            [{"input_tokens": 1, "output_tokens": 2, "output_tokens_details": {
                "thinking_tokens": 9}}],
            Usage(1, 2, reasoning=2),
        ),
    ],
)  # fmt: skip
def test_reports(reports: list[Any], expected: Usage | None) -> None:
    assert counted(*reports) == expected


def test_members_that_only_this_dialect_has() -> None:
    report = {"input_tokens": 1, "output_tokens": 2, "service_tier": "standard", "cost": 1}
    assert counted(report) == Usage(1, 2)
    assert counted(report, ours=True) == Usage(1, 2, extra={"service_tier": "standard"})


def test_what_a_client_gets() -> None:
    usage = Usage(30, 8, cached=20, cache_write=2, reasoning=3)
    assert write_usage(usage, None) == {
        "input_tokens": 8,
        "cache_creation_input_tokens": 2,
        "cache_read_input_tokens": 20,
        "output_tokens": 8,
        "output_tokens_details": {"thinking_tokens": 3},
    }
    import json

    import msgspec

    costly = msgspec.json.encode(write_usage(Usage(1, 2), b"0.000012"))
    assert json.loads(costly)["cost"] == json.loads(costly)["estimated_cost"] == 0.000012


def test_more_from_a_cache_than_there_was_is_no_negative_count() -> None:
    # https://github.com/QuantumNous/new-api/issues/3259
    assert write_usage(Usage(10, 1, cached=20), None)["input_tokens"] == 0


def test_details_of_other_dialects_stay_out() -> None:
    extra = {"prompt_tokens_details": {"audio_tokens": 1}, "x": 1, "input_tokens": 99}
    written = write_usage(Usage(1, 2, extra=extra), None)
    assert (written["x"], written["input_tokens"]) == (1, 1)
    assert "prompt_tokens_details" not in written


def test_both_ways_the_counts_are_the_same() -> None:
    usage = Usage(30, 8, cached=20, cache_write=2, reasoning=3)
    assert counted(write_usage(usage, None)) == usage


# ---- signatures -----------------------------------------------------------------------------


def test_what_a_client_sees() -> None:
    assert token_of(Secret(signature="s"), None) == "s"
    assert token_of(Secret(sealed="d"), None) == "d"
    assert token_of(Secret(), None) == UNSIGNED
    token = token_of(Secret(signature="s", model="glm-4.7"), seal)
    assert token.startswith("gw1.")
    assert unseal(token[4:]) == '{"signature":"s","model":"glm-4.7"}'


def replayed(token: str, model: str, kind: str = "thinking") -> list[Any]:
    member = {"thinking": "Hm", "signature": token}
    block = {"type": kind, **(member if kind == "thinking" else {"data": token})}
    message = {"role": "assistant", "content": [block, {"type": "text", "text": "A"}]}
    call = decode(body(messages=[message]), [], unseal)
    import json

    return list(json.loads(encode(call, PLAIN, model).body)["messages"][0]["content"][:-1])


@pytest.mark.parametrize("model", ["glm-4.7", "glm-4.7-20260101"])
def test_a_maker_gets_its_own_signature_back(model: str) -> None:
    token = token_of(Secret(signature="s", model="glm-4.7"), seal)
    block = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    assert replayed(token, model) == [block]


def test_another_maker_never_sees_it() -> None:
    token = token_of(Secret(signature="s", model="glm-4.7"), seal)
    assert replayed(token, "other") == []


def test_a_maker_that_signs_nothing_gets_its_thinking_back() -> None:
    token = token_of(Secret(model="glm-4.7"), seal)
    block = {"type": "thinking", "thinking": "Hm", "signature": ""}
    assert replayed(token, "glm-4.7") == [block]


def test_redacted_thinking_goes_back_to_its_maker() -> None:
    token = token_of(Secret(sealed="enc", model="glm-4.7"), seal)
    block = {"type": "redacted_thinking", "data": "enc"}
    assert replayed(token, "glm-4.7", "redacted_thinking") == [block]
    assert replayed(token, "other", "redacted_thinking") == []


def test_thinking_that_was_not_shown_is_in_the_signature() -> None:
    token = token_of(Secret(text="All of it", signature="s", model="glm-4.7"), seal)
    (block,) = replayed(token, "glm-4.7")
    assert (block["thinking"], block["signature"]) == ("All of it", "s")


@pytest.mark.parametrize("token", [UNSIGNED, "gw1.altered", "gw1."])
def test_a_mark_of_ours_that_says_nothing_is_never_sent_on(token: str) -> None:
    assert replayed(token, "glm-4.7") == []
    assert replayed(token, "glm-4.7", "redacted_thinking") == []


def test_a_signature_of_unknown_origin_goes_as_it_came() -> None:
    # Byte by byte: any change makes it invalid.
    block = {"type": "thinking", "thinking": "Hm", "signature": "EqQB=="}
    assert replayed("EqQB==", "any") == [block]


def test_whether_thinking_is_shown() -> None:
    raw = {"thinking": {"type": "adaptive", "display": "omitted"}}
    call = Call("m", [], "messages", thinking=Thinking(on=True, raw=raw))
    assert style_of(call, "msg_1", 7, seal=seal).omit
    assert not style_of(call, "msg_1", 7).omit, "without a seal its text would be lost"
    assert not style_of(Call("m", [], "messages"), "msg_1", 7, seal=seal).omit
