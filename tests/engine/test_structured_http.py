"""A schema is honoured at a host that does not hold to schemas: words, a check, one repair.

Over real sockets, before one scripted host with JSON mode alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.stage import ADMIN_KEY, COST_NANOUSD, PRICE, UNLIMITED, Stage
from kit import answers
from kit.gateway import Gateway, config
from kit.http import Response, call
from kit.provider import ScriptedProvider
from kit.steps import Close, WaitForClose

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "sky": {"enum": ["clear", "cloudy"]},
    },
    "required": ["city", "sky"],
    "additionalProperties": False,
}
GOOD = '{"city": "Lisbon", "sky": "clear"}'
BAD = '{"city": "Lisbon", "sky": "rainy"}'


def form(schema: Any = SCHEMA) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "report", "schema": schema}}


@pytest.fixture(scope="module")
def narrow() -> Iterator[Stage]:
    """A gateway before a host that takes no schemas."""
    with ScriptedProvider() as provider:
        written = config(provider.url, profile="zai", price=PRICE, more=UNLIMITED)
        with Gateway(written, environment={"GLIMWAY_ADMIN_KEY": ADMIN_KEY}) as gateway:
            yield Stage(gateway, provider)


def operators_receipt(stage: Stage, response: Response) -> dict[str, Any]:
    """The receipt as administrators read it."""
    path = f"/admin/v1/requests/{response.header('x-request-id')}"
    found = call(stage.gateway.url + path, None, {"authorization": f"Bearer {ADMIN_KEY}"})
    document: dict[str, Any] = found.json()
    return document


def scripted(stage: Stage, text: str, *, stream: bool, thought: str = "") -> None:
    if not stream:
        more = {"reasoning_content": thought} if thought else {}
        stage.provider.script(answers.whole(answers.chat(text, **more)))
        return
    frames = answers.chat_frames([text[at : at + 5] for at in range(0, len(text), 5)])
    if thought:
        frames.insert(1, answers.frame(answers.chat_chunk({"reasoning_content": thought})))
    stage.provider.script(*answers.stream(frames))


def ask(stage: Stage, *, stream: bool, **more: Any) -> tuple[Response, list[dict[str, Any]], str]:
    """The answer's head, its deltas (the message of a whole answer), and the reason of its end."""
    asked = {"response_format": form(), "stream": stream, **more}
    if not stream:
        response = stage.call(**asked)
        if response.status != 200:
            return response, [], ""
        (choice,) = response.json()["choices"]
        return response, [choice["message"]], choice["finish_reason"]
    deltas: list[dict[str, Any]] = []
    reason = ""
    with stage.ask(**asked) as client:
        response = client.read_head()
        for frame in client.frames():
            if frame.data in (None, "[DONE]"):
                continue
            document = frame.json()
            if "error" in document:
                return response, [*deltas, document], "error"
            for choice in document["choices"]:
                deltas.append(choice["delta"])
                reason = choice["finish_reason"] or reason
    return response, deltas, reason


def contents(deltas: list[dict[str, Any]]) -> list[str]:
    return [delta["content"] for delta in deltas if delta.get("content")]


both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@both
@pytest.mark.parametrize("text", [GOOD, f"```json\n{GOOD}\n```", f" \n{GOOD}\n"])
def test_an_answer_that_fits_is_one_delta(narrow: Stage, text: str, stream: bool) -> None:
    scripted(narrow, text, stream=stream)
    with narrow.arrivals() as arrived:
        response, deltas, reason = ask(narrow, stream=stream)
    assert response.status == 200, response.body
    assert contents(deltas) == [GOOD]
    assert reason == "stop"
    adjusted = response.header("x-glimway-adjusted")
    assert adjusted == "json_schema said in words and checked here"
    told = arrived[0].json()
    assert told["response_format"] == {"type": "json_object"}
    assert told["messages"][0]["role"] == "system"
    assert '"enum":["clear","cloudy"]' in told["messages"][0]["content"]
    receipt = narrow.receipt(response)
    assert receipt["adjusted"] == [adjusted]
    assert receipt["cost_nanousd"] == COST_NANOUSD


@both
def test_an_answer_that_does_not_fit_is_repaired_at_the_operators_cost(
    narrow: Stage, stream: bool
) -> None:
    scripted(narrow, BAD, stream=stream)
    scripted(narrow, GOOD, stream=False)
    with narrow.arrivals() as arrived:
        response, deltas, reason = ask(narrow, stream=stream)
    assert contents(deltas) == [GOOD]
    assert reason == "stop"
    again = arrived[1].json()
    assert "stream" not in again
    assert again["messages"][-2] == {"role": "assistant", "content": BAD}
    assert 'sky is "rainy"; it must be one of "clear", "cloudy"' in again["messages"][-1]["content"]
    assert again["thinking"] == {"type": "disabled"}
    receipt = operators_receipt(narrow, response)
    assert receipt["cost_nanousd"] == COST_NANOUSD
    first, second = receipt["attempts"]
    assert first["operator_cost_nanousd"] == 0
    assert second["why"] == "to repair an answer that did not fit the schema"
    assert second["operator_cost_nanousd"] == COST_NANOUSD
    assert "answer asked for again to fit the schema" in receipt["adjusted"]


@both
def test_an_answer_that_cannot_be_repaired_is_refused(narrow: Stage, stream: bool) -> None:
    scripted(narrow, BAD, stream=stream)
    scripted(narrow, BAD, stream=False)
    response = narrow.call(stream=stream, response_format=form())
    assert response.status == 400, response.body
    error = response.json()["error"]
    assert error["code"] == "unsupported"
    assert 'sky is "rainy"' in error["message"]
    receipt = narrow.receipt(response)
    assert (receipt["status"], receipt["cost_nanousd"]) == ("failed", 0)
    assert len(receipt["attempts"]) == 2


def test_thinking_streams_while_the_answer_is_held_back(narrow: Stage) -> None:
    scripted(narrow, GOOD, stream=True, thought="Hm.")
    _, deltas, _ = ask(narrow, stream=True)
    spoken = [delta for delta in deltas if delta.get("reasoning_content") or delta.get("content")]
    assert [delta.get("reasoning_content") for delta in spoken] == ["Hm.", None]
    assert contents(deltas) == [GOOD]


def test_after_thinking_a_failure_ends_the_stream_with_an_error(narrow: Stage) -> None:
    scripted(narrow, BAD, stream=True, thought="Hm, let me think of it.")
    narrow.provider.script(answers.error(500, "no"))
    response, deltas, reason = ask(narrow, stream=True)
    assert reason == "error"
    assert not contents(deltas)
    receipt = narrow.receipt(response)
    assert receipt["status"] == "incomplete"
    assert receipt["usage"]["estimated"]  # what was held back is not charged
    assert [one["outcome"] for one in receipt["attempts"]] == ["ok", "overloaded"]


@both
def test_an_answer_cut_by_its_length_goes_on_as_it_is(narrow: Stage, stream: bool) -> None:
    if stream:
        frames = answers.chat_frames(GOOD[:20], finish_reason="length")
        narrow.provider.script(*answers.stream(frames))
    else:
        narrow.provider.script(answers.whole(answers.chat(GOOD[:20], "length")))
    _, deltas, reason = ask(narrow, stream=stream)
    assert (contents(deltas), reason) == ([GOOD[:20]], "length")


def test_tool_calls_are_not_held_to_the_schema(narrow: Stage) -> None:
    looking = answers.tool_call("look", "{}")
    narrow.provider.script(
        answers.whole(answers.chat("Let me look.", "tool_calls", tool_calls=[looking]))
    )
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    with narrow.arrivals() as arrived:
        _, (message,), reason = ask(narrow, stream=False, tools=[tool])
    assert reason == "tool_calls"
    assert message["content"] == "Let me look."
    assert "response_format" not in arrived[0].json()


def test_several_answers_are_each_held_to_the_schema(narrow: Stage) -> None:
    for text in (GOOD, BAD, GOOD):
        scripted(narrow, text, stream=False)
    response = narrow.call(response_format=form(), n=2)
    assert response.status == 200, response.body
    said = [choice["message"]["content"] for choice in response.json()["choices"]]
    assert said == [GOOD, GOOD]
    assert narrow.receipt(response)["cost_nanousd"] == 2 * COST_NANOUSD


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "text"}, "must be one of object"),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "a place that exists"),
        ({"$ref": "https://example.com/schema"}, "a place in this schema"),
    ],
)
def test_a_schema_that_is_none_is_refused_before_anybody_is_asked(
    narrow: Stage, schema: Any, words: str
) -> None:
    with narrow.arrivals() as arrived:
        response = narrow.call(response_format=form(schema))
    assert response.status == 400
    assert words in response.json()["error"]["message"]
    assert response.json()["error"]["param"] == "response_format"
    assert not arrived


def test_a_host_that_falls_silent_amid_held_text_is_a_fault(narrow: Stage) -> None:
    frames = answers.chat_frames(GOOD)
    narrow.provider.script(answers.stream(frames[:2])[0], Close())
    response = narrow.call(stream=True, response_format=form())
    assert response.status == 502, response.body


def test_a_client_that_leaves_stops_the_repair(narrow: Stage) -> None:
    scripted(narrow, BAD, stream=True, thought="Hm.")
    narrow.provider.script(WaitForClose())
    before = len(narrow.provider.requests)
    client = narrow.ask(stream=True, response_format=form())
    narrow.provider.wait_until(lambda: len(narrow.provider.requests) == before + 2)
    response = client.read_head()
    client.close()
    narrow.provider.wait_for_leave(narrow.provider.requests[-1])
    narrow.provider.wait_until(lambda: narrow.has_receipt(response))
    receipt = narrow.receipt(response)
    assert (receipt["status"], receipt["end"]) == ("incomplete", "client_left")
    assert [one["outcome"] for one in receipt["attempts"]] == ["ok", "left"]


def test_an_array_is_not_asked_for_in_the_mode_for_objects(narrow: Stage) -> None:
    scripted(narrow, "[1, 2]", stream=False)
    with narrow.arrivals() as arrived:
        response = narrow.call(
            response_format=form({"type": "array", "items": {"type": "integer"}}),
            messages=[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "?"}],
        )
    assert response.json()["choices"][0]["message"]["content"] == "[1, 2]"
    told = arrived[0].json()
    assert "response_format" not in told
    assert told["messages"][0]["content"].startswith("Be kind.\n\n")
    assert json.loads(told["messages"][0]["content"].splitlines()[-1])["type"] == "array"
