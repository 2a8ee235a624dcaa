"""How projects route, and models whose requests go to several."""

from __future__ import annotations

import pytest

from config.conftest import Read
from glimway.config.policy import policy_of, projects_by_id
from glimway.domain.money import parse_usd_per_million
from glimway.domain.routing.rules import Split, Variant

BASE = """
[[providers]]
id = "rack"
profile = "vllm"
base_url = "http://127.0.0.1:9900/v1"
private = true
[[models]]
id = "lab/m"
aliases = ["m"]
  [[models.endpoints]]
  provider = "rack"
  model = "m"
[[models]]
id = "lab/n"
  [[models.endpoints]]
  provider = "rack"
  model = "n"
"""


def test_projects_and_splits_reach_the_policy(read: Read) -> None:
    text = f"""{BASE}
[[models]]
id = "team/chat"
split = {{ "lab/m" = 95, "lab/n:nitro" = 5 }}
split_by = "user"
[projects.alpha.routing]
only = ["Rack"]
sort = "latency"
zdr = true
max_price = {{ prompt = 0.5 }}
weights = {{ rack = 3, "lab/m@rack" = 1 }}
splits = {{ m = {{ "lab/n" = 1 }} }}
hedge_percent = 2
"""
    config = read(text).usable()
    canary = Split((Variant("lab/m", 95), Variant("lab/n:nitro", 5)), "user")
    assert policy_of(config).splits == {"team/chat": canary}
    (project,) = projects_by_id(config, {"p1": "p1", "alpha": "p1", "beta": "p2"}).values()
    wishes = project.preferences
    assert (wishes.only, wishes.sort, wishes.zdr) == (("rack",), "latency", True)
    assert wishes.max_price is not None
    assert wishes.max_price.input == parse_usd_per_million("0.5")
    assert project.weights == {"rack": 3, "lab/m@rack": 1}
    assert project.splits == {"m": Split((Variant("lab/n", 1),))}
    assert project.hedge_percent == 2
    assert projects_by_id(config, {}) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[projects.a]\nroute = 1", "projects.a.route: is not a setting; did you mean routing?"),
        ("[projects]\na = 1", "projects.a: is 1; write a table"),
        (
            '[projects.a.routing]\nsort = "speed"',
            "projects.a.routing.sort: is not right: Invalid value for 'routing.sort'",
        ),
        (
            "[projects.a.routing]\nonyl = []",
            "projects.a.routing.onyl: is not right: 'routing' has no member \"onyl\"",
        ),
        ("[projects.a.routing]\nbyok = 1", "projects.a.routing.byok: is not right"),
        ("[projects.a.routing]\ntags = []", "projects.a.routing.tags: has no effect here"),
        (
            "[projects.a.routing]\nmax_price = { prompt = -1 }",
            "max_price: is not right: Invalid value for 'routing.max_price.prompt'",
        ),
        (
            "[projects.a.routing.weights]\nrakc = 1",
            'projects.a.routing.weights.rakc: "rakc" is no endpoint or provider; did you',
        ),
        ("[projects.a.routing.weights]\nrack = -1", "weights.rack: is -1; write a whole number"),
        (
            '[projects.a.routing.splits."lab/m"]\n"lab/o" = 1',
            '"lab/o" is not a model; did you mean "lab/',
        ),
        (
            '[projects.a.routing.splits."lab/x"]\n"lab/m" = 1',
            '"lab/x" is not a model; did you mean "lab/',
        ),
        (
            '[projects.a.routing.splits.m]\n"lab/m" = 0',
            "projects.a.routing.splits.m: gives no model a weight",
        ),
        ("[projects.a.routing]\nhedge_percent = 101", "hedge_percent: is 101; write a number"),
        ('[[models]]\nid = "a/b"\nsplit = { "lab/q" = 1 }', '"lab/q" is not a model'),
        ('[[models]]\nid = "a/b"\nsplit = {}', "models[2].split: gives no model a weight"),
        (
            '[[models]]\nid = "a/b"\nsplit = { m = 1 }\nsplit_by = "day"',
            'models[2].split_by: is "day" (a string); write one of request, conversation, user',
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(read: Read, text: str, told: str) -> None:
    problems = read(BASE + text).problems
    assert any(told in str(problem) for problem in problems), problems
    assert all(problem.line > 0 for problem in problems)
