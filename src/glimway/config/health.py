"""The settings of health as the domain takes them.

Knows which setting is which number. Refuses to know what is done with them.
"""

from __future__ import annotations

from collections.abc import Mapping

from glimway.config.problem import ENVIRONMENT, Problem
from glimway.config.settings import Settings
from glimway.domain.cooldown import RESTS, Rest
from glimway.domain.health import Rules
from glimway.wire.refusal import FaultKind


def health_rules(settings: Settings) -> Rules:
    """When endpoints must rest, and how long."""
    health = settings.routing_health
    return Rules(
        in_a_row=health.failures_in_a_row,
        window_s=health.window_s,
        volume_min=health.window_requests,
        failures_percent=health.failures_percent,
        forgiven_s=health.forgiven_s,
        rests=rests_of(settings),
    )


def rests_of(settings: Settings) -> dict[FaultKind, Rest]:
    """How long whoever failed rests, by the kind of the fault. Where one of the two was
    set beyond the other's default, it is both."""
    section = settings.routing_cooldown
    found: dict[FaultKind, Rest] = {}
    for kind, rest in RESTS.items():
        first_s = getattr(section, f"{kind}_s", rest.first_s)
        most_s = getattr(section, f"{kind}_most_s", rest.most_s)
        if first_s > most_s:
            first_s = most_s = first_s if first_s != rest.first_s else most_s
        found[kind] = rest._replace(first_s=first_s, most_s=most_s)
    return found


def wrong_rests(settings: Settings, origins: Mapping[str, str]) -> list[Problem]:
    """Longest rests that were set shorter than the first ones."""
    found = []
    section = settings.routing_cooldown
    for name in section.__struct_fields__:
        key = f"routing.cooldown.{name}"
        first_s = getattr(section, name.replace("_most_s", "_s"))
        most_s = getattr(section, name)
        both = key in origins and key.replace("_most_s", "_s") in origins
        if not name.endswith("_most_s") or not both or most_s >= first_s:
            continue
        path, _, line = origins[key].rpartition(":")
        message = f"is {most_s:g}, shorter than the first rest of {first_s:g}"
        mend = f"write at least {first_s:g}"
        found.append(Problem(path or ENVIRONMENT, int(line) if path else 0, key, message, mend))
    return found
