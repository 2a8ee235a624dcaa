"""Pydantic AI on chat completions."""
# mypy: ignore-errors
# It runs in the judges' environment, which has no pytest, and whose packages no checker sees.

from __future__ import annotations

from openai import AsyncOpenAI
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_cases import cases
from verdict import KEY, MODEL, UNKNOWN, URL, judge

provider = OpenAIProvider(
    openai_client=AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
)
judge(
    cases(
        OpenAIChatModel(MODEL, provider=provider),
        OpenAIChatModel(UNKNOWN, provider=provider),
        {"extra_body": {"thinking": {"type": "enabled"}}},
        {"extra_body": {"thinking": {"type": "disabled"}}},
    )
)
