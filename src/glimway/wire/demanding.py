"""A demand for a tool's call.

Knows that there must be a tool to call. Refuses to know how a dialect writes either.
"""

from __future__ import annotations

from glimway.wire import check
from glimway.wire.talk import ToolChoice


def need_tools(choice: ToolChoice, spoken: str) -> None:
    """Refuse a choice that demands a call where there is nothing to call.

    Args:
        choice: of a request without tools.
        spoken: how the dialect writes choices that need none.

    Raises:
        Refusal: ``invalid``.
    """
    if choice.mode in ("required", "named"):
        wanted = choice.names[0] if choice.names else choice.mode
        check.wrong("tool_choice", wanted, f"{spoken} or left out, as there are no 'tools'")
