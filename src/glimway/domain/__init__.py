"""Pure rules: catalog, pricing, keys, limits, receipts.

Knows what is allowed and what it costs. Refuses to know I/O and clocks: ``now`` is a parameter.
"""
