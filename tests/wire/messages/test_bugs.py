"""Faults that were reported of other gateways and engines in this dialect, each as a test that it
is not here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.chat.outgoing import encode as encode_chat
from glimway.wire.chat.read import Reader as ChatReader
from glimway.wire.chat.request import decode as decode_chat
from glimway.wire.chat.write import Style as ChatStyle
from glimway.wire.chat.write import Writer as ChatWriter
from glimway.wire.events import Event, Opaque, Stop, Usage
from glimway.wire.messages.outgoing import encode
from glimway.wire.messages.read import Reader
from glimway.wire.messages.request import decode
from glimway.wire.messages.write import Writer
from glimway.wire.quirks import Quirks, ThinkingControl
from glimway.wire.talk import Call
from wire.chat.grammar import Clean as ChatClean
from wire.messages.grammar import Clean, check_whole
from wire.messages.making import (
    OURS,
    PLAIN,
    USED,
    begin,
    body,
    end,
    grow,
    passed,
    read,
    reply,
    seal,
    sent,
    sse,
    start,
    stop,
    style,
    text,
    thinking,
    told,
    tool,
    unseal,
)

TOOLS = [{"name": name, "input_schema": {"type": "object"}} for name in ("f", "g")]
ASKED = read(tools=TOOLS)
TINY = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
GLM = Quirks(
    thinking=ThinkingControl(
        known=True,
        on={"thinking": {"type": "enabled"}},
        off={"thinking": {"type": "disabled"}},
        keep="thinking.clear_thinking",
    )
)


def chunk(finish: str | None = None, usage: Any = None, **delta: Any) -> Any:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "x", "model": "glm", "choices": [choice], "usage": usage}


def call_of(index: int, **function: Any) -> dict[str, Any]:
    head = {"id": f"c{index}", "type": "function"} if "name" in function else {}
    return {"index": index, **head, "function": function}


def from_chat(*chunks: Any, done: bool = True) -> Clean:
    """What a client of this dialect gets for the stream of a chat host."""
    stream = b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in chunks)
    reader = ChatReader(PLAIN, "stem", ASKED)
    writer = Writer(style())
    frames = reader.feed(stream + (b"data: [DONE]\n\n" if done else b"")) + reader.close()
    out = b"".join(writer.frame(events) for events in frames)
    if reader.fault is not None:
        error = {"type": "error", "error": {"type": "api_error", "message": "broken"}}
        return Clean(out + writer.error(json.dumps(error).encode()))
    stops = [one for events in frames for one in events if isinstance(one, Stop)]
    return Clean(out + writer.end(stops, reader.usage or USED, None))


def to_chat(quirks: Quirks = PLAIN, **members: Any) -> Any:
    """What a chat host gets for a request of this dialect."""
    return json.loads(encode_chat(read(**members), quirks, "glm").body)


def shape(found: Clean) -> list[str]:
    return [block["type"] for block in found.blocks]


# ---- streams --------------------------------------------------------------------------------

KINDS: dict[str, Any] = {
    "thinking": {"reasoning_content": "a"},
    "text": {"content": "b"},
    "call": {"tool_calls": [call_of(0, name="f", arguments='{"x":1}')]},
}


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_the_first_delta_of_each_block_is_there(first: str, second: str) -> None:
    """github.com/BerriAI/litellm/issues/30014, pull/30024, pull/25216: it was dropped."""
    deltas = [json.loads(json.dumps(KINDS[name])) for name in (first, second)]
    if first == second == "call":
        deltas[1]["tool_calls"][0].update(index=1, id="c1")
    found = from_chat(*(chunk(**delta) for delta in deltas), chunk("stop"))
    names = (first, second)
    assert found.thought == "a" * names.count("thinking")
    assert found.text == "b" * names.count("text")
    assert [given for _, _, given in found.calls] == [{"x": 1}] * names.count("call")


def test_a_stream_that_begins_with_thinking_has_no_block_of_text_before() -> None:
    """github.com/BerriAI/litellm/issues/31560, /29518, pull/34433, pull/25212: "Content block is
    not a thinking block"."""
    found = from_chat(
        chunk(role="assistant", content=""),
        chunk(reasoning_content="Hm"),
        chunk(content="Hi"),
        chunk("stop"),
    )
    assert shape(found) == ["thinking", "text"]


@pytest.mark.parametrize("order", ["tca", "cta", "atct", "ctct", "tatc"])
def test_a_number_is_never_used_twice(order: str) -> None:
    """github.com/ollama/ollama/issues/17101, sgl-project/sglang/issues/26795,
    BerriAI/litellm/issues/13373: text and thinking shared one ("Content block not found")."""
    deltas: list[Any] = []
    for number, sign in enumerate(order):
        call = {"tool_calls": [call_of(number, name="f", arguments="{}")]}
        deltas.append({"t": {"reasoning_content": "a"}, "c": {"content": "b"}, "a": call}[sign])
    found = from_chat(*(chunk(**delta) for delta in deltas), chunk("stop"))
    assert len(found.blocks) == len(order)


def test_parallel_calls_do_not_overlap() -> None:
    """github.com/maximhq/bifrost/pull/3441, farion1231/cc-switch/pull/2303,
    open-webui/open-webui/pull/25963, Portkey-AI/gateway/issues/1275 and /980."""
    found = from_chat(
        chunk(tool_calls=[call_of(0, name="f", arguments=""), call_of(1, name="g", arguments="")]),
        chunk(tool_calls=[call_of(1, arguments='{"y"')]),
        chunk(tool_calls=[call_of(0, arguments='{"x"')]),
        chunk(tool_calls=[call_of(0, arguments=":1}"), call_of(1, arguments=":2}")]),
        chunk("tool_calls"),
    )
    assert [call[1:] for call in found.calls] == [("f", {"x": 1}), ("g", {"y": 2})]


def test_text_beside_calls_loses_neither() -> None:
    """github.com/BerriAI/litellm/issues/17246: the calls were lost."""
    calls = [call_of(0, name="f", arguments="{}")]
    found = from_chat(chunk("tool_calls", content="Let me look.", tool_calls=calls))
    assert shape(found) == ["text", "tool_use"]


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "end_turn"])
def test_a_call_is_said_to_be_one_whatever_the_host_says(finish: str) -> None:
    """github.com/BerriAI/litellm/issues/34692, maximhq/bifrost/issues/3638,
    vllm-project/agentic-api/pull/296, strands-agents/sdk-python/pull/1827."""
    found = from_chat(chunk(tool_calls=[call_of(0, name="f", arguments="{}")]), chunk(finish))
    assert found.message["stop_reason"] == "tool_use"
    own = Clean(passed(sse(start(), *tool(0, "{}"), *end("end_turn"))))
    assert own.message["stop_reason"] == "tool_use"


def test_no_call_is_said_where_there_is_none() -> None:
    """github.com/vllm-project/vllm/issues/42400: tool_use without a block."""
    assert from_chat(chunk(content="x"), chunk("tool_calls")).message["stop_reason"] == "end_turn"
    own = Clean(passed(sse(start(), *text(0, "x"), *end("tool_use"))))
    assert own.message["stop_reason"] == "end_turn"


def test_the_beginning_has_type_and_role() -> None:
    """github.com/vllm-project/vllm/issues/45367: every stream of an agent was lost."""
    found = from_chat(chunk(content="x"), chunk("stop"))
    assert (found.message["type"], found.message["role"]) == ("message", "assistant")


def test_a_name_is_never_empty() -> None:
    """github.com/decolua/9router/issues/2077."""
    late = {"index": 0, "function": {"name": "f", "arguments": "}"}}
    first = {"index": 0, "id": "c0", "type": "function", "function": {"arguments": "{"}}
    found = from_chat(chunk(tool_calls=[first]), chunk(tool_calls=[late]), chunk("stop"))
    assert [call[1:] for call in found.calls] == [("f", {})]


def test_content_in_the_first_chunk_counts() -> None:
    """vLLM reads the first chunk of a stream as its head only; some hosts write text into it."""
    assert from_chat(chunk(role="assistant", content="Hi"), chunk("stop")).text == "Hi"


def test_one_chunk_may_hold_everything() -> None:
    """LiteLLM had to split such chunks; github.com/BerriAI/litellm/pull/25216."""
    calls = [call_of(0, name="f", arguments="{}"), call_of(1, name="g", arguments="{}")]
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    found = from_chat(
        chunk("tool_calls", usage, reasoning_content="a", content="b", tool_calls=calls)
    )
    assert shape(found) == ["thinking", "text", "tool_use", "tool_use"]
    assert found.message["usage"]["input_tokens"] == 9


def test_new_calls_under_one_index_are_told_apart() -> None:
    """github.com/ai-dynamo/dynamo/issues/4723, vllm-project/vllm/issues/47901."""
    one = {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"x":1}'}}
    other = {"index": 0, "id": "b", "function": {"name": "g", "arguments": '{"y":2}'}}
    found = from_chat(chunk(tool_calls=[one]), chunk(tool_calls=[other]), chunk("tool_calls"))
    assert found.calls == [("a", "f", {"x": 1}), ("b", "g", {"y": 2})]


def test_a_host_that_begins_twice_and_thinks_inside_text() -> None:
    """github.com/BerriAI/litellm/issues/32357: the agent showed nothing."""
    stream = sse(
        start(),
        start(),
        begin(0, type="text", text=""),
        grow(0, "thinking_delta", thinking="Hm"),
        grow(0, "text_delta", text="Hi"),
        stop(0),
        *end(),
    )
    found = Clean(passed(stream))
    assert (found.thought, found.text) == ("Hm", "Hi")


def test_a_host_that_mixes_up_its_blocks() -> None:
    """github.com/BerriAI/litellm/issues/33224, /22997: the same family, met from a host."""
    stream = sse(
        start(),
        begin(0, type="tool_use", id="a", name="f", input={}),
        begin(1, type="tool_use", id="b", name="g", input={}),
        grow(1, "input_json_delta", partial_json='{"y":'),
        grow(0, "input_json_delta", partial_json='{"x":'),
        grow(1, "input_json_delta", partial_json="2}"),
        grow(0, "input_json_delta", partial_json="1}"),
        stop(0),
        stop(1),
        *end("tool_use"),
    )
    assert Clean(passed(stream)).calls == [("a", "f", {"x": 1}), ("b", "g", {"y": 2})]


@pytest.mark.parametrize("size", range(5))
def test_a_cut_stream_never_looks_complete(size: int) -> None:
    """github.com/BerriAI/litellm/issues/32475, anomalyco/opencode/issues/39968 and others."""
    chunks = [
        chunk(role="assistant", content=""),
        chunk(reasoning_content="Hm"),
        chunk(content="Hi"),
        chunk(tool_calls=[call_of(0, name="f", arguments='{"x"')]),
        chunk(tool_calls=[call_of(0, arguments=":1}")]),
    ]
    assert from_chat(*chunks[: size + 1], done=False).failed
    parts = [start(), *thinking(0, "Hm"), *text(1, "Hi"), *tool(2, "{}"), end("tool_use")[0]]
    for at in range(len(parts)):
        reader = Reader(PLAIN, "stem", OURS)
        reader.feed(sse(*parts[: at + 1]))
        reader.close()
        assert reader.fault is not None
        assert not reader.done


# ---- counts ---------------------------------------------------------------------------------


def test_cached_tokens_are_counted_once_in_both_directions() -> None:
    """github.com/firebase/genkit/issues/5412, larsderidder/context-lens/issues/51,
    maximhq/bifrost/issues/904."""
    usage = {
        "prompt_tokens": 21,
        "completion_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 13, "cache_write_tokens": 3},
    }
    shown = from_chat(chunk(content="x"), chunk("stop", usage)).message["usage"]
    assert shown["input_tokens"] == 5
    assert (shown["cache_read_input_tokens"], shown["cache_creation_input_tokens"]) == (13, 3)
    theirs = {
        "input_tokens": 5,
        "cache_read_input_tokens": 13,
        "cache_creation_input_tokens": 3,
        "output_tokens": 8,
    }
    reader = Reader(PLAIN, "stem")
    reader.whole(reply({"type": "text", "text": "x"}, usage=theirs))
    assert reader.usage == Usage(21, 8, cached=13, cache_write=3)


def test_streamed_and_whole_answers_count_alike() -> None:
    """github.com/BerriAI/litellm/issues/37923: every streamed call was priced at nothing."""
    usage: dict[str, Any] = {
        "input_tokens": 8,
        "cache_read_input_tokens": 20,
        "output_tokens": 8,
    }
    whole = Reader(PLAIN, "stem")
    whole.whole(reply({"type": "text", "text": "x"}, usage=usage))
    for first in ({}, {"usage": {"input_tokens": 0, "output_tokens": 0}}, {"usage": None}):
        _, reader = told(sse(start(**first), *text(0, "x"), *end(**usage)))
        assert reader.usage == whole.usage == Usage(28, 8, cached=20)


def test_the_beginning_has_counts() -> None:
    """github.com/vercel/ai/issues/17326: message_start said 0/0 and the agent showed no cost."""
    assert from_chat(chunk(content="x"), chunk("stop")).first_usage["input_tokens"] == 11


def test_more_cached_than_there_was_is_not_negative() -> None:
    """github.com/QuantumNous/new-api/issues/3259."""
    usage = {
        "prompt_tokens": 5,
        "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 9},
    }
    shown = from_chat(chunk(content="x"), chunk("stop", usage)).message["usage"]
    assert shown["input_tokens"] == 0


# ---- thinking over turns --------------------------------------------------------------------

HISTORY: list[dict[str, Any]] = [
    {"role": "user", "content": "Look it up."},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "First.", "signature": "EqQB"},
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
            {"type": "thinking", "thinking": "Then.", "signature": "EqQC"},
            {"type": "redacted_thinking", "data": "enc"},
            {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "1"},
            {"type": "tool_result", "tool_use_id": "toolu_2"},
            {"type": "text", "text": "Go on."},
        ],
    },
]


def test_replayed_thinking_is_neither_reshaped_nor_reordered() -> None:
    """github.com/maximhq/bifrost/issues/6342, /5093, BerriAI/litellm/issues/40654, /26916."""
    assert sent(read(messages=HISTORY))["messages"] == HISTORY


def test_thinking_reaches_a_chat_host_as_thinking() -> None:
    """github.com/envoyproxy/ai-gateway/issues/2098, maximhq/bifrost/issues/3802,
    QuantumNous/new-api/pull/4497: config, history and images were dropped."""
    image = {"role": "user", "content": [{"type": "image", "source": TINY}]}
    thinking_on = {"type": "enabled", "budget_tokens": 2048}
    given = to_chat(GLM, messages=[*HISTORY, image], tools=TOOLS, thinking=thinking_on)
    assert given["thinking"]["type"] == "enabled"
    said = given["messages"][1]
    assert "First." in said["reasoning_content"]
    assert "Then." in said["reasoning_content"]
    assert said["content"] == "Let me look."
    assert [call["function"]["name"] for call in said["tool_calls"]] == ["f", "g"]
    assert [one["role"] for one in given["messages"][2:5]] == ["tool", "tool", "user"]
    assert "iVBORw0KGgo=" in json.dumps(given["messages"][4:])


def test_a_signature_never_reaches_another_maker() -> None:
    """github.com/anthropics/claude-code/issues/10627, ding113/claude-code-hub/issues/518,
    router-for-me/CLIProxyAPI/pull/570, strands-agents/sdk-python/issues/1598: "Invalid signature in
    thinking block" ended the conversation for good."""
    how = style(seal=seal)
    stream = sse(start(model="glm-4.7"), *thinking(0, "Hm"), *text(1, "Hi"), *end())
    answer = Clean(passed(stream, how)).blocks
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": answer}]
    again = [*messages, {"role": "user", "content": "y"}]
    call = decode(body(messages=again), [], unseal)
    home = json.loads(encode(call, PLAIN, "glm-4.7").body)["messages"][1]["content"]
    assert home[0] == {"type": "thinking", "thinking": "Hm", "signature": "sig"}
    away = encode(call, PLAIN, "another")
    assert json.loads(away.body)["messages"][1]["content"] == [{"type": "text", "text": "Hi"}]
    assert away.adjusted == ("earlier thinking left out",)


def test_redacted_thinking_is_kept_in_streams() -> None:
    """github.com/maximhq/bifrost/issues/5093."""
    stream = sse(start(), begin(0, type="redacted_thinking", data="enc"), stop(0), *end())
    assert Clean(passed(stream)).blocks == [{"type": "redacted_thinking", "data": "enc"}]


# ---- requests -------------------------------------------------------------------------------


def test_instructions_amid_a_conversation_are_accepted() -> None:
    """github.com/anthropics/claude-code/issues/63469, /77698: a wave of breakage."""
    amid = {"role": "system", "content": [{"type": "text", "text": "Tools changed."}]}
    messages = [{"role": "user", "content": "Hi"}, amid]
    assert sent(read(messages=messages))["messages"] == messages
    assert [one["role"] for one in to_chat(messages=messages)["messages"]] == ["user", "system"]


def test_a_billing_header_does_not_kill_the_prefix_cache() -> None:
    """github.com/anthropics/claude-code/issues/68900, vllm-project/vllm/pull/36829,
    musistudio/claude-code-router/issues/1372."""

    def prefix(mark: str) -> Any:
        head = {"type": "text", "text": f"x-anthropic-billing-header: cch={mark};"}
        return to_chat(system=[head, {"type": "text", "text": "You are an agent."}])["messages"]

    assert prefix("1") == prefix("2")
    assert prefix("1")[0]["content"] == "You are an agent."


def test_ids_of_any_characters_come_back_as_they_were() -> None:
    """github.com/maximhq/bifrost/pull/5097, langchain-ai/langchain/pull/37756,
    QwenLM/qwen-code/issues/8160."""
    theirs = {"index": 0, "id": "functions.Bash:0", "function": {"name": "f", "arguments": "{}"}}
    found = from_chat(chunk(tool_calls=[theirs]), chunk("tool_calls"))
    ((call_id, _, _),) = found.calls
    assert call_id.replace("_", "").replace("-", "").isalnum()
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": found.blocks},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call_id}]},
    ]
    given = to_chat(messages=messages)["messages"]
    assert given[1]["tool_calls"][0]["id"] == "functions.Bash:0"
    assert given[2]["tool_call_id"] == "functions.Bash:0"
    assert sent(read(messages=messages))["messages"] == messages


def test_images_in_results_stand_behind_all_results() -> None:
    """github.com/BerriAI/litellm/issues/23712: they were lost."""
    results = [
        {
            "type": "tool_result",
            "tool_use_id": "toolu_1",
            "content": [{"type": "text", "text": "A"}, {"type": "image", "source": TINY}],
        },
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": "B"},
    ]
    messages = [*HISTORY[:2], {"role": "user", "content": results}]
    given = to_chat(messages=messages)["messages"][2:]
    assert [one["role"] for one in given] == ["tool", "tool", "user"]
    assert "iVBORw0KGgo=" in json.dumps(given[2])


def test_a_result_without_content_is_one() -> None:
    """github.com/maximhq/bifrost/pull/6346: it vanished."""
    given = to_chat(messages=HISTORY)["messages"]
    assert [one["content"] for one in given if one["role"] == "tool"] == ["1", ""]


def test_calls_one_at_a_time_are_asked_for() -> None:
    """github.com/vllm-project/vllm/issues/9451: parallel_tool_calls: false was ignored."""
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    given = to_chat(tools=TOOLS, tool_choice=choice)
    assert given["parallel_tool_calls"] is False
    functions = [{"type": "function", "function": {"name": "f"}}]
    call = decode_chat(
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Hi"}],
            "tools": functions,
            "parallel_tool_calls": False,
        }
    )
    assert sent(call)["tool_choice"] == choice


def test_an_answer_without_citations_has_no_null() -> None:
    """A null there broke the AI SDK's reader."""
    block = {"type": "text", "text": "x", "citations": None}
    assert "citations" not in passed(sse(start(), begin(0, **block), stop(0), *end())).decode()
    reader = Reader(PLAIN, "stem", OURS)
    events = reader.whole(reply(block))
    assert "citations" not in check_whole(Writer(style()).whole(events, USED, None))["content"][0]


def test_members_of_other_servers_survive() -> None:
    """github.com/maximhq/bifrost/issues/5100, /4596: what a typed reader did not know was lost."""
    call = read(container={"skills": [{"skill_id": "x"}]}, mcp_servers=[], x_new=[1])
    written = sent(call)
    assert (written["container"], written["x_new"]) == ({"skills": [{"skill_id": "x"}]}, [1])


# ---- the other way --------------------------------------------------------------------------


def as_chat(stream: bytes) -> ChatClean:
    """What a chat client gets for the stream of a host of this dialect."""
    events, reader = told(stream, Call("m", [], "chat"))
    writer = ChatWriter(ChatStyle("chatcmpl-1", "m", 1))
    stops = [one for one in events if isinstance(one, Stop)]
    assert reader.usage is not None
    return ChatClean(writer.frame(events) + writer.end(stops, reader.usage, None))


def test_chat_clients_get_all_of_it() -> None:
    """github.com/Portkey-AI/gateway/issues/1275, tensorzero/tensorzero/issues/1361."""
    stream = sse(
        start(),
        *thinking(0, "Hm"),
        *text(1, "Let me "),
        *tool(2, '{"a":', "1}", call_id="a"),
        *tool(3, call_id="b", name="g"),
        *end("tool_use"),
    )
    found = as_chat(stream)
    assert (found.thought[0], found.text[0]) == ("Hm", "Let me ")
    assert found.calls[0] == [["a", "f", '{"a":1}'], ["b", "g", "{}"]]
    assert found.finish == {0: "tool_calls"}
    assert found.usage["prompt_tokens"] == 28
    assert found.usage["prompt_tokens_details"] == {"cached_tokens": 20}


def test_sources_reach_chat_clients_with_their_places() -> None:
    """The dialects cite by block and by place in the text; offsets are counted over blocks."""
    hit = {"type": "web_search_result_location", "url": "https://a", "encrypted_index": "E"}
    block = [
        begin(1, type="text", text=""),
        grow(1, "text_delta", text="the sea"),
        grow(1, "citations_delta", citation={**hit, "title": "A", "cited_text": "x"}),
        stop(1),
    ]
    events, _ = told(sse(start(), *text(0, "By "), *block, *end()))
    out = ChatWriter(ChatStyle("chatcmpl-1", "m", 1)).frame(events)
    assert b'"start_index":3,"end_index":10' in out


def test_opaque_events_of_this_dialect_stay_in_it() -> None:
    frames: list[Event] = [Opaque("block", {"type": "server_tool_use"}, dialect="messages")]
    assert ChatWriter(ChatStyle("chatcmpl-1", "m", 1)).frame(frames) == b""
