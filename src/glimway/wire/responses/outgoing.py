"""A Call to a provider's Responses body.

Knows the order of members, that hosts are asked to keep nothing, and that what a host cannot do is
done here, named or refused, never dropped in silence. Refuses to know which host it writes for:
quirks say it, and ``fit`` obeys them.
"""

from __future__ import annotations

import msgspec

from glimway.wire.chat.search import OPTIONS, PLUGINS, SWITCH, wish_of
from glimway.wire.chat.thinking import beyond
from glimway.wire.dialect import Outgoing
from glimway.wire.losing import hold_to_an_end, outdated_functions
from glimway.wire.pairing import paired
from glimway.wire.quirks import Quirks, WebSearch
from glimway.wire.refusal import Refusal
from glimway.wire.responses.asked import ENCRYPTED, OF_THE_GATEWAY
from glimway.wire.responses.content import API, DIALECT
from glimway.wire.responses.fit import fit
from glimway.wire.responses.items import INSTRUCTIONS, Way, write_items
from glimway.wire.responses.thinking import write_thinking
from glimway.wire.responses.tools import (
    write_foreign_choice,
    write_foreign_tool,
    write_tool_choice,
    write_tools,
)
from glimway.wire.talk import COMMON_MEMBERS, Call, Format, Json, ThoughtPart, Tool, ToolChoice

ADJUSTED_MAX = 24
"""Changes that are named one by one; they travel in a header."""
PHRASE_CHARS_MAX = 80

OUTPUT_TOKENS_MIN = 16
"""OpenAI refuses a smaller cap; other dialects know no such bound.
Source: https://platform.openai.com/docs/api-reference/responses/create (max_output_tokens)."""

_SEARCH = "web_search"
_WISHES = ("cache_control", "citations", "input_examples")
"""What a part or a tool of another dialect may have, without a place here: hosts cache unasked, and
cite what they find."""
_ELSEWHERE = frozenset({"store", "verbosity", "text", "include", *OF_THE_GATEWAY})
"""Members of ``Call.extra`` that are not copied: each has its own line below."""
_SEARCHES = {"members": SWITCH, "options": OPTIONS, "plugin": PLUGINS}
"""Wishes for a web search beside the tools in the chat dialect, obeyed with them: form -> name."""
_CHANCES = frozenset({"logprobs", "top_logprobs"})
"""An answer's log probabilities reach only callers of the dialect that they come in."""

_encode = msgspec.json.Encoder().encode


def encode(call: Call, quirks: Quirks, model: str) -> Outgoing:
    """Write the request as one host gets it. The call is not changed: another host may be next.

    Of a request in this dialect everything goes on as it came, but for what the gateway itself
    keeps (``OF_THE_GATEWAY``): ``store`` is true only where the caller said so, else false.

    Args:
        call: what is asked.
        quirks: how the host spells it.
        model: the host's own id of the model.

    Raises:
        Refusal: ``unsupported``, naming the field: the host cannot do what is asked, and it
            cannot be done here.
    """
    own = call.dialect == DIALECT
    adjusted: list[str] = []
    body: dict[str, Json] = {"model": model}
    _say(body, call, _way(quirks, model, own=own), adjusted)
    if call.stream:
        body["stream"] = True
    _sampling(body, call, adjusted)
    _text(body, call)
    tools = write_tools(call.tools) if own else _foreign_tools(call, quirks, adjusted)
    if tools:
        body["tools"] = tools
    if call.tool_choice is not None:
        body["tool_choice"] = _choice(call.tool_choice, call.tools, own=own)
    if call.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = call.parallel_tool_calls
    if call.thinking is not None:
        write_thinking(body, call.thinking, quirks.thinking, adjusted, own=own)
        if call.dialect == "chat":
            adjusted.extend(f"{name} left out" for name in beyond(call.thinking.raw))
    _members(body, call, adjusted, own=own)
    if not own:
        _name_wishes(call, adjusted)
    _include(body, call, quirks)
    body["store"] = call.extra.get("store") is True
    fit(body, call, quirks, adjusted)
    copies = call.n if call.n is not None else 1
    return Outgoing(_encode(body), _named(adjusted), tuple(call.stop), copies)


def _way(quirks: Quirks, model: str, *, own: bool) -> Way:
    place = {"reasoning": "summary", "none": "none"}.get(quirks.reasoning_in, "content")
    return Way(own, model, place, quirks.developer_role, quirks.text_parts)


def _say(body: dict[str, Json], call: Call, way: Way, adjusted: list[str]) -> None:
    turns = call.turns
    if turns and turns[0].extra is not None and INSTRUCTIONS in turns[0].extra:
        body["instructions"] = turns[0].parts[0].text  # type: ignore[union-attr]  # one text
        turns = turns[1:]
    form = call.spelled.get("input")
    if form == "absent" and not turns:
        return
    if not way.own:
        hold_to_an_end(turns, API)
        turns = paired(turns)
    items = write_items(turns, way, adjusted)
    if not items and not way.own:
        items = [{"type": "message", "role": "user", "content": ""}]  # nothing was said
    alone = form == "string" and len(items) == 1 and type(items[0].get("content")) is str
    body["input"] = items[0]["content"] if alone else items


def _sampling(body: dict[str, Json], call: Call, adjusted: list[str]) -> None:
    if call.max_tokens is not None:
        tokens = call.max_tokens
        if call.dialect != DIALECT and tokens < OUTPUT_TOKENS_MIN:
            tokens = OUTPUT_TOKENS_MIN
            adjusted.append(f"max_output_tokens raised to {tokens}")
        body["max_output_tokens"] = tokens
    if call.temperature is not None:
        body["temperature"] = call.temperature
    if call.top_p is not None:
        body["top_p"] = call.top_p
    if call.seed is not None:
        if call.dialect == DIALECT:
            body["seed"] = call.seed
        else:
            adjusted.append("seed left out")
    if call.user is not None:
        body["user"] = call.user


def _text(body: dict[str, Json], call: Call) -> None:
    rest = call.extra.get("text") if call.dialect == DIALECT else None
    text: dict[str, Json] = dict(rest) if type(rest) is dict else {}
    if call.format is not None:
        text["format"] = _format(call.format)
    if call.extra.get("verbosity") is not None:
        text["verbosity"] = call.extra["verbosity"]
    if text or rest is not None:
        body["text"] = text


def _format(form: Format) -> Json:
    if form.kind == "opaque":
        return form.value
    written: dict[str, Json] = {"type": form.kind}
    if form.kind == "json_schema":
        written["name"] = form.name or "response"
        written["schema"] = {} if form.schema is None else form.schema
        if form.strict is not None:
            written["strict"] = form.strict
    return {**written, **(form.extra or {})}


def _members(body: dict[str, Json], call: Call, adjusted: list[str], *, own: bool) -> None:
    for name, value in call.extra.items():
        if name in _ELSEWHERE or (not own and name in _SEARCHES.values() and wish_of(call)):
            continue
        if own or (name in COMMON_MEMBERS and name not in _CHANCES):
            body.setdefault(name, value)
        elif name == "functions" and value:
            outdated_functions()
        else:
            adjusted.append(f"{name} left out")


def _include(body: dict[str, Json], call: Call, quirks: Quirks) -> None:
    """What the answer is to show: as asked, and sealed thinking wherever thinking is sent back."""
    own = call.dialect == DIALECT
    include = list(call.extra.get("include") or ()) if own else []
    replays = any(type(part) is ThoughtPart for turn in call.turns for part in turn.parts)
    if replays and quirks.reasoning_in != "none" and ENCRYPTED not in include:
        include.append(ENCRYPTED)
    if include or (own and "include" in call.extra):
        body["include"] = include


def _name_wishes(call: Call, adjusted: list[str]) -> None:
    parts = [part for turn in call.turns for part in turn.parts]
    for one in (*parts, *call.tools):
        extra = getattr(one, "extra", None)
        if extra:
            adjusted.extend(f"{name} left out" for name in _WISHES if name in extra)


# ---- tools of other dialects ----------------------------------------------------------------


def _foreign_tools(call: Call, quirks: Quirks, adjusted: list[str]) -> list[Json]:
    tools, search = call.tools, quirks.web_search
    written: list[Json] = []
    lost: list[int] = []
    for at, tool in enumerate(tools):
        item = _searching(search) if tool.kind.startswith(_SEARCH) else write_foreign_tool(tool)
        if item is None:
            lost.append(at)
        elif item not in written or tool.kind == "function":
            written.append(item)
    for at in lost:
        kind = tools[at].kind
        if not tools[at].optional or not written:
            raise Refusal(
                "unsupported",
                f"'tools[{at}]' is of type \"{kind[:64]}\", which the provider of this "
                "request does not offer. Leave it out, or choose an endpoint that has it.",
                param=f"tools[{at}]",
            )
        adjusted.append(f"tool of type {kind[:40]} left out")
    wish = wish_of(call) if call.extra else None
    if wish is not None and wish.form in _SEARCHES:
        found = _searching(search)
        if found is None:
            raise Refusal(
                "unsupported",
                f"'{wish.param}' asks for a web search, which the provider of this request does "
                "not offer. Leave it out, or choose an endpoint that lists web_search.",
                param=wish.param,
            )
        written.append(found)
    return written


def _searching(search: WebSearch) -> Json | None:
    """The host's own web search; None: it has none."""
    return dict(search.tool) or {"type": _SEARCH} if search.form == "tool" else None


def _choice(choice: ToolChoice, tools: list[Tool], *, own: bool) -> Json:
    written = write_tool_choice(choice) if own else write_foreign_choice(choice, tools)
    if written is None:
        raise Refusal(
            "unsupported",
            "'tool_choice' has a form that the provider of this request does not know. "
            'Send "auto", "none", "required", or name one function.',
            param="tool_choice",
        )
    return written


def _named(adjusted: list[str]) -> tuple[str, ...]:
    """Each change once, as text that a header can carry: a caller's own member name may be in it.

    Commas stand between the phrases there.
    """
    phrases = list(dict.fromkeys(adjusted))
    beyond = len(phrases) - ADJUSTED_MAX
    if beyond > 0:
        phrases[ADJUSTED_MAX:] = [f"{beyond} more changes"]
    return tuple(
        "".join(c if " " <= c <= "~" and c != "," else "?" for c in phrase[-PHRASE_CHARS_MAX:])
        for phrase in phrases
    )
