"""What is let off which rule, and why; each line must still be needed.

Knows three names per exception: the rule, the file below ``src/glimway`` (or ``kit/``), and the
place in it as the rule's findings name it. Refuses a line without a reason.
"""

from __future__ import annotations

EXCEPTIONS: dict[tuple[str, str, str], str] = {
    ("parameters", "wire/refusal.py", "Refusal.__init__"): (
        "it is the value object itself: what an error may tell, each optional but two"
    ),
    ("parameters", "wire/refusal.py", "Fault.__init__"): (
        "it is the value object itself: what is known of a failure, each optional but two"
    ),
    ("broad_except", "engine/journey.py", "travel"): (
        "the journey's top: a mistake of ours must end in a 500, not in a client that hangs"
    ),
    ("dialect_import", "app.py", "glimway.wire.chat.CHAT_PROVIDER"): (
        "composition hands each provider its side of a dialect; the engine only sees the protocol"
    ),
}
