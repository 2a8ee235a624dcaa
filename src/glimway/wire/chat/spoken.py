"""What one delta or message says: its thinking and its text.

Knows the members in which hosts put thinking (``reasoning_content``, ``reasoning``,
``reasoning_details``, typed parts of a content array) and gives each piece once, though some hosts
send it under two names. Refuses to look inside the text: that is ``healing``.

Sources: docs.z.ai (``reasoning_content``), docs.vllm.ai (``reasoning``), openrouter.ai (reasoning
tokens: ``reasoning_details``), github.com/mistralai/mistral-vibe/issues/1119 (typed parts).
"""

from __future__ import annotations

from typing import Any

MEMBERS = ("reasoning_content", "reasoning", "reasoning_details")

Spoken = tuple[str, str, dict[str, Any] | None]
"""(thinking, text, members that are neither)."""


def members_of(order: tuple[str, ...]) -> tuple[str, ...]:
    """The members to look into for thinking: a host's own first, then the others."""
    own = tuple(name for name in order if name in MEMBERS)
    return own + tuple(name for name in MEMBERS if name not in own)


def beyond(members: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Members that are read nowhere; ``null`` says nothing and is not kept."""
    return {k: v for k, v in members.items() if k not in known and v is not None}


def spoken(delta: dict[str, Any], members: tuple[str, ...], known: frozenset[str]) -> Spoken:
    """Read a delta or message.

    Args:
        delta: it.
        members: see ``members_of``.
        known: members that are read elsewhere or here.
    """
    rest = None
    content = delta.get("content")
    thought, text = "", ""
    if type(content) is str:
        text = content
    elif type(content) is list:
        thought, text, unknown = _parts(content)
        if unknown:
            rest = {"content_parts": unknown}
    if not thought:
        for name in members:
            value = delta.get(name)
            if value:
                thought = value if type(value) is str else _details(value)
                if thought:
                    break
    if not delta.keys() <= known:
        more = beyond(delta, known)
        if more.get("reasoning_details") == []:
            del more["reasoning_details"]
        if more:
            rest = {**more, **(rest or {})}
    return thought, text, rest


def _details(value: Any) -> str:
    """The readable text of ``reasoning_details``; sealed entries have none."""
    if type(value) is not list:
        return ""
    return "".join(
        entry["text"] if type(entry.get("text")) is str else ""
        for entry in value
        if type(entry) is dict
    )


def _parts(content: list[Any]) -> tuple[str, str, list[Any]]:
    """Thinking, text and unknown parts of a content array."""
    thoughts: list[str] = []
    texts: list[str] = []
    unknown: list[Any] = []
    for part in content:
        if type(part) is str:
            texts.append(part)
        elif type(part) is not dict:
            continue
        elif part.get("type") == "thinking" or "thinking" in part:
            thinking = part.get("thinking")
            if type(thinking) is str:
                thoughts.append(thinking)
            else:
                thoughts.append(_details(thinking))
        elif type(part.get("text")) is str:
            texts.append(part["text"])
        else:
            unknown.append(part)
    return "".join(thoughts), "".join(texts), unknown
