from __future__ import annotations

from typing import Any

import pytest

from glimway.sandbox import Behaviour, describe
from glimway.sandbox.stream import HUGE_BYTES
from kit.http import Client
from sandbox.answers import WEATHER
from sandbox.stage import WAIT_S, Stage

SHORT_S = 0.05
NOTHING = {"fast", "token-X", "strict"}
"""What a plain request does not show: no delay is the rule here, and it has nothing to refuse."""

STREAMED = {"tool-whole", "tool-name-split", "tool-no-index"}
"""Shapes that only the frames of a stream have."""

WORDS = {"family-X": "family-sglang", "code-N": "code-1210", "fail-first-N": "fail-first-4"}


SILENT = {"silent", "silent-after-headers", "stall-N"}


def signature(client: Client, wait_s: float) -> dict[str, Any]:
    """All that a client can tell of an answer: its head, its pieces, and how it ended."""
    told: dict[str, Any] = {"pieces": []}
    client.socket.settimeout(wait_s)
    try:
        head = client.read_head()
        told["status"] = head.status
        told["headers"] = [pair for pair in head.headers if pair[0] != "x-sandbox-script"]
        while (piece := client.read_piece()) is not None:
            told["pieces"].append(piece)
    except (EOFError, ConnectionResetError, TimeoutError) as error:
        told["end"] = type(error)
    return told


@pytest.mark.parametrize("row", describe(), ids=lambda row: row.name)
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
def test_every_script_changes_what_a_client_sees(
    stage: Stage, row: Behaviour, streamed: bool
) -> None:
    name = WORDS.get(row.name, row.name.replace("-N", "-3").replace("-X", "-abc"))
    body: dict[str, Any] = {"stream": streamed, "stream_options": {"include_usage": True}}
    if row.group == "tools":
        body["tools"] = [WEATHER]
    if row.name.startswith("json-"):
        body["response_format"] = {"type": "json_object"}
    told = []
    naps = []
    for model in ("gpt-x", f"gpt-x:{name}"):
        stage.naps_s.clear()
        with stage.sent(model, **body) as client:
            short = row.name in SILENT and model != "gpt-x"
            told.append(signature(client, SHORT_S if short else WAIT_S))
        naps.append(list(stage.naps_s))
    same = told[0] == told[1] and naps[0] == naps[1]
    quiet = not streamed and (row.only == "streams" or row.name in STREAMED)
    assert same == (row.name in NOTHING or quiet)
    assert sum(map(len, told[1]["pieces"])) < HUGE_BYTES + 100_000
