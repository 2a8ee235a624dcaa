"""Plans: the policy, every preference, every want, and who is left out why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.routing.scene import NEW, PREPAID, Host, World, call, excluded, hosts
from glimway.domain.routing.affinity import Home
from glimway.domain.routing.preferences import Preferences
from glimway.domain.routing.rules import Hedging, Policy, Project, Split, Variant
from glimway.domain.said import Said
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.talk import (
    FilePart,
    Format,
    ImagePart,
    ResultPart,
    TextPart,
    Thinking,
    Tool,
    ToolChoice,
    Turn,
)

THREE = hosts([("dear", "3"), ("cheap", "1"), ("near", "1.1")])
TOOL = Tool("function", "f")


def refusal(world: World, *args: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        world.plan(*args, **more)
    return caught.value


# ---- the policy -------------------------------------------------------------------------------


def test_the_cheapest_within_a_band_share_the_load_and_the_dearer_follow() -> None:
    world = World(THREE)
    assert world.order(call(), 0.0) == "cheap near dear"
    assert world.order(call(), 0.9) == "near cheap dear"
    assert world.spread(call()) == {"cheap": 500, "near": 500}


def test_weights_divide_the_band() -> None:
    near = Host(id="near", input="1.1", weight=1, said=Said(weight=500))
    world = World([Host(id="cheap", said=Said(weight=9)), near])
    assert world.spread(call()) == {"cheap": 900, "near": 100}


def test_a_weight_of_nothing_is_for_emergencies() -> None:
    world = World([THREE[0], Host(id="cheap", weight=0), THREE[2]])
    assert world.order(call(), 0.99) == "near dear cheap"
    world.sicken("near", "dear")
    assert world.order(call()) == "cheap"


def test_a_projects_weights_come_before_the_operators() -> None:
    project = Project(weights={"near": 3})
    near = Host(id="near", input="1.1", weight=0)
    world = World([Host(id="cheap"), near], projects={"p": project})
    assert world.spread(call()) == {"cheap": 250, "near": 750}


def test_whom_a_project_names_with_a_weight_shares_the_load_at_any_price() -> None:
    canary = Project(weights={"zai/new@cheap": 95, "near": 0, "dear": 5})
    world = World(THREE, projects={"p": canary})
    assert world.spread(call()) == {"cheap": 950, "dear": 50}
    assert world.order(call()) == "cheap dear near"
    only = World(THREE, projects={"p": Project(weights={"near": 0})})
    assert only.spread(call()) == {"cheap": 1000}


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=50).filter(any),
    st.integers(1, 400),
)
def test_every_weight_gets_its_share(weights: list[int], draws: int) -> None:
    names = [f"h{at}" for at in range(len(weights))]
    world = World(
        [Host(id=name, weight=weight) for name, weight in zip(names, weights, strict=True)]
    )
    found = world.spread(call(), draws)
    for name, weight in zip(names, weights, strict=True):
        assert abs(found.get(name, 0) - draws * weight / sum(weights)) <= 1 + 1e-6


def test_an_own_engine_without_a_price_comes_first_and_a_host_without_one_last() -> None:
    world = World(
        [Host(id="unknown", input=None), Host(id="paid"), Host(id="own", input=None, private=True)]
    )
    assert world.order(call()) == "own paid unknown"


sick = st.sets(st.sampled_from("abcdef"))


@given(sick, st.floats(0, 1, exclude_max=True), st.sets(st.sampled_from("abcdef"), max_size=5))
def test_a_plan_is_a_permutation_of_those_that_are_well(
    resting: set[str], chance: float, ignored: set[str]
) -> None:
    world = World(hosts((name, f"1.{at}") for at, name in enumerate("abcdef")))
    world.sicken(*sorted(resting))
    plan = world.plan(call(preferences={"ignore": sorted(ignored)}), chance)
    found = [endpoint.provider.id for endpoint in plan.endpoints]
    eligible = set("abcdef") - ignored
    assert len(found) == len(set(found))
    # The last endpoint is never taken away: where all rest, all are there to be asked.
    assert set(found) == ((eligible - resting) or eligible)
    assert plan.resting == (eligible <= resting)
    assert set(found) | set(excluded(plan)) == set("abcdef")


def test_when_nobody_is_well_everybody_is_asked_by_turns() -> None:
    world = World(THREE)
    world.sicken("cheap", "near", "dear")
    assert set(world.spread(call())) == {"cheap", "near", "dear"}
    world.live.health.answered("zai/new@dear", "anyway", world.now_s)
    assert world.order(call()) == "dear"


def test_when_nobody_is_well_those_without_credit_are_asked_last() -> None:
    world = World(THREE)
    world.sicken("dear")
    for name, kind in (("cheap", "quota"), ("near", "rate_limited")):
        world.live.health.failed(f"zai/new@{name}", "well", Fault(kind, "x"), world.now_s)  # type: ignore[arg-type]
    assert world.order(call(), 0.9) == "dear near cheap"


def test_a_rest_ends_by_itself() -> None:
    world = World(THREE)
    world.sicken("cheap")
    assert world.order(call()) == "near dear"
    world.now_s += 2.0
    assert world.order(call()) == "cheap near dear"


def test_prices_of_tomorrow_are_read_tomorrow() -> None:
    world = World(THREE)
    before = world.plan(call())
    assert world.plan(call()) is before
    world.planner._standings.until_ms = 0
    assert world.plan(call()) is not before


# ---- preferences ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wishes", "order"),
    [
        ({"order": ["dear", "near"]}, "dear near cheap"),
        ({"order": ["nobody", "near"]}, "near cheap dear"),
        ({"order": ["dear", "near"], "allow_fallbacks": False}, "dear near"),
        ({"order": ["zai/new@near"]}, "near cheap dear"),
        ({"only": ["NEAR", "dear"]}, "near dear"),
        ({"ignore": ["cheap"]}, "near dear"),
        ({"allow_fallbacks": False}, "cheap"),
        ({"sort": "price"}, "cheap near dear"),
        ({"sort": "latency"}, "dear near cheap"),
        ({"sort": "throughput"}, "near dear cheap"),
        ({"max_price": {"prompt": 1.05}}, "cheap"),
        ({"max_price": {"completion": "2"}}, "cheap near dear"),
        ({"max_ttft_p90_ms": 150}, "near dear"),
        ({"min_tokens_per_second": 100}, "near"),
        ({"preferred_max_latency": 0.15}, "near dear cheap"),
    ],
)
def test_wishes_are_followed(wishes: dict[str, Any], order: str) -> None:
    world = World(THREE)
    for name, ttft_ms, pace in (("cheap", 300, 10), ("near", 140, 200), ("dear", 50, 50)):
        world.measure(name, ttft_ms, pace)
    assert world.order(call(preferences=wishes), 0.0) == order


def test_who_sorts_by_speed_finds_out_about_those_that_were_never_measured() -> None:
    world = World(THREE)
    by_speed = call(preferences={"sort": "latency"})
    assert world.spread(by_speed) == pytest.approx({"cheap": 333, "near": 333, "dear": 333}, abs=1)
    world.measure("near", 140, 200)
    assert world.spread(by_speed) == {"near": 900, "cheap": 50, "dear": 50}
    assert world.order(by_speed, 0.99) == "cheap near dear"
    world.measure("dear", 50, 50)
    assert world.spread(by_speed) == {"dear": 900, "cheap": 100}
    world.sicken("dear", "near", "cheap")
    assert world.plan(by_speed).resting
    world = World(THREE)
    world.measure("near", 140, 200)
    world.measure("dear", 50, 50)
    world.measure("cheap", 300, 10)
    assert world.spread(by_speed) == {"dear": 1000}


@pytest.mark.parametrize(
    ("hedging", "wish", "own", "percent"),
    [
        ("never", None, 0, 0),
        ("never", True, 0, 0),
        ("never", None, 2, 2),
        ("never", False, 2, 0),
        ("asked", None, 0, 0),
        ("asked", True, 0, 5),
        ("always", None, 0, 5),
        ("always", False, 0, 0),
        ("always", None, 2, 2),
    ],
)
def test_a_second_request_may_race_where_operator_project_and_caller_agree(
    hedging: Hedging, wish: bool | None, own: float, percent: float
) -> None:
    world = World(THREE, Policy(hedging=hedging), {"p": Project(hedge_percent=own)})
    plan = world.plan(call(preferences=None if wish is None else {"hedge": wish}))
    assert plan.hedge_percent == percent
    told = ("provider.hedge has no effect",) if wish and not percent else ()
    assert plan.adjusted == told


def test_suffixes_are_followed() -> None:
    world = World([*THREE, Host(id="gift", input="0", output="0")])
    for at, name in enumerate(("cheap", "near", "dear", "gift")):
        world.measure(name, 100, 100 + 10 * at)
    assert world.order(call("new:nitro")) == "gift dear near cheap"
    assert world.order(call("new:floor")) == "gift cheap near dear"
    assert world.order(call("new:free")) == "gift"


def test_a_name_that_asks_for_a_search_goes_to_who_can_search() -> None:
    world = World([*THREE, Host(id="seer", input="9", quirks={"web_search": {"form": "tool"}})])
    plan = world.plan(call("new:online"))
    assert plan.online
    assert [endpoint.provider.id for endpoint in plan.endpoints] == ["seer"]
    assert not world.plan(call()).online


def test_a_faster_endpoint_moves_up_after_a_refresh() -> None:
    world = World(THREE)
    asked = call("new:nitro")
    world.measure("cheap", 100, 50)
    assert world.order(asked).startswith("cheap")
    world.measure("dear", 100, 90)
    assert world.order(asked).startswith("dear")


def test_promises_regions_and_quantizations_are_kept_and_unknown_is_no() -> None:
    world = World(
        [
            Host(id="safe", zdr=True, no_train=True, regions=("eu-west-1",), quantization="fp8"),
            Host(id="silent", said=Said(no_train=True)),
            Host(id="denied", zdr=True, said=Said(zdr=False), input="3"),
        ],
    )
    for wishes in ({"zdr": True}, {"regions": ["EU"]}, {"quantizations": ["FP8"]}):
        assert world.order(call(preferences=wishes)) == "safe"
    assert world.order(call(preferences={"no_train": True})) == "safe silent"
    assert world.order(call(preferences={"quantizations": ["unknown"]})) == "silent denied"
    assert world.order(call(preferences={"order": ["safe/fp8"]})) == "safe silent denied"


def test_what_excluded_each_one_is_told() -> None:
    world = World([Host(id="a"), Host(id="b", quirks={"tools_max": 1})])
    refused = refusal(world, call(tools=[TOOL, TOOL], preferences={"ignore": ["a"]}))
    assert refused.kind == "unsupported"
    assert "zai/new@a is among 'ignore'" in refused.message
    assert "zai/new@b takes at most 1 tools" in refused.message


def test_every_endpoint_is_named_also_where_many_share_a_reason() -> None:
    world = World([*(Host(id=f"h{at}") for at in range(20)), Host(id="odd", zdr=True, input="9")])
    wishes = {"zdr": True, "max_price": {"prompt": 5}}
    message = refusal(world, call(preferences=wishes)).message
    assert all(f"zai/new@h{at}" in message for at in range(20))
    assert message.count("is not known to keep no data") == 1
    assert "zai/new@odd costs more than 'max_price'" in message


def test_zero_retention_that_nobody_promises_is_refused() -> None:
    refused = refusal(World(THREE), call(preferences={"zdr": True}))
    assert (refused.kind, refused.param) == ("unsupported", "provider.zdr")


def test_wishes_without_effect_are_told() -> None:
    plan = World(THREE).plan(call(preferences={"tags": ["x"]}))
    assert plan.adjusted == ("provider.tags has no effect",)


def test_projects_lay_their_wishes_under_each_request() -> None:
    world = World(THREE, projects={"p": Project(preferences=Preferences(ignore=("cheap",)))})
    assert world.order(call()) == "near dear"
    assert world.order(call(preferences={"ignore": ["near"]})) == "dear"


# ---- prices and credits -----------------------------------------------------------------------


def test_prepaid_credits_need_a_price() -> None:
    world = World([Host(id="own", input=None, private=True), Host(id="paid")])
    assert world.order(call(), key=PREPAID) == "paid"
    assert world.order(call()) == "own paid"
    refused = refusal(World([Host(id="own", input=None)]), call(), key=PREPAID)
    assert (refused.kind, refused.param) == ("forbidden", "model")


def test_a_name_that_nobody_serves_and_one_that_nobody_knows() -> None:
    assert refusal(World(THREE), call("old")).kind == "unavailable"
    assert refusal(World(THREE), call("none")).kind == "not_found"


# ---- wants ------------------------------------------------------------------------------------

IMAGE = ImagePart("https://x.example/i.png")
CAN, CANNOT = "able", "unable"


@pytest.mark.parametrize(
    ("lacks", "quirks", "more"),
    [
        ("tools", {}, {"tools": [TOOL]}),
        ("vision", {}, {"turns": [Turn("user", [TextPart("see"), IMAGE])]}),
        ("vision", {}, {"turns": [Turn("tool", [ResultPart("1", [IMAGE])])]}),
        ("video", {}, {"turns": [Turn("user", [FilePart("video", {}, "chat")])]}),
        ("json_object", {}, {"format": Format("json_object")}),
        ("", {"formats": ["text"]}, {"format": Format("json_schema", schema={})}),
        ("", {"web_search": {"form": "none"}}, {"tools": [Tool("web_search")]}),
        ("", {"tools_max": 1}, {"tools": [TOOL, TOOL]}),
    ],
)
def test_who_cannot_is_left_out(lacks: str, quirks: dict[str, Any], more: dict[str, Any]) -> None:
    search = {"web_search": {"form": "tool"}}
    world = World(
        [
            Host(
                id=CANNOT, input="0.1", lacks=(lacks,) if lacks else (), quirks={**search, **quirks}
            ),
            Host(id=CAN, quirks=search),
        ]
    )
    plan = world.plan(call(**more))
    assert [endpoint.provider.id for endpoint in plan.endpoints] == [CAN]
    assert CANNOT in excluded(plan)
    alone = refusal(
        World([Host(id=CANNOT, lacks=(lacks,) if lacks else (), quirks=quirks)]), call(**more)
    )
    assert alone.kind == "unsupported"
    assert CANNOT in alone.message


@pytest.mark.parametrize(
    ("lacks", "quirks", "more"),
    [
        ("", {"tool_choice": ["auto"]}, {"tools": [TOOL], "tool_choice": ToolChoice("required")}),
        (
            "",
            {"tool_choice": ["auto", "required"]},
            {"tools": [TOOL], "tool_choice": ToolChoice("named", ("f",))},
        ),
        ("", {"reject": ["parallel_tool_calls"]}, {"tools": [TOOL], "parallel_tool_calls": False}),
        ("reasoning", {}, {"thinking": Thinking(on=True)}),
        ("", {"thinking": {"known": True}}, {"thinking": Thinking(on=False)}),
        ("", {"thinking": {"known": True}}, {"thinking": Thinking(effort="high")}),
        ("preserved_thinking", {}, {"thinking": Thinking(keep=True)}),
    ],
)
def test_who_would_change_the_request_comes_behind_and_is_better_than_nobody(
    lacks: str, quirks: dict[str, Any], more: dict[str, Any]
) -> None:
    world = World(
        [Host(id=CANNOT, input="0.1", lacks=(lacks,) if lacks else (), quirks=quirks), Host(id=CAN)]
    )
    assert world.order(call(**more), 0.9) == f"{CAN} {CANNOT}"
    assert world.order(call()) == f"{CANNOT} {CAN}"
    strict = call(preferences={"require_parameters": True}, **more)
    assert world.order(strict) == CAN


def test_a_schema_that_is_emulated_here_only_puts_a_host_behind() -> None:
    cannot = Host(id=CANNOT, input="0.1", quirks={"formats": ["text", "json_object"]})
    world = World([cannot, Host(id=CAN)], Policy(emulated=frozenset({"json_schema"})))
    assert world.order(call(format=Format("json_schema", schema={}))) == f"{CAN} {CANNOT}"


@pytest.mark.parametrize(
    ("quirks", "more"),
    [
        ({"reject": ["seed"]}, {"seed": 1}),
        ({"ranges": {"temperature": {"high": 1}}}, {"temperature": 1.5}),
        ({"lengths": {"user": {"low": 6}}}, {"user": "abc"}),
        ({"strict": True}, {"extra": {"odd": 1}}),
    ],
)
def test_required_parameters_leave_out_who_would_ignore_one(
    quirks: dict[str, Any], more: dict[str, Any]
) -> None:
    world = World([Host(id=CANNOT, input="0.1", quirks=quirks), Host(id=CAN)])
    assert world.order(call(**more)) == f"{CANNOT} {CAN}"
    asked = call(preferences={"require_parameters": True}, **more)
    assert world.order(asked) == CAN
    assert excluded(world.plan(asked))


# ---- sizes ------------------------------------------------------------------------------------


def test_a_prompt_goes_where_it_fits() -> None:
    world = World([Host(id="small", input="0.1", context=1000), Host(id="large")])
    assert world.order(call()) == "small large"
    assert world.order(call(), size=8000) == "large"
    assert world.order(call(max_tokens=990)) == "large"


def test_a_longer_answer_goes_to_who_gives_it() -> None:
    world = World([Host(id="short", input="0.1", max_output=100), Host(id="long")])
    assert world.order(call(max_tokens=100)) == "short long"
    assert world.order(call(max_tokens=101)) == "long"


def test_an_estimate_alone_refuses_nobody() -> None:
    world = World([Host(id="small", context=1000), Host(id="smaller", context=900)])
    assert world.order(call(), size=8000) == "small smaller"


def test_what_surely_does_not_fit_is_refused_here() -> None:
    world = World([Host(id="small", context=1000)])
    refused = refusal(world, call(), size=17_000)
    assert (refused.kind, refused.param) == ("context_too_long", "messages")
    pictures = call(turns=[Turn("user", [IMAGE])])
    assert world.order(pictures, size=17_000_000) == "small"


# ---- several models ---------------------------------------------------------------------------

TWO = [Host(id="a"), Host(id="b", input="0.1", model="zai/old")]


def test_fallback_models_follow_the_first() -> None:
    world = World(TWO)
    plan = world.plan(call("new", fallback_models=["old", "new"]))
    assert [endpoint.id for endpoint in plan.endpoints] == ["zai/new@a", "zai/old@b"]
    assert plan.model == NEW.id
    assert world.order(call("new", preferences={"models": ["old"]})) == "a b"
    across = {"sort": {"by": "price", "partition": "none"}}
    assert world.order(call("new", fallback_models=["old"], preferences=across)) == "b a"


def test_a_fallback_serves_what_the_first_model_cannot() -> None:
    world = World([Host(id="a", lacks=("tools",)), Host(id="b", model="zai/old")])
    plan = world.plan(call("new", fallback_models=["old"], tools=[TOOL]))
    assert [endpoint.id for endpoint in plan.endpoints] == ["zai/old@b"]
    assert excluded(plan) == {"a": "calls no tools"}


def test_an_unknown_fallback_is_named() -> None:
    refused = refusal(World(TWO), call("new", fallback_models=["old", "none"]))
    assert (refused.kind, refused.param) == ("not_found", "models[1]")


def test_when_no_model_is_left_all_reasons_are_told() -> None:
    world = World([Host(id="a"), Host(id="b", model="zai/old")])
    refused = refusal(world, call("new", fallback_models=["old"], preferences={"zdr": True}))
    assert "zai/new@a" in refused.message
    assert "zai/old@b" in refused.message


def test_a_split_divides_a_projects_requests_between_models() -> None:
    split = Split((Variant("new", 3), Variant("old", 1)))
    world = World(TWO, projects={"p": Project(splits={"zai/new": split})})
    assert world.spread(call()) == {"a": 750, "b": 250}


@pytest.mark.parametrize("by", ["conversation", "user"])
def test_a_split_can_stay_with_a_conversation_or_a_user(by: Any) -> None:
    split = Split((Variant("new", 1), Variant("old", 1)), by=by)
    world = World(TWO, projects={"p": Project(splits={"zai/new": split})})
    firsts = set()
    for number in range(64):
        asked = call("new", f"Hello {number}", user=f"u{number}")
        found = world.spread(asked, 10)
        assert len(found) == 1
        longer = call("new", f"Hello {number}", "Hi", "More", user=f"u{number}")
        assert world.spread(longer, 10) == found
        firsts |= set(found)
    assert firsts == {"a", "b"}


# ---- affinity ---------------------------------------------------------------------------------

TALK = ("x" * 200, "Hi", "And now?")


def home(world: World, provider: str, tokens: int = 50_000) -> None:
    asked = call("new", *TALK[:1])
    plan = world.plan(asked)
    world.planner.settled(plan, asked, PREPAID, Home(f"zai/new@{provider}", tokens, world.now_s))


def caching() -> World:
    return World(
        [
            Host(id="cheap", input="1", cached="0.2"),
            Host(id="same", input="1", cached="0.2"),
            Host(id="dear", input="3", cached="0.1"),
            Host(id="full", input="3"),
        ]
    )


@pytest.mark.parametrize(
    ("was_at", "size", "first"),
    [
        ("same", 200_000, "same"),
        ("dear", 200_000, "dear"),  # 50,000 cached tokens at 0.1 cost less than fresh ones at 1
        ("full", 200_000, "cheap"),  # no discount is worth staying for
        ("dear", 2_000_000, "cheap"),  # most of the prompt is new: moving saves more
    ],
)
def test_a_conversation_stays_while_its_cache_is_worth_it(
    was_at: str, size: int, first: str
) -> None:
    world = caching()
    home(world, was_at)
    assert world.order(call("new", *TALK), 0.0, size=size).split()[0] == first


def test_a_conversation_moves_when_its_endpoint_rests_or_was_too_long_ago() -> None:
    world = caching()
    home(world, "same")
    world.sicken("same")
    assert world.order(call("new", *TALK)).startswith("cheap")
    other = caching()
    home(other, "same")
    other.now_s += 3600
    assert other.order(call("new", *TALK)).startswith("cheap")


def test_other_conversations_and_first_turns_are_drawn() -> None:
    world = caching()
    home(world, "same")
    assert world.order(call("new", "y" * 200, "Hi", "More")).startswith("cheap")
    assert world.order(call("new", TALK[0])).startswith("cheap")
    assert world.spread(call("new", TALK[0])) == {"cheap": 500, "same": 500}


def test_short_prompts_are_not_remembered() -> None:
    world = caching()
    home(world, "same", tokens=100)
    assert not len(world.live.affinity)


def test_a_short_prompt_with_the_same_beginning_takes_no_home_away() -> None:
    world = caching()
    home(world, "same")
    home(world, "cheap", tokens=100)
    assert world.order(call("new", *TALK)).startswith("same")
