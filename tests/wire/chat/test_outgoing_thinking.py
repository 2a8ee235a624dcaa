"""Thinking toward a host: how it is switched, and how earlier thinking comes back to it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.request import decode
from glimway.wire.dialect import Outgoing
from glimway.wire.quirks import Quirks, ThinkingControl

HELLO = {"role": "user", "content": "Hello"}
CONTROL = ThinkingControl(
    known=True,
    on={"mind": {"on": True}},
    off={"mind": {"on": False}},
    effort="mind.level",
    efforts={"minimal": "low", "max": "extreme"},
    keep="mind.keep",
    keep_value="all",
    drop_value="last",
    budget="mind.tokens",
)
KNOWN = Quirks(thinking=CONTROL)
BARE = Quirks(thinking=ThinkingControl(known=True))


def out(quirks: Quirks, *turns: dict[str, Any], **members: Any) -> Outgoing:
    return encode(decode({"model": "m", "messages": [*turns, HELLO], **members}), quirks, "m")


def control(quirks: Quirks, **members: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(out(quirks, **members).body)
    del body["model"], body["messages"]
    return body


@pytest.mark.parametrize(
    ("asked", "mind"),
    [
        ({"thinking": {"type": "enabled"}}, {"on": True}),
        ({"enable_thinking": False}, {"on": False}),
        ({"thinking": {"type": "adaptive"}}, None),
        ({"reasoning_effort": "high"}, {"on": True, "level": "high"}),
        ({"reasoning_effort": "minimal"}, {"on": True, "level": "low"}),
        ({"reasoning_effort": "max"}, {"on": True, "level": "extreme"}),
        ({"reasoning_effort": "none"}, {"on": False}),
        ({"thinking": {"type": "disabled"}, "reasoning_effort": "high"}, {"on": False}),
        ({"thinking": {"type": "enabled"}, "reasoning_effort": "none"}, {"on": True}),
        ({"thinking": {"clear_thinking": False}}, {"keep": "all"}),
        ({"thinking": {"clear_thinking": True}}, {"keep": "last"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 5}}, {"on": True, "tokens": 5}),
        ({"reasoning": {"max_tokens": 5}}, {"tokens": 5}),
    ],
)
def test_the_knob_in_the_hosts_own_words(asked: dict[str, Any], mind: Any) -> None:
    before = copy.deepcopy(CONTROL)
    assert control(KNOWN, **asked) == ({} if mind is None else {"mind": mind})
    assert out(KNOWN, **asked).adjusted == ()
    assert before == CONTROL


@pytest.mark.parametrize(
    ("asked", "adjusted"),
    [
        ({"thinking": {"type": "enabled"}}, ()),
        ({"thinking": {"type": "disabled"}}, ("thinking left on",)),
        ({"reasoning_effort": "none"}, ("thinking left on",)),
        ({"reasoning_effort": "low"}, ("reasoning_effort left out",)),
        ({"thinking": {"clear_thinking": False}}, ("clear_thinking left out",)),
        ({"reasoning": {"max_tokens": 5}}, ("thinking budget left out",)),
        ({"reasoning": {"exclude": True}}, ("reasoning.exclude left out",)),
        ({"chat_template_kwargs": {"x": 1, "y": None}}, ("chat_template_kwargs.x left out",)),
    ],
)
def test_what_the_host_has_no_way_for_is_named(
    asked: dict[str, Any], adjusted: tuple[str, ...]
) -> None:
    assert control(BARE, **asked) == {}
    assert out(BARE, **asked).adjusted == adjusted


def test_unknown_members_survive_where_the_host_has_the_same_spelling() -> None:
    quirks = Quirks(
        thinking=ThinkingControl(
            known=True, off={"chat_template_kwargs": {"enable_thinking": False}}
        )
    )
    asked = {"chat_template_kwargs": {"enable_thinking": False, "x": {"y": 1}}}
    assert control(quirks, **asked) == asked
    assert out(quirks, **asked).adjusted == ()


def test_without_a_known_control_the_callers_own_words_go_as_they_are() -> None:
    asked = {"thinking": {"type": "disabled", "x": 1}, "enable_thinking": False}
    assert control(Quirks(), **asked) == asked


# ---- earlier thinking -----------------------------------------------------------------------

SPELLINGS: list[dict[str, Any]] = [
    {"content": "Hi", "reasoning_content": "hm"},
    {"content": "Hi", "reasoning": "hm"},
    {"content": "Hi", "reasoning_content": "hm", "reasoning": "hm"},
    {"content": "Hi", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
    {"content": "<think>hm</think>Hi"},
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids="+".join)
@pytest.mark.parametrize(
    ("form", "gets"),
    [
        ("reasoning_content", {"content": "Hi", "reasoning_content": "hm"}),
        ("reasoning", {"content": "Hi", "reasoning": "hm"}),
        (
            "reasoning_details",
            {"content": "Hi", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        ),
        ("think_tags", {"content": "<think>hm</think>Hi"}),
        ("none", {"content": "Hi"}),
    ],
)
def test_every_spelling_reaches_the_host_in_the_form_it_reads(
    spelling: dict[str, Any], form: Any, gets: dict[str, Any]
) -> None:
    quirks = Quirks(reasoning_in=form, thinking=ThinkingControl(known=True))
    outgoing = out(quirks, HELLO, {"role": "assistant", **spelling})
    assert json.loads(outgoing.body)["messages"][1] == {"role": "assistant", **gets}
    assert outgoing.adjusted == (("earlier thinking left out",) if form == "none" else ())


@pytest.mark.parametrize("spelling", SPELLINGS, ids="+".join)
def test_a_host_of_which_nothing_is_known_gets_the_callers_spelling(
    spelling: dict[str, Any],
) -> None:
    outgoing = out(Quirks(), HELLO, {"role": "assistant", **spelling})
    assert json.loads(outgoing.body)["messages"][1] == {"role": "assistant", **spelling}


def test_details_with_seals_go_back_to_a_host_that_makes_them() -> None:
    details = [{"type": "reasoning.encrypted", "data": "x"}, {"type": "reasoning.text", "text": ""}]
    turn = {"role": "assistant", "content": "Hi", "reasoning_details": details}
    quirks = Quirks(thinking=ThinkingControl(known=True), reasoning_out=("reasoning_details",))
    assert json.loads(out(quirks, turn).body)["messages"][0] == turn
    other = Quirks(thinking=ThinkingControl(known=True))
    assert json.loads(out(other, turn).body)["messages"][0] == {
        "role": "assistant",
        "content": "Hi",
    }


def test_tags_go_before_whatever_the_content_is() -> None:
    quirks = Quirks(reasoning_in="think_tags")
    part = {"type": "text", "text": "Hi"}
    for content, gets in (
        (None, "<think>hm</think>"),
        ("Hi", "<think>hm</think>Hi"),
        ([part], [{"type": "text", "text": "<think>hm</think>"}, part]),
    ):
        turn = {"role": "assistant", "content": content, "reasoning_content": "hm"}
        assert json.loads(out(quirks, turn).body)["messages"][0]["content"] == gets


def test_thinking_comes_back_whole_and_unchanged() -> None:
    text = "\n  one\n\n\ttwo \u200b\U0001f914</think> "
    turn = {"role": "assistant", "content": "Hi", "reasoning_content": text}
    assert json.loads(out(KNOWN, HELLO, turn).body)["messages"][1]["reasoning_content"] == text


def test_earlier_thinking_is_kept_when_it_is_sent_back() -> None:
    thought = {"role": "assistant", "content": "Hi", "reasoning_content": "hm"}
    plain = {"role": "assistant", "content": "Hi"}
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    within = {**thought, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "c", "content": "ok"}

    def kept(quirks: Quirks, *turns: dict[str, Any], **members: Any) -> Any:
        body = {"model": "m", "messages": list(turns), **members}
        return json.loads(encode(decode(body), quirks, "m").body).get("mind", {}).get("keep")

    assert kept(KNOWN, HELLO, thought, HELLO) == "all"
    assert kept(KNOWN, HELLO, thought, HELLO, thinking={"type": "disabled"}) == "all"
    # The caller's own word counts; and within a turn of the user nothing is cleared anyway.
    assert kept(KNOWN, HELLO, thought, HELLO, thinking={"clear_thinking": True}) == "last"
    assert kept(KNOWN, HELLO, plain, HELLO) is None
    assert kept(KNOWN, HELLO, within, result) is None
    assert kept(BARE, HELLO, thought, HELLO) is None
    deaf = Quirks(thinking=CONTROL, reasoning_in="none")
    assert kept(deaf, HELLO, thought, HELLO) is None
    assert out(KNOWN, HELLO, thought).adjusted == ()
