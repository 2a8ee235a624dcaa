"""Pydantic AI on the Messages API."""
# mypy: ignore-errors
# It runs in the judges' environment, which has no pytest, and whose packages no checker sees.

from __future__ import annotations

from anthropic import AsyncAnthropic
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_cases import cases
from verdict import KEY, MODEL, UNKNOWN, URL, judge

provider = AnthropicProvider(
    anthropic_client=AsyncAnthropic(base_url=URL, api_key=KEY, max_retries=0)
)
judge(
    cases(
        AnthropicModel(MODEL, provider=provider),
        AnthropicModel(UNKNOWN, provider=provider),
        {"anthropic_thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4096},
        {"anthropic_thinking": {"type": "disabled"}, "max_tokens": 4096},
        native=False,
    )
)
