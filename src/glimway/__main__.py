"""``python -m glimway`` is ``glimway``.

Knows the program's name. Refuses to know its commands.
"""

from __future__ import annotations

from glimway.cli import main

main(prog_name="glimway")
