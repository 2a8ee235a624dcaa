"""JSON Schema answers from hosts that do not hold to schemas themselves.

Knows how a schema is said in words, how JSON is taken out of an answer, whether it fits, and what
is asked again where it does not. Refuses to know hosts and how a second call is made: the engine
does that.
"""
