"""Reads configurations from texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from glimway.config.load import Reading, Sources, read_config
from glimway.config.shipped import Shipped
from glimway.domain.model import Model
from glimway.domain.offer import Entry, Offer, PriceText
from glimway.domain.profile import Profile

DEEPINFRA_KEYS = ("DEEPINFRA_TOKEN", "DEEPINFRA_API_KEY")
FREE = PriceText(input="0", output="0")
Read = Callable[..., Reading]


@pytest.fixture(scope="session")
def shipped() -> Shipped:
    """A few profiles and one model, so that these tests outlive changes of the shipped data."""
    profiles = (
        _profile("zai", "https://api.z.ai/api/paas/v4", ("ZAI_API_KEY",)),
        _profile("deepinfra", "https://api.deepinfra.com/v1/openai", DEEPINFRA_KEYS),
        _profile("openai", None, ()),
        _profile("vllm", None, ()),
        _profile("sandbox", None, ()),
    )
    flash = Model(id="zai/glm-4.7-flash", aliases=("glm-4.7-flash", "flash"), context=200_000)
    offers = (
        Offer(provider="zai", model="glm-4.7-flash", prices=(FREE,)),
        Offer(provider="deepinfra", model="zai-org/GLM-4.7-Flash"),
    )
    family = Offer(provider="sandbox", model="*", prices=(FREE,))
    entries = [Entry(flash, offers), Entry(Model(id="sandbox/*"), (family,))]
    return Shipped({profile.id: profile for profile in profiles}, entries)


def _profile(name: str, base_url: str | None, env: tuple[str, ...]) -> Profile:
    return Profile(
        id=name,
        name=name,
        about="",
        generic=base_url is None,
        base_url=base_url,
        env=env,
        checked=dt.date(2026, 1, 1),
    )


@pytest.fixture
def read(tmp_path: Path, shipped: Shipped) -> Read:
    """``read(text, environ, flags)``: the text becomes ``glimway.toml`` in a folder of its own."""

    def reading(
        text: str | bytes | None = None,
        environ: Mapping[str, str] | None = None,
        flags: Mapping[str, str] | None = None,
    ) -> Reading:
        if text is not None:
            data = text if isinstance(text, bytes) else text.encode()
            (tmp_path / "glimway.toml").write_bytes(data)
        home = {"HOME": str(tmp_path / "home"), **(environ or {})}
        config = None if text is None else Path("glimway.toml")
        return read_config(
            Sources(environ=home, config=config, flags=flags or {}, folder=tmp_path), shipped
        )

    return reading
