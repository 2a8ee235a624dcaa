"""The Responses dialect: OpenAI's Responses API, as Open Responses describes it for every host.

Knows one dialect whole: requests, replies and streams in both directions, and the shapes of what
is kept of them. Refuses to know who speaks it, and to keep anything.

``request`` reads a client's body, ``outgoing`` writes a provider's; ``read`` reads a provider's
reply, ``write`` writes a client's; ``stored`` has the shapes of kept answers.
Source: https://platform.openai.com/docs/api-reference/responses and
https://www.openresponses.org/specification.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.dialect import ClientSide, Headers, ProviderSide
from glimway.wire.quirks import Quirks
from glimway.wire.responses.errors import read_error
from glimway.wire.responses.outgoing import encode
from glimway.wire.responses.read import Reader
from glimway.wire.responses.request import decode
from glimway.wire.responses.thoughts import Unseal
from glimway.wire.talk import Call

PATH = "/responses"
ID_PREFIX = "resp_"

NAMES = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "thinking": "reasoning",
    "logprobs": "top_logprobs",
    "verbosity": "text.verbosity",
}
"""What the chat dialect's members are called here."""


def client_side(unseal: Unseal | None) -> ClientSide:
    """The side toward clients whose sealed thinking ``unseal`` opens."""

    def read(body: dict[str, Any], _headers: Headers) -> Call:
        return decode(body, unseal)

    return ClientSide("responses", PATH, ID_PREFIX, read, NAMES, _opening)


def _opening(body: dict[str, Any], _headers: Headers, unseal: Unseal) -> Call:
    return decode(body, unseal)


def _reader(quirks: Quirks, id_stem: str, _call: Call) -> Reader:
    return Reader(quirks, id_stem)


RESPONSES_CLIENT = client_side(None)
RESPONSES_PROVIDER = ProviderSide("responses", PATH, encode, _reader, read_error)
