"""``glimway models``, ``providers`` and ``route``."""

from __future__ import annotations

from typing import Any

import pytest

Run = Any

CONFIG = """\
[[providers]]
id = "rack1"
profile = "vllm"
base_url = "http://127.0.0.1:9900/v1"
api_key = { env = "RACK_KEY" }
private = true
[[models]]
id = "lab/m"
aliases = ["em"]
context = 1000
[[models.endpoints]]
provider = "rack1"
model = "served"
price = { input = "0.07", output = "0.40" }
[[models.endpoints]]
provider = "rack1"
model = "unpriced"
"""
KEY = {"RACK_KEY": "rack-canary"}


def test_models_have_endpoints_and_prices(run: Run) -> None:
    run.config(CONFIG)
    models = {one["id"]: one for one in run.json("models", environment=KEY)["models"]}
    assert set(models) == {"lab/m", "sandbox/*"}
    first, second = models["lab/m"]["endpoints"]
    assert models["lab/m"]["aliases"] == ["em"]
    assert (first["id"], first["provider"], first["model"]) == ("lab/m@rack1", "rack1", "served")
    assert first["price"] | {"version": ""} == {
        "version": "",
        "input": "0.07",
        "cached_input": "0.07",
        "cache_write": "0.07",
        "output": "0.4",
        "request": "0",
        "web_search": "0",
        "tiers": [],
    }
    assert second["price"] is None
    table = run("models", environment=KEY).stdout.splitlines()
    assert table[0].split() == ["MODEL", "PROVIDER", "CONTEXT", "INPUT", "OUTPUT"]
    assert table[1].split() == ["lab/m", "rack1", "1,000", "0.07", "0.4"]
    assert table[2].split() == ["lab/m", "rack1", "1,000", "unknown", "unknown"]


def test_all_models_are_there_on_wish(run: Run) -> None:
    run.config(CONFIG)
    every = run.json("models", "--all", environment=KEY)["models"]
    assert "zai/glm-4.7-flash" in {one["id"] for one in every}
    table = run("models", "--all", environment=KEY).stdout
    assert "zai/glm-4.7-flash" in table
    assert "nobody" in table


def test_without_provider_the_sandbox_is_named(run: Run) -> None:
    result = run("models")
    assert "zai/glm-4.7-flash" in result.stdout
    assert "the sandbox answers to every name" in result.stderr


def test_providers_are_listed_without_their_keys(run: Run) -> None:
    run.config(CONFIG)
    assert run.json("providers", environment=KEY) == {
        "providers": [
            {
                "id": "rack1",
                "profile": "vllm",
                "name": "vLLM",
                "dialect": "chat",
                "base_url": "http://127.0.0.1:9900/v1",
                "private": True,
                "key": "RACK_KEY",
                "keys": ["RACK_KEY"],
                "models": ["lab/m"],
            }
        ]
    }
    for command in ("providers", "models", "doctor", "check"):
        for flags in ((), ("--json",)):
            assert "canary" not in run(command, *flags, environment=KEY).output


def test_without_provider_the_list_says_what_to_do(run: Run) -> None:
    assert run.json("providers") == {"providers": []}
    assert "Set a provider's key" in run("providers").stderr


def test_usual_variables_turn_providers_on(run: Run) -> None:
    listed = run.json("providers", environment={"ZAI_API_KEY": "k"})["providers"]
    assert [(one["id"], one["key"]) for one in listed] == [("zai", "ZAI_API_KEY")]


@pytest.mark.parametrize(
    ("name", "model", "endpoints"),
    [
        ("EM", "lab/m", ["lab/m@rack1/unpriced", "lab/m@rack1"]),
        ("lab/m:floor", "lab/m", ["lab/m@rack1/unpriced", "lab/m@rack1"]),
        ("new@rack1", "new", ["new@rack1"]),
        ("zai/glm-4.7-flash", "zai/glm-4.7-flash", []),
    ],
)
def test_a_route_says_what_a_name_means(
    run: Run, name: str, model: str, endpoints: list[str]
) -> None:
    run.config(CONFIG)
    document = run.json("route", name, environment=KEY)
    assert (document["asked"], document["model"]) == (name, model)
    assert [one["id"] for one in document["endpoints"]] == endpoints
    result = run("route", name, environment=KEY)
    assert result.exit_code == 0
    assert f"{name} means {model}." in result.stderr
    assert result.stdout.count("\n") == (len(endpoints) + 1 if endpoints else 0)


def test_a_name_that_nobody_knows_is_refused_with_the_nearest(run: Run) -> None:
    run.config(CONFIG)
    result = run("route", "lab/mm", "--json", environment=KEY)
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'glimway: The model "lab/mm" does not exist here.' in result.stderr


@pytest.mark.parametrize("command", [("models",), ("providers",), ("route", "lab/m")])
def test_problems_are_told_instead_of_a_list(run: Run, command: tuple[str, ...]) -> None:
    run.config(CONFIG)
    result = run(*command, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "glimway.toml:5: providers[0].api_key.env: RACK_KEY is not set" in result.stderr
