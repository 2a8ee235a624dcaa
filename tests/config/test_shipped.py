"""What is shipped goes together with what a configuration may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from glimway.config.addresses import base_url_complaint
from glimway.config.assemble import assemble
from glimway.config.load import Sources, read_config
from glimway.config.shipped import SANDBOX, Shipped, usual_homes
from glimway.domain.catalog import Catalog

CONTRACT_VARIABLES = """
ZAI_API_KEY DEEPINFRA_TOKEN AI_GATEWAY_API_KEY WAVESPEED_API_KEY EMPIRIOLABS_API_KEY
ACEDATA_API_KEY OPENROUTER_API_KEY FIREWORKS_API_KEY NOVITA_API_KEY CEREBRAS_API_KEY
BASETEN_API_KEY AWS_BEARER_TOKEN_BEDROCK
"""
GENERIC_PROFILES = ("openai", "responses", "anthropic", "vllm", "sglang", "llamacpp")


@pytest.fixture(scope="module")
def release() -> Shipped:
    """The profiles and models of this release."""
    return Shipped.load()


def _catalog(release: Shipped, folder: Path, environ: dict[str, str]) -> Catalog:
    reading = read_config(Sources(environ={"HOME": str(folder), **environ}, folder=folder), release)
    return assemble(reading.usable(), release, "http://127.0.0.1:9/v1")


@pytest.mark.parametrize("variable", CONTRACT_VARIABLES.split())
def test_each_variable_of_the_contract_turns_one_provider_on(
    release: Shipped, tmp_path: Path, variable: str
) -> None:
    catalog = _catalog(release, tmp_path, {variable: "k"})
    (provider,) = (one for name, one in catalog.providers.items() if name != SANDBOX)
    assert "k" in " ".join(provider.headers().values())
    served = [one for model in catalog.models for one in catalog.endpoints_of(model.id)]
    assert any(endpoint.provider is provider for endpoint in served)


def test_base_urls_of_the_hosts_can_be_used(release: Shipped) -> None:
    for profile in release.profiles.values():
        for url in usual_homes(profile):
            assert base_url_complaint(url, private=False) is None, profile.id


@pytest.mark.parametrize("profile", GENERIC_PROFILES)
def test_generic_profiles_take_any_base_url_without_a_key(
    release: Shipped, tmp_path: Path, profile: str
) -> None:
    text = f"""\
[[providers]]
id = "rack1"
profile = "{profile}"
base_url = "http://127.0.0.1:9900/v1"
private = true
"""
    (tmp_path / "glimway.toml").write_text(text)
    provider = _catalog(release, tmp_path, {}).providers["rack1"]
    assert provider.base_url == "http://127.0.0.1:9900/v1"
    assert provider.key is None


def test_a_host_without_a_usual_variable_needs_a_reference(
    release: Shipped, tmp_path: Path
) -> None:
    names = [
        profile.id
        for profile in release.profiles.values()
        if profile.base_url is not None and profile.auth != "none"
    ]
    (tmp_path / "glimway.toml").write_text(
        "".join(f'[[providers]]\nid = "{name}"\n' for name in names)
    )
    reading = read_config(Sources(environ={}, folder=tmp_path), release)
    assert len(reading.problems) == len(names)
    assert all("has no api_key" in problem.message for problem in reading.problems)


def test_the_sandbox_answers_to_every_name_and_serves_its_own(
    release: Shipped, tmp_path: Path
) -> None:
    catalog = _catalog(release, tmp_path, {})
    for entry in release.entries:
        model = entry.model
        name = "sandbox/anything:slow" if model.open_family else model.id
        endpoints = catalog.resolve(name).endpoints
        assert [endpoint.provider.id for endpoint in endpoints] == [SANDBOX], model.id
        price = endpoints[0].price_at(0)
        assert price is not None
        assert price.free
