from __future__ import annotations

import json
import re

import pytest

from house.reading import ROOT

FOLDER = ROOT / "tests/judges"


def test_the_lock_for_python_has_hashes_and_no_address() -> None:
    text = (FOLDER / "python/requirements.txt").read_text()
    assert not re.search(r"https?:|file:|@ |index-url|find-links", text)
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("judge", ["node", "agents"])
def test_a_lock_for_node_has_hashes_and_no_address(judge: str) -> None:
    lock = json.loads((FOLDER / judge / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    for name, one in packages.items():
        assert "resolved" not in one, name
        assert one["integrity"].startswith("sha512-"), name


@pytest.mark.parametrize("judge", ["node", "agents"])
def test_direct_packages_have_one_version_each(judge: str) -> None:
    direct = json.loads((FOLDER / judge / "package.json").read_text())["dependencies"]
    assert all(re.search(r"(^|@)\d+\.\d+\.\d+$", version) for version in direct.values())
