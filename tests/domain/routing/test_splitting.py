"""Canaries and comparisons: shares of requests by weight, steady where they should be."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest

from domain.routing.scene import KEY, Host, World, call
from glimway.domain.routing.plan import Planner
from glimway.domain.routing.route import Plan
from glimway.domain.routing.rules import Policy, Project, Split, Variant
from glimway.domain.routing.splitting import steady
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

TWO = [Host(id="a"), Host(id="b", model="zai/old")]
CANARY = (Variant("zai/new", 95), Variant("zai/old", 5))


def share(world: World, name: str, draws: int, **more: Any) -> float:
    """How many of so many users get the old model."""
    olds = [
        world.plan(call(name, user=f"user {at}", **more)).model == "zai/old" for at in range(draws)
    ]
    return sum(olds) / draws


def test_five_in_a_hundred_users_get_the_canary_and_always_the_same_ones() -> None:
    split = {"zai/new": Split(CANARY, "user")}
    world, again = (World(TWO, Policy(splits=split)) for _ in range(2))
    draws = 4000
    # Four standard deviations of a fair draw; who gets it is the same on every machine.
    assert abs(share(world, "new", draws) - 0.05) <= 4 * sqrt(0.05 * 0.95 / draws)
    for at in range(200):
        asked = call("new", user=f"user {at}")
        assert world.plan(asked, 0.1).model == again.plan(asked, 0.9).model


def test_the_spread_is_the_same_in_every_process() -> None:
    assert steady(("zai/new", "p", "user 1")) == pytest.approx(STEADY, abs=1e-12)


STEADY = 0.2742388029994078
"""The first eight bytes of a BLAKE2b hash, as a share of 2^64."""


def test_a_project_splits_before_the_operator_and_an_alias_before_its_model() -> None:
    policy = Policy(splits={"zai/new": Split((Variant("zai/old", 1),))})
    project = Project(splits={"new": Split((Variant("zai/new", 1),))})
    world = World(TWO, policy, {"p": project})
    assert world.plan(call("new")).model == "zai/new"
    assert world.plan(call("zai/new")).model == "zai/old"
    assert World(TWO, policy).plan(call("NEW")).model == "zai/old"
    assert KEY.project == "p"


def test_suffixes_stay_and_pins_are_not_split() -> None:
    world = World(TWO, Policy(splits={"zai/new": Split((Variant("zai/old", 1),))}))
    plan = world.plan(call("new:floor"))
    assert (plan.model, plan.basis) == ("zai/old", "price")
    assert world.plan(call("new@a")).model == "zai/new"


def test_a_split_costs_nothing_to_requests_for_other_models(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    split = Split((Variant("zai/new", 1), Variant("lab/none", 0)))
    world = World([*TWO, Host(id="c", model="zai/old")], Policy(splits={"zai/new": split}))
    plain = World([*TWO, Host(id="c", model="zai/old")])
    care: list[str] = []
    slow = Planner._with_care

    def counted(planner: Planner, call: Call, *rest: Any) -> Plan:
        care.append(call.model)
        return slow(planner, call, *rest)

    monkeypatch.setattr(Planner, "_with_care", counted)
    for chance in (0.0, 0.3, 0.9):
        assert world.plan(call("old"), chance) == plain.plan(call("old"), chance)
    assert care == []
    assert world.plan(call("new")).model == "zai/new"
    assert care == ["new"]
    with pytest.raises(Refusal):
        world.plan(call("lab/nobody"))
