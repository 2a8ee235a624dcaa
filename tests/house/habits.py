"""Rules of what code may not do: swallow, grow without bound, round money, paste SQL, name hosts.

Knows patterns of the syntax tree. Refuses to follow values: a pattern that needs that is no rule.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from house.reading import Finding, Module, Node, provider_names

MONEY_FILES = ("domain/ledger.py", "domain/money.py", "domain/pricing.py", "domain/receipt.py")
FLOATING = {"Decimal", "Fraction", "float"}

QUEUES = {"LifoQueue", "PriorityQueue", "Queue"}
SQL_CALLS = {"exec_driver_sql", "execute", "executemany", "executescript", "scalar", "text"}


def broad_except(module: Module) -> Iterator[Finding]:
    """A handler for everything hides mistakes, unless it raises again what it caught."""
    for node in module.nodes:
        if isinstance(node.it, ast.ExceptHandler):
            last = node.it.body[-1]
            raises_again = isinstance(last, ast.Raise) and last.exc is None
            if _is_broad(node.it.type) and not raises_again:
                yield _finding(module, node, "catches everything")
        elif _calls(node, {"suppress"}) and any(map(_is_broad, _call(node).args)):
            yield _finding(module, node, "suppresses everything")


def global_statement(module: Module) -> Iterator[Finding]:
    """State has an owner that can be passed on; a module is none."""
    for node in module.nodes:
        if isinstance(node.it, ast.Global):
            yield _finding(module, node, f"global {', '.join(node.it.names)}")


def mutable_default(module: Module) -> Iterator[Finding]:
    """A default is made once and shared by every call."""
    for node in module.nodes:
        if isinstance(node.it, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for default in (*node.it.args.defaults, *node.it.args.kw_defaults):
                made = isinstance(default, ast.Call) and _name(default.func) in {
                    *("list", "dict", "set", "bytearray", "deque", "defaultdict"),
                }
                if made or isinstance(default, ast.List | ast.Dict | ast.Set):
                    yield _finding(module, node, "a default that can change")


def unbounded(module: Module) -> Iterator[Finding]:
    """Every queue, buffer and cache has a bound."""
    for node in module.nodes:
        if _calls(node, QUEUES) and not _bounded(_call(node), 0, "maxsize"):
            yield _finding(module, node, "a queue without maxsize")
        elif _calls(node, {"SimpleQueue"}):
            yield _finding(module, node, "a queue that cannot have a bound")
        elif _calls(node, {"deque"}) and not _bounded(_call(node), 1, "maxlen"):
            yield _finding(module, node, "a deque without maxlen")
        elif _calls(node, {"lru_cache"}) and not _bounded(_call(node), 0, "maxsize"):
            yield _finding(module, node, "a cache without maxsize")
        elif isinstance(node.it, ast.FunctionDef) and any(
            ast.unparse(mark) in {"cache", "functools.cache"} for mark in node.it.decorator_list
        ):
            yield _finding(module, node, "a cache without a bound")


def exact_money(module: Module) -> Iterator[Finding]:
    """Money is whole nano-USD; only parsing a price may meet another kind of number."""
    if module.path not in MONEY_FILES:
        return
    for node in module.nodes:
        parsing = any(part.lstrip("_").startswith("parse") for part in node.where.split("."))
        if parsing:
            continue
        it = node.it
        if isinstance(it, ast.Constant) and isinstance(it.value, float):
            yield _finding(module, node, f"the float {it.value}")
        elif isinstance(it, ast.Name | ast.Attribute) and _name(it) in FLOATING:
            yield _finding(module, node, f"{_name(it)} outside a parse function")
        elif isinstance(it, ast.BinOp | ast.AugAssign) and isinstance(it.op, ast.Div):
            yield _finding(module, node, "a division that gives a float")


def sql_text(module: Module) -> Iterator[Finding]:
    """Values reach SQL as parameters; a statement is never put together from text."""
    for node in module.nodes:
        if _calls(node, SQL_CALLS) and _call(node).args:
            statement = _call(node).args[0]
            pasted = isinstance(statement, ast.JoinedStr) and any(
                isinstance(part, ast.FormattedValue) for part in statement.values
            )
            added = isinstance(statement, ast.BinOp) and any(
                isinstance(part, ast.JoinedStr)
                or (isinstance(part, ast.Constant) and isinstance(part.value, str))
                for part in ast.walk(statement)
            )
            formatted = isinstance(statement, ast.Call) and _name(statement.func) == "format"
            if pasted or added or formatted:
                yield _finding(module, node, f"text put together in {_name(_call(node).func)}()")


def provider_name(module: Module, names: frozenset[str] | None = None) -> Iterator[Finding]:
    """Providers are data: code that compares their names cannot serve the next one."""
    shipped = provider_names() if names is None else names
    either = "|".join(map(re.escape, sorted(shipped))) or "(?!)"
    pattern = re.compile(rf"(?<![a-z0-9])({either})(?![a-z0-9])")
    for node in module.nodes:
        it = node.it
        if not (isinstance(it, ast.Constant) and isinstance(it.value, str)):
            continue
        prose = re.search(r"\s", it.value.strip()) is not None
        if prose or isinstance(node.around[-1], ast.Expr):
            continue  # a sentence, or a docstring
        found = pattern.search(it.value.casefold())
        if found:
            yield Finding(module.path, node.line, it.value, f"names the provider {found[1]}")


RULES = (
    broad_except,
    global_statement,
    mutable_default,
    unbounded,
    exact_money,
    sql_text,
    provider_name,
)


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_is_broad, caught.elts))
    return caught is None or _name(caught) in {"Exception", "BaseException"}


def _bounded(call: ast.Call, position: int, keyword: str) -> bool:
    given = [word.value for word in call.keywords if word.arg == keyword]
    given += call.args[position : position + 1]
    if not given:
        return False
    bound = given[0]
    return not (isinstance(bound, ast.Constant) and bound.value in (None, 0))


def _calls(node: Node, names: set[str]) -> bool:
    return isinstance(node.it, ast.Call) and _name(node.it.func) in names


def _call(node: Node) -> ast.Call:
    assert isinstance(node.it, ast.Call)
    return node.it


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):  # deque[int](...)
        return _name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _finding(module: Module, node: Node, what: str) -> Finding:
    return Finding(module.path, node.line, node.where, what)
