"""Anthropic's own library asks how long a prompt is."""
# mypy: ignore-errors
# It runs in the judges' environment, whose packages the type checker does not see.

from __future__ import annotations

import anthropic
from verdict import KEY, MODEL, URL, judge

client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0)


def _count():  # noqa: ANN202
    def count(text):  # noqa: ANN001, ANN202
        messages = [{"role": "user", "content": text}]
        return client.messages.count_tokens(model=MODEL, messages=messages).input_tokens

    assert 1 <= count("How long is this?") < count("How long is this? " * 20) <= 400


judge({"count": _count})
