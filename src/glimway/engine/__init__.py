"""One request's journey, and all provider I/O.

Knows steps: authorize, plan, admit, first answer, relay, settle. Refuses to know dialects (they
are values handed down from the surface), HTTP servers and SQL.
"""
