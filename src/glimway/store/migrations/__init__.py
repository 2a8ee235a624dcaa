"""How the tables came to be as they are, one step a file; run by ``migrate``.

Knows nothing itself. Steps are numbered, never edited once released, and never import ``schema``,
which shows only the tables of today.
"""
