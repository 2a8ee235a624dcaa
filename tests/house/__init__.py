"""The rules of the house: what the code must look like, held by reading it.

``reading`` parses, ``sizes``, ``imports`` and ``habits`` hold the rules, ``exceptions`` lists what
is let off and why, ``examples`` shows for each rule what it must catch and what it must let pass.
Refuses to import the program: a rule sees text only.
"""
