"""The catalog: names, pins, suffixes, endpoints, and who wins."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.catalog import (
    ANSWERS_KEPT_MAX,
    Catalog,
    Entry,
    Model,
    Offer,
    PriceText,
    Profile,
    Provider,
    Resolved,
    joined,
)
from glimway.domain.endpoint import capped
from glimway.domain.names import cut_pin, cut_suffixes, fold
from glimway.domain.strict import DataError
from glimway.wire.quirks import Quirks, ThinkingControl, WebSearch
from glimway.wire.refusal import Refusal

DAY = date(2026, 11, 21)
PRICE = PriceText(input="0.07", output="0.40", effective=DAY, checked=DAY)


def profile(name: str, **more: Any) -> Profile:
    base_url = f"https://{name}.example/v1"
    return Profile(id=name, name=name, about="", base_url=base_url, checked=DAY, **more)


def provider(name: str, of: Profile | None = None, **more: Any) -> Provider:
    made = of or profile(name)
    return Provider(id=name, **{"profile": made, "base_url": made.base_url, **more})


FLASH = Entry(
    Model(
        id="zai/glm-4.7-flash",
        aliases=("glm-4.7-flash", "zai-org/GLM-4.7-Flash", "@cf/zai-org/glm-4.7-flash"),
        context=200_000,
        max_output=131_072,
        capabilities=frozenset({"tools", "json_schema", "tool_choice", "web_search"}),
    ),
    (
        Offer(provider="zai", model="glm-4.7-flash", prices=(PRICE,)),
        Offer(provider="hill", model="zai-org/GLM-4.7-Flash", max_output=16_384),
    ),
)
FULL = Entry(
    Model(id="zai/glm-4.7", aliases=("glm-4.7",)),
    (Offer(provider="zai", model="glm-4.7"), Offer(provider="away", model="x")),
)
PLAY = Entry(Model(id="play/*"), (Offer(provider="stage", model="*", prices=(PRICE,)),))


@pytest.fixture
def catalog() -> Catalog:
    return Catalog([FLASH, FULL, PLAY], [provider("zai"), provider("hill"), provider("stage")])


def ids(resolved: Resolved) -> list[str]:
    return [endpoint.id for endpoint in resolved.endpoints]


def refusal(catalog: Catalog, name: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        catalog.resolve(name)
    assert caught.value.kind == "not_found"
    assert caught.value.code == "model_not_found"
    assert caught.value.param == "model"
    return caught.value


# ---- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "zai/glm-4.7-flash",
        "ZAI/GLM-4.7-FLASH",
        "zai/glm-4-7-flash",
        "zai/glm_4_7_flash",
        "GLM-4.7-Flash",
        "glm-4-7-flash",
        "zai-org/GLM-4.7-Flash",
        "@cf/zai-org/glm-4.7-flash",
        "  glm-4.7-flash ",
    ],
)
def test_every_spelling_is_the_same_model(catalog: Catalog, name: str) -> None:
    resolved = catalog.resolve(name)
    assert resolved.asked == name
    assert resolved.model is FLASH.model
    assert resolved.model_id == "zai/glm-4.7-flash"
    assert ids(resolved) == ["zai/glm-4.7-flash@zai", "zai/glm-4.7-flash@hill"]
    assert resolved.pin is None
    assert resolved.suffix is None


@pytest.mark.parametrize(
    ("name", "suffixes"),
    [
        ("glm-4.7:floor", ("floor",)),
        ("glm-4.7:NITRO", ("nitro",)),
        ("glm-4.7:free:online", ("free", "online")),
        ("glm-4.7:online:free:online", ("free", "online")),
    ],
)
def test_suffixes(catalog: Catalog, name: str, suffixes: tuple[str, ...]) -> None:
    resolved = catalog.resolve(name)
    assert resolved.model_id == "zai/glm-4.7"
    assert set(resolved.suffixes) == set(suffixes)
    assert resolved.suffix in suffixes


@pytest.mark.parametrize(
    ("name", "suffixes"),
    [
        ("glm-4.7-flash@hill", ()),
        ("GLM-4.7-Flash@HILL", ()),
        ("glm-4.7-flash:free@hill", ("free",)),
        ("glm-4.7-flash@hill:free", ("free",)),
        ("zai-org/GLM-4.7-Flash@hill", ()),
    ],
)
def test_a_pin_takes_one_provider(catalog: Catalog, name: str, suffixes: tuple[str, ...]) -> None:
    resolved = catalog.resolve(name)
    assert ids(resolved) == ["zai/glm-4.7-flash@hill"]
    assert resolved.pin == "hill"
    assert resolved.suffixes == suffixes
    assert resolved.endpoints[0].upstream_model == "zai-org/GLM-4.7-Flash"


@pytest.mark.parametrize("upstream", ["lab/New-1", "free:free", "@cf/x/y", "a@b"])
def test_a_pin_passes_an_unknown_id_as_it_is(catalog: Catalog, upstream: str) -> None:
    resolved = catalog.resolve(f"{upstream}@hill")
    (endpoint,) = resolved.endpoints
    assert endpoint.upstream_model == upstream
    assert endpoint.provider.id == "hill"
    assert resolved.model_id == endpoint.model == upstream
    assert resolved.model is None
    assert not endpoint.priced
    assert endpoint.price_at(0) is None


def test_a_known_model_pinned_where_it_is_not_offered_passes_without_a_price(
    catalog: Catalog,
) -> None:
    resolved = catalog.resolve("glm-4.7@hill")
    (endpoint,) = resolved.endpoints
    assert endpoint.upstream_model == "glm-4.7"
    assert resolved.model is FULL.model
    assert resolved.model_id == endpoint.model == "zai/glm-4.7"
    assert not endpoint.priced


def test_a_pinned_upstream_id_of_an_offer_has_its_price() -> None:
    entry = Entry(Model(id="m/one"), (Offer(provider="hill", model="Own:Id", prices=(PRICE,)),))
    resolved = Catalog([entry], [provider("hill")]).resolve("Own:Id@hill")
    assert resolved.model_id == "m/one"
    assert resolved.endpoints[0].priced


def test_a_pin_to_nobody_is_refused(catalog: Catalog) -> None:
    assert 'No provider "hil" is configured here' in refusal(catalog, "glm-4.7@hil").message
    assert "Configured: zai, hill, stage." in refusal(catalog, "glm-4.7@hil").message


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("glm-4.7-flsh", "zai/glm-4.7-flash"),
        ("zai/glm-4.8", "zai/glm-4.7"),
        ("glm47flash", "zai/glm-4.7-flash"),
        ("other/glm-4.7-fast:free", "zai/glm-4.7-flash"),
    ],
)
def test_an_unknown_name_tells_the_nearest(catalog: Catalog, name: str, nearest: str) -> None:
    message = refusal(catalog, name).message
    assert f'"{nearest}"' in message
    assert "GET /v1/models" in message


def test_an_unknown_name_like_nothing(catalog: Catalog) -> None:
    message = refusal(catalog, "gpt-4o").message
    assert message == 'The model "gpt-4o" does not exist here. GET /v1/models lists all models.'


def test_a_long_unknown_name_is_shown_shortened_and_costs_little(catalog: Catalog) -> None:
    began = time.perf_counter()
    message = refusal(catalog, "g" * 100_000).message
    assert time.perf_counter() - began < 0.1
    assert len(message) < 250


@pytest.mark.parametrize("name", ["", " ", ":", "@", "@zai", "/", ":free", "play/", ":free@zai@"])
def test_an_empty_part_is_unknown(catalog: Catalog, name: str) -> None:
    refusal(catalog, name)


# ---- families -----------------------------------------------------------------------------------


def test_a_familys_names_pass_with_their_scripts(catalog: Catalog) -> None:
    resolved = catalog.resolve("Play/GLM-4.7:slow+cut-5")
    assert resolved.model_id == "play/glm-4.7"
    assert resolved.model is PLAY.model
    (endpoint,) = resolved.endpoints
    assert endpoint.id == "play/glm-4.7@stage"
    assert endpoint.upstream_model == "GLM-4.7:slow+cut-5"
    assert endpoint.priced


def test_a_familys_script_may_read_like_a_suffix(catalog: Catalog) -> None:
    resolved = catalog.resolve("play/x:free")
    assert resolved.endpoints[0].upstream_model == "x:free"
    assert resolved.suffixes == ()


def test_a_familys_name_has_a_bounded_id(catalog: Catalog) -> None:
    assert len(catalog.resolve("play/" + "x" * 1000).model_id) < 80


# ---- endpoints ----------------------------------------------------------------------------------


def test_an_endpoint_has_the_offers_facts_over_the_models(catalog: Catalog) -> None:
    zai, hill = catalog.endpoints_of("zai/glm-4.7-flash")
    assert (zai.context, zai.max_output) == (200_000, 131_072)
    assert (hill.context, hill.max_output) == (200_000, 16_384)
    assert zai.priced
    assert not hill.priced
    price = zai.price_at(0)
    assert price is not None
    assert price.version.startswith("2026-11-21.")
    assert zai.quirks == capped(zai.provider.quirks, 131_072)
    assert hill.quirks.ranges["max_tokens"].high == 16_384


def test_offers_of_providers_that_are_not_configured_are_left_out(catalog: Catalog) -> None:
    assert [one.provider.id for one in catalog.endpoints_of("zai/glm-4.7")] == ["zai"]
    assert [one.provider for one in catalog.offers_of("zai/glm-4.7")] == ["zai", "away"]
    assert catalog.endpoints_of("nobody/knows") == ()
    assert catalog.offers_of("nobody/knows") == ()


def test_a_model_that_nobody_serves_is_known_and_not_listed() -> None:
    catalog = Catalog([FLASH, FULL], [provider("away")])
    assert catalog.resolve("glm-4.7-flash").endpoints == ()
    assert [model.id for model in catalog.models] == ["zai/glm-4.7"]
    assert len(catalog.all_models) == 2


def test_the_stand_in_serves_only_what_nobody_else_does() -> None:
    stage = provider("stage")
    catalog = Catalog([FLASH, FULL, PLAY], [provider("away"), stage], stand_in=stage)
    (endpoint,) = catalog.resolve("GLM-4.7-Flash").endpoints
    assert endpoint.id == "zai/glm-4.7-flash@stage"
    assert endpoint.upstream_model == "glm-4.7-flash"
    price = endpoint.price_at(0)
    assert price is not None
    assert price.free
    assert [one.provider.id for one in catalog.resolve("glm-4.7").endpoints] == ["away"]


def test_a_shipped_offer_holds_for_every_provider_at_the_hosts_own_address() -> None:
    zai = profile("zai")
    providers = [
        provider("team-a", zai),
        provider("team-b", zai),
        provider("proxied", zai, base_url="https://proxy.example/v1"),
    ]
    catalog = Catalog([FLASH], providers)
    found = [one.provider.id for one in catalog.resolve("glm-4.7-flash").endpoints]
    assert found == ["team-a", "team-b"]


def test_a_provider_with_the_profiles_id_keeps_its_offers_behind_another_address() -> None:
    catalog = Catalog([FLASH], [provider("zai", base_url="https://proxy.example/v1")])
    assert ids(catalog.resolve("glm-4.7-flash")) == ["zai/glm-4.7-flash@zai"]


def test_two_offers_of_one_model_at_one_provider_have_two_ids() -> None:
    offers = tuple(Offer(provider="hill", model=name) for name in ("slow", "fast"))
    catalog = Catalog([Entry(Model(id="m/one"), offers)], [provider("hill")])
    assert ids(catalog.resolve("m/one")) == ["m/one@hill", "m/one@hill/fast"]


def test_an_offers_quirks_lie_over_the_profiles() -> None:
    quirks = Quirks(
        reject=frozenset({"seed"}),
        thinking=ThinkingControl(known=True, off={"a": 1}, effort="effort"),
    )
    offer = Offer(provider="hill", model="x", quirks={"tool_stream": True, "thinking": {"off": {}}})
    catalog = Catalog(
        [Entry(Model(id="m/one"), (offer,))], [provider("hill", profile("hill", quirks=quirks))]
    )
    made = catalog.endpoints_of("m/one")[0].quirks
    assert made.tool_stream
    assert made.reject == {"seed"}
    assert made.thinking.off == {}
    assert made.thinking.effort == "effort"


def test_quirks_of_an_offer_that_do_not_exist_are_told() -> None:
    offer = Offer(provider="hill", model="x", quirks={"tool_steam": True})
    with pytest.raises(DataError, match=r"quirks of m/one@hill: 'tool_steam'.*'tool_stream'"):
        Catalog([Entry(Model(id="m/one"), (offer,))], [provider("hill")])


def test_an_endpoint_does_not_claim_what_its_host_rules_out() -> None:
    every = frozenset(
        {
            "json_object",
            "json_schema",
            "parallel_tools",
            "preserved_thinking",
            "reasoning_effort",
            "tool_choice",
            "tools",
            "web_search",
        }
    )
    model = Model(id="m/one", capabilities=every)  # type: ignore[arg-type]
    able = Quirks(
        thinking=ThinkingControl(known=True, keep="keep", effort="effort"),
        web_search=WebSearch(form="tool"),
    )
    narrow = Quirks(
        thinking=ThinkingControl(known=True),
        formats=frozenset({"text"}),
        tool_choice=frozenset({"auto"}),
        reject=frozenset({"parallel_tool_calls"}),
    )
    offer = Offer(provider="hill", model="x")
    for quirks, left in ((able, every), (narrow, {"tools"})):
        at = provider("hill", profile("hill", quirks=quirks))
        (endpoint,) = Catalog([Entry(model, (offer,))], [at]).endpoints_of("m/one")
        assert endpoint.capabilities == left
    nothing_known = Catalog([Entry(Model(id="m/two"), (offer,))], [provider("hill")]).endpoints_of(
        "m/two"
    )
    assert nothing_known[0].capabilities is None


# ---- what is wrong, and who wins ----------------------------------------------------------------


def test_ids_are_unique() -> None:
    with pytest.raises(ValueError, match=r"two models have the id 'zai/glm-4\.7'"):
        Catalog([FULL, FULL], [])
    with pytest.raises(ValueError, match="two providers have the id 'zai'"):
        Catalog([], [provider("zai"), provider("zai")])


def test_a_wrong_price_is_told() -> None:
    wrong = Offer(provider="hill", model="x", prices=(PriceText(input="1e3", output="0"),))
    with pytest.raises(ValueError, match="input: '1e3'"):
        Catalog([Entry(Model(id="m/one"), (wrong,))], [provider("hill")])


def test_between_two_aliases_the_first_wins_and_an_id_beats_both() -> None:
    mine = Entry(Model(id="lab/m", aliases=("glm-4.7", "zai/glm-4.7")))
    catalog = Catalog([mine, FULL], [])
    assert catalog.resolve("glm-4.7").model_id == "lab/m"
    assert catalog.resolve("zai/glm-4.7").model_id == "zai/glm-4.7"


def test_an_operators_entry_lies_over_the_shipped_one() -> None:
    own = PriceText(input="9", output="9")
    mine = Entry(
        Model(id="zai/glm-4.7-flash", aliases=("m",), context=1000),
        (
            Offer(provider="rack1", model="m", prices=(own,)),
            Offer(provider="hill", model="zai-org/GLM-4.7-Flash", prices=(own,)),
            Offer(provider="zai", model="glm-4.7-flash"),
        ),
    )
    merged = joined(mine, FLASH)
    assert merged.model.aliases == ("m", *FLASH.model.aliases)
    assert merged.model.context == 1000
    assert merged.model.max_output == 131_072
    assert merged.model.capabilities == FLASH.model.capabilities
    assert [offer.provider for offer in merged.offers] == ["rack1", "hill", "zai"]
    _, hill, zai = merged.offers
    assert hill.prices == (own,)
    assert hill.max_output == 16_384, "what the operator leaves out stays as it is shipped"
    assert zai.prices == (PRICE,)


def test_shipped_offers_that_the_operator_does_not_name_come_after() -> None:
    mine = Entry(Model(id="zai/glm-4.7-flash"), (Offer(provider="rack1", model="m"),))
    assert [one.provider for one in joined(mine, FLASH).offers] == ["rack1", "zai", "hill"]


# ---- memory and speed ---------------------------------------------------------------------------


def test_answers_are_remembered_and_bounded(catalog: Catalog) -> None:
    assert catalog.resolve("glm-4.7") is catalog.resolve("glm-4.7")
    for number in range(ANSWERS_KEPT_MAX + 10):
        catalog.resolve(f"x{number}@hill")
    assert catalog.resolve("glm-4.7").model_id == "zai/glm-4.7"
    # Unknown names are not kept at all.
    for number in range(3):
        refusal(catalog, f"nobody{number}")


def test_an_exact_name_is_quick(catalog: Catalog) -> None:
    rounds = 5_000
    catalog.resolve("zai/glm-4.7-flash")

    def one_us() -> float:
        began = time.perf_counter()
        for _ in range(rounds):
            catalog.resolve("zai/glm-4.7-flash")
        return (time.perf_counter() - began) / rounds * 1e6

    assert min(one_us() for _ in range(7)) < 1


@given(st.text(max_size=80))
def test_any_name_resolves_or_is_refused(name: str) -> None:
    catalog = Catalog([FLASH, FULL, PLAY], [provider("zai"), provider("hill"), provider("stage")])
    refused = None
    try:
        resolved = catalog.resolve(name)
        assert resolved.asked == name
        assert resolved.model_id
    except Refusal as caught:
        refused = caught
    assert refused is None or (refused.kind == "not_found" and refused.message.isprintable())


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert "." not in fold(name)
    assert "_" not in fold(name)


@given(st.text("ab/:@", max_size=12), st.lists(st.sampled_from(["free", "floor"]), unique=True))
def test_suffixes_cut_off_what_was_put_on(name: str, suffixes: list[str]) -> None:
    text = ":".join((f"x{name}", *suffixes))
    base, found = cut_suffixes(text)
    assert set(found) >= set(suffixes)
    assert text.startswith(base)


def test_where_a_pin_is() -> None:
    assert cut_pin("a/b@c") == ("a/b", "c")
    assert cut_pin("@cf/a") == ("@cf/a", None)
    assert cut_pin("@cf/a@b") == ("@cf/a", "b")
    assert cut_pin("a@b/c") == ("a@b/c", None)
    assert cut_pin("a") == ("a", None)


def test_a_model_knows_its_maker() -> None:
    assert FLASH.model.maker == "zai"
    assert PLAY.model.open_family
    assert msgspec.structs.replace(FLASH.model, id="a/b").maker == "a"
