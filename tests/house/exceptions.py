"""What is let off which rule, and why; each line must still be needed.

Knows three names per exception: the rule, the file below ``src/glimway`` (or ``kit/``), and the
place in it as the rule's findings name it, or ``*`` for all of the file. Refuses a line without a
reason.
"""

from __future__ import annotations

from house.reading import Finding

EXCEPTIONS: dict[tuple[str, str, str], str] = {
    ("parameters", "wire/refusal.py", "Refusal.__init__"): (
        "it is the value object itself: what an error may tell, each optional but two"
    ),
    ("parameters", "wire/refusal.py", "Fault.__init__"): (
        "it is the value object itself: what is known of a failure, each optional but two"
    ),
    ("parameters", "engine/house.py", "House.__init__"): (
        "it is the container itself: the parts of a running server, each made and named elsewhere"
    ),
    ("broad_except", "engine/journey.py", "Trip.go"): (
        "the journey's top: a mistake of ours must end in a 500, not in a client that hangs"
    ),
    ("broad_except", "engine/tokenizing.py", "Tokenizer._load"): (
        "the library raises bare exceptions for files that it cannot read"
    ),
    ("hidden_import", "engine/tokenizing.py", "Tokenizer._load"): (
        "an extra: only who names a tokenizer's file has it, and only who counts pays for it"
    ),
    ("dialect_import", "parts.py", "*"): (
        "composition hands each provider its side of a dialect; the engine only sees the protocol"
    ),
    ("provider_name", "sandbox/families/hosted.py", "*"): (
        "a table of data: how each family of hosts words its answers, picked by its name"
    ),
}


def excuses(rule: str, finding: Finding) -> set[tuple[str, str, str]]:
    """The lines that let off a finding of a rule: none when it is a breach."""
    return {(rule, finding.path, place) for place in (finding.where, "*")} & EXCEPTIONS.keys()
