"""A wish for a web search that came with a model's name (``:online``).

Knows how the wish is put into a call, so that each dialect writes it as one that the caller had
spelled. Refuses to search, and to know which host can: routing has left out those that cannot.
"""

from __future__ import annotations

from typing import Final

import msgspec

from glimway.wire.chat.search import wish_of
from glimway.wire.quirks import Quirks
from glimway.wire.talk import Call, Tool

KIND: Final = "web_search"


def searching(call: Call, quirks: Quirks) -> Call:
    """The same call with a wish for a web search; one that speaks of a search itself stays.

    Args:
        call: what is asked.
        quirks: of the host that gets it; its own tool is used where it has one.
    """
    if wish_of(call) is not None:
        return call
    value = dict(quirks.web_search.tool) or {"type": KIND}
    tool = Tool(KIND, value=value, dialect=call.dialect)
    return msgspec.structs.replace(call, tools=[*call.tools, tool])
