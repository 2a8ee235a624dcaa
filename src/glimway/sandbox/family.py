"""What a host family is: how one kind of GLM host spells the chat wire.

Knows the members a family has. Refuses to know any family: they are rows in ``families``.

Templates are filled by ``template.fill``. Their holes: ``$id $created $model $hex`` for every
frame; ``$text`` or ``$calls`` in deltas; ``$thought $content $calls $parts`` in whole messages
(absent where empty; ``$thought_null $calls_null`` are null instead); ``$finish $stopped`` at the
finish; token counts ``$input $fresh $cached $output $reasoning $total``; ``$cost`` in USD; times
``$prompt_s $output_s $total_s`` and ``$prompt_ms $output_ms``; in errors ``$status $status_text
$type $name $param $digits $word $message``.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Json = Any


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """One family's wire shape.

    Args:
        name: as a path prefix and after ``family-`` in a script.
        about: one sentence for the docs.
        id: form of answer ids, a ``str.format`` text of ``stamp``, ``hex``, ``digits``, ``alnum``.
        call_id: form of tool call ids.
        whole: template of a whole answer; ``frame``: of a stream frame.
        message: template of a whole answer's message.
        opening: delta of a first frame of its own, or None.
        thought, text, calls: deltas of thinking, text and tool calls.
        closing: deltas sent between the last content and the finish.
        finish: the finish frame's delta.
        choice: members that every choice has besides index, delta, finish_reason.
        choice_finish: the same at the finish.
        finish_absent: ``finish_reason`` is left out, not null, before the finish.
        usage: template of the usage object.
        usage_at: in the finish frame, or in a frame of its own after it.
        usage_choices: ``choices`` of that frame.
        usage_asked: usage comes in streams only with ``include_usage``.
        usage_null: when frames before carry ``usage: null``.
        extras: members of the frame with usage (else the finish) and of a whole answer.
        call_nulls: call deltas after the first carry ``id`` and ``name`` as null.
        calls_whole: a call comes in one piece unless ``tool_stream`` is asked.
        words_per_frame: how much text one frame holds.
        comment: a comment line this host sends between frames, or "".
        stream_type: the content type of streams.
        headers: headers of every answer; values are ``id`` forms or plain text.
        error, error_stream: error bodies, whole and as a stream frame.
        needs_user: refuses a request without any user message.
        temperature_max, stop_max, takes_stop_text, takes_schema, takes_choice, members: what
            ``strict`` enforces.
    """

    name: str
    about: str
    id: str = "chatcmpl-{hex:.32}"
    call_id: str = "call_{hex:.24}"
    whole: Json
    frame: Json
    message: Json
    opening: Json = None
    thought: Json
    text: Json
    calls: Json
    closing: tuple[Json, ...] = ()
    finish: Json
    choice: dict[str, Json] = {}
    choice_finish: dict[str, Json] = {}
    finish_absent: bool = False
    usage: Json
    usage_at: Literal["finish", "after"] = "after"
    usage_choices: Json = []
    usage_asked: bool = True
    usage_null: Literal["never", "asked", "always"] = "never"
    extras: dict[str, Json] = {}
    call_nulls: bool = False
    calls_whole: bool = False
    words_per_frame: int = 1
    comment: str = ""
    stream_type: str = "text/event-stream"
    headers: tuple[tuple[str, str], ...] = ()
    error: Json
    error_stream: Json = None
    needs_user: bool = False
    temperature_max: float = 2.0
    stop_max: int = 16
    takes_stop_text: bool = True
    takes_schema: bool = True
    takes_choice: bool = True
    members: frozenset[str] = frozenset()
    """Request members this host knows beyond the common ones."""
