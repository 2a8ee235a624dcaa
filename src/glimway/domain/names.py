"""Names of models as people write them.

Knows how two spellings are one name and what may hang on a name's end. Refuses to know which
models there are.
"""

from __future__ import annotations

SUFFIXES = frozenset({"floor", "nitro", "online", "free"})
"""Routing suffixes; any other text after a colon belongs to the name."""

_HYPHENS = str.maketrans("._", "--")


def fold(name: str) -> str:
    """The form in which names compare: without case, dots and underscores read as hyphens."""
    return name.lower().translate(_HYPHENS)


def cut_suffixes(name: str) -> tuple[str, tuple[str, ...]]:
    """Cut routing suffixes off: ``zai/glm-4.7:free:online`` has two, in their order.

    Each counts once; what is no routing suffix stays (``sandbox/glm-4.7:slow``).
    """
    found: list[str] = []
    while True:
        rest, colon, last = name.rpartition(":")
        suffix = last.lower()
        if not colon or not rest or suffix not in SUFFIXES:
            return name, tuple(reversed(found))
        if suffix not in found:
            found.append(suffix)
        name = rest


def cut_pin(name: str) -> tuple[str, str | None]:
    """Cut ``@provider`` off; a name that begins with ``@`` has none there."""
    rest, at, provider = name.rpartition("@")
    if not at or not rest or "/" in provider:
        return name, None
    return rest, provider
