from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from glimway.sandbox.families import FAMILIES
from sandbox.answers import QUESTION, WEATHER
from sandbox.stage import Stage

MESSAGES: Any = [{"role": "user", "content": QUESTION}]
TOOLS: Any = [WEATHER]
STRUCTURED = sorted(FAMILIES.keys() - {"mistral"})
"""Mistral's list content is no OpenAI shape; its own SDK reads it."""


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    with Stage("uvloop") as stage:
        yield stage


def sdk(stage: Stage, family: str = "") -> openai.OpenAI:
    return openai.OpenAI(base_url=stage.sandbox.url(family), api_key="any", max_retries=0)


@pytest.mark.parametrize("family", STRUCTURED)
def test_openai_s_library_reads_every_family(running: Stage, family: str) -> None:
    with sdk(running, family) as client:
        whole = client.chat.completions.create(model="glm-4.7-flash", messages=MESSAGES)
        text = ""
        with client.chat.completions.create(
            model="glm-4.7-flash", messages=MESSAGES, stream=True
        ) as stream:
            for chunk in stream:
                text += "".join(choice.delta.content or "" for choice in chunk.choices)
        assert text.removesuffix("</s>") == whole.choices[0].message.content
        assert whole.usage is not None
        called = client.chat.completions.create(
            model="glm-4.7-flash", messages=MESSAGES, tools=TOOLS
        )
        calls = called.choices[0].message.tool_calls
        assert calls is not None
        call = calls[0]
        assert call.type == "function"
        assert json.loads(call.function.arguments) == {"city": "Paris", "days": 1}


def test_errors_become_the_library_s_exceptions(running: Stage) -> None:
    with sdk(running, "openai") as client:
        for script, kind in (
            ("429-retry-after", openai.RateLimitError),
            ("401", openai.AuthenticationError),
            ("503", openai.InternalServerError),
            ("reset-before-headers", openai.APIConnectionError),
            ("no-such-script", openai.BadRequestError),
        ):
            with pytest.raises(kind):
                client.chat.completions.create(model=f"glm-4.7:{script}", messages=MESSAGES)


def test_models_are_listed(running: Stage) -> None:
    with sdk(running, "zai") as client:
        assert "glm-4.7-flash" in [model.id for model in client.models.list()]
