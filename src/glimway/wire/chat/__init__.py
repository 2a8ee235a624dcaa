"""The chat dialect: OpenAI's chat completions, with the members that GLM hosts add.

Knows one dialect whole: requests, replies and streams in both directions. Refuses to know who
speaks it.

``request`` reads a client's body (``plain`` the usual ones), ``outgoing`` writes a provider's;
``read`` reads a provider's reply, ``write`` writes a client's.
Source: https://platform.openai.com/docs/api-reference/chat and Z.ai's API reference.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.chat.errors import read_error
from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.plain import read_plain
from glimway.wire.chat.read import Reader
from glimway.wire.chat.request import decode
from glimway.wire.dialect import ClientSide, Headers, ProviderSide
from glimway.wire.quirks import Quirks
from glimway.wire.talk import Call

PATH = "/chat/completions"


def _decode(body: dict[str, Any], _headers: Headers) -> Call:
    return decode(body)


def _reader(quirks: Quirks, id_stem: str, call: Call) -> Reader:
    return Reader(quirks, id_stem, call)


CHAT_CLIENT = ClientSide("chat", PATH, "chatcmpl-", _decode, plain=read_plain)
CHAT_PROVIDER = ProviderSide("chat", PATH, encode, _reader, read_error)
