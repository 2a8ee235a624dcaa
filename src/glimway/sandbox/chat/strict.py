"""What a host refuses when the script says ``strict``.

Knows the common members of a chat request, and asks the family for its own and for its ranges.
Refuses to know hosts by name.

Sources: github.com/anomalyco/opencode/issues/36867 (extra members are refused), docs.z.ai
(ranges, ``tool_choice`` only "auto", no ``json_schema``).
"""

from __future__ import annotations

from typing import Any, Final

from glimway.sandbox.family import Family
from glimway.wire.refusal import Refusal, shown

Json = Any

COMMON: Final[frozenset[str]] = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "stop",
        "tools",
        "tool_choice",
        "response_format",
        "seed",
        "n",
        "user",
        "parallel_tool_calls",
        "frequency_penalty",
        "presence_penalty",
        "logprobs",
        "top_logprobs",
    }
)


def check(body: dict[str, Json], family: Family) -> None:
    """Refuse what ``family`` is known to refuse.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    for name in body:
        if name not in COMMON and name not in family.members:
            raise _no(name, f"Extra inputs are not permitted: {shown(name)}.")
    temperature = body.get("temperature")
    if isinstance(temperature, int | float) and not 0 <= temperature <= family.temperature_max:
        raise _no("temperature", f"temperature must be between 0 and {family.temperature_max}.")
    stop = body.get("stop")
    if type(stop) is str and family.takes_stop_text:
        stop = [stop]
    if stop is not None and (type(stop) is not list or len(stop) > family.stop_max):
        raise _no("stop", f"stop must be an array of at most {family.stop_max} strings.")
    form = body.get("response_format")
    if type(form) is dict and form.get("type") == "json_schema" and not family.takes_schema:
        raise _no("response_format", "response_format json_schema is not supported.")
    if body.get("tool_choice") not in (None, "auto") and not family.takes_choice:
        raise _no("tool_choice", 'tool_choice only supports "auto".')


def _no(param: str, message: str) -> Refusal:
    return Refusal("invalid", message, code="invalid_value", param=param)
