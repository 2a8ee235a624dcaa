from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from house.reading import ROOT

TOOLS = ("sh", "cat", "cksum", "dirname", "rm", "tr")

PYTHON = """#!/bin/sh
case "$*" in
    *CONFIG_ARGS*) exit {plain} ;;
    *version_info*) exit {unusable} ;;
esac
exit 3
"""
"""A Python that answers what the script asks of it, and cannot make an environment."""


class Machine:
    """A checkout and a PATH with nothing on it but what the script needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tools = folder / "tools"
        self.path = [self.tools]
        self.tools.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None
            (self.tools / tool).symlink_to(found)
        (folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/environment", folder / "scripts")
        for name in ("pyproject.toml", "requirements-build.txt", "requirements.txt"):
            shutil.copy(ROOT / name, folder)

    def install(
        self, folder: str, name: str, *, optimized: bool = False, usable: bool = True
    ) -> Path:
        """A Python in a folder of its own, which comes last on the PATH."""
        python = self.folder / folder / name
        python.parent.mkdir(exist_ok=True)
        python.write_text(PYTHON.format(plain=int(not optimized), unusable=int(not usable)))
        python.chmod(0o755)
        if python.parent not in self.path:
            self.path.append(python.parent)
        return python

    def set_up(self, *, python: Path | None = None, stands: bool = False) -> str:
        """What the script says before it stops, at the latest where an environment is made."""
        named = {} if python is None else {"PYTHON": str(python)}
        ran = subprocess.run(
            ["scripts/environment", "run"],
            cwd=self.folder,
            env={"PATH": ":".join(map(str, self.path)), **named},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode == 0) is stands, ran.stderr
        return ran.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_newest_python_is_taken(machine: Machine) -> None:
    machine.install("a", "python3.11")
    newest = machine.install("b", "python3.13")
    assert f"setting up .venv with {newest};" in machine.set_up()


def test_an_optimized_python_comes_before_a_newer_one_that_is_not(machine: Machine) -> None:
    machine.install("versions", "python3.11")
    machine.install("versions", "python3.13")
    system = machine.install("system", "python3.11", optimized=True)
    assert f"setting up .venv with {system};" in machine.set_up()


def test_a_python_that_does_not_run_is_passed_over(machine: Machine) -> None:
    machine.install("shims", "python3.14", optimized=True, usable=False)
    python = machine.install("system", "python3")
    assert f"setting up .venv with {python};" in machine.set_up()


def test_without_any_python_the_words_say_what_to_install(machine: Machine) -> None:
    machine.install("old", "python3", usable=False)
    assert "apt-get install python3 python3-venv" in machine.set_up()


def test_a_python_that_is_named_is_taken_or_refused(machine: Machine) -> None:
    machine.install("system", "python3.13", optimized=True)
    named = machine.install("own", "python")
    assert f"setting up .venv with {named};" in machine.set_up(python=named)
    broken = machine.install("own", "broken", usable=False)
    assert f"PYTHON={broken} does not run" in machine.set_up(python=broken)


def test_an_environment_that_stands_is_left_alone(machine: Machine) -> None:
    machine.install("system", "python3.13", optimized=True)
    (machine.folder / ".venv").mkdir()
    machine.install(".venv/bin", "python").write_text("#!/bin/sh\nexit 0\n")
    locks = ("pyproject.toml", "requirements-build.txt", "requirements.txt")
    state = subprocess.run(
        ["cksum"],
        input=b"".join((machine.folder / name).read_bytes() for name in locks),
        capture_output=True,
        check=True,
    ).stdout
    (machine.folder / ".venv/stamp-run").write_bytes(state)
    (machine.folder / ".venv/stamp-place").write_text(f"{machine.folder.resolve()}\n")
    assert machine.set_up(stands=True) == ""
