from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from house import habits, imports, reading, sizes
from house.examples import EXAMPLES
from house.exceptions import EXCEPTIONS, excuses
from house.reading import Finding, Module

Rule = Callable[[Module], Iterator[Finding]]

RULES: dict[str, Rule] = {
    rule.__name__: rule for rule in (*sizes.RULES, *imports.RULES, *habits.RULES)
}
KIT_RULES = (*sizes.RULES, habits.global_statement, habits.mutable_default, habits.unbounded)
"""The kit is read as often as the program, but does its own I/O and is no floor of the house."""

EXAMPLE_PROVIDERS = frozenset({"acme"})


@cache
def _findings(rule: str) -> list[Finding]:
    modules = reading.program() + (reading.kit() if RULES[rule] in KIT_RULES else [])
    return [finding for module in modules for finding in RULES[rule](module)]


def _on_example(rule: str, module: Module) -> list[Finding]:
    if RULES[rule] is habits.provider_name:
        return list(habits.provider_name(module, EXAMPLE_PROVIDERS))
    return list(RULES[rule](module))


@pytest.mark.parametrize("rule", RULES)
def test_the_program_keeps_the_rule(rule: str) -> None:
    breaches = [str(finding) for finding in _findings(rule) if not excuses(rule, finding)]
    assert not breaches, "\n".join([inspect.getdoc(RULES[rule]) or rule, *breaches])


def test_every_exception_is_needed_and_has_a_reason() -> None:
    needed = {line for rule in RULES for found in _findings(rule) for line in excuses(rule, found)}
    for (rule, path, where), reason in EXCEPTIONS.items():
        assert (rule, path, where) in needed, f"{rule} finds nothing in {path} at {where} any more"
        assert len(reason.split()) > 3, f"{rule} in {path}: {reason!r} is no reason"


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_catches_what_it_must(rule: str) -> None:
    for module in EXAMPLES[rule].bad:
        assert _on_example(rule, module), f"not caught in {module.path}:\n{module.text}"


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_lets_pass_what_it_must(rule: str) -> None:
    for module in EXAMPLES[rule].good:
        assert not _on_example(rule, module), f"caught in {module.path}:\n{module.text}"


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert imports.cycles(reading.program()) == []


def test_a_circle_is_found_and_a_line_is_none() -> None:
    a = Module("wire/a.py", "from glimway.wire import b")
    b = Module("wire/b.py", "from glimway.wire.c import C")
    c = Module("wire/c.py", "import glimway.wire.a\nfrom glimway import __version__")
    package = Module("wire/__init__.py", "")
    assert imports.cycles([package, a, b, c]) == [
        ["glimway.wire.a", "glimway.wire.b", "glimway.wire.c"]
    ]
    assert imports.cycles([package, a, b]) == []


UNFINISHED = ("TO" + "DO", "FIX" + "ME", "X" * 3)
OF_ONE_MACHINE = tuple(f"/{top}/" for top in ("work", "root", "home/" + "user"))


@cache
def _texts() -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in reading.repository_files():
        try:
            texts[path.relative_to(reading.ROOT).as_posix()] = path.read_text()
        except UnicodeDecodeError:
            continue  # an image or an archive
    return texts


@pytest.mark.parametrize("word", [*UNFINISHED, *OF_ONE_MACHINE])
def test_no_file_speaks_of_what_is_unfinished_or_of_one_machine(word: str) -> None:
    assert [path for path, text in _texts().items() if word in text] == []


def test_files_of_a_repository_are_found_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    with_git = set(reading.repository_files())
    assert reading.ROOT / "pyproject.toml" in with_git
    monkeypatch.setenv("GIT_DIR", "nowhere")
    assert with_git <= set(reading.repository_files())
