"""Clients of four dialects: how each asks, and what each must be shown when all is lost.

Knows paths, bodies, and the shapes of errors, alone and inside a stream. Refuses to know providers.
What a stream says is read by the checkers of the dialects' grammars, so a reply that any client
would stumble over does not pass.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from golden.clients import STREAMED, WHOLE, Understood
from kit.http import Response

Json = Any

DIALECTS = ("chat", "messages", "responses", "aisdk")

_PATHS = {
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
    "aisdk": "/v4/ai/language-model",
}
_TALK = [{"role": "user", "content": "Hi."}]
_BODIES: dict[str, dict[str, Json]] = {
    "chat": {"messages": _TALK},
    "messages": {"messages": _TALK, "max_tokens": 64},
    "responses": {"input": "Hi.", "store": False},
    "aisdk": {"prompt": [{"role": "user", "content": [{"type": "text", "text": "Hi."}]}]},
}


class Told(NamedTuple):
    """An error as a client is told it, alone or inside a stream."""

    type: str
    code: str | None


class Row(NamedTuple):
    """A kind of fault in the words of each dialect."""

    status: int
    chat: Told
    messages: Told
    responses: Told
    aisdk: Told
    messages_status: int | None = None

    def status_for(self, dialect: str) -> int:
        """The status of an answer that is nothing but this error."""
        return (
            self.messages_status if dialect == "messages" and self.messages_status else self.status
        )


_AWAY = Row(
    503,
    Told("api_error", "service_unavailable"),
    Told("overloaded_error", None),
    Told("server_error", "server_error"),
    Told("internal_server_error", "service_unavailable"),
    messages_status=529,
)
ROWS: dict[str, Row] = {
    "unreachable": _AWAY,
    "overloaded": _AWAY,
    "quota": _AWAY,
    "auth": _AWAY,
    "rejected": Row(  # here only by a host that does not have the model
        404,
        Told("not_found_error", "model_not_found"),
        Told("not_found_error", None),
        Told("server_error", "server_error"),
        Told("model_not_found", "model_not_found"),
    ),
    "rate_limited": Row(
        429,
        Told("rate_limit_error", "upstream_rate_limited"),
        Told("rate_limit_error", None),
        Told("server_error", "rate_limit_exceeded"),
        Told("rate_limit_exceeded", "upstream_rate_limited"),
    ),
    "broken": Row(
        502,
        Told("api_error", "upstream_error"),
        Told("api_error", None),
        Told("server_error", "server_error"),
        Told("internal_server_error", "upstream_error"),
    ),
    "timeout": Row(
        504,
        Told("api_error", "timeout"),
        Told("timeout_error", None),
        Told("server_error", "server_error"),
        Told("internal_server_error", "timeout"),
    ),
}
"""``responses`` is what the failed response of a stream says; an answer that is nothing but an
error has the words of ``chat`` there."""


class Question(NamedTuple):
    """A request of one client."""

    path: str
    body: dict[str, Json]
    headers: dict[str, str]


def question(dialect: str, model: str, *, stream: bool) -> Question:
    """The smallest call."""
    body = dict(_BODIES[dialect])
    if dialect == "aisdk":
        headers = {
            "ai-language-model-id": model,
            "ai-language-model-specification-version": "4",
            "ai-language-model-streaming": str(stream).lower(),
        }
        return Question(_PATHS[dialect], body, headers)
    body |= {"model": model, "stream": stream}
    if dialect == "chat" and stream:
        body["stream_options"] = {"include_usage": True}
    return Question(_PATHS[dialect], body, {})


def understood(dialect: str, response: Response, *, stream: bool) -> Understood:
    """What a client makes of a 200."""
    kind = (response.header("content-type") or "").partition(";")[0]
    assert kind == ("text/event-stream" if stream else "application/json"), kind
    return (STREAMED if stream else WHOLE)[dialect](response.body)


def error_answer(dialect: str, response: Response) -> Told:
    """What an answer that is nothing but an error says, whose shape is checked."""
    body = response.json()
    request_id = response.header("x-request-id")
    assert request_id
    error = body["error"]
    assert error["message"]
    if dialect == "messages":
        assert (body["type"], body["request_id"]) == ("error", request_id)
        return Told(error["type"], None)
    assert set(error) == {"message", "type", "param", "code"}
    assert body["trace_id"] == request_id
    return Told(error["type"], error["code"])


def error_event(dialect: str, response: Response) -> Told:
    """What the last event of a stream says, which must be an error and have no mark of success
    beside it."""
    blocks = response.body.decode().strip().split("\n\n")
    lines = dict(line.split(": ", 1) for line in blocks[-1].split("\n"))
    assert lines.get("data", "").startswith("{"), f"the last event is no error: {blocks[-1]!r}"
    assert not any(mark in response.body for mark in _SUCCESS[dialect])
    event = json.loads(lines["data"])
    if dialect == "responses":
        assert lines["event"] == event["type"] == "response.failed"
        error = event["response"]["error"]
        return Told("server_error", error["code"])
    error = event["error"]
    assert error["message"]
    if dialect == "messages":
        assert lines["event"] == event["type"] == "error"
        return Told(error["type"], None)
    if dialect == "aisdk":
        assert event["type"] == "error"
    return Told(error["type"], error["code"])


_SUCCESS = {
    "chat": (b"[DONE]", b'"finish_reason":"'),
    "messages": (b"message_stop", b'"stop_reason":"'),
    "responses": (b"response.completed", b"response.incomplete"),
    "aisdk": (b'"type":"finish"',),
}
