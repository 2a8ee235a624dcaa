from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from house.imports import MAY_IMPORT
from house.reading import ROOT, SOURCE, program, repository_files

README_LINES_MAX = 120

PAGES = sorted(path for path in repository_files() if path.suffix == ".md")


def _blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


def test_the_walk_through_the_code_names_what_exists() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    links = re.findall(r"\[([^\s\]]+\.py)\]\(([^\s)]+)\)", page)
    assert links
    for shown, target in links:
        assert (ROOT / "docs" / target).resolve() == SOURCE / shown
        assert (SOURCE / shown).is_file(), shown
    defined = {
        node.it.name
        for module in program()
        for node in module.nodes
        if isinstance(node.it, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    dotted = {name for text in re.findall(r"`([A-Z][\w.]+)", page) for name in text.split(".")}
    steps = {"identify", "peek", "plan", "admit", "open", "first_answer", "settle"}
    assert dotted | steps <= defined
    for step in steps:
        assert f"**{step}: " in page
    assert {room for room in MAY_IMPORT if not room.startswith("__")} <= {
        *re.findall(r"`(\w+)`", page),
        "extras",
    }


def test_the_readme_is_short_and_begins_with_the_two_commands() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES_MAX
    first = _blocks("README.md", "sh")[0].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["make serve", "make test"]


def test_every_page_can_be_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [page.name for page in (ROOT / "docs").glob("*.md") if page.name not in readme]
    assert not missing


def test_every_make_target_that_is_told_of_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"[`\n]make ([a-z-]+)", page.read_text()):
            assert target in targets, f"{page.name}: make {target}"


def test_every_make_target_explains_itself() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    for target in phony[1].split():
        if not target.endswith("environment"):
            assert re.search(rf"^{target}:.* ## \w", text, re.MULTILINE), target


def test_the_readme_s_request_is_one_that_can_be_sent() -> None:
    (block,) = [block for block in _blocks("README.md", "sh") if block.startswith("curl")]
    words = shlex.split(block.replace("\\\n", " "))
    assert words[1] == "http://127.0.0.1:8000/v1/chat/completions"
    assert words[3] == "Authorization: Bearer glim_..."
    body = json.loads(words[words.index("-d") + 1])
    assert body["model"] == "zai/glm-4.7-flash"


def test_examples_are_valid() -> None:
    for page in PAGES:
        for block in _blocks(str(page.relative_to(ROOT)), "python"):
            compile(block, page.name, "exec")
        for block in _blocks(str(page.relative_to(ROOT)), "toml"):
            tomllib.loads(block)
        for block in _blocks(str(page.relative_to(ROOT)), "json"):
            json.loads(block)


def test_the_changelog_keeps_one_sentence_to_a_line() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    assert "## [Unreleased]" in lines
    for line in lines:
        if line.startswith("- "):
            assert line.endswith("."), line
            assert not re.search(r"[.!?] [A-Z]", line), f"two sentences: {line}"
