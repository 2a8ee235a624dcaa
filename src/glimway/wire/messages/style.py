"""How one Messages reply is written.

Knows the choices there are. Refuses to know which mount chose what.
"""

from __future__ import annotations

import msgspec

from glimway.wire.messages.signatures import Seal
from glimway.wire.talk import Call


class Style(msgspec.Struct, frozen=True):
    """How one reply is written.

    Args:
        id: the answer's public id.
        model: the name that was asked for.
        prompt_tokens: how long the prompt is, by estimate: the dialect says it before the answer.
            A host that counts first is believed instead; the end has the true figures anyway.
        seal: seals the signatures of thinking; None: a maker's own are shown as they are.
        omit: the text of thinking is not shown: its signature holds it, for which it must be
            sealed.
    """

    id: str
    model: str
    prompt_tokens: int = 0
    seal: Seal | None = None
    omit: bool = False


def style_of(call: Call, answer_id: str, prompt_tokens: int, *, seal: Seal | None = None) -> Style:
    """How the reply to a call is written.

    Args:
        call: what was asked.
        answer_id: the answer's public id.
        prompt_tokens: how long the prompt is, by estimate.
        seal: seals thinking, so that only this gateway can read it.
    """
    raw = call.thinking.raw.get("thinking") if call.thinking is not None else None
    omit = type(raw) is dict and raw.get("display") == "omitted" and seal is not None
    return Style(answer_id, call.model, prompt_tokens, seal, omit)
