"""Members of a Messages request that travel as they are: only their types are checked.

Knows those of the dialect's maker that no neutral member carries, and the one that has another
name or other words elsewhere. Refuses to change them, and to know which host takes which.
Source: ``MessageCreateParams`` of the maker's Python package
(github.com/anthropics/anthropic-sdk-python).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glimway.wire import check

_Check = Callable[[str, Any], Any]


def _object(name: str, value: Any) -> Any:
    return check.mapping(name, value)


def _text(name: str, value: Any) -> Any:
    return check.string(name, value)


def _top_k(name: str, value: Any) -> Any:
    return check.integer(name, value, low=0)


def _container(name: str, value: Any) -> Any:
    return value if type(value) is str else check.mapping(name, value, '{"id": "..."}')


def _servers(name: str, value: Any) -> Any:
    for at, item in enumerate(check.sequence(name, value, "objects with type, name and url")):
        check.mapping(f"{name}[{at}]", item, '{"type": "url", "name": "...", "url": "..."}')
    return value


CHECKS: dict[str, _Check] = {
    "cache_control": _object,
    "container": _container,
    "context_management": _object,
    "inference_geo": _text,
    "mcp_servers": _servers,
    "speed": _text,
    "top_k": _top_k,
}
"""Name -> check of its value; it gives back what is kept."""

TIERS = {"standard_only": "default"}
"""This dialect's word for a service tier -> OpenAI's, where they differ."""

MEMBERS = frozenset(
    """
    cache_control container context_management inference_geo max_tokens mcp_servers messages
    metadata model output_config service_tier speed stop_sequences stream system temperature
    thinking tool_choice tools top_k top_p user_profile_id workspace_id
    """.split()
)
"""The members that a strict host of this dialect knows."""
