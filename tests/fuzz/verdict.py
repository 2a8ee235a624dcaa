"""What an answer to anything at all may be: a sound one, or a refusal in the mount's own words.

Knows the error body of each mount and the last frame of each dialect's stream. Refuses to say which
of the two a request deserves.
"""

from __future__ import annotations

import json
import re
from typing import Any

from kit.http import Response

Json = Any

REFUSED = {400, 404, 413}
MESSAGE_CHARS_MAX = 1_200

_INNER = re.compile(
    r"Traceback|NoneType|object at 0x|\.py\b|KeyError|TypeError|ValueError|AttributeError|glimway\."
    r"|msgspec|127\.0\.0\.1|<class|\bdict\b|\bself\b|\bint\(|'NoneType'"
)
"""What only the program and its operator know."""

_OPENAI = {"message", "type", "param", "code"}


def fault_of(path: str, answer: Response) -> str | None:
    """What is wrong with an answer; None: nothing is."""
    if answer.header("x-request-id") is None:
        return "no x-request-id"
    if answer.status == 200:
        return _of_success(path, answer)
    if answer.status not in REFUSED:
        return f"status {answer.status}"
    try:
        body = answer.json()
    except ValueError:
        return "the error body is no JSON"
    return _of_error(path, body, answer)


def _of_error(path: str, body: Json, answer: Response) -> str | None:
    error = body.get("error")
    if type(error) is not dict:
        return "no error in the body"
    trace = {"trace_id"}
    if "/messages" in path:
        outer, inner, trace = {"type", "error", "request_id"}, {"type", "message"}, {"request_id"}
    elif path.startswith(("/glm", "/api/paas")):
        outer, inner = {"error", "trace_id"}, {"code", "message"}
    elif "/ai/" in path:
        outer, inner = {"error", "generationId", "trace_id"}, _OPENAI
    else:
        outer, inner = {"error", "trace_id"}, _OPENAI
    if set(body) != outer or set(error) != inner:
        return f"members {sorted(body)} and {sorted(error)}"
    if body[trace.pop()] != answer.header("x-request-id"):
        return "the body names another request than the header"
    if path.startswith("/api/paas") and not str(error["code"]).isdecimal():
        return f"code {error['code']}"
    return _of_words(error["message"])


def _of_words(message: Json) -> str | None:
    if type(message) is not str or len(message) < 10:
        return "the message says nothing"
    if len(message) > MESSAGE_CHARS_MAX:
        return f"the message has {len(message)} characters"
    if any(not c.isprintable() for c in message):
        return "a character in the message that cannot be printed"
    # What the caller wrote is quoted in double quotes; the words around it are ours.
    inner = _INNER.search(re.sub(r'"[^"]*("|$)', '""', message))
    return None if inner is None else f"the message tells of {inner[0]!r}"


def _of_success(path: str, answer: Response) -> str | None:
    if not (answer.header("content-type") or "").startswith("text/event-stream"):
        try:
            body = answer.json()
        except ValueError:
            return "the answer is no JSON"
        return "an error with status 200" if body.get("error") else None
    lines = answer.body.decode().split("\n")
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    if not data:
        return "an empty stream"
    last = data[-2:] if data[-1] == "[DONE]" else data[-1:]
    events = [json.loads(one) for one in data if one != "[DONE]"]
    if any(event.get("error") or event.get("type") == "error" for event in events):
        return f"an error in the stream: {last}"
    if "chat/completions" in path:
        return None if data[-1] == "[DONE]" else f"the stream ends with {last}"
    ends = ("message_stop", "finish", "response.completed", "response.incomplete")
    return None if events[-1].get("type") in ends else f"the stream ends with {last}"
