"""The shipped data: whole, sourced, dated, without two meanings of one name."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from glimway.data import load_models, load_parameters, load_profiles
from glimway.data.pages import PARTS, renewed
from glimway.domain.catalog import Catalog, Entry, Provider
from glimway.domain.names import SUFFIXES, fold
from glimway.domain.pricing import cost_nanousd, stale
from glimway.domain.profile import Profile
from glimway.domain.receipt import Tokens
from glimway.domain.strict import DataError
from glimway.wire.refusal import FAULT_KINDS, REFUSAL_KINDS

DOCS = Path(__file__).parents[2] / "docs"
PROFILES = load_profiles()
ENTRIES = load_models()
MODELS = {entry.model.id: entry for entry in ENTRIES}
OFFERS = [(entry, offer) for entry in ENTRIES for offer in entry.offers]

OLD_DAYS = 90
"""Facts older than this are listed, for whoever looks after them."""

EFFORTS = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}
USUAL_VARIABLES = {
    "zai": "ZAI_API_KEY",
    "deepinfra": "DEEPINFRA_TOKEN",
    "ai-gateway": "AI_GATEWAY_API_KEY",
    "wavespeed": "WAVESPEED_API_KEY",
    "empiriolabs": "EMPIRIOLABS_API_KEY",
    "acedata": "ACEDATA_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "fireworks": "FIREWORKS_API_KEY",
    "novita": "NOVITA_API_KEY",
    "cerebras": "CEREBRAS_API_KEY",
    "baseten": "BASETEN_API_KEY",
    "bedrock": "AWS_BEARER_TOKEN_BEDROCK",
}
PROFILES_NEEDED = {
    *USUAL_VARIABLES,
    *("zai-coding", "zai-cn", "zai-coding-cn", "mistral", "vertex", "cloudflare"),
    *("vllm", "sglang", "llamacpp", "openai", "responses", "anthropic", "sandbox"),
}
NAMES_NEEDED = (
    *("4.5", "4.5-air", "4.5-flash", "4.5v", "4.6", "4.6v", "4.6v-flash", "4.7", "4.7-flash"),
    *("4.7-flashx", "5", "5-turbo", "5.1", "5.2", "5.3", "3-turbo"),
)


@pytest.fixture(scope="module")
def everywhere() -> Catalog:
    """The catalog of somebody who has every provider."""
    providers = [
        Provider(id=one.id, profile=one, base_url=one.base_url or "https://own.example/v1")
        for one in PROFILES.values()
    ]
    return Catalog(ENTRIES, providers)


def texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text below a value, with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from texts(inner, f"{place}[{number}]")


def every_text() -> Iterator[tuple[str, str]]:
    for kind in (PROFILES, {name: (one.model, one.offers) for name, one in MODELS.items()}):
        for name, value in kind.items():
            yield from texts(msgspec.to_builtins(value, enc_hook=str), name)


def dated_facts() -> Iterator[tuple[str, date | None]]:
    for profile in PROFILES.values():
        yield f"profile {profile.id}", profile.checked
    for entry in ENTRIES:
        yield f"model {entry.model.id}", entry.model.checked
        for offer in entry.offers:
            place = f"{entry.model.id} at {offer.provider}"
            yield f"offer {place}", offer.checked
            for price in offer.prices:
                yield f"price {place}", price.checked


# ---- profiles -----------------------------------------------------------------------------------


def test_every_host_is_there() -> None:
    assert PROFILES.keys() >= PROFILES_NEEDED


def test_usual_variables() -> None:
    for name, variable in USUAL_VARIABLES.items():
        assert variable in PROFILES[name].env
    counts = Counter(variable for one in PROFILES.values() for variable in one.env)
    assert not [name for name, count in counts.items() if count > 1], "one key turns on one host"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda one: str(one.id))
def test_a_profile_is_whole(profile: Profile) -> None:
    assert re.fullmatch("[a-z0-9-]+", profile.id)
    assert profile.name
    assert profile.about.endswith(".")
    assert profile.sources
    if profile.id != "sandbox":
        assert profile.base_url or profile.base_url_form
        assert any(msgspec.structs.astuple(profile.links))
    for url in (profile.base_url, *profile.regions.values(), *profile.surfaces.values()):
        assert url is None or not url.endswith("/")
    assert profile.generic or profile.base_url is None or profile.base_url.startswith("https://")
    for stance in (profile.policy.zdr, profile.policy.no_train):
        assert stance.answer == "unknown" or stance.statement
    for tip in profile.tips:
        assert tip.endswith(".")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda one: str(one.id))
def test_a_profiles_quirks_make_sense(profile: Profile) -> None:
    quirks = profile.quirks
    assert quirks.thinking.efforts.keys() <= EFFORTS
    assert quirks.tool_choice <= {"auto", "none", "required", "named", "allowed"}
    assert quirks.formats <= {"text", "json_object", "json_schema"}
    assert not quirks.reject & quirks.rename.keys()
    assert not quirks.thinking.known or profile.dialect == "chat"
    for bounds in (*quirks.ranges.values(), *quirks.lengths.values()):
        assert bounds.holds(bounds.fit(-1000))
        assert bounds.holds(bounds.fit(1000))
    for meaning in (*quirks.errors.codes.values(), *quirks.errors.statuses.values()):
        assert meaning.fault in FAULT_KINDS
        assert meaning.refusal is None or meaning.refusal in REFUSAL_KINDS


def test_generic_profiles_change_nothing() -> None:
    for name in ("openai", "responses", "anthropic"):
        assert PROFILES[name].quirks == type(PROFILES[name].quirks)()
        assert PROFILES[name].base_url is None


def test_the_makers_four_addresses_share_their_habits() -> None:
    zai = PROFILES["zai"].quirks
    for name in ("zai-coding", "zai-cn", "zai-coding-cn"):
        theirs = PROFILES[name].quirks
        assert theirs.errors == zai.errors
        assert theirs.thinking == zai.thinking
        assert theirs.reject == zai.reject
    assert len({PROFILES[name].base_url for name in PROFILES if name.startswith("zai")}) == 4


@pytest.mark.parametrize(
    ("code", "fault", "refusal", "retry"),
    [
        ("1113", "quota", None, "no"),
        ("1214", "rejected", None, "no"),
        ("1261", "rejected", "context_too_long", "no"),
        ("1301", "rejected", "content_filter", "no"),
        ("1302", "rate_limited", None, "yes"),
        ("1305", "overloaded", None, "long"),
        ("1308", "quota", None, "until_reset"),
        ("1234", "overloaded", None, "yes"),
        ("1001", "auth", None, "no"),
    ],
)
def test_the_makers_error_codes(code: str, fault: str, refusal: str | None, retry: str) -> None:
    meaning = PROFILES["zai"].quirks.errors.codes[code]
    assert (meaning.fault, meaning.refusal, meaning.retry) == (fault, refusal, retry)


# ---- models -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES_NEEDED)
def test_every_model_is_there_under_its_usual_names(everywhere: Catalog, name: str) -> None:
    dashed = name.replace(".", "-")
    for spelling in (
        f"zai/glm-{name}",
        f"GLM-{name}",
        f"glm-{dashed}",
        f"zai-org/GLM-{name}",
        f"z-ai/glm-{name}",
        f"zai.glm-{name}",
    ):
        assert everywhere.resolve(spelling).model_id == f"zai/glm-{name}"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: str(one.model.id))
def test_a_model_is_whole(entry: Entry) -> None:
    model = entry.model
    assert re.fullmatch(r"[a-z-]+/([a-z0-9.-]+|\*)", model.id)
    assert model.name
    assert model.about.endswith(".")
    assert model.sources
    assert model.best_for
    assert entry.offers
    assert model.capabilities
    assert model.parameters in load_parameters()
    assert (model.thinking == "none") == ("reasoning" not in model.capabilities)
    assert ("vision" in model.capabilities) == ("image" in model.inputs)
    assert model.context is None or (model.max_output or 0) <= model.context
    for advice in model.consider_instead:
        assert advice.model in MODELS
        assert advice.model != model.id


@pytest.mark.parametrize(
    ("entry", "offer"), OFFERS, ids=[f"{one.model.id}@{it.provider}" for one, it in OFFERS]
)
def test_an_offer_is_whole(entry: Entry, offer: Any) -> None:
    assert offer.provider in PROFILES
    assert offer.lacks <= entry.model.capabilities
    card = offer.rate_card()
    for price in offer.prices:
        assert price.effective is not None
        assert price.source
    if card is None:
        assert offer.unverified or PROFILES[offer.provider].unverified or "coding" in offer.provider
        return
    price = card.prices[-1].rates
    assert 0 <= price.cached_input <= price.input <= price.output
    assert price.output <= 100 * 10**12, "USD 100 per million: a slip of the pen"


def test_no_name_has_two_meanings() -> None:
    owners: dict[str, str] = {}
    for entry in ENTRIES:
        model = entry.model
        for name in (model.id, *model.aliases):
            folded = fold(name)
            assert owners.setdefault(folded, model.id) == model.id, f"{name} is another model too"
            assert folded.rpartition(":")[2] not in SUFFIXES


def test_no_alias_is_the_same_as_another() -> None:
    for entry in ENTRIES:
        folded = [fold(name) for name in (entry.model.id, *entry.model.aliases)]
        assert len(set(folded)) == len(folded), entry.model.id


def test_every_hosts_own_id_is_a_name_too(everywhere: Catalog) -> None:
    for entry, offer in OFFERS:
        if not entry.model.open_family:
            assert everywhere.resolve(offer.model).model_id == entry.model.id


def test_a_host_has_a_model_once() -> None:
    seen = Counter((offer.provider, offer.model) for _, offer in OFFERS)
    assert not [pair for pair, count in seen.items() if count > 1]


def test_what_the_makers_free_model_costs(everywhere: Catalog) -> None:
    (endpoint,) = everywhere.resolve("glm-4.7-flash@zai").endpoints
    price = endpoint.price_at(0)
    assert price is not None
    assert price.free
    (paid,) = everywhere.resolve("glm-4.7-flashx@zai").endpoints
    rates = paid.rates
    assert rates is not None
    assert rates.prices[-1].rates.output == 400_000_000_000


def test_thinking_that_cannot_be_turned_off_is_not(everywhere: Catalog) -> None:
    for name, endpoints in (
        ("always", everywhere.endpoints_of("zai/glm-5.3")),
        ("optional", everywhere.endpoints_of("zai/glm-4.7")),
    ):
        for endpoint in endpoints:
            switch = endpoint.quirks.thinking
            if endpoint.provider.id == "zai":
                assert bool(switch.off) == (name == "optional")
    fireworks = next(
        one for one in everywhere.endpoints_of("zai/glm-5.3") if one.provider.id == "fireworks"
    )
    assert fireworks.quirks.thinking.off == {}
    assert fireworks.quirks.thinking.efforts["xhigh"] == "max"


def test_the_sandbox_serves_any_name_for_nothing(everywhere: Catalog) -> None:
    (endpoint,) = everywhere.resolve("sandbox/glm-4.7-flash:slow").endpoints
    assert endpoint.upstream_model == "glm-4.7-flash:slow"
    price = endpoint.price_at(0)
    assert price is not None
    assert cost_nanousd(price, Tokens(input=10**6, output=10**6)) == 0


# ---- sources, links, dates ----------------------------------------------------------------------


def test_links_are_https() -> None:
    for place, text in every_text():
        if "://" not in text:
            continue
        own = text.startswith("http://HOST")
        assert own or re.fullmatch(r"https://[^\s<>\"]+", text), f"{place}: {text}"


def test_texts_are_one_line_of_plain_words() -> None:
    for place, text in every_text():
        assert text == text.strip(), place
        assert text.isprintable(), place


def test_every_fact_has_a_date_and_old_ones_are_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    today = datetime.now(tz=UTC).date()
    undated = [what for what, day in dated_facts() if day is None]
    assert not undated, "no date: " + "; ".join(undated)
    old = sorted(
        ((today - day).days, what)
        for what, day in dated_facts()
        if day is not None and (today - day).days > OLD_DAYS
    )
    lines = [f"{days} days: {what}" for days, what in old]
    with capsys.disabled():
        if lines:
            count = f"{len(lines)} shipped facts are older than {OLD_DAYS} days"
            sys.stdout.write(f"\n{count}; oldest: {lines[-1]}\n")
    sys.stdout.write("\n".join(lines))


def test_no_fact_is_from_tomorrow() -> None:
    newest = max(day for _, day in dated_facts() if day is not None)
    assert newest <= date(2026, 11, 21), "raise this day when data are looked at again"


def test_old_prices_are_stale() -> None:
    card = MODELS["zai/glm-4.7"].offers[0].rate_card()
    assert card is not None
    assert stale(card.prices[-1], date(2027, 1, 1))


# ---- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARTS)
def test_pages_are_up_to_date(name: str) -> None:
    page = (DOCS / name).read_text("utf-8")
    told = f"run: python -m glimway.data.pages docs/{name}"
    assert page == renewed(name, page), told


def test_a_page_without_a_place_is_told() -> None:
    with pytest.raises(ValueError, match="generated: begin"):
        renewed("catalog.md", "nothing")


LEAST = 'id = "{id}"\nname = "x"\nabout = "x."\nchecked = 2026-11-21\n'


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def test_a_profile_lies_over_another(tmp_path: Path) -> None:
    below = LEAST.format(id="low") + "[quirks]\ntool_stream = true\n[quirks.thinking.on]\na = 1\n"
    above = 'extends = "low"\nid = "high"\n[quirks]\nstop_max = 1\n[quirks.thinking]\non = {}\n'
    profiles = load_profiles(write(tmp_path, low=below, high=above))
    assert list(profiles) == ["high", "low"]
    assert profiles["high"].quirks.tool_stream
    assert profiles["high"].quirks.stop_max == 1
    assert profiles["high"].quirks.thinking.on == {}
    assert profiles["low"].quirks.stop_max == 4


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id = ", r"one\.toml: "),
        (LEAST.format(id="two"), "one.toml: holds the profile 'two'; name the file after it"),
        (LEAST.format(id="one") + 'nam = "x"', "one.toml: 'nam' is not known, did you mean 'name'"),
        (LEAST.format(id="one") + 'extends = "bass"', "cannot be extended, did you mean 'base'"),
        (LEAST.format(id="one") + 'extends = "one"', "cannot be extended"),
    ],
)
def test_a_wrong_profile_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        load_profiles(write(tmp_path, base=LEAST.format(id="base"), one=text))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[model]\nid = "a/b"\n', "two.toml: another file holds the model 'a/b' too"),
        ('[model]\nid = "a/c"\nlicense = "MIT"\n', "'model.license' .* did you mean 'licence'"),
        ('[model]\nid = "a/c"\n[[offers]]\nmodel = "x"\n', "missing required field `provider`"),
        (
            '[model]\nid = "a/c"\n[[offers]]\nprovider = "x"\nmodel = "x"\n'
            'prices = [{input = 0.07, output = "1"}]\n',
            "Expected `str`, got `float`",
        ),
    ],
)
def test_a_wrong_model_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        load_models(write(tmp_path, one='[model]\nid = "a/b"\n', two=text))
