"""Requests of other dialects, said in the words of chat completions.

Knows what the chat dialect has no place for, and what becomes of it: another place, a named
change, a refusal. Refuses to know other dialects' spellings beyond the neutral vocabulary: what
only they understand is never written.
"""
