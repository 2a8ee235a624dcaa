"""A chat request body to an ``Ask``.

Knows the members of a chat completion that change an answer, and every spelling of "do not
think". Refuses to be strict beyond that unless the script says ``strict``: a member it does not
know is a host's own business.

Spellings of thinking: docs.z.ai (thinking mode), DeepInfra's and OpenAI's ``reasoning_effort``,
OpenRouter's ``reasoning``, vLLM's ``chat_template_kwargs``, Baseten's ``chat_template_args``.
"""

from __future__ import annotations

import contextlib
from hashlib import blake2b
from typing import Any, Final, NoReturn

import msgspec

from glimway.sandbox import tokens
from glimway.sandbox.ask import Ask, Tool
from glimway.sandbox.chat.strict import check
from glimway.sandbox.reply import Visit
from glimway.wire.refusal import Refusal, shown

Json = Any

N_MAX: Final = 16
MESSAGES_MAX: Final = 10_000
MESSAGE_TOKENS: Final = 4
"""Each message costs this many tokens besides its text (role and separators)."""
IMAGE_TOKENS: Final = 256

_encode = msgspec.json.Encoder().encode
_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


def read(visit: Visit) -> Ask:
    """Read the body of ``visit``.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    body = visit.body
    messages = _messages(body)
    if visit.family.needs_user and not any(m["role"] in ("user", "tool") for m in messages):
        _wrong("messages", "The messages parameter is illegal: no user message.")
    if visit.script.has("strict"):
        check(body, visit.family)
    ask = Ask(
        model=visit.model,
        seed=_seed(messages, body.get("seed")),
        prompt=next((text(m) for m in reversed(messages) if m["role"] == "user"), ""),
        thinking=thinks(body),
        max_tokens=_limit(body),
        stop=_stop(body),
        n=_integer(body, "n", 1, N_MAX) or 1,
        stream=_boolean(body, "stream"),
        tool_stream=_boolean(body, "tool_stream"),
        parallel=body.get("parallel_tool_calls") is not False,
    )
    options = body.get("stream_options")
    ask.usage_asked = type(options) is dict and options.get("include_usage") is True
    _tools(ask, body)
    _format(ask, body.get("response_format"))
    if ask.form != "schema":
        _follow_words(ask, messages)
    talk = [m for m in messages if m["role"] not in ("system", "developer")]
    ask.last = "tool" if talk and talk[-1]["role"] in ("tool", "function") else "user"
    ask.results = _results(talk)
    ask.prefix = _prefix(messages, body.get("tools"), visit.model)
    return ask


def text(message: dict[str, Json]) -> str:
    """The text of a message, its parts joined."""
    content = message.get("content")
    if type(content) is str:
        return content
    if type(content) is not list:
        return ""
    parts = (part.get("text") for part in content if type(part) is dict)
    return "".join(part for part in parts if type(part) is str)


def thinks(body: dict[str, Json]) -> bool:
    """False when any spelling turns thinking off."""
    if body.get("enable_thinking") is False or body.get("reasoning_effort") == "none":
        return False
    thinking = body.get("thinking")
    if type(thinking) is dict and thinking.get("type") == "disabled":
        return False
    reasoning = body.get("reasoning")
    if type(reasoning) is dict and (
        reasoning.get("enabled") is False or reasoning.get("effort") == "none"
    ):
        return False
    for name in ("chat_template_kwargs", "chat_template_args"):
        template = body.get(name)
        if type(template) is dict and False in (
            template.get("enable_thinking"),
            template.get("thinking"),
        ):
            return False
    return True


def _messages(body: dict[str, Json]) -> list[dict[str, Json]]:
    messages = body.get("messages")
    if type(messages) is not list or not messages:
        _wrong("messages", "The field messages is missing; send an array of at least one message.")
    if len(messages) > MESSAGES_MAX:
        _wrong("messages", f"The field messages has more than {MESSAGES_MAX} entries.")
    for at, message in enumerate(messages):
        if type(message) is not dict or message.get("role") not in _ROLES:
            _wrong(f"messages[{at}].role", f"messages[{at}] has no known role.")
    return messages


def _tools(ask: Ask, body: dict[str, Json]) -> None:
    tools = body.get("tools")
    for tool in tools if type(tools) is list else []:
        function = tool.get("function") if type(tool) is dict else None
        if type(function) is dict and type(function.get("name")) is str and function["name"]:
            ask.tools.append(Tool(function["name"], function.get("parameters")))
    choice = body.get("tool_choice")
    if choice in ("none", "required"):
        ask.choice = choice
    elif type(choice) is dict and type(choice.get("function")) is dict:
        ask.choice, ask.named = "named", str(choice["function"].get("name"))
        if all(tool.name != ask.named for tool in ask.tools):
            _wrong("tool_choice", f"tool_choice names {shown(ask.named)}, which is not in tools.")
    if ask.choice == "required" and not ask.tools:
        _wrong("tool_choice", 'tool_choice is "required", but there are no tools.')


def _format(ask: Ask, form: Json) -> None:
    kind = form.get("type") if type(form) is dict else None
    if kind == "json_object":
        ask.form = "object"
    elif kind == "json_schema":
        inner = form.get("json_schema")
        if type(inner) is not dict or type(inner.get("schema")) not in (dict, bool):
            _wrong("response_format.json_schema.schema", "The schema is missing.")
        ask.form, ask.schema = "schema", inner["schema"]


def _follow_words(ask: Ask, messages: list[dict[str, Json]]) -> None:
    """A schema in the instructions, on a line of its own, is followed as models do."""
    for message in messages:
        if message["role"] in ("system", "developer") and "JSON Schema" in (told := text(message)):
            for line in told.splitlines():
                if line.startswith("{"):
                    with contextlib.suppress(msgspec.DecodeError, RecursionError):
                        ask.form, ask.schema = "schema", msgspec.json.decode(line)


def _results(talk: list[dict[str, Json]]) -> list[tuple[str, str]]:
    """The tool results at the end of the conversation, with the names their calls had."""
    names: dict[str, str] = {}
    results: list[tuple[str, str]] = []
    for message in talk:
        if message["role"] in ("tool", "function"):
            name = message.get("name") or names.get(str(message.get("tool_call_id")), "")
            results.append((str(name), text(message)))
            continue
        results = []
        calls = message.get("tool_calls")
        for call in calls if type(calls) is list else []:
            if type(call) is dict and type(call.get("function")) is dict:
                names[str(call.get("id"))] = str(call["function"].get("name"))
    return results


def _prefix(messages: list[dict[str, Json]], tools: Json, model: str) -> list[tuple[bytes, int]]:
    """(digest, tokens) of the conversation after each message; tools and model come first."""
    declared = _encode(tools) if tools else b""
    digest = blake2b(model.encode() + b"\0" + declared, digest_size=16)
    used = -(-len(declared) // tokens.BYTES_PER_TOKEN)
    prefix: list[tuple[bytes, int]] = []
    for message in messages:
        digest.update(_encode(message))
        used += MESSAGE_TOKENS + tokens.count(text(message))
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        if type(reasoning) is str:
            used += tokens.count(reasoning)
        if message.get("tool_calls"):
            used += -(-len(_encode(message["tool_calls"])) // tokens.BYTES_PER_TOKEN)
        content = message.get("content")
        if type(content) is list:
            texts = sum(type(part) is dict and "text" in part for part in content)
            used += IMAGE_TOKENS * (len(content) - texts)
        prefix.append((digest.copy().digest(), used))
    return prefix


def _seed(messages: list[dict[str, Json]], seed: Json) -> int:
    # Of the conversation only: the same question gets the same words from every host, under
    # every script, streamed or not, so that a faulty answer can be held against the clean one.
    said = [[message["role"], text(message)] for message in messages]
    digest = blake2b(_encode([said, seed]), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _limit(body: dict[str, Json]) -> int | None:
    newer = _integer(body, "max_completion_tokens", 1, 10_000_000)
    return newer or _integer(body, "max_tokens", 1, 10_000_000)


def _stop(body: dict[str, Json]) -> list[str]:
    stop = body.get("stop")
    if stop is None:
        return []
    stops = [stop] if type(stop) is str else stop
    if type(stops) is not list or not all(type(item) is str for item in stops):
        _wrong("stop", "The field stop must be a string or an array of strings.")
    return [item for item in stops if item]


def _integer(body: dict[str, Json], name: str, low: int, high: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int or not low <= value <= high:
        _wrong(name, f"The field {name} is {shown(value)}; send an integer of {low} to {high}.")
    return value


def _boolean(body: dict[str, Json], name: str) -> bool:
    value = body.get(name)
    if value is not None and type(value) is not bool:
        _wrong(name, f"The field {name} is {shown(value)}; send true or false.")
    return value is True


def _wrong(param: str, message: str) -> NoReturn:
    raise Refusal("invalid", message, code="invalid_value", param=param)
