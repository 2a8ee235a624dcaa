"""Reads settings, providers and models from the four places they may stand.

Knows ``glimway.toml``, the environment, flags, and how a mistake in them is told. Refuses to know
what a setting does: the command line and ``app`` hand plain values to the parts.
"""
