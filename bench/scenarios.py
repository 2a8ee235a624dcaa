"""What is measured: each scenario's requests, its figures and who takes part.

Knows request bodies and how a figure comes from CPU, memory and the load's report. Refuses to
know how a gateway is started, or what a good figure would be.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateways import CHUNKS_PER_STREAM, GLIMWAY_MANY, GLIMWAY_WIDE, Target, whole_body
from measure import Load, cpu_s, rss_mib, wait_quiet
from pairs import pair_figures
from servers import BenchError, first_answer_s
from workbench import Side

Figures = Mapping[str, float]
CONNECTIONS = 64
STREAMS = 100
HELD_STREAMS = 5000
REQUESTS_PER_S = 100.0


@dataclass(frozen=True)
class Pace:
    """How long each part of a measurement takes."""

    warm_s: float
    load_s: float
    streams_s: float
    """No stream is opened later; those that are open go on to their end (4 s each)."""
    rate_s: float
    settle_s: float


FULL = Pace(warm_s=1.0, load_s=4.0, streams_s=6.0, rate_s=10.0, settle_s=2.0)
QUICK = Pace(warm_s=0.5, load_s=2.0, streams_s=1.5, rate_s=4.0, settle_s=1.0)


@dataclass(frozen=True)
class Trial:
    """One gateway, started and warm, under one scenario."""

    target: Target
    load: Load
    pace: Pace

    @property
    def pid(self) -> int:
        """The root of the gateway's process tree."""
        if self.target.server is None:
            raise BenchError("the stub itself has no CPU figure")
        return self.target.server.pid


def _message(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def _short() -> dict[str, Any]:
    question = _message("Say in two sentences what a gateway is.")
    return question | {"temperature": 0.7, "max_tokens": 1024}


def _long_prompt() -> dict[str, Any]:
    sentence = "The engine room reports that pressure is steady and the valves are closed.\n"
    text = (sentence * (65536 // len(sentence) + 1))[:65536]
    return _message(text) | {"temperature": 0.7, "max_tokens": 1024}


def _tool(number: int) -> dict[str, Any]:
    text = {"type": "string", "description": "What to look for, in plain words."}
    limit = {"type": "integer", "minimum": 1, "maximum": 100, "description": "At most so many."}
    order = {"type": "string", "enum": ["newest", "oldest", "relevance"]}
    parameters = {
        "type": "object",
        "properties": {"query": text, "limit": limit, "order": order},
        "required": ["query"],
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {
            "name": f"search_shelf_{number}",
            "description": f"Searches shelf number {number} of the archive and lists what it has.",
            "parameters": parameters,
        },
    }


def _with_tools() -> dict[str, Any]:
    return _short() | {"tools": [_tool(number) for number in range(50)], "tool_choice": "auto"}


def _stream() -> dict[str, Any]:
    return _short() | {"stream": True, "stream_options": {"include_usage": True}}


def saturated(trial: Trial) -> Figures:
    """CPU per request and throughput while every connection always has a request open."""
    if trial.target.server is None:
        report = trial.load.run("closed", trial.pace.load_s, connections=CONNECTIONS)
        return {"requests_per_s": report["requests"] / report["seconds"]}
    before_s = cpu_s(trial.pid)
    report = trial.load.run("closed", trial.pace.load_s, connections=CONNECTIONS)
    after_mib = rss_mib(trial.pid)
    wait_quiet(trial.pid)
    return {
        "cpu_us_per_request": (cpu_s(trial.pid) - before_s) * 1e6 / report["requests"],
        "requests_per_s": report["requests"] / report["seconds"],
        "latency_p99_ms": report["latency_us"]["p99"] / 1000,
        "rss_after_mib": after_mib,
    }


def paced_streams(trial: Trial) -> Figures:
    """CPU per content chunk of many slow streams; every chunk has to arrive."""
    before_s = cpu_s(trial.pid)
    report = trial.load.run("streams", trial.pace.streams_s, streams=STREAMS)
    wait_quiet(trial.pid)
    expected = report["requests"] * CHUNKS_PER_STREAM
    if report["chunks"] != expected:
        raise BenchError(f"{report['chunks']} chunks of {expected} came out")
    return {
        "cpu_us_per_chunk": (cpu_s(trial.pid) - before_s) * 1e6 / report["chunks"],
        "first_chunk_p50_ms": report["first_us"]["p50"] / 1000,
        "first_chunk_p99_ms": report["first_us"]["p99"] / 1000,
    }


def steady_rate(trial: Trial) -> Figures:
    """Latency at a fixed, low rate of requests."""
    rate = {"rate": REQUESTS_PER_S, "connections": CONNECTIONS}
    report = trial.load.run("rate", trial.pace.rate_s, **rate)
    figures = {f"{name}_ms": report["latency_us"][name] / 1000 for name in ("p50", "p99")}
    figures["late_p99_ms"] = report["late_us"]["p99"] / 1000
    if trial.target.server is None:
        figures["rested_line_ns"] = trial.load.rested_ns()
    return figures


def held_streams(trial: Trial) -> Figures:
    """Memory while thousands of streams are open and silent."""
    return {"rss_held_mib": trial.load.hold_mib(HELD_STREAMS, trial.pid, trial.pace.settle_s)}


def dialect_pairs(trial: Trial) -> Figures:
    """CPU per content chunk for each dialect of clients on each dialect of hosts."""
    return pair_figures(trial.target, trial.load, STREAMS)


def cold_start(trial: Trial) -> Figures:
    """Start to first answer, and memory a moment later."""
    server = trial.target.server
    if server is None:
        raise BenchError("the stub itself has no start")
    body = whole_body(trial.target.model("paced"))
    seconds = first_answer_s(server, lambda: trial.target.ask(body))
    time.sleep(trial.pace.settle_s)
    return {"first_answer_s": seconds, "rss_idle_mib": rss_mib(trial.pid)}


@dataclass(frozen=True)
class Scenario:
    """One table of the page."""

    name: str
    title: str
    measure: Callable[[Trial], Figures]
    content: Callable[[], dict[str, Any]]
    contenders: tuple[str, ...]
    model: str = "paced"
    side: Side = "plain"

    def body(self, target: Target, folder: Path) -> Path:
        """The request's body for one gateway, in a file."""
        path = folder / f"{self.name}.json"
        members = {"model": target.model(self.model), **self.content()}
        path.write_text(json.dumps(members, separators=(",", ":")))
        return path


TRIO = ("glimway", "nginx", "tensorzero")
KEYS = ("glimway", GLIMWAY_MANY, "tensorzero")
ENDPOINTS = ("glimway", GLIMWAY_WIDE)
SCENARIOS = (
    Scenario("chat", "Whole answers, saturated", saturated, _short, ("direct", *TRIO)),
    Scenario("stream", "100 streams at 50 chunks/s", paced_streams, _stream, TRIO),
    Scenario(
        "pairs",
        "100 streams, each pair of dialects",
        dialect_pairs,
        _stream,
        ("glimway", "tensorzero"),
    ),
    Scenario("latency", "Latency at 100 requests/s", steady_rate, _short, ("direct", *TRIO)),
    Scenario("start", "Start and idle memory", cold_start, _short, TRIO),
    Scenario("held", "5,000 idle streams", held_streams, _stream, TRIO, model="idle"),
    Scenario("prompt", "Whole answers, 64 KiB prompt", saturated, _long_prompt, TRIO),
    Scenario("tools", "Whole answers, 50 tools", saturated, _with_tools, TRIO),
    Scenario("keys", "Whole answers, 10,000 keys", saturated, _short, KEYS),
    Scenario("endpoints", "Whole answers, 50 endpoints", saturated, _short, ENDPOINTS),
    Scenario("tls", "Whole answers, TLS to the provider", saturated, _short, TRIO, side="tls"),
    Scenario(
        "tls-stream", "100 streams, TLS to the provider", paced_streams, _stream, TRIO, side="tls"
    ),
)
