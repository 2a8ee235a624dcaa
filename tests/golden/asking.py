"""What becomes of each request of the corpus on its way to a host of each dialect.

Knows how to find that out by running the codecs: what a host gets is read again as a request of its
own dialect, and what it means must be what was meant. Refuses to know what any feature is called
in any dialect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from glimway.wire.dialect import Outgoing
from glimway.wire.refusal import Refusal
from glimway.wire.talk import (
    COMMON_MEMBERS,
    Call,
    CallPart,
    OpaquePart,
    Part,
    ResultPart,
    TextPart,
    ThoughtPart,
    Tool,
    Turn,
)
from golden.cases import REQUESTS, Request
from golden.clients import asked, mount_of
from golden.hosts import HOSTS, PLAIN

Json = Any

Way = Literal["exact", "elsewhere", "left out", "refused", "lost"]


class Fate(msgspec.Struct, frozen=True):
    """What became of a request.

    Args:
        way: ``exact``: a host reads what was meant; ``elsewhere``: it is at the places ``words``,
            or done here; ``left out``: and named as ``words`` say; ``refused``: in these words;
            ``lost``: nobody was told.
        words: see there.
    """

    way: Way
    words: tuple[str, ...] = ()


MODEL = "theirs-1"
SPELLINGS = frozenset(
    """
    allowed bash_20250124 custom function get_weather high json_object low openai.custom provider
    """.split()
)
"""Words that say how something is asked for rather than what: kinds, modes and levels, which other
dialects ask for in other words, and the tool that an allowed one stands beside."""
LABELS = {"metadata": "a label of kept answers, which are not a host's to keep"}
"""Features that no host needs to hear of."""
BASE = {request.dialect: request for request in REQUESTS if request.name == "text"}


def sent(request: Request, host: str) -> Outgoing:
    """What a host gets; raises Refusal."""
    return HOSTS[host].encode(asked(request), PLAIN, MODEL)


def fate(request: Request, host: str) -> Fate:
    """What becomes of a request at a host without quirks."""
    try:
        outgoing = sent(request, host)
    except Refusal as refusal:
        return Fate("refused", (refusal.message,))
    body = json.loads(outgoing.body)
    if request.dialect == host and same_body(request.body, body):
        return Fate("exact")
    if request.name in LABELS:
        return Fate("elsewhere", (LABELS[request.name],))
    always = sent(BASE[request.dialect], host).adjusted
    named = tuple(word for word in outgoing.adjusted if word not in always)
    here = []
    if outgoing.cut_here:
        here.append(f"{len(outgoing.cut_here)} of the stop strings, cut by the gateway")
    if outgoing.copies != 1:
        here.append(f"{outgoing.copies} calls at once, made by the gateway")
    call, again = asked(request), read_again(host, body)
    if call.max_tokens is None:
        again.max_tokens = None  # a dialect that cannot do without a cap gets one
    needles = missed(meant(call), meant(again))
    if request.dialect != host:
        # A proof means something to its maker alone.
        needles = [one for one in needles if one not in _signatures(call)]
    if here or any(not word.endswith("left out") for word in named):
        return Fate("elsewhere", (*here, *named))
    if named:
        return Fate("left out", named)
    if not needles:
        return Fate("exact")
    gone = homeless(needles, body)
    if gone:
        return Fate("lost", tuple(gone))
    plain = json.loads(sent(BASE[request.dialect], host).body)
    kept = places(needles, body) or added(body, plain)
    return Fate("elsewhere", tuple(kept)) if kept else Fate("lost", tuple(map(repr, needles)))


def same_body(asked_for: Json, body: Json) -> bool:
    """A host of the caller's dialect gets the caller's body, under its own name of the model. Where
    nothing is said about keeping the answer, the host is told not to: here nobody could find it."""
    told = {"store": False, **asked_for} if "input" in body else asked_for
    return bool({**told, "model": MODEL} == body)


def read_again(host: str, body: Json) -> Call:
    """What a host reads."""
    return mount_of(host).side.decode(json.loads(json.dumps(body)), [])


# ---- meaning --------------------------------------------------------------------------------


def meant(call: Call) -> dict[str, Json]:
    """What a call means, its spelling forgotten."""
    choice, knob, form = call.tool_choice, call.thinking, call.format
    meaning: dict[str, Json] = {
        name: getattr(call, name)
        for name in (
            "max_tokens",
            "parallel_tool_calls",
            "temperature",
            "top_p",
            "n",
            "seed",
            "user",
        )
    }
    meaning["turns"] = _turns(call.turns)
    meaning["tools"] = {tool.name or tool.kind: _tool(tool) for tool in call.tools}
    meaning["stop"] = call.stop
    if choice is not None:
        meaning["tool_choice"] = {"mode": choice.mode, "names": sorted(choice.names)}
    if knob is not None:
        on = knob.effort != "none" if knob.on is None and knob.effort is not None else knob.on
        effort = "none" if on is False else knob.effort
        meaning["thinking"] = {"on": on, "effort": effort, "budget": knob.budget_tokens}
    if form is not None:
        meaning["format"] = {"kind": form.kind, "schema": form.schema}
    for name in COMMON_MEMBERS - {"store"}:
        meaning[name] = call.extra.get(name)
    return meaning


def _turns(turns: list[Turn]) -> list[Json]:
    """Neighbours of one role are one turn."""
    joined: list[dict[str, Json]] = []
    for turn in turns:
        parts = [one for part in turn.parts if (one := _part(part)) is not None]
        if not parts and turn.role != "tool":
            continue  # nothing was said
        role = "system" if turn.role == "developer" else turn.role
        if joined and joined[-1]["role"] == role:
            joined[-1]["parts"] += parts
        else:
            joined.append({"role": role, "parts": parts, "name": turn.name})
    return joined


def _part(part: Part) -> Json:
    """A part; None for one that says nothing."""
    if isinstance(part, OpaquePart):
        return None if part.taken else {"kind": "opaque", "value": part.value}
    fields = msgspec.structs.asdict(part)
    mark = (fields.pop("extra") or {}).get("cache_control")
    fields["mark"] = mark
    for spelling in ("form", "value", "dialect"):
        fields.pop(spelling, None)
    if isinstance(part, TextPart) and not part.text:
        return None
    if isinstance(part, CallPart):
        # Free text is one text, whether it is a function's only argument or not.
        given = json.loads(part.arguments) if part.kind == "function" else {"input": part.arguments}
        fields |= {"arguments": given, "kind": "function"}
    if isinstance(part, ResultPart):
        fields["content"] = [one for inner in part.content if (one := _part(inner)) is not None]
    return {type(part).__name__ + _was(part): fields}


def _was(part: Part) -> str:
    """What a text was before it became one, as documents do."""
    extra = getattr(part, "extra", None) or {}
    kinds = [one.get("type") for one in extra.values() if type(one) is dict]
    return "".join(f" of {kind}" for kind in kinds if kind in ("document", "search_result"))


def _signatures(call: Call) -> list[str | None]:
    parts = (part for turn in call.turns for part in turn.parts)
    return [part.signature for part in parts if isinstance(part, ThoughtPart)]


def _tool(tool: Tool) -> Json:
    fields = msgspec.structs.asdict(tool)
    mark = (fields.pop("extra") or {}).get("cache_control")
    # A tool of another kind is what its own object says, however deep.
    about = [value for _, value in leaves(fields["value"])] if tool.kind != "function" else []
    shape = sorted({str(value) for value in about} - {tool.kind})
    for spelling in ("value", "dialect", "optional"):
        fields.pop(spelling)
    if tool.kind != "function":
        fields["parameters"] = None  # a function may stand in for it: that says nothing more
    # Saying that arguments need not be held to the schema is the same as saying nothing.
    fields["examples"] = (tool.extra or {}).get("input_examples")
    return {**fields, "strict": tool.strict or False, "mark": mark, "shape": shape}


# ---- places ---------------------------------------------------------------------------------


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every value that holds no others, with its place."""
    if type(value) is dict:
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif type(value) is list:
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, value


def missed(meant_by: dict[str, Json], read: dict[str, Json]) -> list[Json]:
    """What was meant and is not read at its place."""
    there = dict(leaves(read))
    counted: dict[str, int] = {}
    for path, value in leaves(read):
        counted[f"{path} {value!r}"] = counted.get(f"{path} {value!r}", 0) + 1
    left = []
    for path, value in leaves(meant_by):
        key = f"{path} {value!r}"
        if counted.get(key, 0):
            counted[key] -= 1
        elif value is not None or there.get(path) is not None:
            left.append(value)
    return left


def places(needles: list[Json], body: Json) -> list[str]:
    """Where a host has these values."""
    found = [
        path for path, value in leaves(body) if any(_holds(value, needle) for needle in needles)
    ]
    return list(dict.fromkeys(found))


def _holds(value: Json, needle: Json) -> bool:
    if type(value) is not type(needle) or type(value) is bool:
        return False
    return bool(value == needle or (type(value) is str and len(needle) > 2 and needle in value))


def homeless(needles: list[Json], body: Json) -> list[str]:
    """Texts that a host has nowhere."""
    texts = [str(value) for _, value in leaves(body)]
    words = [one for one in needles if type(one) is str and one not in SPELLINGS]
    return [one for one in words if not any(one in text for text in texts)]


def added(body: Json, plain: Json) -> list[str]:
    """Members at the top that a plain request has not."""
    return [path for path, _ in leaves({k: v for k, v in body.items() if k not in plain})]
