"""LangChain on chat completions."""
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN202
# It runs in the judges' environment, which has no pytest, and whose packages no checker sees.

from __future__ import annotations

import openai
from langchain_cases import cases
from langchain_openai import ChatOpenAI
from verdict import KEY, MODEL, UNKNOWN, URL, judge


def _model(name=MODEL, **members):
    return ChatOpenAI(
        model=name,
        base_url=f"{URL}/v1",
        api_key=KEY,
        max_retries=0,
        use_responses_api=False,
        stream_usage=True,
        **members,
    )


judge(
    cases(
        _model(),
        _model(extra_body={"thinking": {"type": "enabled"}}),
        _model(extra_body={"thinking": {"type": "disabled"}}),
        _model(UNKNOWN),
        openai.NotFoundError,
    )
)
