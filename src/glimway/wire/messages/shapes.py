"""The frames that nearly all hosts send nearly all the time, as types.

Knows the members of a usual delta, so that msgspec decodes and checks it in one step. Refuses every
frame with a member it does not list: such a frame takes the general way in ``read``, where nothing
is lost.
Source: https://docs.anthropic.com/en/api/messages-streaming.
"""

from __future__ import annotations

import msgspec


class _Delta(msgspec.Struct, tag_field="type", forbid_unknown_fields=True, gc=False):
    """What an open block grows by."""


class TextDelta(_Delta, tag="text_delta"):
    """The answer's text."""

    piece: str = msgspec.field(name="text")


class ThinkingDelta(_Delta, tag="thinking_delta"):
    """Thinking."""

    piece: str = msgspec.field(name="thinking")


class InputDelta(_Delta, tag="input_json_delta"):
    """The input of a call."""

    piece: str = msgspec.field(name="partial_json")


class UsualGrowth(
    msgspec.Struct,
    tag_field="type",
    tag="content_block_delta",
    forbid_unknown_fields=True,
    gc=False,
):
    """The block of this index grows."""

    index: int
    delta: TextDelta | ThinkingDelta | InputDelta


decode_usual_growth = msgspec.json.Decoder(UsualGrowth).decode
