"""Every dialect of clients on every dialect of hosts: what a streamed chunk costs in between.

Knows how each client dialect asks for the same short stream, and where a chunk and the end show in
its answer. Refuses to know how a gateway translates, and what a chunk may cost.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateways import CHAT_PATH, CHUNKS_PER_STREAM, Target
from glimway_setup import PROFILES as HOSTS
from measure import Load, cpu_s, wait_quiet
from servers import BenchError

QUESTION = "Say in two sentences what a gateway is."
OPENED_S = 1.5
"""All streams are opened within the first second of it, and each once: a pair takes 5 s."""


@dataclass(frozen=True)
class Client:
    """One dialect of clients: a question in it, and the marks that the load counts."""

    path: str
    ask: Callable[[str], dict[str, Any]]
    """The body, for a model's name."""
    mark: str
    last: str
    headers: Callable[[str], tuple[str, ...]] = lambda _model: ()
    """What is said beside the body, for a model's name."""


def _turn(content: object) -> list[dict[str, object]]:
    return [{"role": "user", "content": content}]


def _chat(model: str) -> dict[str, Any]:
    wish = {"include_usage": True}
    return {"model": model, "messages": _turn(QUESTION), "stream": True, "stream_options": wish}


def _messages(model: str) -> dict[str, Any]:
    return {"model": model, "messages": _turn(QUESTION), "max_tokens": 1024, "stream": True}


def _responses(model: str) -> dict[str, Any]:
    return {"model": model, "input": QUESTION, "store": False, "stream": True}


def _aisdk(_model: str) -> dict[str, Any]:
    return {"prompt": _turn([{"type": "text", "text": QUESTION}])}


def _aisdk_headers(model: str) -> tuple[str, ...]:
    return (
        f"ai-language-model-id: {model}",
        "ai-language-model-specification-version: 4",
        "ai-language-model-streaming: true",
        "ai-gateway-protocol-version: 0.0.1",
    )


CLIENTS: Mapping[str, Client] = {
    "chat": Client(CHAT_PATH, _chat, '"content":"', "[DONE]"),
    "messages": Client("/v1/messages", _messages, '"text_delta"', '"message_stop"'),
    "responses": Client(
        "/v1/responses", _responses, '"response.output_text.delta"', '"response.completed"'
    ),
    "aisdk": Client(
        "/v4/ai/language-model", _aisdk, '"text-delta"', '"finish"', headers=_aisdk_headers
    ),
}


def figure_of(client: str, host: str) -> str:
    """The name of a pair's figure."""
    return f"cpu_us_per_chunk {client} {host}"


CHAT_PAIR = figure_of("chat", "chat")
"""The pair that every gateway can make."""
PAIR_FIGURES = tuple(figure_of(client, host) for client in CLIENTS for host in HOSTS)


def _load(target: Target, load: Load, client: Client, model: str) -> Load:
    path = load.body.with_name("pair.json")
    path.write_text(json.dumps(client.ask(model), separators=(",", ":")))
    asked = replace(load, body=path, mark=client.mark, last=client.last)
    # Another gateway has one path of its own, and it is a chat path.
    where = client.path if target.translates else load.path
    return replace(asked, path=where, headers=client.headers(model))


def _chunk_us(load: Load, streams: int, root: int) -> float:
    before_s = cpu_s(root)
    report = load.run("streams", OPENED_S, streams=streams)
    wait_quiet(root)
    expected = report["requests"] * CHUNKS_PER_STREAM
    if report["chunks"] != expected:
        raise BenchError(f"{report['chunks']} chunks of {expected} came out")
    spent: float = (cpu_s(root) - before_s) * 1e6 / expected
    return spent


def pair_figures(target: Target, load: Load, streams: int) -> dict[str, float]:
    """CPU per chunk of each pair that the gateway can make.

    Raises BenchError when any answer of any pair was wrong.
    """
    if target.server is None:
        raise BenchError("the stub itself translates nothing")
    pid = target.server.pid
    figures: dict[str, float] = {}
    for name, client in CLIENTS.items():
        for host in HOSTS:
            if not target.translates and figure_of(name, host) != CHAT_PAIR:
                continue
            asked = _load(target, load, client, target.model_at("paced", host))
            try:
                figures[figure_of(name, host)] = _chunk_us(asked, streams, pid)
            except BenchError as error:
                raise BenchError(f"{name} on {host}: {error}") from error
    return figures
