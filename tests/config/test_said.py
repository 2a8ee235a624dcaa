"""What operators say of providers and endpoints, and their several keys."""

from __future__ import annotations

import pytest

from config.conftest import Read
from glimway.config.assemble import assemble
from glimway.config.shipped import Shipped
from glimway.domain.said import Said

RACK = """
[[providers]]
id = "rack"
profile = "vllm"
base_url = "http://127.0.0.1:9900/v1"
private = true
{provider}

[[models]]
id = "lab/m"

  [[models.endpoints]]
  provider = "rack"
  model = "m"
  {endpoint}
"""
KEYS = {"ONE_KEY": "sk-1", "TWO_KEY": "sk-2"}


def test_the_endpoints_word_comes_before_its_providers(read: Read, shipped: Shipped) -> None:
    text = RACK.format(
        provider='weight = 5\nzdr = true\nno_train = false\nregions = ["eu"]\n',
        endpoint='weight = 2\nno_train = true\nquantization = "fp8"\ncontext = 9\nmax_output = 3\n',
    )
    config = read(text).usable()
    assert config.providers[0].said == Said(weight=5, zdr=True, no_train=False, regions=("eu",))
    (endpoint,) = assemble(config, shipped).resolve("lab/m").endpoints
    assert (endpoint.weight, endpoint.zdr, endpoint.no_train) == (2, True, True)
    assert (endpoint.regions, endpoint.quantization) == (("eu",), "fp8")
    assert (endpoint.context, endpoint.max_output) == (9, 3)
    (passed,) = assemble(config, shipped).resolve("other@rack").endpoints
    assert (passed.weight, passed.zdr, passed.no_train) == (5, True, False)


def test_an_operators_word_joins_a_shipped_offer(read: Read, shipped: Shipped) -> None:
    text = """
[[providers]]
id = "zai"
regions = ["sg"]
[[models]]
id = "zai/glm-4.7-flash"
  [[models.endpoints]]
  provider = "zai"
  model = "glm-4.7-flash"
  weight = 3
"""
    config = read(text, {"ZAI_API_KEY": "k"}).usable()
    (endpoint,) = assemble(config, shipped).resolve("flash").endpoints
    assert (endpoint.weight, endpoint.regions, endpoint.priced) == (3, ("sg",), True)


@pytest.mark.parametrize(
    ("provider", "endpoint", "told"),
    [
        ("weight = -1", "", "providers[0].weight: is -1; write a whole number from 0 to 1000000"),
        (
            'zdr = "yes"',
            "",
            'providers[0].zdr: is "yes" (a string); write true or false, without quotes',
        ),
        ("context = 5", "", "providers[0].context: is not a setting"),
        ('regions = ["a b"]', "", 'providers[0].regions[0]: "a b" cannot be a region'),
        ("", 'regions = "eu"', "endpoints[0].regions: is "),
        ("", 'quantization = "f/8"', 'quantization: "f/8" cannot be a quantization; write it as'),
        ("", "weigth = 1", "weigth: is not a setting; did you mean weight?"),
        ("api_keys = []", "", "providers[0].api_keys: has 0 entries; write api_keys = [{ env ="),
        ('api_keys = "sk-1"', "", "providers[0].api_keys: is not an array; write api_keys = ["),
        ('api_keys = ["sk-1"]', "", "providers[0].api_keys[0]: is written out in the file"),
        (
            'api_keys = [{ env = "ONE_KEY" }, { env = "GONE_KEY" }]',
            "",
            "providers[0].api_keys[1].env: GONE_KEY is not set",
        ),
        (
            'api_keys = [{ env = "ONE_KEY" }, { env = "ONE_KEY" }]',
            "",
            "providers[0].api_keys: number 2 is the same key as another; name each key once",
        ),
        (
            'api_key = { env = "ONE_KEY" }\napi_keys = [{ env = "TWO_KEY" }]',
            "",
            "providers[0].api_keys: stands beside api_key; put all keys into api_keys",
        ),
    ],
)
def test_each_wrong_word_is_told(read: Read, provider: str, endpoint: str, told: str) -> None:
    reading = read(RACK.format(provider=provider, endpoint=endpoint), KEYS)
    assert any(told in str(problem) for problem in reading.problems), reading.problems
    assert not any("sk-1" in str(problem) for problem in reading.problems)


def test_several_keys_keep_their_order(read: Read, shipped: Shipped) -> None:
    keys = 'api_keys = [{ env = "TWO_KEY" }, { env = "ONE_KEY" }]'
    config = read(RACK.format(provider=keys, endpoint=""), KEYS).usable()
    provider = assemble(config, shipped).providers["rack"]
    assert [key.reveal() for key in provider.keys] == ["sk-2", "sk-1"]
    assert provider.headers()["authorization"] == "Bearer sk-2"
    assert provider.headers(provider.keys[1])["authorization"] == "Bearer sk-1"
