"""The frames that nearly all hosts send nearly all the time, as types.

Knows the members of a usual piece of text, so that msgspec decodes and checks it in one step.
Refuses every frame with a member it does not list, and one with log probabilities: such a frame
takes the general way in ``read``, where nothing is lost.
Source: https://platform.openai.com/docs/api-reference/responses-streaming.
"""

from __future__ import annotations

from typing import Any

import msgspec

USUAL = "response.output_text.delta"


class UsualText(msgspec.Struct, tag_field="type", tag=USUAL, forbid_unknown_fields=True, gc=False):
    """A text part of an item grows."""

    item_id: str
    delta: str
    content_index: int = 0
    output_index: Any = None
    sequence_number: Any = None
    logprobs: tuple[()] | None = None
    obfuscation: Any = None


decode_usual_text = msgspec.json.Decoder(UsualText).decode
