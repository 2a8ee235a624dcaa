"""Requests of other dialects, as a host of this one gets them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from glimway.wire.chat.request import decode as decode_chat
from glimway.wire.messages.foreign import STAND_IN_TEXT
from glimway.wire.messages.outgoing import JSON_PLEASE, MAX_TOKENS_DEFAULT, encode
from glimway.wire.quirks import Quirks, Range, ThinkingControl, WebSearch
from glimway.wire.refusal import Refusal
from glimway.wire.responses import RESPONSES_CLIENT
from glimway.wire.talk import Call, FilePart, ResultPart, TextPart, Turn
from wire.messages.making import PLAIN, adjusted, sent

USER = {"role": "user", "content": "Hi"}
F = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
G = {"type": "function", "function": {"name": "g"}}


def chat(*messages: dict[str, Any], **members: Any) -> Call:
    return decode_chat({"model": "m", "messages": list(messages or [USER]), **members})


def asked(*messages: dict[str, Any], **members: Any) -> Any:
    return sent(chat(*messages, max_tokens=4096, **members))


def messages(*given: dict[str, Any]) -> Any:
    return asked(*given)["messages"]


def call_of(call_id: str | None, name: str = "f", arguments: str = "{}") -> dict[str, Any]:
    inner = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return {**inner, "id": call_id} if call_id else inner


def refused(call: Call, quirks: Quirks = PLAIN) -> Refusal:
    with pytest.raises(Refusal) as caught:
        encode(call, quirks, "m")
    assert caught.value.kind == "unsupported"
    return caught.value


# ---- the conversation -----------------------------------------------------------------------


def test_leading_instructions_go_before_the_messages() -> None:
    body = asked({"role": "system", "content": "Be brief."}, USER)
    assert body["system"] == "Be brief."
    assert body["messages"] == [USER]
    body = asked({"role": "system", "content": "A"}, {"role": "developer", "content": "B"}, USER)
    assert body["system"] == [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]


def test_later_instructions_are_the_users_and_named() -> None:
    call = chat(USER, {"role": "system", "content": "Now in French."}, max_tokens=9)
    (message,) = sent(call)["messages"]
    assert [block["text"] for block in message["content"]] == [
        "Hi",
        "<system>\nNow in French.\n</system>",
    ]
    assert adjusted(call) == ("a system message sent as the user's",)


def test_instructions_alone_are_the_users() -> None:
    call = chat({"role": "system", "content": "A"}, {"role": "system", "content": "B"})
    body = sent(call)
    assert (body["system"], body["messages"]) == ("A", [{"role": "user", "content": "B"}])
    assert "the last system message sent as the user's" in adjusted(call)


def test_user_and_assistant_take_turns() -> None:
    assert messages(
        USER,
        {"role": "user", "content": "there"},
        {"role": "assistant", "content": "A"},
        {"role": "assistant", "content": "B"},
        USER,
    ) == [
        {"role": "user", "content": [text("Hi"), text("there")]},
        {"role": "assistant", "content": [text("A"), text("B")]},
        USER,
    ]


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


def test_a_user_speaks_first() -> None:
    given = messages({"role": "assistant", "content": "A"}, USER)
    assert given[0] == {"role": "user", "content": STAND_IN_TEXT}


def test_results_open_the_users_message_right_after_their_calls() -> None:
    given = messages(
        USER,
        {"role": "assistant", "content": "\n\n", "tool_calls": [call_of("a"), call_of("b", "g")]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": ""},
        {"role": "user", "content": "So?"},
    )
    assert given[1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "a", "name": "f", "input": {}},
                {"type": "tool_use", "id": "b", "name": "g", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "1"},
                {"type": "tool_result", "tool_use_id": "b", "content": ""},
                text("So?"),
            ],
        },
    ]


def test_ids_are_made_and_wrapped() -> None:
    given = messages(
        USER,
        {"role": "assistant", "tool_calls": [call_of(None), call_of("functions.Bash:0", "g")]},
        {"role": "tool", "content": "1"},
        {"role": "tool", "tool_call_id": "functions.Bash:0", "content": "2"},
    )
    ids = [block["id"] for block in given[1]["content"]]
    assert [block["tool_use_id"] for block in given[2]["content"]] == ids
    assert ids[0] == "call_0"
    assert ids[1].startswith("call_gw_")


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_blank_text_is_left_out_and_an_empty_assistant_with_it(blank: str) -> None:
    given = messages(USER, {"role": "assistant", "content": blank}, USER)
    assert given == [{"role": "user", "content": [text("Hi"), text("Hi")]}]
    given = messages({"role": "user", "content": blank})
    assert given == [{"role": "user", "content": STAND_IN_TEXT}]


def test_the_beginning_of_an_answer_ends_without_space() -> None:
    call = chat(USER, {"role": "assistant", "content": "Once upon \n"})
    assert sent(call)["messages"][1]["content"] == [text("Once upon")]
    assert "space at the end of the last message left out" in adjusted(call)


@pytest.mark.parametrize("arguments", ["", "  ", "{}"])
def test_arguments_of_nothing_are_an_object(arguments: str) -> None:
    given = messages(USER, {"role": "assistant", "tool_calls": [call_of("a", "f", arguments)]})
    assert given[1]["content"][0]["input"] == {}


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", "words"])
def test_arguments_that_are_no_object_are_kept_inside_one(arguments: str) -> None:
    given = messages(USER, {"role": "assistant", "tool_calls": [call_of("a", "f", arguments)]})
    assert given[1]["content"][0]["input"] == {"_raw": arguments}


def test_a_refusal_is_text() -> None:
    given = messages(USER, {"role": "assistant", "refusal": "No."}, USER)
    assert given[1] == {"role": "assistant", "content": [text("No.")]}


def test_a_failed_tool_keeps_its_flag() -> None:
    turn = Turn("tool", [ResultPart("a", [TextPart("boom")], is_error=True)])
    (message,) = sent(Call("m", [turn], "responses"))["messages"]
    assert message["content"][0]["is_error"] is True


def test_names_of_messages_are_named_as_lost() -> None:
    assert "name of a message left out" in adjusted(chat({**USER, "name": "bob"}))


def test_hints_about_caching_go_on() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    given = asked(
        {"role": "system", "content": [{**text("S"), **mark}]},
        {"role": "user", "content": [{**text("U"), **mark, "x": 1}]},
    )
    assert given["system"] == [{**text("S"), **mark}]
    assert given["messages"][0]["content"] == [{**text("U"), **mark}]


# ---- media ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://a/b.png", {"type": "url", "url": "https://a/b.png"}),
        (
            "data:image/png;base64,iVBO",
            {"type": "base64", "media_type": "image/png", "data": "iVBO"},
        ),
        (
            "data:image/svg+xml,%3Csvg%3E",
            {
                "type": "base64",
                "media_type": "image/svg+xml",
                "data": base64.b64encode(b"<svg>").decode(),
            },
        ),
    ],
)
def test_images(url: str, source: dict[str, str]) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    given = messages({"role": "user", "content": [part]})
    assert given[0]["content"] == [{"type": "image", "source": source}]


def test_the_detail_of_an_image_is_named_as_lost() -> None:
    part = {"type": "image_url", "image_url": {"url": "https://a", "detail": "high"}}
    assert "detail of an image left out" in adjusted(chat({"role": "user", "content": [part]}))


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (
            "data:application/pdf;base64,JVBE",
            {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
        ),
        (
            "data:text/markdown;base64,d29yZHM=",
            {"type": "text", "media_type": "text/plain", "data": "words"},
        ),
        ("https://a/b.pdf", {"type": "url", "url": "https://a/b.pdf"}),
    ],
)
def test_documents(url: str, source: dict[str, str]) -> None:
    part = FilePart("file", {}, "responses", url=url, filename="b.pdf")
    (message,) = sent(Call("m", [Turn("user", [part])], "responses"))["messages"]
    assert message["content"] == [{"type": "document", "source": source, "title": "b.pdf"}]


@pytest.mark.parametrize(
    "part",
    [
        FilePart("audio", {}, "responses", url="data:audio/wav;base64,AA"),
        FilePart("video", {}, "responses", url="https://a"),
        FilePart("file", {}, "responses"),
        FilePart("file", {}, "responses", url="data:text/plain;base64,/w=="),
    ],
)
def test_what_the_model_must_read_is_never_dropped(part: FilePart) -> None:
    refusal = refused(Call("m", [Turn("user", [part])], "responses"))
    assert "Send text, an image, or a document" in refusal.message


# ---- members --------------------------------------------------------------------------------


def test_a_bound_on_the_answer_is_needed() -> None:
    call = chat()
    assert sent(call)["max_tokens"] == MAX_TOKENS_DEFAULT
    assert adjusted(call) == (f"max_tokens set to {MAX_TOKENS_DEFAULT}",)
    small = Quirks(ranges={"max_tokens": Range(high=4096)})
    assert sent(call, small)["max_tokens"] == 4096


def test_sampling() -> None:
    body = asked(temperature=0.7, top_p=0.9, top_k=40, stop=["a", "b"], user="u", stream=True)
    assert body == {
        "model": "theirs",
        "max_tokens": 4096,
        "messages": [USER],
        "stream": True,
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 40,
        "stop_sequences": ["a", "b"],
        "metadata": {"user_id": "u"},
    }


def test_temperature_has_a_bound_here() -> None:
    call = chat(temperature=1.5, max_tokens=9)
    assert sent(call)["temperature"] == 1
    assert adjusted(call) == ("temperature lowered to 1",)
    wide = Quirks(ranges={"temperature": Range(high=2)})
    assert sent(call, wide)["temperature"] == 1.5
    assert adjusted(call, wide) == ()


def test_what_has_no_place_is_named() -> None:
    call = chat(
        max_tokens=9,
        seed=1,
        frequency_penalty=1,
        logprobs=True,
        service_tier="flex",
        prompt_cache_key="k",
        store=False,
        metadata={"a": "b"},
        user="u" * 257,
    )
    assert set(sent(call)) == {"model", "max_tokens", "messages"}
    assert set(adjusted(call)) == {
        "seed left out",
        "frequency_penalty left out",
        "logprobs left out",
        "service_tier left out",
        "prompt_cache_key left out",
        "user left out",
    }


@pytest.mark.parametrize(("theirs", "ours"), [("auto", "auto"), ("default", "standard_only")])
def test_service_tiers(theirs: str, ours: str) -> None:
    assert asked(service_tier=theirs)["service_tier"] == ours


def test_members_that_a_host_knows() -> None:
    call = chat(min_p=0.1, max_tokens=9)
    assert sent(call, Quirks(members=frozenset({"min_p"})))["min_p"] == 0.1


def test_several_answers_are_several_calls() -> None:
    assert encode(chat(n=3), PLAIN, "m").copies == 3


def test_stop_strings_that_cannot_be_sent_cut_here() -> None:
    outgoing = encode(chat(stop=["\n", "END"]), PLAIN, "m")
    assert outgoing.cut_here == ("\n",)
    assert encode(chat(stop=["a", "b"]), Quirks(stop_max=1), "m").cut_here == ("b",)
    assert encode(chat(stop=["a"]), Quirks(reject=frozenset({"stop"})), "m").cut_here == ("a",)


# ---- tools ----------------------------------------------------------------------------------


def test_functions() -> None:
    strict = {"name": "s", "description": "S", "parameters": {"properties": {}}, "strict": True}
    body = asked(tools=[F, G, {"type": "function", "function": strict}])
    assert body["tools"] == [
        {"name": "f", "input_schema": {"type": "object"}},
        {"name": "g", "input_schema": {"type": "object"}},
        {
            "name": "s",
            "description": "S",
            "input_schema": {"type": "object", "properties": {}},
            "strict": True,
        },
    ]


def test_a_tool_of_free_text_is_a_function_with_one_text() -> None:
    custom = {"type": "custom", "name": "patch", "description": "P"}
    call = RESPONSES_CLIENT.decode({"model": "m", "input": "Hi", "tools": [custom]}, [])
    (tool,) = sent(call)["tools"]
    assert tool["name"] == "patch"
    assert tool["input_schema"]["required"] == ["input"]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        ("auto", None, {"type": "auto"}),
        ("required", None, {"type": "any"}),
        ("none", None, {"type": "none"}),
        ("none", False, {"type": "none"}),
        ({"type": "function", "function": {"name": "f"}}, None, {"type": "tool", "name": "f"}),
        ("auto", False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", True, {"type": "any"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (None, True, None),
    ],
)
def test_choices(choice: Any, parallel: bool | None, expected: Any) -> None:
    body = asked(tools=[F], tool_choice=choice, parallel_tool_calls=parallel)
    assert body.get("tool_choice") == expected


@pytest.mark.parametrize(("mode", "kind"), [("auto", "auto"), ("required", "any")])
def test_a_choice_of_several_leaves_the_others_out(mode: str, kind: str) -> None:
    names = {"mode": mode, "tools": [{"type": "function", "function": {"name": "g"}}]}
    choice = {"type": "allowed_tools", "allowed_tools": names}
    body = asked(tools=[F, G], tool_choice=choice)
    assert [tool["name"] for tool in body["tools"]] == ["g"]
    assert body["tool_choice"] == {"type": kind}


def test_tools_that_only_another_api_runs() -> None:
    mcp = {"type": "mcp", "mcp": {"server_label": "s"}}
    call = chat(tools=[F, mcp], max_tokens=9)
    assert [tool["name"] for tool in sent(call)["tools"]] == ["f"]
    assert adjusted(call) == ("tool of type mcp left out",)
    assert refused(chat(tools=[mcp])).param == "tools[0]"
    assert refused(chat(tools=[F], tool_choice={"type": "x"})).param == "tool_choice"


@pytest.mark.parametrize(
    "members",
    [
        {"tools": [{"type": "web_search", "web_search": {"enable": True}}]},
        {"web_search_options": {}},
        {"tool_web_search": True},
        {"plugins": [{"id": "web"}]},
    ],
)
def test_a_wish_for_a_search(members: dict[str, Any]) -> None:
    native = {"type": "web_search_20250305", "name": "web_search"}
    call = chat(**members)
    assert sent(call, Quirks(web_search=WebSearch(form="tool", tool=native)))["tools"] == [native]
    assert "web search" in refused(call).message


# ---- the answer's form ----------------------------------------------------------------------


def test_a_schema() -> None:
    inner = {"name": "a", "schema": {"type": "object"}, "strict": True}
    body = asked(response_format={"type": "json_schema", "json_schema": inner})
    form = {"type": "json_schema", "schema": {"type": "object"}}
    assert body["output_config"] == {"format": form}


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (None, JSON_PLEASE),
        ("A", f"A\n\n{JSON_PLEASE}"),
        ([text("A"), text("B")], [text("A"), text("B"), text(JSON_PLEASE)]),
    ],
)
def test_any_object_is_asked_for_in_words(system: Any, expected: Any) -> None:
    first = [] if system is None else [{"role": "system", "content": system}]
    call = chat(*first, USER, response_format={"type": "json_object"}, max_tokens=9)
    assert sent(call)["system"] == expected
    assert adjusted(call) == ("response_format sent as an instruction",)


def test_other_forms_are_refused() -> None:
    assert refused(chat(response_format={"type": "grammar"})).param == "response_format"
    assert "output_config" not in asked(response_format={"type": "text"})


# ---- thinking -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"reasoning_effort": "none"}, {"type": "disabled"}),
        ({"thinking": {"type": "disabled"}}, {"type": "disabled"}),
        ({"reasoning_effort": "minimal"}, {"type": "enabled", "budget_tokens": 1024}),
        ({"reasoning_effort": "medium"}, {"type": "enabled", "budget_tokens": 2048}),
        ({"thinking": {"type": "enabled"}}, {"type": "enabled", "budget_tokens": 4095}),
        ({"reasoning": {"max_tokens": 3000}}, {"type": "enabled", "budget_tokens": 3000}),
        ({"reasoning": {"max_tokens": 500}}, {"type": "enabled", "budget_tokens": 1024}),
        ({"reasoning_effort": "max"}, {"type": "enabled", "budget_tokens": 4095}),
        ({}, None),
    ],
)
def test_efforts_and_budgets(members: dict[str, Any], expected: Any) -> None:
    assert asked(**members).get("thinking") == expected


def test_a_budget_stays_below_the_bound_which_is_not_raised() -> None:
    call = chat(reasoning={"max_tokens": 9000}, max_tokens=2000)
    body = sent(call)
    assert (body["max_tokens"], body["thinking"]["budget_tokens"]) == (2000, 1999)
    assert adjusted(call) == ("thinking budget lowered to 1999",)


def test_thinking_drives_out_what_the_maker_refuses_beside_it() -> None:
    call = chat(reasoning_effort="high", temperature=0.3, top_k=4, max_tokens=8000)
    body = sent(call)
    assert body["thinking"]["type"] == "enabled"
    assert not {"temperature", "top_k"} & body.keys()
    assert set(adjusted(call)) == {
        "temperature left out beside thinking",
        "top_k left out beside thinking",
    }
    assert asked(reasoning_effort="high", temperature=1)["temperature"] == 1


@pytest.mark.parametrize(
    ("given", "members", "why"),
    [
        ([USER], {"max_tokens": 1024}, "max_tokens is not above 1024"),
        ([USER], {"tools": [F], "tool_choice": "required"}, "a tool must be called"),
        ([USER, {"role": "assistant", "content": "A"}], {}, "the answer's beginning is given"),
        (
            [
                USER,
                {"role": "assistant", "tool_calls": [call_of("a")]},
                {"role": "tool", "tool_call_id": "a", "content": "1"},
            ],
            {"tools": [F]},
            "the calls before were made without",
        ),
    ],
)
def test_thinking_is_left_out_where_the_maker_would_refuse_it(
    given: list[dict[str, Any]], members: dict[str, Any], why: str
) -> None:
    call = chat(*given, reasoning_effort="high", **{"max_tokens": 8000, **members})
    assert "thinking" not in sent(call)
    assert f"thinking left out: {why}" in adjusted(call)


def test_a_host_with_its_own_switch() -> None:
    own = ThinkingControl(
        known=True,
        on={"thinking": {"type": "adaptive"}},
        off={"thinking": {"type": "disabled"}},
        effort="output_config.effort",
        budget="thinking.budget_tokens",
        keep="thinking.clear_thinking",
    )
    host = Quirks(thinking=own)
    body = sent(chat(reasoning_effort="minimal"), host)
    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": "low"}
    assert sent(chat(reasoning_effort="none"), host)["thinking"] == {"type": "disabled"}
    call = chat(thinking={"type": "enabled", "budget_tokens": 99, "clear_thinking": False})
    assert sent(call, host)["thinking"] == {
        "type": "adaptive",
        "budget_tokens": 99,
        "clear_thinking": False,
    }
    bare = Quirks(thinking=ThinkingControl(known=True))
    call = chat(
        thinking={"type": "disabled", "clear_thinking": True},
        max_tokens=9,
    )
    assert adjusted(call, bare) == ("thinking left on",)
    call = chat(reasoning_effort="high", max_tokens=9)
    assert adjusted(call, bare) == ("output_config.effort left out",)


THOUGHT = {"role": "assistant", "content": "A", "reasoning_content": "Hm"}


def test_thinking_that_nobody_signed_stays_here() -> None:
    call = chat(USER, THOUGHT, USER, max_tokens=9)
    assert sent(call)["messages"][1]["content"] == [text("A")]
    assert adjusted(call) == ("earlier thinking left out",)


def test_some_hosts_read_it_without() -> None:
    call = chat(USER, THOUGHT, USER, max_tokens=9)
    assert sent(call, Quirks(reasoning_in="reasoning"))["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": ""},
        text("A"),
    ]
