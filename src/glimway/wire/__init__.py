"""Bytes to values and back: pure codecs, the neutral vocabulary, refusals and faults.

Knows wire formats. Refuses to know sockets, clocks, logs, event loops, providers and money.
"""
