"""The Messages dialect: Anthropic's Messages API, as its clients and hosts speak it.

Knows one dialect whole: requests, replies and streams in both directions. Refuses to know who
speaks it.

``request`` reads a client's body, ``outgoing`` writes a provider's; ``read`` reads a provider's
reply, ``write`` writes a client's; ``counting`` has the request that only counts.
Source: https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.dialect import ClientSide, Headers, ProviderSide
from glimway.wire.messages.errors import read_error
from glimway.wire.messages.outgoing import encode
from glimway.wire.messages.read import Reader
from glimway.wire.messages.request import decode
from glimway.wire.messages.signatures import Unseal
from glimway.wire.quirks import Quirks
from glimway.wire.talk import Call

PATH = "/messages"
ID_PREFIX = "msg_"

NAMES = {
    "max_completion_tokens": "max_tokens",
    "response_format": "output_config.format",
    "reasoning_effort": "output_config.effort",
    "stop": "stop_sequences",
    "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    "user": "metadata.user_id",
}
"""What the chat dialect's members are called here."""


def client_side(unseal: Unseal | None) -> ClientSide:
    """The side toward clients whose sealed thinking ``unseal`` opens."""

    def read(body: dict[str, Any], headers: Headers) -> Call:
        return decode(body, headers, unseal)

    return ClientSide("messages", PATH, ID_PREFIX, read, NAMES, decode)


def _reader(quirks: Quirks, id_stem: str, call: Call) -> Reader:
    return Reader(quirks, id_stem, call)


MESSAGES_CLIENT = client_side(None)
MESSAGES_PROVIDER = ProviderSide("messages", PATH, encode, _reader, read_error)
