"""JSON that is almost right, made from a seed.

Knows values, and what people and programs do to them by mistake: members dropped, doubled, moved,
renamed, wrapped, written as another type, or out of all proportion. Refuses to know what a request
is: whether a mutant is still one is for whoever reads it to say.
"""

from __future__ import annotations

import copy
import json
import random
from typing import Any

Json = Any
Place = tuple[Any, Any]
"""A container, and the index or key of one of its members."""

ODD: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 0.5, -0.0, 1e300, -1e-300, 2**31, 2**63, -(2**63) - 1, 10**40,
    "", " ", "x", "true", "null", "1", "-1", "1.5", "auto", "none", "user", "text", "\x00",
    "\u202e", "é" * 200, "x" * 70_000, "../..", "data:", "data:image/png;base64,@@@",
    "file:///etc/passwd", "http://", "gw1.AAAA", "resp_", "[]", "{}", [], {}, [[]], [None], [{}],
    {"": ""},
    {"type": None}, {"type": "x"}, {"type": "text"}, {"type": "text", "text": None},
    {"a": {"b": [1, {"c": None}]}},
    ["x", 1, None, {}], [[[[[[[[]]]]]]]], {"$ref": "#"}, {"type": "object", "properties": []},
)  # fmt: skip
"""What turns up where something else was meant."""

NAMES = (
    "type", "content", "text", "role", "id", "name", "model", "stream", "tools", "input", "x", "",
    "output", "messages", "arguments", "extra_body", "provider", "metadata", "thinking",
    "reasoning",     "cache_control", "stop", "n", "status", "__proto__", "a.b", "é", "\n",
)  # fmt: skip
"""Names that mean something somewhere."""

DEPTHS = (1, 2, 3, 40, 200)
BRACKETS = (100, 130, 5_000)
WHOLE_SHARE = 0.1
"""How often the whole value may be what is mistaken."""
DAMAGED_SHARE = 0.08
"""How often the bytes themselves are damaged as well."""


def mutant(valid: Json, chance: random.Random) -> Json:
    """``valid`` with one to four mistakes in it; the value given is not changed."""
    root = [copy.deepcopy(valid)]
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        places = _places(root)
        if chance.random() > WHOLE_SHARE:
            places = [place for place in places if place[0] is not root] or places
        chance.choice(_MISTAKES)(chance.choice(places), places, chance)
        if not root:  # the whole value is gone
            root.append({})
    return root[0]


def spelled(value: Json, chance: random.Random) -> bytes:
    """The mutant as bytes, which are sometimes damaged too."""
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if chance.random() > DAMAGED_SHARE or not data:
        return data
    at = chance.randrange(len(data))
    return chance.choice(
        (
            data[:at],
            data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :],
            data[:at] + data[at : at + 20] + data[at:],
            data + chance.choice((b"\x00", b"}", b"{}", b",", b"\n\n")),
            b"\xef\xbb\xbf" + data,
            data.replace(b"null", b"NaN").replace(b"true", b"True"),
            data.replace(b'"', b"'"),
            data.replace(b'":', b'":' + b"[" * chance.choice(BRACKETS), 1),
        )
    )


def _places(root: list[Json]) -> list[Place]:
    """Every member at any depth, the whole value first."""
    found: list[Place] = []
    waiting: list[Json] = [root]
    while waiting:
        parent = waiting.pop()
        keys = list(parent) if type(parent) is dict else range(len(parent))
        for key in keys:
            found.append((parent, key))
            if type(parent[key]) in (dict, list):
                waiting.append(parent[key])
    return found


# --- mistakes -------------------------------------------------------------------------------------


def _drop(place: Place, _: list[Place], __: random.Random) -> None:
    parent, key = place
    del parent[key]


def _replace(place: Place, _: list[Place], chance: random.Random) -> None:
    parent, key = place
    parent[key] = copy.deepcopy(chance.choice(ODD))


def _retype(place: Place, _: list[Place], chance: random.Random) -> None:
    parent, key = place
    value = parent[key]
    forms: list[Json] = [[value], {"value": value}, json.dumps(value), {"type": value}]
    if type(value) is str:
        forms += [
            len(value),
            list(value[:5]),
            {"text": value},
            value.upper(),
            value + " ",
            "\n" + value,
        ]
    elif type(value) is dict:
        forms += [list(value.values()), list(value), dict.fromkeys(value)]
    elif type(value) is list:
        forms += [
            dict(enumerate(map(str, value))),
            value[0] if value else 0,
            value * 3,
            value[::-1],
        ]
    elif value is not None:
        forms += [
            str(value),
            not value,
            -value,
            value * 10**6,
            float(value) if value < 1e9 else 0.1,
        ]
    parent[key] = copy.deepcopy(chance.choice(forms))


def _double(place: Place, places: list[Place], chance: random.Random) -> None:
    parent, key = place
    if type(parent) is list:
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[chance.choice(NAMES)] = copy.deepcopy(parent[key])


def _rename(place: Place, _: list[Place], chance: random.Random) -> None:
    parent, key = place
    if type(parent) is dict:
        name = chance.choice((chance.choice(NAMES), str(key).upper(), str(key) + "s", f" {key}"))
        parent[name] = parent.pop(key)


def _add(place: Place, _: list[Place], chance: random.Random) -> None:
    parent, key = place
    inner = parent[key]
    target = inner if type(inner) is dict else parent if type(parent) is dict else None
    if target is not None:
        target[chance.choice(NAMES)] = copy.deepcopy(chance.choice(ODD))


def _swap(place: Place, places: list[Place], chance: random.Random) -> None:
    """Two members change places; copies, lest one come to stand inside itself."""
    parent, key = place
    other, name = chance.choice(places)
    mine, theirs = copy.deepcopy(parent[key]), copy.deepcopy(other[name])
    parent[key] = theirs
    if name in other if type(other) is dict else name < len(other):
        other[name] = mine


def _bury(place: Place, _: list[Place], chance: random.Random) -> None:
    parent, key = place
    for level in range(chance.choice(DEPTHS)):
        parent[key] = [parent[key]] if level % 2 else {"a": parent[key]}


_MISTAKES = (
    _drop, _drop, _replace, _replace, _replace, _retype, _retype, _double, _rename, _add, _swap,
    _bury,
)  # fmt: skip
