"""Bad habits of models and of the parsers around them, whatever host serves them.

Knows what each script of the groups "model" and "tools" changes in what is said. Refuses to know
frames and dialects: call deltas that are shaped wrongly are a dialect's matter.

Sources: github.com/vllm-project/vllm/pull/45915 (calls inside thinking),
github.com/mistralai/client-python/issues/628 (thinking only), the GLM chat template (markup,
``</think>`` without an opening).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from glimway.sandbox import tokens
from glimway.sandbox.ask import Ask, Said, ToolCall
from glimway.sandbox.words import Words

LOOP_TOKENS_MAX: Final = 20_000
FOREIGN: Final = "你好，世界 🚀 naïve café — 数据流 👩‍🚀. "  # noqa: RUF001  # full-width comma

DAMAGE: Final = "\ue000"
"""Stands in text where ``stream`` later puts a byte or an escape that no reader likes. It is of
the private-use area: no prompt needs it."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def _think_only(said: Said, ask: Ask, words: Words) -> None:
    said.thought = said.thought or "There is nothing to say."
    said.text, said.calls, said.finish = "", [], "stop"


def _think_tags(said: Said, ask: Ask, words: Words) -> None:
    said.text = f"<think>{said.thought}</think>{said.text}"
    said.thought = ""


def _think_open(said: Said, ask: Ask, words: Words) -> None:
    said.text = f"{said.thought}</think>{said.text}"
    said.thought = ""


def _think_loop(said: Said, ask: Ask, words: Words) -> None:
    sentence = f"Wait, let me look at {words.topic()} once more. "
    size = min(ask.max_tokens or LOOP_TOKENS_MAX, LOOP_TOKENS_MAX)
    said.thought = sentence * (size * tokens.BYTES_PER_TOKEN // len(sentence.encode()) + 2)
    if ask.max_tokens is None or ask.max_tokens > LOOP_TOKENS_MAX:
        said.thought = tokens.head(said.thought, LOOP_TOKENS_MAX)
    said.text, said.calls, said.finish = "", [], "length"


def _box_tokens(said: Said, ask: Ask, words: Words) -> None:
    said.text += f" <|begin_of_box|>{words.topic()}<|end_of_box|>"


def _role_token(said: Said, ask: Ask, words: Words) -> None:
    said.text += "<|user|>"


def _garbled(said: Said, ask: Ask, words: Words) -> None:
    said.text = "!" * len(said.text)


def _refusal(said: Said, ask: Ask, words: Words) -> None:
    said.refusal = f"I cannot help with {words.topic()}."
    said.thought, said.text, said.calls, said.finish = "", "", [], "stop"


def _sensitive(said: Said, ask: Ask, words: Words) -> None:
    said.text, said.calls, said.finish = said.text[: len(said.text) // 3], [], "sensitive"


def _network_error(said: Said, ask: Ask, words: Words) -> None:
    said.text, said.calls, said.finish = said.text[: len(said.text) // 2], [], "network_error"


def _json_fenced(said: Said, ask: Ask, words: Words) -> None:
    said.text = f"```json\n{said.text}\n```"


def _json_broken(said: Said, ask: Ask, words: Words) -> None:
    said.text = said.text[: max(1, len(said.text) * 2 // 3)].rstrip('}]"') + ","


def _json_wrong(said: Said, ask: Ask, words: Words) -> None:
    # An array where objects are wanted, and the other way round: no usual schema takes both.
    said.text = "[]" if said.text.startswith("{") else "{}"


def _tool_in_thinking(said: Said, ask: Ask, words: Words) -> None:
    said.thought += markup(said.calls)
    said.text, said.calls, said.finish = "", [], "tool_calls"


def _tool_markup(said: Said, ask: Ask, words: Words) -> None:
    said.text, said.calls, said.finish = said.text + markup(said.calls), [], "stop"


def _finish_tool_no_call(said: Said, ask: Ask, words: Words) -> None:
    said.calls, said.finish = [], "tool_calls"


def _tool_with_text(said: Said, ask: Ask, words: Words) -> None:
    said.text = f"Let me look that up for you, starting with {words.topic()} and th"


def _foreign(said: Said, ask: Ask, words: Words) -> None:
    if ask.form == "text":
        said.text = FOREIGN + said.text
    if said.thought:
        said.thought = FOREIGN + said.thought


def _damaged(said: Said, ask: Ask, words: Words) -> None:
    if said.text:
        said.text = said.text[:12] + DAMAGE + said.text[12:]
    else:
        said.thought = said.thought[:12] + DAMAGE + said.thought[12:]


HABITS: Final[dict[str, Callable[[Said, Ask, Words], None]]] = {
    "split-utf8": _foreign,
    "bad-utf8": _damaged,
    "half-surrogate": _damaged,
    "box-tokens": _box_tokens,
    "role-token": _role_token,
    "garbled": _garbled,
    "json-fenced": _json_fenced,
    "json-broken": _json_broken,
    "json-wrong": _json_wrong,
    "tool-with-text": _tool_with_text,
    "tool-markup": _tool_markup,
    "tool-in-thinking": _tool_in_thinking,
    "finish-tool-no-call": _finish_tool_no_call,
    "sensitive": _sensitive,
    "network-error": _network_error,
    "refusal": _refusal,
    "think-only": _think_only,
    "think-loop": _think_loop,
    "think-tags": _think_tags,
    "think-open": _think_open,
}
"""Stem -> what it does to what is said; where a script names several, in this order."""


def markup(calls: list[ToolCall]) -> str:
    """The calls as GLM writes them before any parser saw them: values are untyped text."""
    return "".join(f"<tool_call>{call.name}{pairs(call)}</tool_call>" for call in calls)


def pairs(call: ToolCall) -> str:
    """The arguments of a call in GLM's markup."""
    members = _decode(call.arguments)
    written = (
        (key, value if type(value) is str else _encode(value).decode())
        for key, value in members.items()
    )
    return "".join(
        f"<arg_key>{key}</arg_key><arg_value>{value}</arg_value>" for key, value in written
    )
