"""The stateful half of the responses dialect.

Knows what clients may ask of answers that are kept: to be shown, continued, deleted, made in the
background. Refuses to know where they are kept, and how any answer is made.
"""
