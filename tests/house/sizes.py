"""Rules of size and form: files, functions, parameters, names of modules, their docstrings.

Knows counts. Refuses to know what the code is about.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from house.reading import Finding, Module

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60
PARAMETERS_MAX = 6
SENTENCES_MIN = 2

EMPTY_WORDS = {
    *("base", "common", "handler", "handlers", "helper", "helpers", "manager", "managers"),
    *("misc", "type", "types", "util", "utils"),
}
"""A module of such a name has no noun of its own, and so no bound on what it may hold."""


def file_lines(module: Module) -> Iterator[Finding]:
    """A file that is longer holds two things: split it by noun."""
    lines = module.text.count("\n")
    if lines > FILE_LINES_MAX:
        what = f"{lines} lines, more than {FILE_LINES_MAX}"
        yield Finding(module.path, 1, "module", what)


def function_lines(module: Module) -> Iterator[Finding]:
    """A function that is longer cannot be seen at once."""
    for node in module.nodes:
        if isinstance(node.it, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.it.end_lineno or 0) - node.it.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                what = f"{lines} lines, more than {FUNCTION_LINES_MAX}"
                yield Finding(module.path, node.line, node.where, what)


def parameters(module: Module) -> Iterator[Finding]:
    """More parameters are a value object that has no name yet."""
    for node in module.nodes:
        if isinstance(node.it, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.it.args
            names = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            if isinstance(node.around[-1], ast.ClassDef) and names[:1] in (["self"], ["cls"]):
                del names[0]
            if len(names) > PARAMETERS_MAX:
                what = f"{len(names)} parameters, more than {PARAMETERS_MAX}"
                yield Finding(module.path, node.line, node.where, what)


def module_name(module: Module) -> Iterator[Finding]:
    """A module is named by the noun it speaks."""
    for part in module.path.removesuffix(".py").split("/"):
        if part in EMPTY_WORDS:
            yield Finding(module.path, 1, "module", f"{part!r} says nothing")


def module_docstring(module: Module) -> Iterator[Finding]:
    """A module opens with what it knows and what it refuses to know."""
    text = ast.get_docstring(module.tree) or ""
    sentences = len(re.findall(r"[.!?](?=\s|$)", text))
    if sentences < SENTENCES_MIN:
        what = f"its docstring has {sentences} sentences, fewer than {SENTENCES_MIN}"
        yield Finding(module.path, 1, "module", what)


RULES = (file_lines, function_lines, parameters, module_name, module_docstring)
