"""Answers that several requests share: twins of one moment, and answers that were kept.

Knows groups, seats and the shelf. Refuses to know which requests are alike (the domain says that)
and how an answer is got: it is handed in.
"""
