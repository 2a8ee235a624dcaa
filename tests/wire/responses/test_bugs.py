"""What went wrong in other gateways at this dialect, each with the report of it."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.chat.request import decode as chat
from glimway.wire.events import Event, Text, Thought, ToolArgs, ToolOpen
from glimway.wire.responses.request import decode
from glimway.wire.responses.stored import continued, given_items
from glimway.wire.talk import CallPart, ResultPart, TextPart, ThoughtPart, Turn
from wire.responses.grammar import Clean, calls
from wire.responses.making import (
    Told,
    about,
    added,
    asking,
    completed,
    created,
    done,
    encoded,
    function,
    message,
    sse,
    style,
    text_stream,
    through,
    unseal,
    written,
)

ALL = style(include=["reasoning.encrypted_content"])
MAKERS: dict[str, list[Event]] = {
    "text": [Text("first "), Text("second")],
    "thought": [Thought("first "), Thought("second")],
    "call": [ToolOpen(0, "c0", "f"), ToolArgs(0, '{"a"'), ToolArgs(0, ": 1}")],
}


def test_the_first_delta_of_each_block_arrives() -> None:
    # https://github.com/BerriAI/litellm/issues/30014
    for before, earlier in MAKERS.items():
        for after, later in MAKERS.items():
            if before == after == "call":
                continue
            events = [*earlier, *later]
            clean = Clean(written(ALL, *([event] for event in events), stop="stop"))
            texts = [before, after].count("text")
            thoughts = [before, after].count("thought")
            assert clean.text == "first second" * texts
            assert clean.summary == "first second" * thoughts
            assert [c[1] for c in calls(clean.response)] == ['{"a": 1}'] * (
                [before, after].count("call")
            )


def test_thinking_after_text_gets_an_item_of_its_own() -> None:
    # https://github.com/ollama/ollama/issues/17101
    frames: list[list[Event]] = [[Thought("a")], [Text("b")], [Thought("c")], [Text("d")]]
    items = Clean(written(ALL, *frames)).items
    assert [item["type"] for item in items] == ["reasoning", "message"] * 2


def test_two_mixed_calls_are_never_open_at_once() -> None:
    # https://github.com/maximhq/bifrost/pull/3441
    frames: list[list[Event]] = [
        [ToolOpen(0, "c0", "f"), ToolArgs(0, '{"a"')],
        [ToolOpen(1, "c1", "g"), ToolArgs(1, '{"b"')],
        [ToolArgs(0, ": 1}"), ToolArgs(1, ": 2}")],
    ]
    assert calls(Clean(written(ALL, *frames, stop="tool_calls")).response) == [
        ("f", '{"a": 1}'),
        ("g", '{"b": 2}'),
    ]


def test_a_finished_call_means_tool_calls_whatever_the_word() -> None:
    # https://github.com/BerriAI/litellm/issues/34692
    assert Told(sse(created(), completed(function("{}")))).stops == ["tool_calls"]


def test_deltas_for_an_unannounced_item_are_announced() -> None:
    # https://github.com/BerriAI/litellm/issues/41185
    # https://github.com/BerriAI/litellm/issues/22102
    events = [about("output_text.delta", "msg_9", 0, content_index=0, delta="a"), completed()]
    clean = Clean(through(sse(created(), *events), ALL))
    assert clean.text == "a"


def test_an_item_id_that_changes_is_one_item() -> None:
    # https://github.com/BerriAI/litellm/issues/30071
    events = [
        added(0, message(item_id="msg_a")),
        about("output_text.delta", "msg_b", 0, content_index=0, delta="Hel"),
        about("output_text.delta", "msg_c", 0, content_index=0, delta="lo"),
        done(0, message("Hello", "msg_d")),
        completed(message("Hello", "msg_e")),
    ]
    clean = Clean(through(sse(created(), *events), ALL))
    assert (clean.text, len(clean.items)) == ("Hello", 1)


def test_arguments_that_come_only_when_done() -> None:
    # https://github.com/BerriAI/litellm/issues/27144
    arguments = '{"city": "Ulm"}'
    for events in (
        [added(0, function()), done(0, function(arguments))],
        [
            added(0, function()),
            about("function_call_arguments.done", "fc_1", 0, arguments=arguments),
        ],
        [],
    ):
        told = Told(sse(created(), *events, completed(function(arguments))))
        assert told.calls == [["call_1", "get_weather", arguments]]


def test_both_kinds_of_thinking_are_read() -> None:
    # https://github.com/BerriAI/litellm/issues/40654
    raw = about("reasoning_text.delta", "rs_1", 0, content_index=0, delta="raw")
    summary = about("reasoning_summary_text.delta", "rs_1", 0, summary_index=0, delta="sum")
    told = Told(sse(created(), raw, summary, completed()))
    assert (told.thought, told.summary) == ("raw", "sum")


def test_thinking_never_becomes_text() -> None:
    # https://github.com/BerriAI/litellm/issues/26916
    clean = Clean(written(ALL, [Thought("secret")], [Text("open")]))
    assert clean.text == "open"
    assert clean.response["output"][1]["content"][0]["text"] == "open"


def test_the_order_of_thoughts_and_calls_survives_a_replay() -> None:
    # https://github.com/maximhq/bifrost/pull/6342
    frames: list[list[Event]] = [
        [Thought("1"), ToolOpen(0, "c0", "f"), ToolArgs(0, "{}")],
        [Thought("2"), ToolOpen(1, "c1", "g"), ToolArgs(1, "{}")],
    ]
    output = Clean(written(ALL, *frames, stop="tool_calls")).response["output"]
    call = decode({"model": "m", "input": output}, unseal)
    (turn,) = call.turns
    said = [p.text if isinstance(p, ThoughtPart) else p.name for p in turn.parts]  # type: ignore[union-attr]
    assert said == ["1", "f", "2", "g"]
    assert [item["type"] for item in encoded(call)["input"]] == [
        "reasoning",
        "function_call",
    ] * 2


def test_sealed_thinking_without_text_survives_a_stream() -> None:
    # https://github.com/maximhq/bifrost/issues/5093
    clean = Clean(written(ALL, [Thought("", sealed="redacted")], [Text("a")]))
    assert clean.items[0]["encrypted_content"]


def test_an_earlier_answers_calls_are_remembered() -> None:
    # https://github.com/vllm-project/vllm/issues/43244
    output = Clean(written(ALL, MAKERS["call"], stop="tool_calls")).response["output"]
    earlier = [*given_items({"input": "Hi"}, "01a"), *output]
    result = {"type": "function_call_output", "call_id": "c0", "output": "4"}
    body = continued({"model": "m", "input": [result]}, earlier)
    roles = [turn.role for turn in decode(body).turns]
    assert roles == ["user", "assistant", "tool"]


def test_replayed_items_with_any_status_are_taken() -> None:
    # https://github.com/vllm-project/vllm/issues/33089
    # https://github.com/vllm-project/vllm/issues/45273
    for status in ("in_progress", "incomplete", "completed", None):
        items = [
            {"type": "reasoning", "id": "r", "summary": [], "status": status, "content": None},
            {**message("a"), "status": status, "phase": "final_answer"},
        ]
        assert len(asking(input=items).turns[0].parts) == 2


@pytest.mark.parametrize("kind", ["namespace", "custom", "web_search", "tool_search"])
def test_tools_of_agents_are_taken(kind: str) -> None:
    # https://github.com/coder/coder/issues/28656
    # https://github.com/ggml-org/llama.cpp/issues/20156
    inner = {"type": "function", "name": "f"}
    tool = {"type": kind, "name": "n", "description": "d", "tools": [inner]}
    call = asking(tools=[tool])
    assert encoded(call)["tools"] == [tool]
    assert call.tools[0].name == ("n__f" if kind == "namespace" else "n")


def test_tools_in_an_input_item_are_found() -> None:
    # https://github.com/theopenco/llmgateway/pull/3613
    item = {
        "type": "additional_tools",
        "role": "developer",
        "tools": [{"type": "function", "name": "f"}],
    }
    assert [tool.name for tool in asking(input=[item]).tools] == ["f"]


def test_a_tools_grammar_is_told_to_models_that_have_functions_only() -> None:
    # https://github.com/router-for-me/CLIProxyAPI/pull/4414
    form = {"type": "grammar", "syntax": "lark", "definition": "start: patch"}
    (tool,) = asking(tools=[{"type": "custom", "name": "apply_patch", "format": form}]).tools
    assert "start: patch" in tool.parameters["properties"]["input"]["description"]


def test_the_output_of_a_tool_may_be_a_list_with_images() -> None:
    # https://github.com/ggml-org/llama.cpp/issues/23465
    # https://github.com/BerriAI/litellm/issues/23712
    image = {"type": "input_image", "image_url": "data:image/png;base64,QQ=="}
    items = [
        {"type": "function_call_output", "call_id": f"c{at}", "output": [image]} for at in range(2)
    ]
    call = asking(input=items)
    assert all(isinstance(turn.parts[0], ResultPart) for turn in call.turns)
    assert encoded(call)["input"] == items


def test_a_result_without_content_does_not_vanish() -> None:
    # https://github.com/maximhq/bifrost/pull/6346
    call = chat(
        {
            "model": "m",
            "messages": [
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "c0", "type": "function", "function": {"name": "f"}}],
                },
                {"role": "tool", "tool_call_id": "c0"},
            ],
        }
    )
    assert encoded(call)["input"][-1] == {
        "type": "function_call_output",
        "call_id": "c0",
        "output": "",
    }


def test_foreign_proofs_do_not_wedge_a_conversation() -> None:
    # https://github.com/can1357/oh-my-pi/issues/6379
    turns = [Turn("assistant", [ThoughtPart("Hm", "thinking", signature="of another")])]
    call = decode({"model": "m", "input": "x"})
    call.turns, call.dialect, call.spelled = turns, "messages", {}
    assert "of another" not in str(encoded(call))


def test_a_provider_that_dies_at_any_step_is_no_success() -> None:
    # https://github.com/BerriAI/litellm/issues/32475
    # https://github.com/anomalyco/opencode/issues/39968
    events = text_stream("a", "b")
    for end in range(len(events)):
        fault = Told(sse(*events[:end])).fault
        assert fault is not None
        assert fault.kind == "broken"


def test_each_stream_ends_with_a_terminal_event() -> None:
    # https://github.com/openai/codex/issues/41340
    for stop in ("stop", "length", "tool_calls", "content_filter", "pause", "refusal"):
        clean = Clean(written(ALL, [Text("a")], stop=stop))
        assert clean.response["status"] in ("completed", "incomplete")


def test_text_is_not_doubled_by_done() -> None:
    # https://github.com/BerriAI/litellm/issues/41109
    clean = Clean(through(sse(*text_stream("Hel", "lo")), ALL))
    assert clean.text == clean.response["output"][0]["content"][0]["text"] == "Hello"


def test_cached_tokens_are_part_of_the_input() -> None:
    # https://github.com/genkit-ai/genkit/issues/5412
    usage = {"input_tokens": 21, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 8}}
    told = Told(sse(created(), completed(message("a"), usage=usage)))
    assert told.reader.usage is not None
    assert (told.reader.usage.input, told.reader.usage.cached) == (21, 8)


def test_ids_of_any_spelling_come_back_as_they_are() -> None:
    # https://github.com/maximhq/bifrost/issues/5097
    told = Told(sse(created(), completed(function("{}", call_id="functions.Bash:0"))))
    assert told.calls[0][0] == "functions.Bash:0"
    clean = Clean(written(ALL, told.events))
    assert clean.items[0]["call_id"] == "functions.Bash:0"


def test_a_call_in_a_stream_of_this_dialect_crashes_nothing() -> None:
    # https://github.com/maximhq/bifrost/issues/2494
    events: list[Any] = [
        added(0, {"type": "function_call"}),
        about("function_call_arguments.delta", "x", 0, delta=None),
        done(0, {"type": "function_call", "name": None}),
        completed(),
    ]
    told = Told(sse(created(), *events))
    assert (told.fault, told.calls) == (None, [])


def test_calls_stream_without_any_knowledge_of_the_model() -> None:
    # https://github.com/BerriAI/litellm/issues/21090
    frames: list[list[Event]] = [
        [ToolOpen(0, "c", "f")],
        [ToolArgs(0, '{"a"')],
        [ToolArgs(0, ": 1}")],
    ]
    kinds = [e["type"] for e in Clean(written(ALL, *frames)).events]
    assert kinds.count("response.function_call_arguments.delta") == 2


def test_all_parts_of_a_message_are_kept() -> None:
    content = [{"type": "output_text", "text": text} for text in ("one", "two")]
    (turn,) = asking(input=[{"role": "assistant", "content": content}]).turns
    assert [part.text for part in turn.parts if isinstance(part, TextPart)] == ["one", "two"]


def test_agents_send_what_no_specification_has() -> None:
    """As codex does: unknown members, developers' messages, no instructions."""
    call = asking(
        input=[
            {"type": "message", "role": "developer", "content": [
                {"type": "input_text", "text": "You are an agent."}]},
            {"type": "message", "role": "user", "id": "msg_1", "content": [
                {"type": "input_text", "text": "Hi"}]},
        ],
        stream=True,
        store=False,
        include=["reasoning.encrypted_content"],
        reasoning={"summary": "auto"},
        tool_choice="auto",
        parallel_tool_calls=True,
        prompt_cache_key="k",
        client_metadata={"x": "y"},
        tools=[{"type": "web_search", "external_web_access": False}],
    )  # fmt: skip
    assert [turn.role for turn in call.turns] == ["developer", "user"]
    assert not any(isinstance(part, CallPart) for turn in call.turns for part in turn.parts)
    assert encoded(call)["client_metadata"] == {"x": "y"}
