"""Each known fault of others has a test of ours, by its name."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from golden.known_bugs import BUGS, Bug

TESTS = Path(__file__).parents[1]
REPORT = re.compile(r"[\w.-]+/[\w.-]+/(issues|pull)/\d+")


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of a file's tests."""
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_a_known_bug_has_a_test(bug: Bug) -> None:
    assert bug.tests
    for named in bug.tests:
        file, _, name = named.partition("::")
        assert (TESTS / file).is_file(), named
        assert name in names_in(file), f"{named} does not exist"


def test_each_has_a_public_report() -> None:
    for bug in BUGS:
        assert bug.reports
        for report in bug.reports:
            assert REPORT.fullmatch(report), report
    told = [bug.what for bug in BUGS]
    assert len(told) == len(set(told))
