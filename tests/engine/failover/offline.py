"""The program, on a machine whose resolver knows no name: nothing is asked of the network.

Knows where the program looks names up. Refuses to change anything else.
"""

from __future__ import annotations

import socket

from glimway import parts
from glimway.cli import main
from glimway.engine.provider.resolver import Address, Resolver


async def unknown(host: str) -> list[Address]:
    """Say what the system says of a name that nobody has."""
    raise socket.gaierror(socket.EAI_NONAME, f"Name or service not known ({host})")


def resolver() -> Resolver:
    """One that asks nobody."""
    return Resolver(unknown)


vars(parts)["Resolver"] = resolver
main(prog_name="glimway")
