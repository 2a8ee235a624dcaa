"""``glimway models refresh``: hosts' own lists, told before they are applied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from glimway.config.refreshed import FILE_NAME
from kit import answers
from kit.provider import ScriptedProvider

Run = Any
KEY = {"OPENROUTER_API_KEY": "canary"}


@pytest.fixture
def host() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as scripted:
        yield scripted


def listing(*items: tuple[str, str, str]) -> bytes:
    data = [
        {"id": name, "pricing": {"prompt": given, "completion": taken}}
        for name, given, taken in items
    ]
    return answers.whole({"data": [*data, {"id": "openrouter/auto", "pricing": {"prompt": "-1"}}]})


def configure(run: Run, host: ScriptedProvider) -> None:
    run.config(f"""\
[[providers]]
id = "openrouter"
base_url = "{host.url}/api/v1"
api_key = {{ env = "OPENROUTER_API_KEY" }}
private = true
""")


def refreshed(run: Run, *flags: str) -> Any:
    return run.json("models", "refresh", *flags, environment=KEY)


def price_of(run: Run, name: str) -> Any:
    models = {one["id"]: one for one in run.json("models", environment=KEY)["models"]}
    (endpoint,) = models[name]["endpoints"]
    return endpoint["price"]


FLASH = "z-ai/glm-4.7-flash"


def test_differences_are_shown_and_applied_on_wish(run: Run, host: ScriptedProvider) -> None:
    configure(run, host)
    host.always(listing((FLASH, "0.00000009", "0.0000004"), ("z-ai/glm-4.7", "1", "-1")))
    before = price_of(run, "zai/glm-4.7-flash")
    assert before["input"] == "0.06"

    told = refreshed(run)
    assert not told["applied"]
    assert told["failed"] == []
    (change,) = told["changes"]
    assert (change["model"], change["provider"]) == ("zai/glm-4.7-flash", "openrouter")
    assert (change["kind"], change["upstream"]) == ("changed", FLASH)
    assert (change["before"]["input"], change["after"]["input"]) == ("0.06", "0.09")
    assert change["after"]["cached_input"] == "0.01", "a list that is silent takes nothing away"
    assert "zai/glm-4.7" in {one["model"] for one in told["unlisted"]}
    assert price_of(run, "zai/glm-4.7-flash") == before
    assert not (run.data / FILE_NAME).exists()

    applied = refreshed(run, "--yes")
    assert applied["applied"]
    assert applied["file"] == str(run.data / FILE_NAME)
    after = price_of(run, "zai/glm-4.7-flash")
    assert (after["input"], after["output"], after["cached_input"]) == ("0.09", "0.4", "0.01")
    assert after["version"] != before["version"]
    assert (run.data / FILE_NAME).stat().st_mode & 0o077 == 0

    again = refreshed(run, "--yes")
    assert again["changes"] == []
    assert [one["model"] for one in again["confirmed"]] == ["zai/glm-4.7-flash"]
    assert price_of(run, "zai/glm-4.7-flash") == after
    assert "canary" not in (run.data / FILE_NAME).read_text()


def test_a_table_for_people(run: Run, host: ScriptedProvider) -> None:
    configure(run, host)
    host.always(listing((FLASH, "0.00000009", "0.0000004")))
    result = run("models", "refresh", environment=KEY)
    assert result.exit_code == 0
    heads, row = result.stdout.splitlines()
    assert heads.split() == ["PROVIDER", "MODEL", "KIND", "INPUT", "OUTPUT", "CACHED"]
    assert row.split() == [
        *("openrouter", "zai/glm-4.7-flash", "changed", "0.06", "->", "0.09", "0.4", "0.01"),
    ]
    assert not (run.data / FILE_NAME).exists(), "nobody could be asked"
    result = run("models", "refresh", "--yes", environment=KEY)
    assert FILE_NAME in result.stderr
    result = run("models", "refresh", environment=KEY)
    assert result.stdout == ""
    assert "Every listed price is as it is known." in result.stderr


def test_the_key_goes_with_the_question(run: Run, host: ScriptedProvider) -> None:
    configure(run, host)
    host.always(listing())
    refreshed(run)
    (asked,) = host.requests
    assert (asked.method, asked.target) == ("GET", "/api/v1/models")
    assert asked.header("authorization") == "Bearer canary"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (answers.whole({"error": "no"}, status=403), "answers 403"),
        (answers.whole({"models": []}), "no list of models"),
    ],
)
def test_a_list_that_cannot_be_read_is_told(
    run: Run, host: ScriptedProvider, answer: bytes, why: str
) -> None:
    configure(run, host)
    host.always(answer)
    result = run("models", "refresh", "--yes", "--json", environment=KEY)
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert not document["applied"]
    (failed,) = document["failed"]
    assert failed["provider"] == "openrouter"
    assert why in failed["reason"]
    assert "no price list could be read" in result.stderr
    assert not (run.data / FILE_NAME).exists()


def test_a_host_that_is_away_is_told(run: Run) -> None:
    with ScriptedProvider() as gone:
        configure(run, gone)
    result = run("models", "refresh", environment=KEY)
    assert result.exit_code == 1
    assert "openrouter: cannot be reached" in result.stderr


def test_without_a_list_there_is_nothing_to_do(run: Run) -> None:
    result = run("models", "refresh")
    assert result.exit_code == 0
    assert "No configured provider has a price list" in result.stderr


def test_the_operators_own_price_wins(run: Run, host: ScriptedProvider) -> None:
    configure(run, host)
    with (run.folder / "glimway.toml").open("a") as file:
        file.write(f"""
[[models]]
id = "zai/glm-4.7-flash"
[[models.endpoints]]
provider = "openrouter"
model = "{FLASH}"
price = {{ input = "7", output = "8" }}
""")
    host.always(listing((FLASH, "0.00000009", "0.0000004")))
    assert refreshed(run, "--yes")["applied"]
    assert price_of(run, "zai/glm-4.7-flash")["input"] == "7"


def test_a_damaged_file_is_told(run: Run, host: ScriptedProvider) -> None:
    configure(run, host)
    run.data.mkdir()
    for text in ("{", '{"prices": [{"provider": "x"}]}'):
        (run.data / FILE_NAME).write_text(text)
        for command in (("models",), ("models", "refresh")):
            result = run(*command, environment=KEY)
            assert result.exit_code == 1
            assert f"{FILE_NAME}: " in result.stderr
            assert "Remove it" in result.stderr
