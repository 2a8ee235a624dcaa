"""What the table of settings says of one setting.

Knows the columns beyond name, type and default. Refuses to know any setting: ``settings`` is the
table.
"""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True):
    """What the table says of a setting beyond its name, type and default.

    Args:
        help: one sentence or two, for the reference page and ``--help``.
        least: smallest number accepted.
        most: largest number accepted.
        unit: where the name does not carry it.
        reload: a running server takes a change without a restart.
        flag: the flag of ``glimway serve``.
        env: a variable by which it goes too, besides ``GLIMWAY_SECTION__NAME``.
        default_words: describes a default that depends on the machine.
        proxy: a proxy's URL, which is a secret where it holds a password.
    """

    help: str
    least: float | None = None
    most: float | None = None
    unit: str = ""
    reload: bool = False
    flag: str | None = None
    env: str | None = None
    default_words: str = ""
    proxy: bool = False
