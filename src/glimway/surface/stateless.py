"""What the responses dialect may ask of a gateway that keeps no answers.

Knows which wishes need kept state. Refuses to pretend: an answer to half a conversation would be
worse than none.
"""

from __future__ import annotations

from glimway.wire.refusal import Refusal
from glimway.wire.responses.asked import asked
from glimway.wire.responses.stored import not_found
from glimway.wire.talk import Call

_WHOLE = "Send the whole conversation as 'input' instead."


def refuse_state(call: Call) -> None:
    """Refuse what only kept answers could serve.

    Raises:
        Refusal: ``not_found`` for an answer or item that is referred to, ``unsupported`` for work
            in the background, conversations and kept prompts.
    """
    wishes = asked(call)
    if wishes.previous_response_id is not None:
        raise not_found(wishes.previous_response_id)
    if wishes.references:
        raise not_found(wishes.references[0], "input")
    refuse_elsewhere(call)
    if wishes.background:
        raise Refusal(
            "unsupported",
            "Responses are not made in the background here: leave 'background' out, and use "
            "'stream' for long answers.",
            param="background",
        )


def refuse_elsewhere(call: Call) -> None:
    """Refuse what refers to things that are kept elsewhere, if at all.

    Raises:
        Refusal: ``unsupported`` for conversations and kept prompts.
    """
    for name in ("conversation", "prompt"):
        if call.extra.get(name) is not None:
            raise Refusal("unsupported", f"'{name}' is not kept here. {_WHOLE}", param=name)
