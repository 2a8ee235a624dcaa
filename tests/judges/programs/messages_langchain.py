"""LangChain on the Messages API."""
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN202
# It runs in the judges' environment, which has no pytest, and whose packages no checker sees.

from __future__ import annotations

import anthropic
from langchain_anthropic import ChatAnthropic
from langchain_cases import cases
from verdict import KEY, MODEL, UNKNOWN, URL, judge


def _model(name=MODEL, **members):
    return ChatAnthropic(
        model=name, base_url=URL, api_key=KEY, max_retries=0, max_tokens=4096, **members
    )


judge(
    cases(
        _model(thinking={"type": "enabled", "budget_tokens": 1024}),
        _model(thinking={"type": "enabled", "budget_tokens": 1024}),
        _model(thinking={"type": "disabled"}),
        _model(UNKNOWN),
        anthropic.NotFoundError,
    )
)
