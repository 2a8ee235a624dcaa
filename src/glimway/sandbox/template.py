"""Templates: JSON values with holes, filled from a table of values.

Knows one rule: a string ``$name`` is replaced by the value ``name``; a member whose value is
``ABSENT`` is left out. Refuses to know what the values mean. It is how a host's wire shape can be
data instead of code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Json = Any

ABSENT: Final = object()
"""A value that removes the member it would fill."""


def fill(template: Json, values: Mapping[str, Json]) -> Json:
    """Fill the holes of ``template``; it and the values stay as they are.

    Raises:
        KeyError: a hole has no value (the table of families is wrong).
    """
    if type(template) is str:
        return values[template[1:]] if template.startswith("$") else template
    if type(template) is dict:
        filled = ((name, fill(member, values)) for name, member in template.items())
        return {name: member for name, member in filled if member is not ABSENT}
    if type(template) is list:
        return [item for item in (fill(part, values) for part in template) if item is not ABSENT]
    return template
