"""The sandbox: a provider emulator with scripted faults, for tests and demos.

Knows how GLM hosts answer and how they fail, on a loopback socket of its own. Refuses to know
the gateway: nothing here imports more of it than the refusal of the ground floor, so what it
proves about a client it proves about any client. ``docs/sandbox.md`` is its manual.
"""

from glimway.sandbox.bounds import Bounds
from glimway.sandbox.script import Behaviour
from glimway.sandbox.scripts import describe, markdown
from glimway.sandbox.server import Sandbox, Seen

__all__ = ["Behaviour", "Bounds", "Sandbox", "Seen", "describe", "markdown"]
