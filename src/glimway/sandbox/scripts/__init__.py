"""The table of scripts, whole: the one source of parsing, ``describe()`` and the docs.

Knows every behaviour's name and its two sentences. Refuses to know how one is done.
"""

from __future__ import annotations

from typing import Final

from glimway.sandbox.script import Behaviour, Grammar, Group
from glimway.sandbox.scripts.answers import ANSWERS
from glimway.sandbox.scripts.frames import FRAMES
from glimway.sandbox.scripts.models import MODELS
from glimway.sandbox.scripts.wires import WIRES

TABLE: Final[tuple[Behaviour, ...]] = (*ANSWERS, *WIRES, *FRAMES, *MODELS)

GRAMMAR: Final = Grammar(TABLE)

TITLES: Final[dict[Group, str]] = {
    "pace": "Speed",
    "host": "Host",
    "answer": "What is answered",
    "status": "Error answers",
    "wire": "The connection",
    "stream": "Frames of a stream",
    "usage": "Usage",
    "model": "What the model says",
    "tools": "Tool calls",
}


def describe() -> tuple[Behaviour, ...]:
    """The table of scripts: for each its name, what it does and what a good client sees."""
    return TABLE


def markdown() -> str:
    """The table as the docs print it, one part for each group."""
    lines: list[str] = []
    bar = "\\|"
    for group, title in TITLES.items():
        lines += [f"### {title}", "", "| script | what it does | what a good client sees |"]
        lines.append("|---|---|---|")
        for row in TABLE:
            if row.group == group:
                note = {"": "", "streams": " (streams)", "tools": " (needs `tools`)"}[row.only]
                cells = [f"`{row.name}`", row.does + note, row.sees]
                # A bar ends a cell, also within code, unless a backslash stands before it.
                lines.append(f"| {' | '.join(cell.replace('|', bar) for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)
