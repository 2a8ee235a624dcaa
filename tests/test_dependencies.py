from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from house.reading import ROOT, SOURCE, program

DIRECT_MAX = 14
ALL_MAX = 25

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt")

NOT_IMPORTED: dict[str, str] = {}
"""Direct dependencies that no module imports, with the reason why they are needed."""


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None, requirement
    return re.sub(r"[._-]+", "-", found[0]).lower()


def _project() -> dict[str, list[str]]:
    read = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {
        "direct": [_name(line) for line in read["project"]["dependencies"]],
        "dev": [_name(line) for line in read["dependency-groups"]["dev"]],
        "build": [_name(line) for line in read["build-system"]["requires"]],
    }


def _locked(lock: str) -> dict[str, str]:
    """Package to version, for the platforms that Glimway runs on."""
    lines = (ROOT / lock).read_text().splitlines()
    found = [re.match(r"([a-z0-9-]+)==(\S+)(.*)", line) for line in lines]
    return {
        match[1]: match[2]
        for match in found
        if match is not None and not re.search(r"== '(win32|emscripten)'", match[3])
    }


def test_there_are_few_dependencies() -> None:
    assert len(_project()["direct"]) <= DIRECT_MAX
    assert len(_locked("requirements.txt")) <= ALL_MAX


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"https?:|file:|@ |index-url|find-links|^#", text, re.MULTILINE)
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    for entry in entries:
        assert "--hash=sha256:" in entry, entry


def test_every_direct_dependency_is_locked() -> None:
    project = _project()
    assert set(project["direct"]) <= set(_locked("requirements.txt"))
    assert set(project["dev"]) <= set(_locked("requirements-dev.txt"))
    assert set(project["build"]) == set(_locked("requirements-build.txt"))


def test_locks_agree() -> None:
    everything = _locked("requirements-dev.txt")
    for lock in LOCKS:
        for name, version in _locked(lock).items():
            assert everything[name] == version, f"{name} in {lock}"


def test_every_direct_dependency_is_used_and_explained() -> None:
    told = (ROOT / "docs" / "dependencies.md").read_text()
    tops = {found.of.split(".")[0] for module in program() for found in module.imports}
    for name in _project()["direct"]:
        assert f"| {name} |" in told, f"docs/dependencies.md does not say what {name} is for"
        assert (name in tops) != (name in NOT_IMPORTED), f"{name}: imported, or listed, not both"


def test_every_import_is_of_a_direct_dependency() -> None:
    direct = set(_project()["direct"])
    for module in program():
        for found in module.imports:
            top = found.of.split(".")[0]
            known = top in sys.stdlib_module_names or top == "glimway" or top in direct
            assert known, f"{module.path}:{found.node.line} imports {found.of}"


def test_what_is_installed_is_what_is_locked() -> None:
    installed = {
        _name(found.metadata["Name"]): found.version for found in importlib.metadata.distributions()
    }
    for name, version in _locked("requirements.txt").items():
        assert installed.get(name) == version, f"{name}: run make setup"


def test_the_wheel_holds_every_file_of_the_program(tmp_path: Path) -> None:
    build = f"from flit_core.buildapi import build_wheel; print(build_wheel({str(tmp_path)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(tmp_path / done.stdout.strip()) as wheel:
        packed = set(wheel.namelist())
    files = {
        path.relative_to(SOURCE.parent).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= packed
    assert {path for path in packed if not path.startswith("glimway-")} == files
