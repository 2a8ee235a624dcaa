"""How each endpoint really performs: live statistics in bounded memory.

Knows time to first token, tokens per second, answers and faults of every endpoint, over 5 minutes,
1 hour, 24 hours and 30 days. Refuses to know a clock, a file, and what is done with the figures.

``vitals.Vitals`` is the whole of it: ``answered`` and ``failed`` after every attempt, ``refresh``
once every few seconds, ``figures`` for whoever plans a route, ``report`` for whoever shows a page,
``kept`` and ``absorb`` to keep it through restarts, ``beside`` to count what other workers saw.
"""
