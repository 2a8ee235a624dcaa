"""Runs commands in a folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from glimway.cli import main
from glimway.domain.ids import new_id
from glimway.domain.receipt import Receipt, Tokens
from glimway.store.journal import Journal
from kit.ids import entropy_of

NO_TOKENS = Tokens()
AT_MS = 1_795_000_000_000
"""Some day in November 2026."""


class Run:
    """Runs ``glimway`` with the folder as home and working directory, and no server beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.environment: dict[str, str] = {"HOME": str(folder), "GLIMWAY_DATA": str(self.data)}
        self._runner = CliRunner()

    def __call__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Result:
        """Run a command; what it raises beyond its own exits fails the test."""
        environ = {**self.environment, **(environment or {})}
        result = self._runner.invoke(main, list(arguments), env=environ, prog_name="glimway")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
        """Run a command with ``--json``: it prints one document and nothing else."""
        result = self(*arguments, "--json", environment=environment)
        assert result.exit_code == 0, result.output
        assert not result.stderr
        return json.loads(result.stdout)

    def config(self, text: str) -> None:
        """Write ``glimway.toml`` where commands find it."""
        (self.folder / "glimway.toml").write_text(text)

    def record(self, *receipts: Receipt) -> None:
        """Leave receipts in the journal, as a server that was killed does."""
        journal = Journal.open(self.data / "journal")
        for receipt in receipts:
            journal.append(msgspec.json.encode(receipt))
        journal.close()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A way to run commands in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    return Run(tmp_path)


Made = Callable[..., Receipt]


@pytest.fixture
def made() -> Made:
    """``made(3, cost_nanousd=5)``: the receipt of the request in the third millisecond."""

    def making(number: int, tokens: Tokens = NO_TOKENS, **fields: Any) -> Receipt:
        at_ms = AT_MS + number
        usual: dict[str, Any] = {
            "organization": "default",
            "project": "default",
            "key": "k1",
            "model": "lab/m",
            "asked": "m",
            "endpoint": "lab/m@rack1",
            "provider": "rack1",
            "dialect": "chat",
            "mount": "/v1",
            "status": "ok",
            "end": "stop",
            "http_status": 200,
        }
        return Receipt(
            id=new_id(at_ms, entropy_of(0)), at_ms=at_ms, tokens=tokens, **{**usual, **fields}
        )

    return making
