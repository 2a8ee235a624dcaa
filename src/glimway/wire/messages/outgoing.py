"""A Call to a provider's Messages body.

Knows the order of members, what the dialect insists on (``max_tokens``, a user who speaks first),
and that what a host cannot do is done here, named or refused, never dropped in silence. Refuses to
know which host it writes for: quirks say it, and ``fit`` obeys them.

How quirks that speak of chat are read here: ``reasoning_in`` says which earlier thinking goes back:
``none`` none at all, ``reasoning`` also what nobody signed, any other value only what its maker
signed. A ``stop_max`` or ``formats`` that a profile leaves at its default says nothing of the host.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.chat.thinking import beyond
from glimway.wire.dialect import Outgoing
from glimway.wire.losing import outdated_functions
from glimway.wire.messages.adjusting import named
from glimway.wire.messages.blocks import BILLING, DIALECT
from glimway.wire.messages.borrowed import foreign_choice, foreign_tools
from glimway.wire.messages.fit import fit
from glimway.wire.messages.foreign import lay_out
from glimway.wire.messages.history import write_history, write_system
from glimway.wire.messages.members import TIERS
from glimway.wire.messages.parts import Way
from glimway.wire.messages.request import BETAS
from glimway.wire.messages.thinking import CONFIG, write_thinking
from glimway.wire.messages.tools import write_tool_choice, write_tools
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call, Format, Json, OpaquePart, ToolChoice, Turn

MAX_TOKENS_DEFAULT = 16_384
"""The bound on an answer where the caller gave none: the dialect cannot go without. Enough for an
answer with its thinking, and within what every current model of the dialect's maker may write."""

TEMPERATURE_MAX = 1
"""The dialect's own bound; a host with another says so in its quirks.
Source: https://docs.anthropic.com/en/api/messages (temperature)."""

USER_CHARS_MAX = 256
"""Source: https://docs.anthropic.com/en/api/messages (metadata.user_id)."""

JSON_PLEASE = "Answer with one JSON object and nothing else: no text around it, no code fence."
"""Asks for any JSON object, for which the dialect has no member."""

_NO_MATTER = frozenset({"store", "metadata", "background", "previous_response_id", "conversation"})
"""Members of other dialects that whoever keeps answers obeys or refuses, never a host."""

_TIERS = {"auto": "auto", **{word: own for own, word in TIERS.items()}}
_STOP_MAX = Quirks().stop_max

_encode = msgspec.json.Encoder().encode


def encode(call: Call, quirks: Quirks, model: str) -> Outgoing:
    """Write the request as one host gets it. The call is not changed: another host may be next.

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
    body: dict[str, Json] = {"model": model, "max_tokens": _cap(call, quirks, adjusted)}
    way = _way(quirks, model, own=own)
    _say(body, call, quirks, way, adjusted)
    if call.stream:
        body["stream"] = True
    _sampling(body, call, quirks, adjusted, own=own)
    stops, cut_here = _stops(call, quirks, own=own)
    if stops or (own and not call.stop and "stop" in call.spelled):
        body["stop_sequences"] = stops
    _tools(body, call, quirks, adjusted, own=own)
    _members(body, call, quirks, adjusted, own=own)
    if call.format is not None:
        _format(body, call, call.format, adjusted)
    if call.thinking is not None:
        write_thinking(body, call.thinking, quirks.thinking, adjusted, own=own)
        if call.dialect == "chat":
            adjusted.extend(f"{name} left out" for name in beyond(call.thinking.raw))
    fit(body, call, quirks, adjusted)
    copies = call.n if call.n is not None else 1
    betas = betas_of(call)
    headers = () if betas is None else ((b"anthropic-beta", betas.encode("latin-1")),)
    return Outgoing(_encode(body), named(adjusted), cut_here, copies, headers)


def betas_of(call: Call) -> str | None:
    """The value of the header ``anthropic-beta`` for hosts of this dialect; None: there is none."""
    return call.spelled.get(BETAS) if call.dialect == DIALECT else None


def _way(quirks: Quirks, model: str, *, own: bool) -> Way:
    thoughts: dict[str, Any] = {"none": "none", "reasoning": "all"}
    return Way(own, model, thoughts.get(quirks.reasoning_in, "signed"))


def _cap(call: Call, quirks: Quirks, adjusted: list[str]) -> int:
    if call.max_tokens is not None:
        return call.max_tokens
    bounds = quirks.ranges.get("max_tokens")
    cap = int(bounds.fit(MAX_TOKENS_DEFAULT)) if bounds is not None else MAX_TOKENS_DEFAULT
    adjusted.append(f"max_tokens set to {cap}")
    return cap


# ---- what is said ---------------------------------------------------------------------------


def _say(body: dict[str, Json], call: Call, quirks: Quirks, way: Way, adjusted: list[str]) -> None:
    if not way.own or _amid(call) in quirks.reject:
        talk = lay_out(call.turns, way, adjusted)
        if talk.system is not None:
            body["system"] = talk.system
        body["messages"] = talk.messages
        return
    turns = call.turns
    if "system" in call.spelled and turns:
        head = _without_billing(turns[0]) if BILLING in quirks.reject else turns[0]
        body["system"] = write_system(head, way, adjusted)
        turns = turns[1:]
    body["messages"] = write_history(turns, way, adjusted)


def _amid(call: Call) -> str:
    """The name by which a host's quirks reject instructions amid a conversation, if there are any:
    such a conversation is laid out as one of another dialect."""
    before = call.turns[1:] if "system" in call.spelled else call.turns
    return "messages.system" if any(turn.role == "system" for turn in before) else ""


def _without_billing(turn: Turn) -> Turn:
    kept = [part for part in turn.parts if not isinstance(part, OpaquePart)]
    return msgspec.structs.replace(turn, parts=kept)


# ---- members --------------------------------------------------------------------------------


def _sampling(
    body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str], *, own: bool
) -> None:
    temperature = call.temperature
    if temperature is not None:
        if temperature > TEMPERATURE_MAX and "temperature" not in quirks.ranges:
            temperature = TEMPERATURE_MAX
            adjusted.append(f"temperature lowered to {temperature}")
        body["temperature"] = temperature
    if call.top_p is not None:
        body["top_p"] = call.top_p
    if call.seed is not None:
        adjusted.append("seed left out")
    if call.user is not None:
        if own or len(call.user) <= USER_CHARS_MAX:
            body["metadata"] = {"user_id": call.user}
        else:
            adjusted.append("user left out")


def _stops(call: Call, quirks: Quirks, *, own: bool) -> tuple[list[str], tuple[str, ...]]:
    """The stop strings that the host takes, and those at which the answer is cut here."""
    if not call.stop:
        return [], ()
    if "stop" in quirks.reject or "stop_sequences" in quirks.reject:
        return [], tuple(call.stop)
    # The dialect's maker refuses strings of white space.
    taken = [one for one in call.stop if own or one.strip()]
    if quirks.stop_max != _STOP_MAX:
        taken = taken[: quirks.stop_max]
    return taken, tuple(one for one in call.stop if one not in taken)


def _members(
    body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str], *, own: bool
) -> None:
    for name, value in call.extra.items():
        if name == "service_tier":
            tier = _TIERS.get(value) if type(value) is str else None
            if tier is not None or own:
                body[name] = value if tier is None else tier
            else:
                adjusted.append(f"{name} left out")
        elif own:
            inner = body.get(name)
            if type(value) is dict:
                # A copy: members may be added to it, and the call's own stays as it is.
                body[name] = {**(inner if type(inner) is dict else {}), **value}
            else:
                body[name] = value
        elif name == "top_k" or (name in quirks.members and name not in _NO_MATTER):
            body[name] = value
        elif name == "safety_identifier" and "metadata" not in body:
            body["metadata"] = {"user_id": value}
        elif name == "functions" and value:
            outdated_functions()
        elif name not in _NO_MATTER and name not in _SEARCHES:
            adjusted.append(f"{name} left out")


_SEARCHES = frozenset({"web_search_options", "plugins", "tool_web_search"})
"""Wishes for a web search: obeyed with the tools."""


def _format(body: dict[str, Json], call: Call, form: Format, adjusted: list[str]) -> None:
    if form.kind == "text":
        return
    if form.kind == "json_object":
        _ask_for_json(body)
        adjusted.append("response_format sent as an instruction")
        return
    if form.kind == "opaque":
        if call.dialect != DIALECT:
            kind = form.value.get("type") if type(form.value) is dict else form.value
            raise Refusal(
                "unsupported",
                f"The answer's format {str(kind)[:64]!r} has no place in the Messages API of this "
                "request's provider. Send a JSON Schema, or ask for any JSON object.",
                param="response_format",
            )
        written = form.value
    else:
        schema = {"type": "object"} if form.schema is None else form.schema
        more = form.extra if call.dialect == DIALECT and form.extra else {}
        written = {"type": "json_schema", "schema": schema, **more}
    if call.spelled.get("format") == "output_format":
        body["output_format"] = written
    else:
        config = body.get(CONFIG)
        body[CONFIG] = {**(config if type(config) is dict else {}), "format": written}


def _ask_for_json(body: dict[str, Json]) -> None:
    system = body.get("system")
    if type(system) is list:
        body["system"] = [*system, {"type": "text", "text": JSON_PLEASE}]
    else:
        body["system"] = f"{system}\n\n{JSON_PLEASE}" if system else JSON_PLEASE


def _tools(
    body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str], *, own: bool
) -> None:
    tools = write_tools(call.tools) if own else foreign_tools(call, quirks, adjusted)
    if tools or (own and "tools" in call.spelled):
        body["tools"] = tools
    choice: ToolChoice | None = call.tool_choice
    if own:
        if choice is not None:
            body["tool_choice"] = write_tool_choice(choice, parallel=call.parallel_tool_calls)
    elif tools:
        body.update(foreign_choice(call, tools))
    elif choice is not None and choice.mode not in ("auto", "none"):
        raise Refusal(
            "unsupported",
            "'tool_choice' asks for a call, but there is no tool that the provider of this "
            "request could be given.",
            param="tool_choice",
        )
