"""Drills: what holds when clients, or the gateway itself, go away at any moment.

Each drill runs a whole gateway under load and then reads its books. Nothing here knows how the
gateway does what it promises.
"""
