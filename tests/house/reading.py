"""Source text as the rules look at it.

Knows Python's syntax tree and where in the repository a file lies. Refuses to judge.
"""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "glimway"
KIT = ROOT / "tests" / "kit"
PROFILES = SOURCE / "data" / "providers"

NOT_OURS = {".git", ".venv", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


@dataclass(frozen=True)
class Module:
    """One file of the program."""

    path: str
    """Below ``src/glimway``, with slashes: ``wire/chat/read.py``."""
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @property
    def room(self) -> str:
        """The first part of the path: ``wire``, ``app``, or ``__init__`` for the package itself."""
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def name(self) -> str:
        """As it is imported: ``glimway.wire.chat.read``."""
        parts = ["glimway", *self.path.removesuffix(".py").split("/")]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def nodes(self) -> list[Node]:
        """Every node with the nodes around it, outermost first."""
        return list(_walk(self.tree, ()))

    @cached_property
    def imports(self) -> list[Import]:
        """Every import, wherever it stands."""
        return [found for node in self.nodes for found in _imports_of(node, self)]


@dataclass(frozen=True)
class Node:
    """A node of the tree and its surroundings."""

    it: ast.AST
    around: tuple[ast.AST, ...]

    @property
    def where(self) -> str:
        """The name of the innermost function or class with those around it, or ``module``."""
        named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        inside = [node.name for node in (*self.around, self.it) if isinstance(node, named)]
        return ".".join(inside) or "module"

    @property
    def line(self) -> int:
        """Where it stands in the file."""
        return int(getattr(self.it, "lineno", 1))


@dataclass(frozen=True)
class Import:
    """One imported name."""

    node: Node
    of: str
    """``glimway.wire.sse`` for ``from glimway.wire import sse``, be it a module or not."""


@dataclass(frozen=True)
class Finding:
    """A breach of a rule. ``where`` and ``path`` find its exception, if it has one."""

    path: str
    line: int
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.where}: {self.what}"


@cache
def program() -> list[Module]:
    """Every module of the program."""
    return _modules(SOURCE, SOURCE)


@cache
def kit() -> list[Module]:
    """Every module of the test kit, with paths that begin with ``kit/``."""
    return _modules(KIT, KIT.parent)


def provider_names() -> frozenset[str]:
    """The ids of the shipped profiles of hosts. A generic profile is no host: its id is the name of
    a dialect (``responses``), of an engine, or of the sandbox, and code may speak of those."""
    profiles = [tomllib.loads(path.read_text()) for path in sorted(PROFILES.glob("*.toml"))]
    return frozenset(
        str(profile["id"]).casefold() for profile in profiles if not profile.get("generic", False)
    )


def repository_files() -> list[Path]:
    """Every file that git tracks or would track; without git, all that are no by-products."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        files = [path for path in ROOT.rglob("*") if not NOT_OURS & {*path.relative_to(ROOT).parts}]
    return [path for path in files if path.is_file()]


def _modules(folder: Path, base: Path) -> list[Module]:
    return [
        Module(path.relative_to(base).as_posix(), path.read_text())
        for path in sorted(folder.rglob("*.py"))
    ]


def _walk(node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Node]:
    yield Node(node, around)
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, (*around, node))


def _imports_of(node: Node, module: Module) -> Iterator[Import]:
    if isinstance(node.it, ast.Import):
        for alias in node.it.names:
            yield Import(node, alias.name)
    elif isinstance(node.it, ast.ImportFrom):
        package = module.name if module.path.endswith("__init__.py") else _parent(module.name)
        for _ in range(node.it.level - 1):
            package = _parent(package)
        source = ".".join(filter(None, (package if node.it.level else "", node.it.module)))
        for alias in node.it.names:
            yield Import(node, f"{source}.{alias.name}")


def _parent(name: str) -> str:
    return name.rpartition(".")[0]
