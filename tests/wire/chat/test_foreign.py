"""Requests of other dialects, as a chat host gets them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.data import load_profiles
from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.read import Reader
from glimway.wire.chat.request import decode
from glimway.wire.chat.write import Writer
from glimway.wire.events import Cited, Event, Opaque, Stop, Text, ToolArgs, ToolOpen, Usage
from glimway.wire.quirks import Quirks, WebSearch
from glimway.wire.refusal import Refusal
from glimway.wire.talk import (
    COMMON_MEMBERS,
    Call,
    CallPart,
    FilePart,
    Format,
    ImagePart,
    OpaquePart,
    Part,
    RefusalPart,
    ResultPart,
    TextPart,
    Thinking,
    ThoughtPart,
    Tool,
    ToolChoice,
    Turn,
)
from wire.chat.grammar import check_whole
from wire.chat.replies import STYLE, answer

ZAI = load_profiles()["zai"].quirks
IMAGE = ImagePart("https://x.test/a.png", "low", {"part": {"id": "1"}})
WRITTEN_IMAGE = {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}}
OWN = {"item": {"id": "msg_1", "status": "completed"}}
MARK = {"cache_control": {"type": "ephemeral"}}


def hello() -> list[Turn]:
    return [Turn("user", [TextPart("Hello")])]


def out(call: Call, quirks: Quirks | None = None) -> tuple[Any, tuple[str, ...]]:
    outgoing = encode(call, Quirks() if quirks is None else quirks, "m")
    return json.loads(outgoing.body), outgoing.adjusted


def asked(**members: Any) -> Call:
    return Call("asked", members.pop("turns", hello()), "elsewhere", **members)


def messages(*turns: Turn, quirks: Quirks | None = None) -> Any:
    return out(asked(turns=list(turns)), quirks)[0]["messages"]


def named(*turns: Turn) -> tuple[str, ...]:
    return out(asked(turns=list(turns)))[1]


def refused(call: Call, quirks: Quirks | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        out(call, quirks)
    return caught.value


def result(call_id: str | None, *parts: Part, failed: bool = False) -> Turn:
    return Turn("tool", [ResultPart(call_id, list(parts), "parts", failed, OWN)])


# ---- members --------------------------------------------------------------------------------


def test_only_members_that_mean_the_same_everywhere_are_written() -> None:
    common = {
        name: {"a": "b"} if name == "metadata" else 1
        for name in sorted(COMMON_MEMBERS - {"store", "metadata", "logprobs", "top_logprobs"})
    }
    call = asked(extra={**common, "store": True, "metadata": {"a": "b"}, "truncation": "auto"})
    body, adjusted = out(call)
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        **common,
    }
    assert adjusted == ("truncation left out",)
    assert call.extra["truncation"] == "auto"


def test_members_have_chats_own_names() -> None:
    call = asked(
        max_tokens=9,
        user="u-12345",
        stop=["a"],
        seed=3,
        temperature=0.5,
        top_p=0.9,
        stream=True,
        spelled={"max_tokens": "max_output_tokens", "user": "other", "stop": "string"},
    )
    body, adjusted = out(call)
    del body["messages"]
    assert body == {
        "model": "m",
        "stream": True,
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["a"],
        "seed": 3,
        "user": "u-12345",
        "stream_options": {"include_usage": True},
    }
    assert adjusted == ()


def test_log_probabilities_that_would_not_reach_the_caller_are_not_asked_for() -> None:
    body, adjusted = out(asked(extra={"top_logprobs": 3}))
    assert not {"logprobs", "top_logprobs"} & body.keys()
    assert adjusted == ("top_logprobs left out",)


LEFT = ("thinking left to the provider",)


@pytest.mark.parametrize(
    ("knob", "written", "adjusted"),
    [
        (Thinking(on=True, effort="high", raw={"thinking": {"x": 1}}), "high", ()),
        (Thinking(on=False, effort="none", raw={"reasoning": {"effort": "none"}}), "none", ()),
        (Thinking(on=False, raw={"thinking": {"type": "disabled"}}), "none", ()),
        (Thinking(on=True, budget_tokens=99), None, ("thinking budget left out",)),
        (Thinking(keep=True), None, ("clear_thinking left out",)),
        (Thinking(on=True, raw={"thinking": {"type": "enabled"}}), None, LEFT),
    ],
)
def test_thinking_at_a_host_of_which_nothing_is_known(
    knob: Thinking, written: str | None, adjusted: tuple[str, ...]
) -> None:
    body, changes = out(asked(thinking=knob))
    assert body.get("reasoning_effort") == written
    assert not {"thinking", "reasoning"} & body.keys()
    assert changes == adjusted


def test_thinking_at_a_host_whose_control_is_known() -> None:
    foreign = {"thinking": {"type": "disabled", "display": "omitted"}, "output_config": {"x": 1}}
    body, adjusted = out(asked(thinking=Thinking(on=False, raw=foreign)), ZAI)
    assert body["thinking"] == {"type": "disabled"}
    assert adjusted == ()
    knob = Thinking(on=True, budget_tokens=4096, raw={"thinking": {"budget_tokens": 4096}})
    body, adjusted = out(asked(thinking=knob), ZAI)
    assert body["thinking"] == {"type": "enabled"}
    assert adjusted == ("thinking budget left out",)


def test_formats() -> None:
    schema = {"type": "object"}
    form = Format("json_schema", "", schema, strict=True, extra={"description": "d", "x": 1})
    assert out(asked(format=form))[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "response",
            "schema": schema,
            "strict": True,
            "description": "d",
        },
    }
    form = Format("json_object", extra={"schema": schema})
    assert out(asked(format=form))[0]["response_format"] == {"type": "json_object"}
    refusal = refused(asked(format=Format("opaque", value={"type": "grammar"})))
    assert (refusal.kind, refusal.param) == ("unsupported", "response_format")
    assert "grammar" in refusal.message


# ---- tools ----------------------------------------------------------------------------------

F = Tool("function", "f", "d", {"type": "object"}, extra={"namespace": {"name": "n"}})
WRITTEN_F = {
    "type": "function",
    "function": {"name": "f", "description": "d", "parameters": {"type": "object"}},
}
STAND_IN = {"type": "object", "properties": {"input": {"type": "string"}}}
PATCH = Tool("custom", "patch", "p", STAND_IN, value={"type": "custom"}, dialect="elsewhere")
WRITTEN_PATCH = {
    "type": "function",
    "function": {"name": "patch", "description": "p", "parameters": STAND_IN},
}
SEARCH = Tool("web_search_20250305", "web_search", value={"max_uses": 3}, dialect="elsewhere")
SHELL = Tool("local_shell", value={"type": "local_shell"}, dialect="elsewhere")


def test_functions_and_tools_of_free_text_become_functions() -> None:
    body, adjusted = out(asked(tools=[F, PATCH], parallel_tool_calls=False))
    assert body["tools"] == [WRITTEN_F, WRITTEN_PATCH]
    assert body["parallel_tool_calls"] is False
    assert adjusted == ()
    (bare,) = out(asked(tools=[Tool("custom", "x")]))[0]["tools"]
    assert bare["function"]["parameters"]["required"] == ["input"]
    (bare,) = out(asked(tools=[Tool("function", "x")]))[0]["tools"]
    assert bare["function"]["parameters"] == {"type": "object", "properties": {}}


def test_a_tool_of_free_text_is_called_as_the_function_that_stands_in() -> None:
    for text in ("*** Begin\n", '"quoted"', ""):
        call = CallPart("c1", "patch", text, "custom", OWN)
        (_, message, _) = messages(
            *hello(), Turn("assistant", [call]), result("c1", TextPart("done"))
        )
        (written,) = message["tool_calls"]
        assert written["type"] == "function"
        assert json.loads(written["function"]["arguments"]) == {"input": text}


def test_a_leaked_call_of_a_tool_of_free_text_is_found() -> None:
    said = "<tool_call>patch<arg_key>input</arg_key><arg_value>a\nb</arg_value></tool_call>"
    events = Reader(Quirks(), "stem", asked(tools=[PATCH])).whole(answer({"content": said}))
    assert [one.name for one in events if isinstance(one, ToolOpen)] == ["patch"]
    assert [one.text for one in events if isinstance(one, ToolArgs)] == ['{"input":"a\\nb"}']


@pytest.mark.parametrize("tool", [SEARCH, SHELL])
def test_a_tool_that_only_another_api_runs_is_left_out_and_named(tool: Tool) -> None:
    body, adjusted = out(asked(tools=[tool, F], tool_choice=ToolChoice("auto")))
    assert body["tools"] == [WRITTEN_F]
    assert adjusted == (f"tool of type {tool.kind} left out",)
    refusal = refused(asked(tools=[tool]))
    assert (refusal.kind, refusal.param) == ("unsupported", "tools[0]")
    assert tool.kind in refusal.message
    assert refused(asked(tools=[tool, F], tool_choice=ToolChoice("named", ("web_search",)))).param


def test_a_search_goes_to_a_host_that_has_one() -> None:
    search = WebSearch("tool", {"type": "web_search", "web_search": {"enable": True}})
    body, adjusted = out(asked(tools=[F, SEARCH]), Quirks(web_search=search))
    assert body["tools"] == [WRITTEN_F, search.tool]
    assert adjusted == ("web_search_20250305.max_uses left out",)


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("none"), "none"),
        (ToolChoice("required", value={"type": "any"}), "required"),
        (
            ToolChoice("named", ("patch",), {"type": "custom", "name": "patch"}),
            {"type": "function", "function": {"name": "patch"}},
        ),
        (
            ToolChoice("allowed", ("f", "gone"), {"mode": "required", "tools": []}),
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "f"}}],
                },
            },
        ),
    ],
)
def test_choices(choice: ToolChoice, written: Any) -> None:
    assert out(asked(tools=[F, PATCH], tool_choice=choice))[0]["tool_choice"] == written


@pytest.mark.parametrize(
    "choice",
    [
        ToolChoice("opaque", value={"type": "web_search"}),
        ToolChoice("named", ("other",)),
        ToolChoice("allowed", ("other",)),
    ],
)
def test_a_choice_of_what_cannot_be_sent_is_refused(choice: ToolChoice) -> None:
    refusal = refused(asked(tools=[F], tool_choice=choice))
    assert (refusal.kind, refusal.param) == ("unsupported", "tool_choice")


def test_without_tools_there_is_nothing_to_choose() -> None:
    body, _ = out(asked(tool_choice=ToolChoice("auto"), parallel_tool_calls=True))
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & body.keys()
    assert refused(asked(tool_choice=ToolChoice("required"))).param == "tool_choice"


# ---- turns ----------------------------------------------------------------------------------


def test_members_of_another_dialect_are_not_written() -> None:
    turns = [
        Turn("system", [TextPart("S", MARK)], "parts", extra=OWN),
        Turn("user", [TextPart("U", OWN), TextPart("V")], "parts", name="kim"),
        Turn("assistant", [TextPart("A", {"item": {}, "form": "text"})]),
    ]
    assert messages(*turns) == [
        {"role": "system", "content": "S"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "U"}, {"type": "text", "text": "V"}],
            "name": "kim",
        },
        {"role": "assistant", "content": "A"},
    ]
    assert named(*turns) == ("cache_control left out",)


def test_a_developer_speaks_as_the_host_knows_it() -> None:
    turn = Turn("developer", [TextPart("D")])
    assert messages(turn, *hello())[0]["role"] == "developer"
    assert messages(turn, *hello(), quirks=ZAI)[0] == {"role": "system", "content": "D"}


def test_one_message_of_the_assistant_whatever_the_order_of_its_parts() -> None:
    turn = Turn(
        "assistant",
        [
            ThoughtPart("First.", "thinking", signature="s", extra=OWN),
            TextPart("I look."),
            CallPart("c1", "f", "", extra=OWN),
            ThoughtPart("Second.", "reasoning_text"),
            CallPart("c2", "f", '{"a":1}'),
            ThoughtPart("", "thinking", sealed="only they can read it"),
            RefusalPart("Not that.", "part"),
        ],
    )
    (_, message, *_) = messages(*hello(), turn, result("c1"), result("c2", TextPart("2")))
    assert message == {
        "role": "assistant",
        "content": [{"type": "text", "text": "I look."}, {"type": "text", "text": "Not that."}],
        "reasoning_content": "First.\n\nSecond.",
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "c2", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
        ],
    }
    assert named(*hello(), turn) == ("sealed thinking left out",)


def test_an_assistant_who_said_nothing_that_can_be_sent_is_still_there() -> None:
    turn = Turn("assistant", [ThoughtPart("", signature="s")])
    assert messages(*hello(), turn, *hello())[1] == {"role": "assistant", "content": ""}


def test_two_turns_of_the_assistant_are_one_message() -> None:
    """Results must follow their calls at once, whatever was said between."""
    turns = [
        Turn("assistant", [CallPart("c1", "f", "{}")]),
        Turn("assistant", [TextPart("Wait.")]),
        result("c1", TextPart("1")),
    ]
    roles = [message["role"] for message in messages(*hello(), *turns)]
    assert roles == ["user", "assistant", "tool"]


def test_results_stand_before_what_is_said_beside_them() -> None:
    turns = [
        Turn("assistant", [CallPart("c1", "f", "{}"), CallPart("c2", "f", "{}")]),
        Turn("user", [TextPart("And now?")]),
        Turn("tool", [ResultPart("c1", [TextPart("1")])], joined=True),
        Turn("user", [TextPart("Go on.")], joined=True),
        Turn("tool", [ResultPart("c2", [TextPart("2")])], joined=True),
    ]
    assert messages(*hello(), *turns)[2:] == [
        {"role": "tool", "content": "1", "tool_call_id": "c1"},
        {"role": "tool", "content": "2", "tool_call_id": "c2"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "And now?"},
                {"type": "text", "text": "Go on."},
            ],
        },
    ]


def test_images_of_results_follow_all_of_them() -> None:
    turns = [
        Turn("assistant", [CallPart("c1", "f", "{}"), CallPart("c2", "f", "{}")]),
        result("c1", TextPart("See"), IMAGE),
        result("c2", TextPart("2")),
    ]
    shown = [{"type": "text", "text": "From the tool results above:"}, WRITTEN_IMAGE]
    expected: list[Any] = [
        {"role": "tool", "content": "See\n\n[image]", "tool_call_id": "c1"},
        {"role": "tool", "content": "2", "tool_call_id": "c2"},
        {"role": "user", "content": shown},
    ]
    assert messages(*hello(), *turns)[2:] == expected
    said = Turn("user", [TextPart("And?")])
    expected[-1] = {"role": "user", "content": [*shown, {"type": "text", "text": "And?"}]}
    assert messages(*hello(), *turns, said)[2:] == expected
    thought = Turn("assistant", [TextPart("I see.")])
    expected[-1] = {"role": "user", "content": shown}
    assert messages(*hello(), *turns, thought)[2:] == [
        *expected,
        {"role": "assistant", "content": "I see."},
    ]


def test_a_result_that_is_empty_or_failed_is_still_one() -> None:
    turns = [
        Turn("assistant", [CallPart("c1", "f", "{}"), CallPart("c2", "f", "{}")]),
        result("c1"),
        result("c2", TextPart("no such file"), failed=True),
    ]
    assert messages(*hello(), *turns)[2:] == [
        {"role": "tool", "content": "", "tool_call_id": "c1"},
        {"role": "tool", "content": "Error: no such file", "tool_call_id": "c2"},
    ]


def test_calls_and_results_without_ids_find_one_another() -> None:
    turns = [
        Turn("assistant", [CallPart(None, "f", "{}"), CallPart(None, "g", "{}")]),
        result(None, TextPart("1")),
        result(None, TextPart("2")),
    ]
    (_, message, first, second) = messages(*hello(), *turns)
    ids = [call["id"] for call in message["tool_calls"]]
    assert ids == [first["tool_call_id"], second["tool_call_id"]]
    assert len(set(ids)) == 2


def test_a_result_inside_the_assistants_own_turn_follows_it() -> None:
    turn = Turn(
        "assistant",
        [
            CallPart("c1", "f", "{}"),
            ResultPart("c1", [TextPart("1")]),
            TextPart("So."),
        ],
    )
    roles = [message["role"] for message in messages(*hello(), turn)]
    assert roles == ["user", "assistant", "tool"]


# ---- parts ----------------------------------------------------------------------------------

PDF = "data:application/pdf;base64,JVBERi0="


@pytest.mark.parametrize(
    ("part", "written"),
    [
        (IMAGE, WRITTEN_IMAGE),
        (
            FilePart("file", {}, "elsewhere", url=PDF, filename="a.pdf"),
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
        ),
        (
            FilePart("file", {}, "elsewhere", url=PDF),
            {"type": "file", "file": {"filename": "document.pdf", "file_data": PDF}},
        ),
        (
            FilePart("file", {}, "elsewhere", url="https://x.test/a.pdf"),
            {"type": "file_url", "file_url": {"url": "https://x.test/a.pdf"}},
        ),
        (
            FilePart("file", {}, "elsewhere", url="data:text/plain;base64,w6Q=", filename="n.txt"),
            {"type": "text", "text": "n.txt\n\nä"},
        ),
        (
            FilePart("file", {}, "elsewhere", url="data:text/plain,plain"),
            {"type": "text", "text": "plain"},
        ),
        (
            FilePart("audio", {}, "elsewhere", url="data:audio/wav;base64,UklG"),
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
        ),
        (
            FilePart("video", {}, "elsewhere", url="https://x.test/a.mp4"),
            {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}},
        ),
    ],
)
def test_files_go_as_chat_has_them(part: Part, written: Any) -> None:
    (message,) = messages(Turn("user", [TextPart("See"), part], "parts"))
    assert message["content"][1] == written


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (FilePart("file", {"file_id": "f"}, "elsewhere"), "unsupported"),
        (FilePart("audio", {}, "elsewhere", url="https://x.test/a.wav"), "unsupported"),
        (FilePart("file", {}, "elsewhere", url="data:text/plain;base64,?"), "invalid"),
        (OpaquePart({"type": "input_image", "file_id": "f"}, "elsewhere"), "unsupported"),
        (OpaquePart({"type": "item_reference", "id": "i"}, "elsewhere"), "unsupported"),
        (
            OpaquePart({"type": "image", "source": {"type": "file", "file_id": "f"}}, "elsewhere"),
            "unsupported",
        ),
    ],
)
def test_what_the_model_must_read_and_cannot_is_refused(part: Part, kind: str) -> None:
    for turn in (Turn("user", [part], "parts"), result("c1", part)):
        assert refused(asked(turns=[turn])).kind == kind


def test_a_part_that_only_another_api_understands_is_left_out_and_named() -> None:
    opaque = OpaquePart({"type": "web_search_call", "id": "w"}, "elsewhere")
    turns = [Turn("user", [opaque]), *hello(), Turn("assistant", [opaque, TextPart("A")])]
    assert messages(*turns) == [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "A"},
    ]
    assert named(*turns) == ("a part of type web_search_call left out",)


def test_a_call_is_not_changed_by_being_written() -> None:
    turns = [
        Turn("user", [TextPart("a", MARK)]),
        Turn("user", [TextPart("b")], joined=True),
        Turn("assistant", [CallPart(None, "f", "")]),
        result(None, IMAGE),
    ]
    call = asked(turns=turns, tools=[F, PATCH], thinking=Thinking(effort="high", raw={"x": {}}))
    before = repr(call)
    assert out(call) == out(call)
    assert out(call, ZAI) == out(call, ZAI)
    assert repr(call) == before


# ---- answers --------------------------------------------------------------------------------


def test_sources_are_told_to_dialects_that_have_a_place_for_them() -> None:
    note = {
        "type": "url_citation",
        "url_citation": {"url": "https://x.test", "title": "X", "start_index": 2, "end_index": 5},
    }
    odd = [{"type": "url_citation"}, {"type": "file"}, 7]
    body = answer({"content": "As X says.", "annotations": [note, *odd]})
    cited = [e for e in Reader(Quirks(), "s", asked()).whole(body) if isinstance(e, Cited)]
    assert [(one.url, one.title, one.start, one.end) for one in cited] == [
        ("https://x.test", "X", 2, 5)
    ]
    findings = [{"link": "https://y.test", "title": "Y", "refer": "ref_1"}, {"title": "none"}, 7]
    body = answer({"content": "As Y says."}, web_search=findings)
    cited = [e for e in Reader(ZAI, "s", asked()).whole(body) if isinstance(e, Cited)]
    assert [(one.url, one.title) for one in cited] == [("https://y.test", "Y")]


def test_a_client_of_chat_gets_sources_as_they_came() -> None:
    body = answer({"content": "A", "annotations": [1]}, web_search=[{"link": "https://y.test"}])
    call = decode({"model": "m", "messages": [{"role": "user", "content": "Hello"}]})
    events = Reader(ZAI, "s", call).whole(body)
    assert not [one for one in events if isinstance(one, Cited)]
    kept = [one.value for one in events if isinstance(one, Opaque)]
    assert kept == [{"annotations": [1]}, {"web_search": [{"link": "https://y.test"}]}]


def test_a_source_of_another_dialect_is_an_annotation() -> None:
    said: list[Event] = [Text("A"), Cited("https://x.test"), Cited(None, "a file"), Stop("stop")]
    reply = json.loads(Writer(STYLE).whole(said, Usage(), None))
    (note,) = reply["choices"][0]["message"]["annotations"]
    assert note["url_citation"] == {
        "url": "https://x.test",
        "title": "https://x.test",
        "start_index": 0,
        "end_index": 0,
    }
    check_whole(json.dumps(reply).encode())
    frames = Writer(STYLE).frame(said[:2])
    assert b'"annotations":[{' in frames


def test_a_result_whose_message_began_with_something_lost_stays_behind_its_call() -> None:
    lost = Turn("tool", [OpaquePart({"type": "approval"}, "elsewhere")])
    call = Turn("assistant", [CallPart("c1", "f", "{}")])
    result = Turn("tool", [ResultPart("c1", [TextPart("done")])], joined=True)
    written = messages(*hello(), call, lost, result)
    assert [message["role"] for message in written] == ["user", "assistant", "tool"]


@pytest.mark.parametrize("member", ["stop_reason", "matched_stop"])
@pytest.mark.parametrize(
    ("met", "told"), [("END", "END"), ("other", None), (151329, None), (None, None)]
)
def test_the_stop_string_that_was_met_is_told(
    member: str, met: str | int | None, told: str | None
) -> None:
    # vLLM and SGLang say it; an engine's own end token is no stop string of the caller's.
    body = json.loads(answer({"content": "Hi"}))
    body["choices"][0] |= {"finish_reason": "stop", member: met}
    reader = Reader(Quirks(), "s", asked(stop=["x", "END"]))
    stops = [event for event in reader.whole(json.dumps(body).encode()) if isinstance(event, Stop)]
    assert [stop.sequence for stop in stops] == [told]
