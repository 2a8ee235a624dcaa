"""Rules of who may import whom.

Knows the floors of the house (CONTRIBUTING.md) as one table, and which modules do I/O.
Refuses to know what is done with an import.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence

from house.reading import Finding, Import, Module

_UP_TO_STORE = frozenset({"wire", "domain", "store"})
_UP_TO_ENGINE = _UP_TO_STORE | {"engine", "extras"}
_ALL = _UP_TO_ENGINE | {"surface", "console", "sandbox", "config", "data"}

MAY_IMPORT: dict[str, frozenset[str]] = {
    "wire": frozenset(),
    "domain": frozenset({"wire"}),
    "store": frozenset({"wire", "domain"}),
    "engine": _UP_TO_STORE | {"extras"},
    "surface": _UP_TO_ENGINE,
    "console": _UP_TO_ENGINE,
    "sandbox": frozenset({"wire"}),
    "data": frozenset({"wire", "domain"}),
    "config": frozenset({"wire", "domain", "data"}),
    "extras": frozenset(),
    "heap": frozenset(),
    "hugepages": frozenset(),
    "terms": _ALL,
    "parts": _ALL | {"terms"},
    "welcome": _ALL,
    "server": _ALL | {"heap", "hugepages", "welcome"},
    "app": _ALL | {"parts", "server", "welcome"},
    "cli": _ALL | {"app"},
    "__main__": frozenset({"cli"}),
    "__init__": frozenset(),
}
"""Which rooms each room may import, beside itself and the package's version."""

PURE_ROOMS = ("wire", "domain")

PURE_MODULES = {
    *("__future__", "abc", "base64", "binascii", "bisect", "codecs", "collections", "contextlib"),
    *("copy", "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools"),
    *("hashlib", "heapq", "hmac", "html", "ipaddress", "itertools", "json", "keyword", "math"),
    *("numbers", "operator", "re", "string", "struct", "textwrap", "types", "typing"),
    *("unicodedata", "urllib.parse", "zlib"),
    *("msgspec", "glimway"),
}
"""What a pure room may import: nothing here reaches a clock, a file, a socket, another thread or
chance. A module that is not listed is refused until somebody has looked at it."""

IMPURE_CALLS = {"input", "open", "print"}
CLOCK_CALLS = {"now", "today", "utcnow"}
"""What a pure room may not call although its modules could: built-in functions by their names, and
``datetime.now()``, which is a clock, in whatever way it is reached."""

DIALECTS = ("chat", "responses", "messages", "aisdk")
DIALECT_ROOMS = ("wire", "surface")

LAZY_ROOMS = ("cli", "extras")
"""A command loads what it needs when it runs; ``extras`` is the registry of optional parts."""


def downward(module: Module) -> Iterator[Finding]:
    """Imports go down only; sandbox stands aside."""
    allowed = MAY_IMPORT.get(module.room)
    if allowed is None:
        what = f"no such room: add {module.room!r} to the table, with what it may import"
        yield Finding(module.path, 1, "module", what)
        return
    for found in module.imports:
        room = _room_of(found)
        if room in MAY_IMPORT and room not in allowed | {module.room}:
            yield _finding(module, found, f"{module.room} may not import {room}")


def hidden_import(module: Module) -> Iterator[Finding]:
    """Imports stand at the top, where a reader finds them and a cycle cannot hide."""
    for found in module.imports:
        hidden = any(_hides(node) for node in found.node.around)
        if hidden and module.room not in LAZY_ROOMS:
            yield _finding(module, found, "is imported elsewhere than at the top")
    for node in module.nodes:
        called = _called(node.it) if isinstance(node.it, ast.Call) else ""
        if called in {"import_module", "__import__"} and module.room not in LAZY_ROOMS:
            yield Finding(module.path, node.line, node.where, "imports by a call")


def pure(module: Module) -> Iterator[Finding]:
    """Wire and domain do no I/O and have no clock: time and chance are parameters."""
    if module.room not in PURE_ROOMS:
        return
    for found in module.imports:
        if not any(found.of == name or found.of.startswith(name + ".") for name in PURE_MODULES):
            kind = "does I/O" if _top(found.of) in sys.stdlib_module_names else "is not ours"
            yield _finding(module, found, f"{kind}, or is not listed as pure yet")
    for node in module.nodes:
        if isinstance(node.it, ast.Call) and _is_impure(node.it):
            what = f"calls {_called(node.it)}()"
            yield Finding(module.path, node.line, node.where, what)


def dialect_import(module: Module) -> Iterator[Finding]:
    """Only wire and surface know that there are dialects, the rest speaks the neutral words."""
    if module.room in DIALECT_ROOMS:
        return
    for found in module.imports:
        parts = found.of.split(".")
        if parts[:2] == ["glimway", "wire"] and len(parts) > 2 and parts[2] in DIALECTS:
            yield _finding(module, found, f"is the dialect {parts[2]}")


RULES = (downward, hidden_import, pure, dialect_import)


def cycles(modules: Sequence[Module]) -> list[list[str]]:
    """Groups of modules that import one another in a circle."""
    names = {module.name for module in modules}
    graph: dict[str, set[str]] = {}
    for module in modules:
        seen = {_module_of(found.of, names) for found in module.imports}
        graph[module.name] = {name for name in seen if name is not None and name != module.name}
    reached = {name: _reachable(name, graph) for name in graph}
    circles = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }
    return [list(circle) for circle in sorted(circles)]


def _module_of(imported: str, names: set[str]) -> str | None:
    """The module behind an import; a package is only meant where none of its modules is."""
    if imported in names:
        return imported
    package = imported.rpartition(".")[0]
    return package if package in names else None


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph.get(name, ())
    return seen


def _hides(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Try)


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_impure(call: ast.Call) -> bool:
    plain = isinstance(call.func, ast.Name)
    return _called(call) in (IMPURE_CALLS | CLOCK_CALLS if plain else CLOCK_CALLS)


def _room_of(found: Import) -> str:
    parts = found.of.split(".")
    return parts[1] if parts[0] == "glimway" and len(parts) > 1 else ""


def _top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _finding(module: Module, found: Import, what: str) -> Finding:
    return Finding(module.path, found.node.line, found.of, what)
