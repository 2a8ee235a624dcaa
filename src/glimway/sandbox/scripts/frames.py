"""Scripts that act on the chat frames and on usage.

Knows their names and sentences. Refuses to know how they are done.
"""

from __future__ import annotations

from typing import Final

from glimway.sandbox.script import Behaviour as Row

FRAMES: Final[tuple[Row, ...]] = (
    Row(
        "null-chunk",
        "stream",
        'a frame `{"id":"","choices":null,"usage":null}`',
        "the answer",
        "streams",
    ),
    Row(
        "eos",
        "stream",
        "a text frame `</s>` just before the finish",
        "the answer without it",
        "streams",
    ),
    Row("role-every", "stream", "`role` in every delta", "the role once", "streams"),
    Row(
        "no-finish-null",
        "stream",
        "`finish_reason` is absent, not null, until the end",
        "`finish_reason: null` until the end",
        "streams",
    ),
    Row("dup-finish", "stream", "the finish frame comes twice", "one finish", "streams"),
    Row("late-text", "stream", "a text frame after the finish", "the text without it", "streams"),
    Row(
        "usage-early",
        "usage",
        "usage rides on the first frame, never again",
        "usage at its place",
        "streams",
    ),
    Row(
        "usage-twice",
        "usage",
        "usage in the finish frame and in a frame of its own",
        "one usage, charged once",
        "streams",
    ),
    Row("no-usage", "usage", "no usage at all, though asked", "usage that says it is estimated"),
    Row("usage-negative", "usage", "negative token counts", "no refund: counts of at least 0"),
    Row("usage-huge", "usage", "token counts of 2^63", "no charge above the hold"),
    Row("usage-text", "usage", 'token counts as strings ("12")', "numbers"),
)
