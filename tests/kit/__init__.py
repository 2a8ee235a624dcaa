"""What the tests are made with: a scripted provider, a whole gateway, a raw client, cuts, a clock.

Each module is imported by its name (``from kit.provider import ScriptedProvider``).
The kit refuses to know Glimway's own code: it meets the program only from outside, over sockets and
the command line, so that a mistake in the program cannot hide in its tests.
"""
