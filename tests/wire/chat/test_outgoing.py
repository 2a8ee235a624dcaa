"""A call as one host gets it: each quirk, one at a time."""

from __future__ import annotations

import json
import tomllib
from typing import Any, Literal

import msgspec
import pytest

from glimway.wire.chat.outgoing import ADJUSTED_MAX, encode
from glimway.wire.chat.request import decode
from glimway.wire.dialect import Outgoing
from glimway.wire.quirks import Quirks, Range, WebSearch
from glimway.wire.refusal import Refusal

HELLO = [{"role": "user", "content": "Hello"}]
F = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}


def out(quirks: Quirks, **members: Any) -> Outgoing:
    return encode(decode({"model": "m", "messages": HELLO, **members}), quirks, "m")


def sent(quirks: Quirks, **members: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(out(quirks, **members).body)
    del body["model"]
    if body["messages"] == HELLO:
        del body["messages"]
    return body


def messages(quirks: Quirks, *turns: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sent(quirks, messages=list(turns))["messages"]
    return found


def unsupported(quirks: Quirks, **members: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        out(quirks, **members)
    assert caught.value.kind == "unsupported"
    return caught.value


# ---- members --------------------------------------------------------------------------------


def test_usage_is_asked_for_where_it_must_be() -> None:
    asked = {"stream_options": {"include_usage": True}}
    assert sent(Quirks(), stream=True) == {"stream": True, **asked}
    assert sent(Quirks(usage="always"), stream=True) == {"stream": True}
    assert sent(Quirks(usage="always"), stream=True, **asked) == {"stream": True, **asked}
    assert sent(Quirks(usage="never"), stream=True, **asked) == {"stream": True}
    own = {"include_obfuscation": False}
    assert sent(Quirks(), stream=True, stream_options=own) == {
        "stream": True,
        "stream_options": {"include_usage": True, **own},
    }
    assert sent(Quirks()) == {}


@pytest.mark.parametrize("asked", ["max_tokens", "max_completion_tokens"])
def test_the_cap_goes_under_the_hosts_name(asked: str) -> None:
    assert sent(Quirks(), **{asked: 5}) == {asked: 5}
    caps: list[Literal["max_tokens", "max_completion_tokens"]]
    caps = ["max_tokens", "max_completion_tokens"]
    for name in caps:
        quirks = Quirks(
            max_tokens=name,
            ranges={"max_tokens": Range(high=4_000_000)},
        )
        assert sent(quirks, **{asked: 5}) == {name: 5}
        high = out(quirks, **{asked: 5_000_000})
        assert json.loads(high.body)[name] == 4_000_000
        assert high.adjusted == (f"{name} lowered to 4000000",)


def test_the_newer_spelling_of_the_cap_is_meant() -> None:
    assert sent(Quirks(), max_completion_tokens=5, max_tokens=9) == {"max_completion_tokens": 5}


def test_stops_beyond_the_hosts_are_cut_here() -> None:
    assert sent(Quirks(), stop="a") == {"stop": "a"}
    assert sent(Quirks(stop_array=True), stop="a") == {"stop": ["a"]}
    one = out(Quirks(stop_max=1), stop=["a", "b", "c"])
    assert json.loads(one.body)["stop"] == ["a"]
    assert (one.cut_here, one.adjusted) == (("b", "c"), ())
    none = out(Quirks(reject=frozenset({"stop"})), stop="a")
    assert "stop" not in json.loads(none.body)
    assert (none.cut_here, none.adjusted) == (("a",), ())


def test_answers_that_a_host_cannot_write_at_once_are_several_calls() -> None:
    for quirks in (Quirks(n_max=1), Quirks(reject=frozenset({"n"}))):
        assert sent(quirks, n=1) == {}
        assert sent(quirks, n=3) == {}
        assert (out(quirks, n=1).copies, out(quirks, n=3).copies) == (1, 3)
        assert out(quirks, n=3).adjusted == ()
    assert sent(Quirks(), n=3) == {"n": 3}
    assert out(Quirks(), n=3).copies == 1
    assert sent(Quirks(n_max=4), n=5) == {}
    assert out(Quirks(n_max=4), n=5).copies == 5


def test_what_a_host_refuses_is_left_out_and_named() -> None:
    given = out(Quirks(reject=frozenset({"seed", "logprobs"})), seed=1, logprobs=True, top_p=1)
    assert json.loads(given.body)["top_p"] == 1
    assert "seed" not in json.loads(given.body)
    assert given.adjusted == ("seed left out", "logprobs left out")
    unasked = out(Quirks(reject=frozenset({"stream_options"})), stream=True)
    assert unasked.adjusted == ()


@pytest.mark.parametrize(
    ("bounds", "given", "gets", "phrase"),
    [
        (Range(low=0, high=1), 1.5, 1, "temperature lowered to 1"),
        (Range(low=0, high=1), 1, 1, None),
        (Range(low=0.01, high=1), 0, 0.01, "temperature raised to 0.01"),
        (Range(above=0, below=1), 1, 0.99, "temperature lowered to 0.99"),
        (Range(above=0, below=1), 0, 0.01, "temperature raised to 0.01"),
    ],
)
def test_numbers_are_put_into_the_hosts_range(
    bounds: Range, given: float, gets: float, phrase: str | None
) -> None:
    outgoing = out(Quirks(ranges={"temperature": bounds}), temperature=given)
    assert json.loads(outgoing.body)["temperature"] == gets
    assert outgoing.adjusted == ((phrase,) if phrase else ())


def test_texts_outside_the_hosts_lengths_are_left_out() -> None:
    quirks = Quirks(lengths={"user": Range(low=6, high=8)}, rename={"user": "user_id"})
    assert sent(quirks, user="sixsix") == {"user_id": "sixsix"}
    assert sent(quirks, user_id="sixsix") == {"user_id": "sixsix"}
    assert out(quirks, user="short").adjusted == ("user left out",)
    assert out(quirks, user_id="much too long").adjusted == ("user_id left out",)


def test_a_strict_host_gets_what_it_knows() -> None:
    quirks = Quirks(strict=True, members=frozenset({"top_k", "cache_control"}))
    given = out(quirks, top_k=5, do_sample=True, seed=1, user_id="me", thinking={"type": "enabled"})
    body = json.loads(given.body)
    assert body == {"model": "m", "messages": HELLO, "top_k": 5, "seed": 1, "user": "me"}
    assert given.adjusted == ("thinking left out", "do_sample left out")
    spoken = {"role": "user", "content": "x", "x_mark": 1, "cache_control": {}}
    assert messages(quirks, spoken) == [{"role": "user", "content": "x", "cache_control": {}}]
    assert out(quirks, messages=[spoken]).adjusted == ("x_mark left out",)


def test_a_strict_host_still_gets_what_its_own_quirks_write() -> None:
    quirks = Quirks(strict=True, tool_stream=True)
    assert sent(quirks, stream=True, tools=[F])["tool_stream"] is True


def test_phrases_are_fit_for_a_header() -> None:
    quirks = Quirks(strict=True)
    names = {f"x\r\nset-cookie: {at}, ü" + "y" * 200: 1 for at in range(100)}
    adjusted = out(quirks, **names).adjusted
    assert len(adjusted) == ADJUSTED_MAX + 1
    assert adjusted[-1] == f"{100 - ADJUSTED_MAX} more changes"
    line = ", ".join(adjusted)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 3000


# ---- messages -------------------------------------------------------------------------------


def test_the_developer_is_a_system_where_the_role_is_unknown() -> None:
    turn = {"role": "developer", "content": "Be brief."}
    assert messages(Quirks(), turn) == [turn]
    assert messages(Quirks(developer_role=False), turn) == [{**turn, "role": "system"}]


def test_texts_are_joined_where_arrays_are_unknown() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": {}}]
    for role in ("user", "system", "assistant", "tool"):
        joined = messages(Quirks(text_parts=False), {"role": role, "content": parts})
        assert joined == [{"role": role, "content": "a\n\nb"}]
    image = [*parts, {"type": "image_url", "image_url": {"url": "https://x"}}]
    assert messages(Quirks(text_parts=False), {"role": "user", "content": image}) == [
        {"role": "user", "content": image}
    ]


def test_history_that_chat_templates_stumble_over_is_mended() -> None:
    quirks = Quirks(null_content=False)

    def calls(arguments: str) -> dict[str, Any]:
        call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
        return {"role": "assistant", "content": None, "tool_calls": [call]}

    assert messages(Quirks(), calls("oops")) == [calls("oops")]
    assert messages(quirks, calls('{"a": 1}')) == [{**calls('{"a": 1}'), "content": ""}]
    for wrong in ("", " ", "oops", "[]", "null", '{"a": ', "[" * 100_000):
        assert messages(quirks, calls(wrong)) == [{**calls("{}"), "content": ""}]
    assert out(quirks, messages=[calls("")]).adjusted == ()
    assert out(quirks, messages=[calls("oops")]).adjusted == (
        "unreadable arguments of an earlier call replaced by {}",
    )
    bare = {"role": "assistant", "tool_calls": [CALL]}
    assert messages(quirks, bare) == [{**bare, "content": ""}]


def test_where_a_user_must_speak_one_does() -> None:
    quirks = Quirks(user_message=True)
    system = {"role": "system", "content": "Say hello."}
    called = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    result = {"role": "tool", "tool_call_id": "c", "content": "ok"}
    assert messages(quirks, system, system) == [system, {**system, "role": "user"}]
    stand_in = {"role": "user", "content": "Continue."}
    assert messages(quirks, system, called, result) == [system, stand_in, called, result]
    assert messages(quirks, called, result) == [stand_in, called, result]
    assert out(quirks, messages=[called, result]).adjusted == ("a user message added",)
    assert messages(Quirks(), system) == [system]
    assert sent(quirks) == {}


# ---- tools and formats ----------------------------------------------------------------------

NAMED = {"type": "function", "function": {"name": "f"}}
ALLOWED = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [NAMED]}}


@pytest.mark.parametrize("form", ["auto", "none", "required", NAMED, ALLOWED])
def test_a_choice_that_a_host_takes_is_sent(form: Any) -> None:
    assert sent(Quirks(), tools=[F], tool_choice=form) == {"tools": [F], "tool_choice": form}


@pytest.mark.parametrize("form", ["required", NAMED])
def test_a_choice_that_a_host_does_not_take_becomes_auto(form: Any) -> None:
    outgoing = out(Quirks(tool_choice=frozenset({"auto"})), tools=[F], tool_choice=form)
    assert json.loads(outgoing.body)["tool_choice"] == "auto"
    assert outgoing.adjusted == ("tool_choice changed to auto",)


def test_a_choice_of_several_is_made_by_leaving_out_the_others() -> None:
    other = {"type": "function", "function": {"name": "g", "description": "d", "parameters": {}}}
    must = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}
    words: dict[tuple[str, ...], dict[str, tuple[Any, tuple[str, ...]]]] = {
        ("auto", "none", "required"): {"auto": ("auto", ()), "required": ("required", ())},
        ("auto",): {"auto": ("auto", ()), "required": ("auto", ("tool_choice changed to auto",))},
        (): {"auto": (None, ()), "required": (None, ("tool_choice changed to auto",))},
    }
    for known, expected in words.items():
        for form, mode in ((ALLOWED, "auto"), (must, "required")):
            quirks = Quirks(tool_choice=frozenset(known))
            outgoing = out(quirks, tools=[F, other], tool_choice=form)
            body = json.loads(outgoing.body)
            assert body["tools"] == [F]
            assert (body.get("tool_choice"), outgoing.adjusted) == expected[mode]
    nobody = {"type": "function", "function": {"name": "h"}}
    odd = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [nobody]}}
    outgoing = out(Quirks(tool_choice=frozenset({"auto"})), tools=[F, other], tool_choice=odd)
    assert json.loads(outgoing.body)["tools"] == [F, other]
    assert outgoing.adjusted == ("tool_choice changed to auto",)


def test_no_tool_may_be_called_means_no_tools_where_none_is_unknown() -> None:
    outgoing = out(Quirks(tool_choice=frozenset({"auto"})), tools=[F], tool_choice="none")
    assert json.loads(outgoing.body) == {"model": "m", "messages": HELLO}
    assert outgoing.adjusted == ()


def test_more_tools_than_a_host_takes_are_refused() -> None:
    assert sent(Quirks(tools_max=2), tools=[F, F]) == {"tools": [F, F]}
    refusal = unsupported(Quirks(tools_max=2), tools=[F, F, F])
    assert refusal.param == "tools"
    assert "3 entries" in refusal.message
    assert "at most 2" in refusal.message


def test_a_function_is_described_where_it_must_be() -> None:
    bare = {"type": "function", "function": {"name": "f"}}
    quirks = Quirks(tool_description=True)
    assert sent(Quirks(), tools=[bare]) == {"tools": [bare]}
    described = {"type": "function", "function": {"name": "f", "description": "f"}}
    assert sent(quirks, tools=[bare, F]) == {"tools": [described, F]}


def test_arguments_stream_where_that_must_be_asked() -> None:
    quirks = Quirks(tool_stream=True, usage="always")
    assert sent(quirks, tools=[F], stream=True)["tool_stream"] is True
    assert "tool_stream" not in sent(quirks, tools=[F])
    assert "tool_stream" not in sent(quirks, stream=True)
    assert sent(quirks, tools=[F], stream=True, tool_stream=False)["tool_stream"] is False
    assert "tool_stream" not in sent(Quirks(), tools=[F], stream=True)


def test_a_format_that_a_host_does_not_take_is_refused() -> None:
    quirks = Quirks(formats=frozenset({"json_object"}))
    assert sent(Quirks(), response_format=SCHEMA) == {"response_format": SCHEMA}
    json_object = {"response_format": {"type": "json_object"}}
    assert sent(quirks, **json_object) == json_object
    assert sent(quirks, response_format={"type": "text"}) == {}
    for form in (SCHEMA, {"type": "grammar"}):
        refusal = unsupported(quirks, response_format=form)
        assert refusal.param == "response_format"
        assert '"json_object"' in refusal.message


# ---- web search -----------------------------------------------------------------------------

TOOL = {"type": "web_search", "web_search": {"search_engine": "theirs", "search_result": True}}
BY_TOOL = Quirks(web_search=WebSearch(form="tool", tool=TOOL))
BY_MEMBERS = Quirks(web_search=WebSearch(form="members", members={"tool_web_search": True}))
OWN_TOOL = {"type": "web_search", "web_search": {"search_engine": "mine", "search_prompt": "p"}}

WISHES: list[tuple[dict[str, Any], str]] = [
    ({"tools": [OWN_TOOL]}, "tools[0]"),
    ({"tools": [F, {"type": "web_search"}]}, "tools[1]"),
    ({"tools": [{"type": "web_search_preview"}]}, "tools[0]"),
    ({"tool_web_search": True, "search_prompt": "p"}, "tool_web_search"),
    ({"web_search_options": {}}, "web_search_options"),
    ({"plugins": [{"id": "x"}, {"id": "web"}]}, "plugins[1]"),
]


@pytest.mark.parametrize(("asked", "param"), WISHES)
def test_a_search_is_refused_where_the_host_has_none(asked: dict[str, Any], param: str) -> None:
    refusal = unsupported(Quirks(), **asked)
    assert refusal.param == param
    assert param in refusal.message


@pytest.mark.parametrize(("asked", "param"), WISHES)
def test_a_search_is_asked_in_the_hosts_own_form(asked: dict[str, Any], param: str) -> None:
    by_tool = sent(BY_TOOL, **asked)
    assert by_tool.keys() <= {"tools", "plugins"}
    [search] = [tool for tool in by_tool["tools"] if tool["type"] == "web_search"]
    engine = "mine" if OWN_TOOL in asked.get("tools", ()) else "theirs"
    assert search["web_search"]["search_engine"] == engine
    prompt = "p" if "search_prompt" in json.dumps(asked) else None
    assert search["web_search"].get("search_prompt") == prompt
    by_members = sent(BY_MEMBERS, **asked)
    assert by_members["tool_web_search"] is True
    assert by_members.get("search_prompt") == prompt
    assert "web_search" not in [tool["type"] for tool in by_members.get("tools", ())]
    assert "web_search_options" not in by_members
    assert out(BY_MEMBERS, **asked).adjusted == ()


def test_the_hosts_own_form_goes_as_it_was_written() -> None:
    assert sent(BY_TOOL, tools=[F, OWN_TOOL]) == {"tools": [F, OWN_TOOL]}
    asked = {"tool_web_search": True, "search_result": False}
    assert sent(BY_MEMBERS, **asked) == asked


def test_a_search_that_is_switched_off_is_no_wish() -> None:
    off = {"type": "web_search", "web_search": {"enable": False}}
    assert sent(Quirks(), tools=[off]) == {}
    assert sent(Quirks(), tools=[F, off]) == {"tools": [F]}
    assert sent(BY_TOOL, tools=[off]) == {"tools": [off]}
    assert sent(BY_MEMBERS, tools=[off]) == {}
    assert sent(Quirks(), tool_web_search=False) == {"tool_web_search": False}


# ---- a new host is data ---------------------------------------------------------------------

MADE_UP = """
max_tokens = "max_completion_tokens"
reasoning_in = "think_tags"
reject = ["seed"]
rename = { user = "caller" }
n_max = 1

[ranges.temperature]
low = 0
high = 1.2

[thinking]
known = true
off = { mind = { mode = "off" } }
effort = "mind.level"
efforts = { max = "extreme" }
"""


def test_a_host_that_nobody_heard_of_is_only_text() -> None:
    quirks = msgspec.convert(tomllib.loads(MADE_UP), Quirks)
    outgoing = encode(
        decode(
            {
                "model": "m",
                "messages": [
                    *HELLO,
                    {"role": "assistant", "content": "Hi", "reasoning_content": "hm"},
                    *HELLO,
                ],
                "max_tokens": 7,
                "temperature": 1.5,
                "seed": 1,
                "n": 2,
                "user": "me",
                "reasoning_effort": "max",
            }
        ),
        quirks,
        "theirs",
    )
    assert json.loads(outgoing.body) == {
        "model": "theirs",
        "messages": [*HELLO, {"role": "assistant", "content": "<think>hm</think>Hi"}, *HELLO],
        "max_completion_tokens": 7,
        "temperature": 1.2,
        "caller": "me",
        "mind": {"level": "extreme"},
    }
    assert outgoing.adjusted == ("seed left out", "temperature lowered to 1.2")
    assert outgoing.copies == 2
    assert sent(quirks, thinking={"type": "disabled"}) == {"mind": {"mode": "off"}}
