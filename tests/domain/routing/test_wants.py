"""What a request needs, as bits."""

from __future__ import annotations

import pytest

from glimway.domain.routing.wants import Want, wants_of
from glimway.wire.talk import Call, Tool

FUNCTION = Tool("function", "look", parameters={"type": "object"})


def search(*, optional: bool) -> Tool:
    return Tool("web_search", value={"type": "web_search"}, optional=optional)


@pytest.mark.parametrize(
    ("tools", "wanted"),
    [
        ([FUNCTION], Want.TOOLS),
        ([search(optional=False)], Want.SEARCH),
        ([FUNCTION, search(optional=False)], Want.TOOLS | Want.SEARCH),
        # Codex and Claude Code declare a search beside their own tools, and can do without.
        ([FUNCTION, search(optional=True)], Want.TOOLS),
        ([search(optional=True), FUNCTION], Want.TOOLS),
        # Alone it is what the request is for.
        ([search(optional=True)], Want.SEARCH),
    ],
)
def test_a_search_that_the_model_may_do_without_needs_no_host_that_has_it(
    tools: list[Tool], wanted: Want
) -> None:
    assert wants_of(Call(model="m", turns=[], dialect="chat", tools=tools)) == wanted
