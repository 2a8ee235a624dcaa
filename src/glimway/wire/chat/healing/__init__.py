"""Healing: what a host's frames get wrong, put right before anything else reads them.

Knows broken framing, broken text and leaked model markup, each in a module of its own. Refuses to
guess: what cannot be put right from what was sent is left as it is, or is a fault.
"""
