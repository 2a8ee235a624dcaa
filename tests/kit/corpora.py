"""Public test data that the repository does not hold: JSON that is none, UTF-8, naughty strings.

Knows the setting that names their folder, and how each file reads. Refuses to look for them
anywhere else: without the setting, the tests that need them are not run, and the end of the run
says so (``conftest``).

Sources: github.com/nst/JSONTestSuite, github.com/flenniken/utf8tests,
github.com/minimaxir/big-list-of-naughty-strings, github.com/openai/openai-openapi.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

SETTING = "GLIMWAY_CORPORA"
"""An environment variable: the folder with ``json``, ``utf8``, ``strings`` and ``specs``."""
WITHOUT = "none"
"""The setting's word for a run that knowingly goes without them."""
FOLDERS = ("json", "specs", "strings", "utf8")


class Sequence(NamedTuple):
    """Bytes that are UTF-8, or are not.

    Args:
        name: its number.
        valid: whether they are.
        data: they.
        mended: with U+FFFD in the place of what is not.
    """

    name: str
    valid: bool
    data: bytes
    mended: str


def folder() -> Path | None:
    """Where the data are; None: the setting is not there.

    Raises:
        FileNotFoundError: the setting names a folder that lacks some of them.
    """
    named = os.environ.get(SETTING)
    if not named or named == WITHOUT:
        return None
    found = Path(named)
    lacking = [name for name in FOLDERS if not (found / name).is_dir()]
    if lacking:
        raise FileNotFoundError(f"{SETTING} is {named!r}, which lacks {', '.join(lacking)}")
    return found


def forgotten() -> bool:
    """Whether nobody has said where they are, nor that they are not wanted."""
    return not os.environ.get(SETTING)


def json_files() -> dict[str, bytes]:
    """Files by name: ``y_`` is JSON, ``n_`` is none, ``i_`` is as a reader likes."""
    return {file.stem: file.read_bytes() for file in sorted(_at("json").glob("*.json"))}


def naughty_strings() -> list[str]:
    """Texts that break programs."""
    texts: list[str] = json.loads((_at("strings") / "blns.json").read_text("utf-8"))
    return texts


def sequences() -> list[Sequence]:
    """Numbered byte sequences."""
    found = []
    for line in (_at("utf8") / "utf8tests.txt").read_text("ascii").splitlines():
        if not line or line.startswith("#"):
            continue
        name, kind, value, *more = line.split(":")
        valid = kind.strip().startswith("valid")
        data = bytes.fromhex(value) if kind.endswith("hex") else value.encode("ascii")
        mended = data if valid else bytes.fromhex(more[-1])
        found.append(Sequence(name, valid, data, mended.decode()))
    return found


def openai_document() -> dict[str, Any]:
    """OpenAI's OpenAPI document."""
    text = (_at("specs") / "openai-pruned.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _at(name: str) -> Path:
    found = folder()
    assert found is not None, f"{SETTING} is not set"
    return found / name
