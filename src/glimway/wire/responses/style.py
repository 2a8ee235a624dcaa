"""How a mount wants its Responses replies.

Knows the choices there are, and what of the request an answer repeats. Refuses to know which mount
chose what.
Source of the members and their defaults: the type ``Response`` of OpenAI's Python package, and
https://www.openresponses.org/specification, whose schema requires all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from glimway.wire.responses.asked import asked
from glimway.wire.responses.content import DIALECT
from glimway.wire.responses.items import INSTRUCTIONS
from glimway.wire.responses.thoughts import Seal
from glimway.wire.responses.tools import spaces, write_tool_choice, write_tools
from glimway.wire.talk import Call, Format, Json, TextPart


class Style(msgspec.Struct, frozen=True):
    """How one reply is written.

    Args:
        id: the answer's public id, ``resp_`` and its stem: item ids are made from the stem.
        model: the name that was asked for.
        created_s: when the request came, in seconds since 1970.
        echo: members of the response that repeat the request.
        seal: seals thinking; None: only what its maker has sealed already is shown sealed.
        encrypted: thinking is shown sealed as well.
        thoughts: plain thinking streams as a ``summary``, which is what clients show and send
            back, or ``raw`` under OpenAI's names for open weights (``reasoning_text``).
        spaces: neutral name -> (namespace, name), for tools that have a namespace.
        custom: neutral names of free-text tools: where a provider was given them as functions,
            their input is taken out of the arguments again.
        now_s: the time at the end; None: the time of the beginning is taken.
    """

    id: str
    model: str
    created_s: int
    echo: dict[str, Json] = {}
    seal: Seal | None = None
    encrypted: bool = False
    thoughts: Literal["summary", "raw"] = "summary"
    spaces: dict[str, tuple[str, str]] = {}
    custom: frozenset[str] = frozenset()
    now_s: Callable[[], int] | None = None

    @property
    def stem(self) -> str:
        """What the id is made of behind its prefix."""
        return self.id.partition("_")[2] or self.id


def style_of(
    call: Call,
    answer_id: str,
    created_s: int,
    *,
    seal: Seal | None = None,
    now_s: Callable[[], int] | None = None,
) -> Style:
    """How the reply to a call is written.

    Args:
        call: what was asked.
        answer_id: the answer's public id.
        created_s: when the request came, in seconds since 1970.
        seal: seals thinking, so that only this gateway can read it.
        now_s: the time.
    """
    wishes = asked(call)
    return Style(
        id=answer_id,
        model=call.model,
        created_s=created_s,
        echo=echo_of(call),
        seal=seal,
        encrypted=wishes.encrypted,
        spaces=spaces(call.tools),
        custom=frozenset(tool.name for tool in call.tools if tool.kind == "custom"),
        now_s=now_s,
    )


def echo_of(call: Call) -> dict[str, Json]:
    """The members of a response that repeat its request, in the request's own form; defaults
    where the caller said nothing. Each is there, for clients that hold answers to the schema."""
    extra = call.extra
    wishes = asked(call)
    own = call.dialect == DIALECT
    first = call.turns[0] if call.turns else None
    instructions = None
    if first is not None and first.extra is not None and INSTRUCTIONS in first.extra:
        instructions = first.parts[0].text if isinstance(first.parts[0], TextPart) else None
    raw = call.thinking.raw.get("reasoning") if call.thinking is not None else None
    effort = call.thinking.effort if call.thinking is not None else None
    text: dict[str, Json] = {"format": _format(call.format)}
    if extra.get("verbosity") is not None:
        text["verbosity"] = extra["verbosity"]
    tier = extra.get("service_tier")
    echo: dict[str, Json] = {
        "background": wishes.background,
        "frequency_penalty": extra.get("frequency_penalty", 0.0),
        "instructions": instructions,
        "max_output_tokens": call.max_tokens,
        "max_tool_calls": wishes.max_tool_calls,
        "metadata": extra.get("metadata", {}),
        "parallel_tool_calls": call.parallel_tool_calls is not False,
        "presence_penalty": extra.get("presence_penalty", 0.0),
        "previous_response_id": wishes.previous_response_id,
        "prompt_cache_key": extra.get("prompt_cache_key"),
        "reasoning": {"effort": effort, "summary": None, **(raw if type(raw) is dict else {})},
        "safety_identifier": extra.get("safety_identifier"),
        "service_tier": tier if tier not in (None, "auto") else "default",
        "store": wishes.keeps,
        "temperature": 1.0 if call.temperature is None else call.temperature,
        "text": text,
        "tool_choice": "auto" if call.tool_choice is None else write_tool_choice(call.tool_choice),
        "tools": [_shown(tool) for tool in write_tools(call.tools)] if own else [],
        "top_logprobs": extra.get("top_logprobs", 0),
        "top_p": 1.0 if call.top_p is None else call.top_p,
        "truncation": wishes.truncation or "disabled",
    }
    if call.user is not None:
        echo["user"] = call.user
    if wishes.conversation is not None:
        echo["conversation"] = {"id": wishes.conversation}
    for name in ("prompt", "prompt_cache_retention", "prompt_cache_options"):
        if extra.get(name) is not None:
            echo[name] = extra[name]
    return echo


def _format(form: Format | None) -> Json:
    if form is None:
        return {"type": "text"}
    if form.kind == "opaque":
        return form.value
    written: dict[str, Json] = {"type": form.kind}
    if form.kind == "json_schema":
        written = {
            **written,
            "name": form.name,
            "description": None,
            "schema": form.schema,
            "strict": bool(form.strict),
        }
    return {**written, **(form.extra or {})}


def _shown(tool: Any) -> Any:
    """A function tool with the members that the schema requires."""
    if type(tool) is not dict or tool.get("type") != "function":
        return tool
    shown = {"description": None, "parameters": None, **tool}
    shown["strict"] = tool.get("strict") is True
    return shown
