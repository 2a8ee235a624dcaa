"""Content that has no place in a host's API: what may be left out, and what the model must read.

Knows which parts stand for something that the answer depends on, and that a conversation whose end
cannot be sent must not be answered. Refuses to know any API's parts beyond their types; whoever
writes a request asks before it leaves something out.
"""

from __future__ import annotations

from typing import NoReturn

from glimway.wire.refusal import Refusal
from glimway.wire.talk import Json, OpaquePart, Part, Turn

KIND_CHARS_SHOWN = 40

_KEPT_ELSEWHERE = ("file_id", "item_reference", "container_upload")
"""Members and kinds of parts that refer to something only their own API has."""

_READ = frozenset(
    """
    audio document file image image_url input_audio input_file input_image input_video video_url
    """.split()
)
"""Kinds of parts that hold something to look at: an answer that has not seen it is a wrong one."""

_INSTRUCTING = ("system", "developer")


def kind_of(value: Json) -> str:
    """The type of another dialect's part, short enough to be told."""
    return str(value.get("type") if type(value) is dict else None)[:KIND_CHARS_SHOWN]


def lost(value: Json, api: str) -> str:
    """What to call a part that is left out.

    Args:
        value: the part, as its own dialect has it.
        api: what the host speaks, as it is called in a sentence.

    Raises:
        Refusal: ``unsupported``: it stands for something that the model must read.
    """
    kind = kind_of(value)
    if kind in _READ or kind in _KEPT_ELSEWHERE or _refers(value):
        elsewhere(f"A part of type '{kind}'", api)
    return kind


def elsewhere(what: str, api: str) -> NoReturn:
    """Refuse content that the model must read.

    Raises:
        Refusal: ``unsupported``, always.
    """
    raise Refusal(
        "unsupported",
        f"{what} has no place in {api} of this request's provider. Send text, an image, or a "
        "document by its data or an https: address.",
    )


def hold_to_an_end(turns: list[Turn], api: str) -> None:
    """Refuse a conversation of whose last message nothing can be written: its answer would be one
    to something else.

    Raises:
        Refusal: ``unsupported``.
    """
    last: list[Part] = []
    for turn in reversed(turns):  # the last message, which may be several turns here
        last += turn.parts
        if not turn.joined:
            break
    if turns and turns[-1].role == "assistant":
        last = [part for turn in turns if turn.role not in _INSTRUCTING for part in turn.parts]
    if last and all(isinstance(part, OpaquePart) and not part.taken for part in last):
        kind = kind_of(last[0].value if isinstance(last[0], OpaquePart) else None)
        end(f" (a part of type '{kind}')", api)


def outdated_functions() -> NoReturn:
    """Refuse functions in the form that chat had before tools: left out, the model would answer as
    if it had none.

    Raises:
        Refusal: ``unsupported``, always.
    """
    raise Refusal(
        "unsupported",
        "'functions' is a form of tools that the provider of this request does not know. "
        "Send 'tools' and 'tool_choice' instead.",
        param="functions",
    )


def end(what: str, api: str) -> NoReturn:
    """Refuse a conversation without an end.

    Raises:
        Refusal: ``unsupported``, always.
    """
    raise Refusal(
        "unsupported",
        f"The end of the conversation{what} has no place in {api} of this request's provider. "
        "Say it as text, or choose another endpoint.",
    )


def _refers(value: Json) -> bool:
    """Whether a part or its source says that it is kept elsewhere."""
    if type(value) is not dict:
        return False
    source = value.get("source")
    inner = source if type(source) is dict else {}
    return inner.get("type") in _KEPT_ELSEWHERE or any(
        value.get(name) is not None or inner.get(name) is not None for name in _KEPT_ELSEWHERE
    )
