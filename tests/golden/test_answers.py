"""Every answer of the corpus, from every host's dialect to every client's: however its bytes are
cut, the client's grammar holds, and it is told what the answer means."""

from __future__ import annotations

import json

import pytest

from glimway.surface.mounts import MOUNTS, Mount
from glimway.wire.aisdk import AISDK_CLIENT
from glimway.wire.events import Usage
from glimway.wire.refusal import Fault
from golden.cases import CLIENT_DIALECTS, HOST_ANSWERS, Answer, Meaning, Used, answers
from golden.clients import STREAMED, WHOLE, Understood, plain_call
from golden.hosts import COST_USD, answered, heard, streamed, used
from kit.splits import byte_by_byte, every_cut, seeded_cuts, whole
from wire.aisdk.grammar import check_stream
from wire.chat.grammar import Clean as ChatClean

SEEDED_CUTS = 50

WORDS: dict[str, dict[str, str]] = {
    "chat": {
        "stop": "stop",
        "length": "length",
        "tool_calls": "tool_calls",
        "content_filter": "content_filter",
        "pause": "stop",
        "context": "length",
    },
    "responses": {
        "stop": "completed",
        "length": "max_output_tokens",
        "tool_calls": "completed",
        "content_filter": "content_filter",
        "pause": "completed",
        "context": "max_output_tokens",
    },
    "messages": {
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "content_filter": "refusal",
        "pause": "pause_turn",
        "context": "model_context_window_exceeded",
    },
    "aisdk": {
        "stop": "stop",
        "length": "length",
        "tool_calls": "tool-calls",
        "content_filter": "content-filter",
        "pause": "other",
        "context": "length",
    },
}
"""Why an answer ended, in each dialect's words."""


NO_PLACE_FOR_REFUSALS = ("messages", "aisdk")
"""Here a refusal in words is text, and the reason of the end says that it is one."""


@pytest.mark.parametrize("answer", HOST_ANSWERS, ids=lambda answer: answer.label)
def test_a_reader_does_not_care_where_a_stream_is_cut(answer: Answer) -> None:
    call = plain_call(answer.dialect)
    expected = heard(answer.dialect, whole(answer.stream), call)
    for pieces in (byte_by_byte(answer.stream), *every_cut(answer.stream)):
        found = heard(answer.dialect, pieces, call)
        assert found.frames == expected.frames
        assert found.usage == expected.usage
        assert found.done == expected.done
        assert str(found.fault) == str(expected.fault)


@pytest.mark.parametrize("client", CLIENT_DIALECTS)
@pytest.mark.parametrize("answer", HOST_ANSWERS, ids=lambda answer: answer.label)
def test_a_client_is_told_what_a_stream_means(answer: Answer, client: str) -> None:
    call = plain_call(client)
    stream = answer.stream
    read = heard(answer.dialect, whole(stream), call)
    assert (read.fault.kind if read.fault else None) == answer.meaning.fails
    out = streamed(client, call, read)
    understood = STREAMED[client](out)
    check(client, understood, answer)
    assert read.fault is not None or used(read.usage) == answer.meaning.usage
    ways = [stream.splitlines(keepends=True)]
    ways += [seeded_cuts(stream, seed, 1 + seed % 24) for seed in range(SEEDED_CUTS)]
    for pieces in ways:
        again = heard(answer.dialect, pieces, call)
        assert again.frames == read.frames
        assert again.usage == read.usage
        assert same(streamed(client, call, again), out)


@pytest.mark.parametrize("client", CLIENT_DIALECTS)
@pytest.mark.parametrize(
    "answer",
    [answer for answer in HOST_ANSWERS if answer.whole is not None],
    ids=lambda answer: answer.label,
)
def test_a_client_is_told_what_a_whole_reply_means(answer: Answer, client: str) -> None:
    assert answer.whole is not None
    body, usage = answered(client, plain_call(client), answer.dialect, answer.whole)
    check(client, WHOLE[client](body), answer)
    assert used(usage) == answer.meaning.usage


LAX = {
    "chat": {"declined": ".json"},
    "responses": {"error": ".sse"},
    "messages": {"text": ".sse", "tool": ".sse", "cached": ".sse", "empty": ".json"},
}
"""Where a dialect's maker says less than is safe for every client: ``content: null`` beside a
refusal, an ``error`` event in one of its two spellings, cumulative counts that leave some out, an
answer without a block."""


@pytest.mark.parametrize("dialect", CLIENT_DIALECTS)
def test_the_corpus_is_clean_by_the_same_rules(dialect: str) -> None:
    for answer in answers(dialect):
        lax = LAX.get(dialect, {}).get(answer.name, "")
        if answer.meaning.fails != "broken" and lax != ".sse":
            check(dialect, STREAMED[dialect](answer.stream), answer)
        if answer.whole is not None and lax != ".json":
            check(dialect, WHOLE[dialect](answer.whole), answer)


@pytest.mark.parametrize("mount", MOUNTS, ids=lambda mount: f"{mount.name}-{mount.side.name}")
def test_every_mount_writes_what_its_clients_can_read(mount: Mount) -> None:
    client = mount.side.name
    call = plain_call(client)
    for answer in HOST_ANSWERS:
        read = heard(answer.dialect, whole(answer.stream), call)
        writer = mount.writer(call, "01golden", 1_700_000_000, 40)
        out = b"".join(writer.frame(events) for events in read.frames)
        if read.fault is not None:
            out += writer.error(mount.refuse(read.fault, "req_1").body)
        else:
            out += writer.end(read.stops, read.usage or Usage(), COST_USD)
        if client == "chat":
            clean = ChatClean(out)
            assert clean.text[0] == answer.meaning.text
            assert clean.thought[0] == answer.meaning.thought
            assert clean.failed or clean.usage["prompt_tokens"] == answer.meaning.usage.input
        else:
            check(client, STREAMED[client](out), answer)


@pytest.mark.parametrize("answer", HOST_ANSWERS, ids=lambda answer: answer.label)
def test_the_older_version_of_the_sdk_is_told_the_same(answer: Answer) -> None:
    headers = [
        (b"ai-language-model-id", b"zai/glm-4.7"),
        (b"ai-language-model-specification-version", b"3"),
    ]
    prompt = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
    call = AISDK_CLIENT.decode({"prompt": prompt}, headers)
    read = heard(answer.dialect, whole(answer.stream), call)
    parts = check_stream(streamed("aisdk", call, read), "3")
    said = "".join(one["delta"] for one in parts if one["type"] == "text-delta")
    assert said == told_text("aisdk", answer.meaning)


def check(client: str, understood: Understood, answer: Answer) -> None:
    """A client understood what an answer means, as far as its dialect has words for it."""
    meaning = answer.meaning
    assert understood.text == told_text(client, meaning)
    assert understood.thought == meaning.thought
    assert understood.refusal == ("" if client in NO_PLACE_FOR_REFUSALS else meaning.refusal)
    assert understood.sources == meaning.sources
    assert understood.second == (meaning.second if client == "chat" else "")
    if meaning.stop == "length" and client == "aisdk":
        assert not understood.calls, "a call that was cut is no call"
    else:
        assert told_calls(understood) == told_calls(meaning)
    if meaning.stop is None:
        assert understood.stop is None
        return
    assert understood.stop == expected_stop(client, meaning)
    assert understood.usage == meaning.usage


def told_text(client: str, meaning: Meaning) -> str:
    """A refusal is text where there is no other place for words."""
    return meaning.text + (meaning.refusal if client in NO_PLACE_FOR_REFUSALS else "")


def told_calls(told: Understood | Meaning) -> list[object]:
    """Name and arguments of each call, as values. One that was cut is not a value: it is a text,
    or the member of an object that says so, where only an object may stand."""
    calls: list[object] = []
    for name, arguments in told.calls:
        try:
            value = json.loads(arguments)
        except ValueError:
            value = arguments
        calls.append((name, value["_raw"] if type(value) is dict and "_raw" in value else value))
    return calls


def expected_stop(client: str, meaning: Meaning) -> str:
    """The word for the end."""
    assert meaning.stop is not None
    if client == "messages" and meaning.sequence is not None:
        return "stop_sequence"
    if meaning.refusal and client in NO_PLACE_FOR_REFUSALS:
        return WORDS[client]["content_filter"]
    return WORDS[client][meaning.stop]


def same(one: bytes, other: bytes) -> bool:
    """Two outputs, but for the clock's reading."""
    if one == other:
        return True
    cleared = [[clear(line) for line in stream.splitlines()] for stream in (one, other)]
    return cleared[0] == cleared[1]


def clear(line: bytes) -> object:
    if not line.startswith(b"data: {"):
        return line
    event = json.loads(line[6:])
    if "response" in event:
        event["response"].pop("completed_at", None)
    return event


def test_the_corpus_has_what_it_should() -> None:
    names = {answer.name for answer in HOST_ANSWERS}
    assert {answer.meaning.stop for answer in HOST_ANSWERS} == {*WORDS["chat"], None}
    assert {answer.meaning.fails for answer in HOST_ANSWERS} >= {None, "overloaded", "broken"}
    assert Used(0, 0, 0, 0, 0) not in [answer.meaning.usage for answer in HOST_ANSWERS]
    assert len(names) >= 20


def test_a_failure_has_words() -> None:
    for answer in HOST_ANSWERS:
        if answer.meaning.fails is not None:
            fault = heard(answer.dialect, [answer.stream], plain_call("chat")).fault
            assert isinstance(fault, Fault)
            assert fault.detail
