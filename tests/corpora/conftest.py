"""One gateway in front of one host that repeats what it hears."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from kit.steps import Step
from seeds.setting import UNLIMITED, model, provider

ONE_TRY = "[routing]\nattempts = 1\n"

PIECE_BYTES = 7
"""How much of a streamed text arrives at once: characters are cut in the middle."""


def repeat(request: Recorded) -> list[Step]:
    """The last message's text, streamed in odd pieces or whole."""
    body: Any = request.json()
    text = body["messages"][-1]["content"]
    if not body.get("stream"):
        return [answers.whole(answers.chat(text))]
    first, said, *rest = answers.chat_frames([text])
    begin = said.index(b'"content"')
    cut = [said[at : at + PIECE_BYTES] for at in range(begin, len(said), PIECE_BYTES)]
    return list(answers.stream([first, said[:begin], *cut, *rest]))


@pytest.fixture(scope="session")
def parrot() -> Iterator[ScriptedProvider]:
    """The host."""
    with ScriptedProvider() as scripted:
        scripted.always_by(repeat)
        yield scripted


@pytest.fixture(scope="session")
def gateway(parrot: ScriptedProvider) -> Iterator[Gateway]:
    """The gateway; ``lab/m`` repeats."""
    url = f"{parrot.url}/v1"
    text = UNLIMITED + ONE_TRY + provider("rack1", "openai", url) + model("lab/m", "rack1", "m")
    with Gateway(text) as running:
        yield running
