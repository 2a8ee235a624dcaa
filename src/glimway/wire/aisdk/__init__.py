"""The gateway protocol of the AI SDK: what ``streamText({model: 'maker/name'})`` speaks.

Knows the side toward clients, in the two versions of the SDK's language model that are in use: 3
(``ai`` 6, base path ``/v3/ai``) and 4 (``ai`` 7, ``/v4/ai``). Refuses to know a provider's side:
nobody but gateways speaks it.

``asked`` reads the headers, ``request`` the body, ``write`` a client's reply; ``errors`` and
``account`` have the bodies of everything else that the SDK asks a gateway for.
Source: the packages ``@ai-sdk/gateway`` and ``@ai-sdk/provider`` (github.com/vercel/ai).
"""

from __future__ import annotations

from glimway.wire.aisdk.request import decode
from glimway.wire.dialect import ClientSide

PATH = "/language-model"
ID_PREFIX = "gen_"

NAMES = {
    "messages": "prompt",
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
    "top_p": "topP",
    "top_k": "topK",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "stop": "stopSequences",
    "response_format": "responseFormat",
    "tool_choice": "toolChoice",
    "reasoning_effort": "reasoning",
    "thinking": "reasoning",
}
"""What the chat dialect's members are called here."""

AISDK_CLIENT = ClientSide("aisdk", PATH, ID_PREFIX, decode, NAMES)
