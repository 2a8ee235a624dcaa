"""A refusal in its caller's words.

Knows that what is found wrong after a request was read is named as the chat dialect names it, and
how a dialect's own names take their place. Refuses to know any dialect: each brings its names.
"""

from __future__ import annotations

from collections.abc import Mapping

from glimway.wire.refusal import Refusal


def renamed(refusal: Refusal, names: Mapping[str, str]) -> Refusal:
    """The refusal with the caller's own names in ``param`` and, where quoted, in the message.

    Args:
        refusal: as found.
        names: the chat dialect's name of a member -> the caller's dialect's.
    """
    param = refusal.param
    if param is None:
        return refusal
    top = param.partition("[")[0].partition(".")[0]
    own = names.get(param) or names.get(top)
    if own is None:
        return refusal
    message = refusal.message
    for quote in ("'", '"'):
        message = message.replace(f"{quote}{param}{quote}", f"{quote}{own}{quote}")
    return Refusal(
        refusal.kind,
        message,
        code=refusal.code,
        param=own,
        detail=refusal.detail,
        retry_after_s=refusal.retry_after_s,
        headers=refusal.headers,
    )
