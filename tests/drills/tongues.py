"""One text in the three dialects of providers, and what clients of each read.

Knows the shapes of streams and whole answers, spelled out here once more so that a drill does not
agree with the program by birth. Refuses to know who says what, and how it goes wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kit import answers

Json = dict[str, Any]

OUTPUT_TOKENS = 12
"""What every answer is said to have used; fewer say nothing of a pace."""


# --- what providers say ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Stream:
    """One good streamed answer, in frames."""

    before: list[bytes]
    """What comes before the first text."""
    texts: list[bytes]
    """One frame for each text."""
    after: list[bytes]
    """The end."""

    @property
    def frames(self) -> list[bytes]:
        """All of it."""
        return [*self.before, *self.texts, *self.after]


@dataclass(frozen=True)
class Tongue:
    """How a provider of one dialect speaks."""

    path: str
    stream: Callable[[Sequence[str]], Stream]
    whole: Callable[[str], Json]
    error: Callable[[str], bytes]
    """An error inside a stream."""


def _chat(texts: Sequence[str]) -> Stream:
    before, *frames = answers.chat_frames(texts, with_usage=False)[:-1]
    used = {"choices": [], "usage": answers.usage(completion=OUTPUT_TOKENS)}
    last = answers.frame(answers.chat_chunk({}) | used)
    return Stream([before], frames[:-1], [frames[-1], last, answers.DONE])


def _chat_error(message: str) -> bytes:
    return answers.frame({"error": {"message": message, "code": 500}})


def _event(kind: str, **members: Any) -> bytes:
    return answers.frame({"type": kind, **members}, kind)


def _message(content: list[Json], stop: str | None) -> Json:
    return {
        "id": "msg_provider_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": OUTPUT_TOKENS},
    }


def _messages(texts: Sequence[str]) -> Stream:
    block = {"type": "text", "text": ""}
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    return Stream(
        [
            _event("message_start", message=_message([], None)),
            _event("content_block_start", index=0, content_block=block),
            _event("ping"),
        ],
        [_event("content_block_delta", index=0, delta=delta) for delta in deltas],
        [
            _event("content_block_stop", index=0),
            _event(
                "message_delta",
                delta={"stop_reason": "end_turn", "stop_sequence": None},
                usage={"output_tokens": OUTPUT_TOKENS},
            ),
            _event("message_stop"),
        ],
    )


def _messages_whole(text: str) -> Json:
    return _message([{"type": "text", "text": text}], "end_turn")


def _messages_error(message: str) -> bytes:
    return _event("error", error={"type": "overloaded_error", "message": message})


def _response(status: str, output: list[Json]) -> Json:
    used = {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": OUTPUT_TOKENS,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 7 + OUTPUT_TOKENS,
    }
    return {
        "id": "resp_provider_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "model": "m",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "output": output,
        "usage": used if status == "completed" else None,
    }


def _item(status: str, content: list[Json]) -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": []}


def _responses(texts: Sequence[str]) -> Stream:
    number = iter(range(1000))

    def event(kind: str, **members: Any) -> bytes:
        return _event(kind, sequence_number=next(number), **members)

    text = "".join(texts)
    at: Json = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    item = _item("completed", [_part(text)])
    before = [
        event("response.created", response=_response("in_progress", [])),
        event("response.output_item.added", output_index=0, item=_item("in_progress", [])),
        event("response.content_part.added", **at, part=_part("")),
    ]
    deltas = [event("response.output_text.delta", **at, delta=one, logprobs=[]) for one in texts]
    after = [
        event("response.output_text.done", **at, text=text, logprobs=[]),
        event("response.content_part.done", **at, part=_part(text)),
        event("response.output_item.done", output_index=0, item=item),
        event("response.completed", response=_response("completed", [item])),
    ]
    return Stream(before, deltas, after)


def _responses_whole(text: str) -> Json:
    return _response("completed", [_item("completed", [_part(text)])])


def _responses_error(message: str) -> bytes:
    return _event("error", sequence_number=99, code="server_error", message=message, param=None)


TONGUES = {
    "openai": Tongue("/chat/completions", _chat, answers.chat, _chat_error),
    "anthropic": Tongue("/messages", _messages, _messages_whole, _messages_error),
    "responses": Tongue("/responses", _responses, _responses_whole, _responses_error),
}
"""By the profile that a configuration names."""


# --- what clients read ----------------------------------------------------------------------------


@dataclass
class Heard:
    """What a client understood of one answer."""

    text: str = ""
    finished: bool = False
    """The dialect's own end of a good answer."""
    error: str | None = None


@dataclass(frozen=True)
class Ear:
    """How a client of one dialect asks and listens."""

    target: str
    ask: Callable[[str], Json]
    """A body from the user's words."""
    whole: Callable[[Json], str]
    frame: Callable[[Heard, Json], None]
    """Read one frame of a stream."""


def _turns(words: str) -> Json:
    return {"messages": [{"role": "user", "content": words}]}


def _hear_chat(heard: Heard, frame: Json) -> None:
    for choice in frame["choices"]:
        assert not heard.finished or not choice["delta"].get("content"), "text after the finish"
        heard.text += choice["delta"].get("content") or ""


def _hear_messages(heard: Heard, frame: Json) -> None:
    if frame["type"] == "content_block_delta":
        heard.text += frame["delta"]["text"]
    elif frame["type"] == "message_stop":
        heard.finished = True


def _hear_responses(heard: Heard, frame: Json) -> None:
    kind = frame["type"]
    if kind == "response.output_text.delta":
        heard.text += frame["delta"]
    elif kind == "response.output_text.done":
        assert frame["text"] == heard.text, frame
    elif kind == "response.completed":
        assert _output(frame["response"]) == heard.text, frame
        heard.finished = True
    elif kind == "response.failed":
        assert _output(frame["response"]) == heard.text, frame
        heard.error = json.dumps(frame["response"]["error"])


def _output(response: Json) -> str:
    parts = [part for item in response["output"] for part in item["content"]]
    return "".join(part["text"] for part in parts)


EARS = {
    "chat": Ear(
        "/v1/chat/completions",
        _turns,
        lambda body: str(body["choices"][0]["message"]["content"]),
        _hear_chat,
    ),
    "messages": Ear(
        "/v1/messages",
        lambda words: {"max_tokens": 4000, **_turns(words)},
        lambda body: "".join(part["text"] for part in body["content"]),
        _hear_messages,
    ),
    "responses": Ear("/v1/responses", lambda words: {"input": words}, _output, _hear_responses),
}
"""By dialect."""


def heard(ear: Ear, status: int, body: bytes, *, stream: bool) -> Heard:
    """What a client makes of a whole body.

    Raises:
        AssertionError: it is no answer of this dialect, or something follows its end.
    """
    if status != 200 or not stream:
        document = json.loads(body)
        if status != 200:
            return Heard(error=json.dumps(document["error"]))
        return Heard(ear.whole(document), finished=True)
    found = Heard()
    for data in _data(body):
        assert not found.finished, f"after the end came {data}"
        if data == "[DONE]":
            assert found.error is None, "an error ends as if it were none"
            found.finished = True
            continue
        frame = json.loads(data)
        # Streams of responses say it twice: an event, and the response as it stands.
        final = frame.get("type") == "response.failed"
        assert found.error is None or final, f"after an error came {data}"
        if frame.get("error") or frame.get("type") == "error":
            found.error = data
        else:
            ear.frame(found, frame)
    return found


def _data(body: bytes) -> Iterator[str]:
    *blocks, rest = body.decode().split("\n\n")
    assert not rest, f"the stream ends within a frame: {rest!r}"
    for block in blocks:
        lines = [line.removeprefix("data: ") for line in block.split("\n") if line[:5] == "data:"]
        if lines:
            yield "\n".join(lines)
