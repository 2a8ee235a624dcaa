"""Answers as Pydantic models, through ``chat.completions.parse``."""

from __future__ import annotations

from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel

from kit import answers
from kit.provider import ScriptedProvider

ASKED: list[Any] = [{"role": "user", "content": "How is the weather in Lisbon for 3 days?"}]


class Day(BaseModel):
    """One day."""

    degrees: float
    sky: Literal["clear", "cloudy"]


class Report(BaseModel):
    """What the model must answer."""

    city: str
    days: list[Day]
    warning: str | None


TEXT = '{"city": "Lisbon", "days": [{"degrees": 21.5, "sky": "clear"}], "warning": null}'
REPORT = Report.model_validate_json(TEXT)


def test_an_answer_is_a_model(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat(TEXT)))
    answer = client.chat.completions.parse(model="lab/m", messages=ASKED, response_format=Report)
    assert answer.choices[0].message.parsed == REPORT
    arrived = host.requests[-1].json()["response_format"]
    assert arrived["type"] == "json_schema"
    assert arrived["json_schema"]["name"] == "Report"
    assert arrived["json_schema"]["strict"] is True
    assert arrived["json_schema"]["schema"]["$defs"]["Day"]["properties"]["sky"]["enum"] == [
        "clear",
        "cloudy",
    ]


def test_a_stream_is_a_model_at_its_end(client: openai.OpenAI, host: ScriptedProvider) -> None:
    pieces = [TEXT[at : at + 7] for at in range(0, len(TEXT), 7)]
    host.script(*answers.stream(answers.chat_frames(pieces)))
    with client.chat.completions.stream(
        model="lab/m", messages=ASKED, response_format=Report
    ) as events:
        done = [event.parsed for event in events if event.type == "content.done"]
        answer = events.get_final_completion()
    assert done == [REPORT]
    assert answer.choices[0].message.parsed == REPORT


@pytest.mark.parametrize("family", ["openai", "vllm", "deepinfra"])
def test_a_host_that_takes_schemas_fills_the_model(client: openai.OpenAI, family: str) -> None:
    model = f"sandbox/glm-4.7:family-{family}"
    answer = client.chat.completions.parse(model=model, messages=ASKED, response_format=Report)
    report = answer.choices[0].message.parsed
    assert report is not None
    assert report.city == "Lisbon"
    assert report.days


def test_tool_arguments_are_a_model(client: openai.OpenAI, host: ScriptedProvider) -> None:
    call = answers.tool_call("Report", TEXT)
    host.script(answers.whole(answers.chat(None, "tool_calls", tool_calls=[call])))
    answer = client.chat.completions.parse(
        model="lab/m", messages=ASKED, tools=[openai.pydantic_function_tool(Report)]
    )
    made = answer.choices[0].message.tool_calls
    assert made is not None
    assert [one.function.parsed_arguments for one in made] == [REPORT]
    assert host.requests[-1].json()["tools"][0]["function"]["strict"] is True


def test_a_refusal_is_a_refusal(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat(None, refusal="I will not.")))
    answer = client.chat.completions.parse(model="lab/m", messages=ASKED, response_format=Report)
    message = answer.choices[0].message
    assert (message.refusal, message.parsed) == ("I will not.", None)


@pytest.mark.parametrize(
    ("finish", "kind"),
    [
        ("length", openai.LengthFinishReasonError),
        ("content_filter", openai.ContentFilterFinishReasonError),
    ],
)
def test_an_answer_that_was_cut_is_an_exception(
    client: openai.OpenAI, host: ScriptedProvider, finish: str, kind: type[openai.OpenAIError]
) -> None:
    host.script(answers.whole(answers.chat(TEXT[:20], finish)))
    with pytest.raises(kind):
        client.chat.completions.parse(model="lab/m", messages=ASKED, response_format=Report)
