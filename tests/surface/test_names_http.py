"""What is found wrong with a request is named as its own dialect names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.gateway import Gateway, config

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
HELLO = [{"role": "user", "content": "Hi"}]
OPAQUE = {"type": "grammar", "grammar": "x"}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A provider that is never asked: what is wrong is found before."""
    with Gateway(config("http://127.0.0.1:9", profile="zai")) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/chat/completions", {"messages": HELLO, "response_format": OPAQUE}, "response_format"),
        ("/v1/responses", {"input": "Hi", "text": {"format": OPAQUE}}, "text.format"),
        (
            "/v1/messages",
            {"messages": HELLO, "max_tokens": 9, "output_config": {"format": OPAQUE}},
            None,
        ),
    ],
)
def test_a_format_that_no_host_knows(
    gateway: Gateway, path: str, body: dict[str, Any], param: str | None
) -> None:
    answer = gateway.post(path, {"model": "lab/m", **body})
    assert answer.status == 400, answer.body
    error = answer.json()["error"]
    assert error.get("param") == param
    if param != "response_format":
        assert "response_format" not in error["message"]
