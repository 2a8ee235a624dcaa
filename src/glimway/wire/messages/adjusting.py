"""The changes that a host made necessary, as a header can carry them.

Knows bounds and characters. Refuses to know what was changed.
"""

from __future__ import annotations

ADJUSTED_MAX = 24
"""Changes that are named one by one; they travel in a header."""
PHRASE_CHARS_MAX = 80


def named(adjusted: list[str]) -> tuple[str, ...]:
    """Each change once, as text that a header can carry: a caller's own member name may be in it.

    Commas stand between the phrases there.
    """
    phrases = list(dict.fromkeys(adjusted))
    beyond = len(phrases) - ADJUSTED_MAX
    if beyond > 0:
        phrases[ADJUSTED_MAX:] = [f"{beyond} more changes"]
    return tuple(
        "".join(c if " " <= c <= "~" and c != "," else "?" for c in phrase[-PHRASE_CHARS_MAX:])
        for phrase in phrases
    )
