"""What a host cannot do is done here: several answers, more stop strings than it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from engine.stage import COST_NANOUSD, PRICE, UNLIMITED, Stage
from kit import answers
from kit.gateway import Gateway, config
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from kit.steps import Pause, Step, WaitForClose


@pytest.fixture(scope="module")
def narrow() -> Iterator[Stage]:
    """A gateway before a host that writes one answer and takes one stop string."""
    with ScriptedProvider() as provider:
        written = config(provider.url, profile="zai", price=PRICE, more=UNLIMITED)
        with Gateway(written) as gateway:
            yield Stage(gateway, provider)


def told(request: Recorded) -> dict[str, object]:
    document = json.loads(request.body)
    assert isinstance(document, dict)
    return document


def scripted(stage: Stage, *texts: str, stream: bool) -> None:
    for text in texts:
        if stream:
            frames = answers.chat_frames(text)
            stage.provider.script(*answers.stream(frames))
        else:
            stage.provider.script(answers.whole(answers.chat(text)))


def test_several_whole_answers_are_several_calls_and_one_receipt(narrow: Stage) -> None:
    scripted(narrow, "A.", "B.", "C.", stream=False)
    with narrow.arrivals() as arrived:
        response = narrow.call(n=3)
    assert response.status == 200, response.body
    assert all("n" not in told(request) for request in arrived)
    document = response.json()
    assert [choice["index"] for choice in document["choices"]] == [0, 1, 2]
    said = sorted(choice["message"]["content"] for choice in document["choices"])
    assert said == ["A.", "B.", "C."]
    assert document["usage"]["prompt_tokens"] == 3 * 7
    assert document["usage"]["completion_tokens"] == 3 * 5
    receipt = narrow.receipt(response)
    assert receipt["cost_nanousd"] == 3 * COST_NANOUSD
    assert [attempt["outcome"] for attempt in receipt["attempts"]] == ["ok"] * 3
    assert response.header("x-glimway-attempts") == "1"


def test_several_streams_become_one(narrow: Stage) -> None:
    scripted(narrow, "A b c.", "D e f.", stream=True)
    with narrow.ask(stream=True, n=2, stream_options={"include_usage": True}) as client:
        response = client.read_head()
        texts = {0: "", 1: ""}
        ends: list[int] = []
        usage = None
        for frame in client.frames():
            if frame.data in (None, "[DONE]"):
                continue
            document = frame.json()
            usage = document.get("usage") or usage
            for choice in document["choices"]:
                texts[choice["index"]] += choice["delta"].get("content", "")
                if choice["finish_reason"]:
                    ends.append(choice["index"])
    assert sorted(texts.values()) == ["A b c.", "D e f."]
    assert sorted(ends) == [0, 1]
    assert usage is not None
    assert usage["prompt_tokens"] == 14
    assert narrow.receipt(response)["cost_nanousd"] == 2 * COST_NANOUSD


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_one_call_that_fails_fails_the_answer_and_stops_the_others(
    narrow: Stage,
    stream: bool,
) -> None:
    slow: list[Step] = [Pause(0.05), WaitForClose()]
    narrow.provider.script(*slow)
    narrow.provider.script(answers.error(400, "no"))
    with narrow.arrivals() as arrived:
        response = narrow.call(n=2, stream=stream)
    assert response.status == 400, response.body
    narrow.provider.wait_for_leave(arrived[0])
    receipt = narrow.receipt(response)
    assert (receipt["status"], receipt["cost_nanousd"]) == ("failed", 0)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_stop_strings_beyond_the_hosts_are_cut_here(
    narrow: Stage,
    stream: bool,
) -> None:
    scripted(narrow, "One, two; three.", stream=stream)
    with (
        narrow.arrivals() as arrived,
        narrow.ask(stream=stream, stop=["#", ";", "three"]) as client,
    ):
        if stream:
            head = client.read_head()
            text, reason = "", None
            for frame in client.frames():
                if frame.data not in (None, "[DONE]"):
                    for choice in frame.json()["choices"]:
                        text += choice["delta"].get("content", "")
                        reason = choice["finish_reason"] or reason
        else:
            head = client.read_response()
            (choice,) = head.json()["choices"]
            text, reason = choice["message"]["content"], choice["finish_reason"]
    assert told(arrived[0])["stop"] == ["#"]
    assert (text, reason) == ("One, two", "stop")
    assert narrow.receipt(head)["status"] == "ok"
