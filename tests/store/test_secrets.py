"""The instance's secrets: made once, private, replaced by a line in front."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from glimway.store import secrets
from glimway.store.errors import StoreError


def line(byte: bytes, size: int = 32) -> str:
    return base64.b64encode(byte * size).decode() + "\n"


def test_the_first_start_makes_one_and_later_ones_read_it(tmp_path: Path) -> None:
    made = secrets.load(tmp_path, os.urandom)
    assert [len(one) for one in made] == [32]
    assert secrets.load(tmp_path, os.urandom) == made
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secrets"]


def test_the_newest_stands_first(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text(line(b"n") + "\n" + line(b"o"))
    assert secrets.load(tmp_path, os.urandom) == [b"n" * 32, b"o" * 32]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1 to 16 lines"),
        (line(b"a") * 17, "1 to 16 lines"),
        ("not base64!\n", "line 1"),
        (line(b"a") + line(b"b", 31), "line 2"),
        ("é\n", "cannot be read"),
    ],
)
def test_what_is_no_secret_is_an_error(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "secrets").write_text(text)
    with pytest.raises(StoreError, match=words):
        secrets.load(tmp_path, os.urandom)


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        secrets.load(tmp_path, os.urandom)
