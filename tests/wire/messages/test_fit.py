"""What a host's quirks change in a request of this dialect."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.messages import MESSAGES_PROVIDER
from glimway.wire.messages.outgoing import betas_of, encode
from glimway.wire.messages.request import decode
from glimway.wire.quirks import Quirks, Range
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call
from wire.messages.making import HELLO, PLAIN, adjusted, body, read, sent

MARK = {"cache_control": {"type": "ephemeral"}}
TOOL = {"name": "f", "input_schema": {"type": "object"}}


def test_the_side_toward_providers() -> None:
    assert (MESSAGES_PROVIDER.name, MESSAGES_PROVIDER.path) == ("messages", "/messages")
    assert MESSAGES_PROVIDER.encode(read(), PLAIN, "m").adjusted == ()


def test_a_strict_host_gets_what_it_knows() -> None:
    call = read(x_new=1, top_k=3, y_new=2)
    assert "x_new" not in sent(call, Quirks(strict=True))
    host = Quirks(strict=True, members=frozenset({"y_new"}))
    assert adjusted(call, host) == ("x_new left out",)


@pytest.mark.parametrize(
    ("name", "members", "left"),
    [
        ("top_k", {"top_k": 3}, "top_k"),
        ("stop", {}, None),
        ("user", {"metadata": {"user_id": "u"}}, "metadata.user_id"),
        ("response_format", {"output_config": {"format": {"type": "json_schema", "schema": {}}}},
         "output_config.format"),
        ("reasoning_effort", {"output_config": {"effort": "low"}}, "output_config.effort"),
        ("parallel_tool_calls", {"tool_choice": {
            "type": "auto", "disable_parallel_tool_use": True}},
         "tool_choice.disable_parallel_tool_use"),
        ("max_tokens", {}, None),
    ],
)  # fmt: skip
def test_members_that_a_host_rejects(name: str, members: dict[str, Any], left: str | None) -> None:
    expected = () if left is None else (f"{left} left out",)
    assert adjusted(read(**members), Quirks(reject=frozenset({name}))) == expected


def test_what_is_left_of_an_object_stays() -> None:
    host = Quirks(reject=frozenset({"reasoning_effort"}))
    call = read(output_config={"effort": "low", "task_budget": {"total": 1}})
    assert sent(call, host)["output_config"] == {"task_budget": {"total": 1}}


def test_hints_about_caching_are_taken_out_everywhere() -> None:
    call = read(
        system=[{"type": "text", "text": "S", **MARK}],
        tools=[{**TOOL, **MARK}],
        messages=[
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "a",
                        "content": [{"type": "text", "text": "x", **MARK}],
                        **MARK,
                    }
                ],
            }
        ],
        **MARK,
    )
    host = Quirks(reject=frozenset({"cache_control"}))
    assert "cache_control" not in str(sent(call, host))
    assert adjusted(call, host) == ("cache_control left out",)
    assert "cache_control" in str(sent(call))


def test_a_schema_may_speak_of_anything() -> None:
    schema = {"type": "object", "properties": {"cache_control": {}, "content": {}}}
    host = Quirks(reject=frozenset({"cache_control"}))
    call = read(tools=[{"name": "f", "input_schema": schema}])
    assert sent(call, host)["tools"][0]["input_schema"] == schema


def test_ranges_and_lengths() -> None:
    host = Quirks(
        ranges={"max_tokens": Range(high=32), "temperature": Range(above=0, high=1)},
        lengths={"user": Range(low=6)},
    )
    call = read(temperature=0, metadata={"user_id": "u"})
    written = sent(call, host)
    assert (written["max_tokens"], written["temperature"]) == (32, 0.01)
    assert "metadata" not in written
    assert set(adjusted(call, host)) == {
        "max_tokens lowered to 32",
        "temperature raised to 0.01",
        "metadata.user_id left out",
    }


def test_a_budget_follows_a_bound_that_was_lowered() -> None:
    call = read(max_tokens=9000, thinking={"type": "enabled", "budget_tokens": 8000})
    host = Quirks(ranges={"max_tokens": Range(high=4096)})
    assert sent(call, host)["thinking"] == {"type": "enabled", "budget_tokens": 4095}


def test_other_names() -> None:
    host = Quirks(rename={"max_tokens": "max_output"})
    written = sent(read(), host)
    assert (written["max_output"], "max_tokens" in written) == (64, False)


def test_forms_of_choice() -> None:
    call = read(
        tools=[TOOL],
        tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    )
    auto = Quirks(tool_choice=frozenset({"auto"}))
    assert sent(call, auto)["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert adjusted(call, auto) == ("tool_choice changed to auto",)
    none = read(tools=[TOOL], tool_choice={"type": "none"})
    assert not {"tools", "tool_choice"} & sent(none, auto).keys()
    assert adjusted(call, Quirks(tool_choice=frozenset())) == ("tool_choice left out",)


def test_tools_need_a_description_somewhere() -> None:
    written = sent(read(tools=[TOOL]), Quirks(tool_description=True))
    assert written["tools"] == [{**TOOL, "description": "f"}]


def refused(call: Call, quirks: Quirks) -> Refusal:
    with pytest.raises(Refusal) as caught:
        encode(call, quirks, "m")
    assert caught.value.kind == "unsupported"
    return caught.value


def test_too_many_tools() -> None:
    assert refused(read(tools=[TOOL, TOOL]), Quirks(tools_max=1)).param == "tools"


def test_a_form_that_a_host_does_not_take() -> None:
    form = {"type": "json_schema", "schema": {}}
    host = Quirks(formats=frozenset({"text"}))
    refusal = refused(read(output_config={"format": form}), host)
    assert refusal.param == "output_config.format"
    assert refused(read(output_format=form), host).param == "output_config.format"


def test_instructions_amid_a_conversation_where_a_host_refuses_them() -> None:
    call = read(system="S", messages=[*HELLO, {"role": "system", "content": "Now in French."}])
    host = Quirks(reject=frozenset({"messages.system"}))
    written = sent(call, host)
    assert written["system"] == "S"
    (message,) = written["messages"]
    assert message["content"][1]["text"] == "<system>\nNow in French.\n</system>"
    assert sent(call)["messages"][1]["role"] == "system"


def test_a_billing_header_where_it_costs_the_prefix_cache() -> None:
    line = {"type": "text", "text": "x-anthropic-billing-header: cch=1"}
    call = read(system=[line, {"type": "text", "text": "S"}])
    assert sent(call)["system"][0] == line
    host = Quirks(reject=frozenset({"x-anthropic-billing-header"}))
    assert sent(call, host)["system"] == [{"type": "text", "text": "S"}]


def test_empty_texts_are_left_out() -> None:
    blank = {"type": "text", "text": ""}
    call = read(
        messages=[
            *HELLO,
            {"role": "assistant", "content": [blank]},
            {"role": "assistant", "content": [blank, {"type": "text", "text": "A"}]},
            *HELLO,
        ]
    )
    assert [message["content"] for message in sent(call)["messages"]] == [
        "Hello",
        [{"type": "text", "text": "A"}],
        "Hello",
    ]


def test_betas_for_hosts() -> None:
    call = decode(body(), [(b"anthropic-beta", b"x-2026")])
    assert betas_of(call) == "x-2026"
    assert betas_of(read()) is None
    assert betas_of(Call("m", [], "chat", spelled={"betas": "x"})) is None
