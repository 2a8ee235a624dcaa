"""Web search asked of the provider: the spellings of a wish, and the host's own.

Knows a tool of type ``web_search``, the switch ``tool_web_search`` with ``search_result`` and
``search_prompt``, ``web_search_options`` and a plugin ``web``. Refuses to search, and to know
which host can: ``quirks.web_search`` says it.
Sources: docs.z.ai (web search tool), EmpirioLabs' parameters, OpenAI's ``web_search_options``,
OpenRouter's plugins.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from glimway.wire.quirks import WebSearch
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call, Json, Tool

SWITCH = "tool_web_search"
OPTIONS = "web_search_options"
PLUGINS = "plugins"
COMPANIONS = ("search_result", "search_prompt")
"""Members beside the switch; inside the tool's object elsewhere."""

_NAMES = frozenset({SWITCH, OPTIONS, PLUGINS})
_KIND = "web_search"


class Wish(msgspec.Struct):
    """What a caller says of the search.

    Args:
        param: where it is asked first.
        form: of the spellings, ``tool``, ``members`` or another.
        words: the companions, from wherever they came.
        off: it is spelled, and switched off.
    """

    param: str
    form: Literal["tool", "members", "bare", "options", "plugin"]
    words: dict[str, Json] = {}
    off: bool = False

    def native(self, search: WebSearch) -> bool:
        """Whether the host reads what the caller wrote; then it gets just that."""
        return self.form == search.form


def is_search(tool: Tool) -> bool:
    """Whether a declared tool is a search of the provider's (also dated or preview kinds)."""
    return tool.kind.startswith(_KIND)


def wish_of(call: Call) -> Wish | None:
    """The wish for a search; None: there is none."""
    if call.tools:
        for at, tool in enumerate(call.tools):
            if tool.kind != "function" and is_search(tool):
                return _of_tool(f"tools[{at}]", tool, call)
    extra = call.extra
    if not extra or _NAMES.isdisjoint(extra):
        return None
    if extra.get(SWITCH) is True:
        return Wish(SWITCH, "members", _words(extra))
    if OPTIONS in extra:
        return Wish(OPTIONS, "options")
    for at, plugin in enumerate(extra.get(PLUGINS, ())):
        if _is_web(plugin):
            return Wish(f"{PLUGINS}[{at}]", "plugin", _words(plugin))
    return None


def take_out(body: dict[str, Json], call: Call, wish: Wish, search: WebSearch) -> None:
    """Leave the wish out of a body, in every spelling, unless the caller used the host's own."""
    if wish.native(search):
        return
    if "tools" in body:
        pairs = zip(call.tools, body["tools"], strict=True)
        body["tools"] = [written for tool, written in pairs if not is_search(tool)]
        if not body["tools"]:
            del body["tools"]
    for name in (SWITCH, OPTIONS, *COMPANIONS):
        body.pop(name, None)
    if PLUGINS in body:
        body[PLUGINS] = [one for one in body[PLUGINS] if not _is_web(one)]
        if not body[PLUGINS]:
            del body[PLUGINS]


def put_in(body: dict[str, Json], wish: Wish, search: WebSearch) -> None:
    """Write the wish in the host's own form.

    Raises:
        Refusal: ``unsupported``, naming the field: the host cannot search the web.
    """
    if wish.off or wish.native(search):
        return
    if search.form == "none":
        raise Refusal(
            "unsupported",
            f"'{wish.param}' asks for a web search, which the provider of this request does not "
            "offer. Leave it out, or choose an endpoint that lists web_search.",
            param=wish.param,
        )
    if search.form == "members":
        body.update({**search.members, **wish.words})
        if "tools" not in body:
            body.pop("tool_choice", None)
        return
    tool = dict(search.tool)
    inner = tool.get(str(tool.get("type")))
    if type(inner) is dict:
        tool[str(tool["type"])] = {**inner, **wish.words}
    body["tools"] = [*body.get("tools", ()), tool]


def _of_tool(param: str, tool: Tool, call: Call) -> Wish:
    value = tool.value if type(tool.value) is dict else {}
    inner = value.get(_KIND)
    if type(inner) is not dict or tool.kind != _KIND:
        # Without its object it means the host's own search, whatever that needs.
        return Wish(param, "bare", _words(call.extra))
    return Wish(param, "tool", _words(inner), off=inner.get("enable") is False)


def _words(members: dict[str, Any]) -> dict[str, Json]:
    return {name: members[name] for name in COMPANIONS if members.get(name) is not None}


def _is_web(plugin: Any) -> bool:
    return type(plugin) is dict and plugin.get("id") == "web"
