"""Faults that other gateways had between dialects, tried on every pair of ours at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.talk import Call, CallPart, TextPart, ThoughtPart
from golden.asking import MODEL
from golden.cases import CLIENT_DIALECTS, HOST_DIALECTS, Answer, Request, answers
from golden.clients import STREAMED, asked, mount_of, plain_call
from golden.hosts import HOSTS, PLAIN, answered, heard, streamed

Json = Any
ANSWERS = {(one.dialect, one.name): one for host in HOST_DIALECTS for one in answers(host)}


def frames_of(answer: Answer) -> list[bytes]:
    """A stream, event by event."""
    return [one + b"\n\n" for one in answer.stream.split(b"\n\n") if one]


@pytest.mark.parametrize("client", CLIENT_DIALECTS)
@pytest.mark.parametrize("host", HOST_DIALECTS)
@pytest.mark.parametrize("name", ["thinking_tools", "text", "parallel_tools"])
def test_a_host_that_dies_at_any_step_is_no_success(client: str, host: str, name: str) -> None:
    """github.com/BerriAI/litellm/issues/32475, anomalyco/opencode/issues/39968,
    mozilla-ai/any-llm/pull/847, openai/codex/issues/41340: what had been cut looked finished."""
    call = plain_call(client)
    frames = frames_of(ANSWERS[host, name])
    for size in range(len(frames)):
        read = heard(host, frames[:size], call)
        assert not read.done
        assert read.fault is not None, (size, frames[size - 1])
        assert STREAMED[client](streamed(client, call, read)).stop is None


@pytest.mark.parametrize("client", ["responses", "messages"])
@pytest.mark.parametrize("host", HOST_DIALECTS)
def test_a_turn_that_is_sent_back_keeps_its_order(client: str, host: str) -> None:
    """github.com/BerriAI/litellm/issues/40654, /26916, maximhq/bifrost/issues/6342, /3802:
    thinking was lost, turned into text, or moved."""
    whole = ANSWERS[host, "thinking_tools"].whole
    assert whole is not None
    body, _ = answered(client, plain_call(client), host, whole)
    call = asked(Request(client, "replay", next_turn(client, json.loads(body))))
    order = [
        part
        for turn in call.turns
        for part in turn.parts
        if isinstance(part, TextPart | ThoughtPart | CallPart) and turn.role == "assistant"
    ]
    said = ["Two lookups are needed.", "I will check both.", "get_weather", "get_time"]
    assert [words(part) for part in order] == said
    for other in HOST_DIALECTS:
        outgoing = HOSTS[other].encode(call, PLAIN, MODEL)
        text = outgoing.body.decode()
        kept = [one for one in said[1:] if one in text]
        assert kept == said[1:]
        # Thinking goes back, or its absence is named: nobody else can read what is not signed.
        assert said[0] in text or "earlier thinking left out" in outgoing.adjusted
        assert text.index(said[1]) < text.index('"get_weather"') < text.index('"get_time"')


def words(part: TextPart | ThoughtPart | CallPart) -> str:
    return part.name if isinstance(part, CallPart) else part.text


def next_turn(client: str, reply: Json) -> dict[str, Json]:
    """The request in which a client sends an answer back, with results of its calls."""
    if client == "responses":
        results = [
            {"type": "function_call_output", "call_id": item["call_id"], "output": "ok"}
            for item in reply["output"]
            if item["type"] == "function_call"
        ]
        hello = {"type": "message", "role": "user", "content": "Hi"}
        return {"model": "zai/glm-4.7", "input": [hello, *reply["output"], *results]}
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "ok"}
        for block in reply["content"]
        if block["type"] == "tool_use"
    ]
    turns = [("user", "Hi"), ("assistant", reply["content"]), ("user", results)]
    talk = [{"role": role, "content": content} for role, content in turns]
    return {"model": "zai/glm-4.7", "max_tokens": 64, "messages": talk}


@pytest.mark.parametrize("client", CLIENT_DIALECTS)
def test_usage_is_asked_for_whoever_wants_to_know_it(client: str) -> None:
    """github.com/ding113/claude-code-hub/issues/1165, decolua/9router/issues/2880: a client that
    did not ask was charged nothing."""
    members: Json = {"stream_options": None} if client == "chat" else {}
    call = plain_call(client, **members)
    call.stream = True
    body = json.loads(HOSTS["chat"].encode(call, PLAIN, MODEL).body)
    assert body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("client", CLIENT_DIALECTS)
@pytest.mark.parametrize("host", HOST_DIALECTS)
def test_the_bound_on_the_answer_arrives(client: str, host: str) -> None:
    """github.com/maximhq/bifrost/pull/6547 (6457): it was dropped."""
    bounds = {
        "chat": {"max_completion_tokens": 300},
        "responses": {"max_output_tokens": 300},
        "messages": {"max_tokens": 300},
        "aisdk": {"maxOutputTokens": 300},
    }
    call = plain_call(client, **bounds[client])
    body = json.loads(HOSTS[host].encode(call, PLAIN, MODEL).body)
    assert 300 in body.values()


@pytest.mark.parametrize("host", HOST_DIALECTS)
def test_the_first_chunk_has_the_role(host: str) -> None:
    """github.com/Portkey-AI/gateway/issues/1399."""
    call = plain_call("chat")
    read = heard(host, [ANSWERS[host, "thinking"].stream], call)
    first = streamed("chat", call, read).split(b"\n\n")[0]
    assert json.loads(first[6:])["choices"][0]["delta"]["role"] == "assistant"


@pytest.mark.parametrize("client", CLIENT_DIALECTS)
@pytest.mark.parametrize("host", HOST_DIALECTS)
def test_calls_come_one_by_one_in_pieces(client: str, host: str) -> None:
    """github.com/BerriAI/litellm/issues/21090: a stream was only played back at its end."""
    call = plain_call(client)
    reader = HOSTS[host].reader(PLAIN, "stem", call)
    writer = mount_of(client).writer(call, "01golden", 1_700_000_000, 40)
    grew = 0
    for frame in frames_of(ANSWERS[host, "tool"]):
        out = b"".join(writer.frame(events) for events in reader.feed(frame))
        grew += b"rich" in out or b"days" in out or b"Z" in out
    assert grew >= 2


def test_a_call_is_what_its_client_knows_it_by() -> None:
    """github.com/maximhq/bifrost/issues/5097, langchain-ai/langchain/pull/37756."""
    answer = ANSWERS["chat", "tool"]
    assert answer.whole is not None
    whole = answer.whole.replace(b'"call_w"', b'"functions.Bash:0"')
    for client in ("responses", "messages"):
        body, _ = answered(client, plain_call(client), "chat", whole)
        again = asked(Request(client, "replay", next_turn(client, json.loads(body))))
        for host in HOST_DIALECTS:
            assert ids(again, host), (client, host)


def ids(call: Call, host: str) -> bool:
    """Whether call and result have one id at a host."""
    body = HOSTS[host].encode(call, PLAIN, MODEL).body
    read = mount_of(host).side.decode(json.loads(body), [])
    made = [p.id for t in read.turns for p in t.parts if isinstance(p, CallPart)]
    answered_ = [getattr(p, "id", None) for t in read.turns if t.role == "tool" for p in t.parts]
    return bool(made) and made == answered_
