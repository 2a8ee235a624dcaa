from __future__ import annotations

from collections.abc import Callable

import pytest

from glimway.config.assemble import assemble, stands_in
from glimway.config.load import Reading
from glimway.config.settings import Deadlines
from glimway.config.shipped import Shipped
from glimway.domain.catalog import Catalog
from glimway.domain.money import usd_per_million_text
from glimway.wire.refusal import Refusal

Read = Callable[..., Reading]
SANDBOX_URL = "http://127.0.0.1:9/v1"
FLASH = "zai/glm-4.7-flash"

RACK = """\
[[providers]]
id = "rack1"
profile = "vllm"
base_url = "http://127.0.0.1:9900/v1"
private = true
"""


@pytest.fixture
def build(read: Read, shipped: Shipped) -> Callable[..., Catalog]:
    def building(text: str | None = None, environ: dict[str, str] | None = None) -> Catalog:
        return assemble(read(text, environ).usable(), shipped, SANDBOX_URL)

    return building


Build = Callable[..., Catalog]


def _endpoints(catalog: Catalog, name: str) -> list[str]:
    return [endpoint.id for endpoint in catalog.resolve(name).endpoints]


# ---- without a file ------------------------------------------------------------------------------


def test_without_a_file_providers_with_their_usual_variable_are_on(build: Build) -> None:
    catalog = build(None, {"ZAI_API_KEY": "k", "DEEPINFRA_API_KEY": "d", "OTHER_API_KEY": "x"})
    assert list(catalog.providers) == ["zai", "deepinfra", "sandbox"]
    assert _endpoints(catalog, FLASH) == [f"{FLASH}@zai", f"{FLASH}@deepinfra"]
    headers = catalog.providers["zai"].headers()
    assert headers["authorization"] == "Bearer k"
    assert catalog.providers["zai"].base_url == "https://api.z.ai/api/paas/v4"
    assert catalog.providers["deepinfra"].headers()["authorization"] == "Bearer d"


@pytest.mark.parametrize("value", ["", "  ", "two words", "new\nline"])
def test_a_variable_that_holds_no_key_turns_nothing_on(build: Build, value: str) -> None:
    assert list(build(None, {"ZAI_API_KEY": value}).providers) == ["sandbox"]


def test_without_file_and_provider_the_sandbox_stands_in_on_loopback(
    read: Read, build: Build
) -> None:
    (endpoint,) = build().resolve("glm-4.7-flash").endpoints
    assert endpoint.provider.id == "sandbox"
    assert endpoint.provider.base_url == SANDBOX_URL
    assert endpoint.upstream_model == "glm-4.7-flash"
    price = endpoint.price_at(0)
    assert price is not None
    assert price.free
    assert stands_in(read(None).usable())


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("", {}),
        (None, {"ZAI_API_KEY": "k"}),
        (None, {"GLIMWAY_SERVER__HOST": "0.0.0.0"}),
        (None, {"GLIMWAY_SERVER__HOST": "192.168.1.5"}),
    ],
    ids=["file", "provider", "everybody", "network"],
)
def test_otherwise_the_sandbox_stands_in_for_nobody(
    read: Read, build: Build, text: str | None, environ: dict[str, str]
) -> None:
    assert not stands_in(read(text, environ).usable())
    providers = {one.provider.id for one in build(text, environ).resolve(FLASH).endpoints}
    assert "sandbox" not in providers


def test_the_sandboxs_own_models_are_always_there_and_free(build: Build) -> None:
    for catalog in (build(), build(""), build(None, {"ZAI_API_KEY": "k"})):
        (endpoint,) = catalog.resolve("sandbox/glm-4.7-flash:slow").endpoints
        assert endpoint.provider.id == "sandbox"
        assert endpoint.upstream_model == "glm-4.7-flash:slow"
        price = endpoint.price_at(0)
        assert price is not None
        assert price.free


def test_without_a_sandbox_there_is_none(read: Read, shipped: Shipped) -> None:
    catalog = assemble(read(None).usable(), shipped)
    assert not catalog.providers
    assert not catalog.models


# ---- with a file ---------------------------------------------------------------------------------


def test_with_a_file_only_the_providers_that_it_names_are_on(build: Build) -> None:
    catalog = build(RACK, {"ZAI_API_KEY": "k"})
    assert list(catalog.providers) == ["rack1", "sandbox"]
    assert _endpoints(catalog, FLASH) == []


def test_a_model_of_the_file_has_its_endpoints_and_prices(build: Build) -> None:
    text = f"""{RACK}
[[models]]
id = "lab/m"
aliases = ["m"]
context = 1000
max_output = 100
[[models.endpoints]]
provider = "rack1"
model = "served"
price = {{ input = "0.07", cached_input = "0.01", output = "0.40", web_search = "0.033" }}
[[models.endpoints]]
provider = "rack1"
model = "other"
"""
    resolved = build(text).resolve("M")
    assert resolved.model_id == "lab/m"
    first, second = resolved.endpoints
    assert (first.upstream_model, first.context, first.max_output) == ("served", 1000, 100)
    price = first.price_at(0)
    assert price is not None
    shown = [
        usd_per_million_text(price.rates.input),
        usd_per_million_text(price.rates.cached_input),
        usd_per_million_text(price.rates.cache_write),
        usd_per_million_text(price.rates.output),
    ]
    assert shown == ["0.07", "0.01", "0.07", "0.4"]
    assert price.web_search == 33 * 10**15
    assert second.upstream_model == "other"
    assert second.rates is None


def test_a_shipped_model_merges_and_the_file_wins(build: Build) -> None:
    text = f"""{RACK}
[[providers]]
id = "zai"
[[models]]
id = "ZAI/GLM-4.7-Flash"
aliases = ["mine"]
context = 500
[[models.endpoints]]
provider = "rack1"
model = "served"
[[models.endpoints]]
provider = "zai"
model = "glm-4.7-flash"
price = {{ input = "1", output = "2" }}
"""
    catalog = build(text, {"ZAI_API_KEY": "k"})
    for name in (FLASH, "mine", "glm-4.7-flash", "GLM_4_7_FLASH"):
        assert catalog.resolve(name).model_id == FLASH
    assert _endpoints(catalog, FLASH) == [f"{FLASH}@rack1", f"{FLASH}@zai"]
    rack, zai = catalog.resolve(FLASH).endpoints
    assert rack.context == zai.context == 500
    assert zai.rates is not None
    assert usd_per_million_text(zai.rates.prices[0].rates.input) == "1"


def test_an_alias_of_the_file_wins_over_a_shipped_one(build: Build) -> None:
    text = f"""{RACK}
[[models]]
id = "lab/m"
aliases = ["Flash"]
[[models.endpoints]]
provider = "rack1"
model = "m"
"""
    catalog = build(text)
    assert catalog.resolve("flash").model_id == "lab/m"
    assert catalog.resolve("glm-4.7-flash").model_id == FLASH


def test_a_provider_carries_what_the_file_says(read: Read, shipped: Shipped) -> None:
    text = f"""{RACK}
api_key = {{ env = "RACK_KEY" }}
headers = {{ x-team = "blue", x-token = {{ env = "RACK_KEY" }} }}
deadlines = {{ answer_ms = 9 }}
"""
    config = read(text, {"RACK_KEY": "r"}).usable()
    catalog = assemble(config, shipped, deadlines=lambda own: own.answer_ms)
    provider = catalog.providers["rack1"]
    assert provider.private
    assert provider.deadlines == 9
    assert provider.headers() == {
        "authorization": "Bearer r",
        "x-team": "blue",
        "x-token": "r",
    }
    plain = assemble(config, shipped).providers["rack1"]
    assert plain.deadlines == Deadlines(answer_ms=9)


def test_a_pin_reaches_a_configured_provider(build: Build) -> None:
    (endpoint,) = build(RACK).resolve("whatever@rack1").endpoints
    assert (endpoint.upstream_model, endpoint.rates) == ("whatever", None)
    with pytest.raises(Refusal, match="No provider"):
        build(RACK).resolve("x@zai")
