"""What is wrong with many answers at once.

Knows how to name the cases that fail a judgement. Refuses to stop at the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.failover.ring import Went

WORDS_CHARS_MAX = 400
_MODES = ("whole", "stream")


def all_must(judge: Callable[[Went], None], answered: Iterable[Went]) -> None:
    """Judge all of them, and say of each that fails which it was, and in what."""
    all_went = list(answered)
    found = []
    for went in all_went:
        try:
            judge(went)
        except (AssertionError, LookupError, TypeError, ValueError) as error:
            case = went.case
            words = " ".join(f"{type(error).__name__}: {error}".split())[:WORDS_CHARS_MAX]
            found.append(
                f"{case.fault}, {case.size} of {case.host}, {_MODES[case.stream]}: {words}"
            )
    assert not found, "\n".join([f"{len(found)} of {len(all_went)}:", *found])
