from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from glimway.config.places import data_folder, database_url, journal_folder, make_private
from glimway.config.settings import Server, Settings


def _settings(data: str | None) -> Settings:
    return msgspec.structs.replace(Settings(), server=Server(data=data))


@pytest.mark.parametrize(
    ("data", "environ", "folder"),
    [
        ("/srv/glimway", {"HOME": "/home/a", "XDG_DATA_HOME": "/data"}, "/srv/glimway"),
        (None, {"HOME": "/home/a", "XDG_DATA_HOME": "/data"}, "/data/glimway"),
        (None, {"HOME": "/home/a", "XDG_DATA_HOME": "relative"}, "/home/a/.local/share/glimway"),
        (None, {"HOME": "/home/a"}, "/home/a/.local/share/glimway"),
    ],
)
def test_the_data_folder(data: str | None, environ: dict[str, str], folder: str) -> None:
    assert data_folder(_settings(data), environ) == Path(folder)


def test_a_relative_data_folder_begins_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert data_folder(_settings("data"), {}) == tmp_path / "data"


def test_a_data_folder_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/b")
    assert data_folder(_settings("~/x"), {}) == Path("/home/b/x")


def test_a_new_data_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "glimway"
    make_private(folder)
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) != 0o700


def test_a_file_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "glimway").write_text("")
    with pytest.raises(OSError, match="File exists"):
        make_private(tmp_path / "glimway")


def test_what_is_in_the_data_folder() -> None:
    assert database_url(Path("/d")) == "sqlite:////d/glimway.db"
    assert journal_folder(Path("/d")) == Path("/d/journal")
