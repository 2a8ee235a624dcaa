"""A Call to a provider's chat-completions body.

Knows the order of members, and that what a host cannot do is done here or refused, never dropped.
Refuses to know which host it writes for: quirks say it, and ``fit`` obeys them.
"""

from __future__ import annotations

import msgspec

from glimway.wire.chat.fit import Plan, plan_of
from glimway.wire.chat.foreign.call import call_at_home
from glimway.wire.chat.messages import write_messages
from glimway.wire.chat.search import put_in, take_out, wish_of
from glimway.wire.chat.tools import write_tool, write_tool_choice
from glimway.wire.dialect import Outgoing
from glimway.wire.quirks import Quirks
from glimway.wire.talk import Call, Format, Json

DIALECT = "chat"

ADJUSTED_MAX = 24
"""Changes that are named one by one; they travel in a header."""
PHRASE_CHARS_MAX = 80

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
    plan = plan_of(quirks)
    adjusted: list[str] = []
    if call.dialect != DIALECT:
        call = call_at_home(call, quirks, adjusted)
    body: dict[str, Json] = {
        "model": model,
        "messages": write_messages(call.turns, plan.style, adjusted),
    }
    if call.stream:
        body["stream"] = True
    _sampling(body, call, plan)
    if call.tools:
        body["tools"] = [write_tool(tool) for tool in call.tools]
    if call.tool_choice is not None:
        body["tool_choice"] = write_tool_choice(call.tool_choice)
    if call.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = call.parallel_tool_calls
    if call.thinking is not None and not plan.thinking_known:
        body.update(call.thinking.raw)
    if call.extra:
        body.update(call.extra)
    if call.stream:
        _usage(body, call, quirks)
    wish = wish_of(call) if call.tools or call.extra else None
    if wish is not None:
        take_out(body, call, wish, quirks.web_search)
    if call.tools or call.tool_choice is not None:
        for step in plan.tool_steps:
            step(body, call, quirks, adjusted)
    for step in plan.steps:
        step(body, call, quirks, adjusted)
    if wish is not None:
        put_in(body, wish, quirks.web_search)
    named = _named(adjusted) if adjusted else ()
    if call.n is None and not call.stop:
        return Outgoing(_encode(body), named)
    copies = call.n if call.n is not None and call.n > plan.n_max else 1
    return Outgoing(_encode(body), named, tuple(call.stop[plan.stop_max :]), copies)


def _usage(body: dict[str, Json], call: Call, quirks: Quirks) -> None:
    # The receipt needs the usage whether or not the caller wants to see it.
    ask = quirks.usage == "include_usage" or (call.usage_asked and quirks.usage == "always")
    if ask:
        options = call.extra.get("stream_options") or {}
        body["stream_options"] = {"include_usage": True, **options}


def _sampling(body: dict[str, Json], call: Call, plan: Plan) -> None:
    if call.max_tokens is not None:
        body[plan.cap or call.spelled.get("max_tokens", "max_tokens")] = call.max_tokens
    if call.temperature is not None:
        body["temperature"] = call.temperature
    if call.top_p is not None:
        body["top_p"] = call.top_p
    if call.stop and plan.stop_max:
        single = call.spelled.get("stop") == "string" and not plan.quirks.stop_array
        body["stop"] = call.stop[0] if single else call.stop[: plan.stop_max]
    if call.n is not None and call.n <= plan.n_max > 1:
        body["n"] = call.n
    if call.seed is not None:
        body["seed"] = call.seed
    if call.user is not None:
        body[call.spelled.get("user", "user")] = call.user
    if call.format is not None:
        body["response_format"] = _format(call.format)


def _format(form: Format) -> Json:
    if form.kind == "opaque":
        return form.value
    if form.kind != "json_schema":
        return {"type": form.kind, **(form.extra or {})}
    inner: dict[str, Json] = {"name": form.name}
    if form.schema is not None:
        inner["schema"] = form.schema
    if form.strict is not None:
        inner["strict"] = form.strict
    inner.update(form.extra or {})
    return {"type": "json_schema", "json_schema": inner}


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
