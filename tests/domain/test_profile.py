"""Profiles: a new host is one TOML text; what it gets wrong is told."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from glimway.domain.profile import Profile
from glimway.domain.provider import Provider
from glimway.domain.strict import DataError, laid_over, read
from glimway.wire.quirks import Meaning, Quirks

PAGE = Path(__file__).parents[2] / "docs/providers.md"

LEAST = """
id = "brook"
name = "Brook"
about = "A made-up host."
checked = 2026-11-21
"""


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    """A table inside another."""

    size: int = 0


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    """A table that may hold another."""

    inner: Inner | None = None


class Key:
    """A secret that shows itself when asked."""

    def reveal(self) -> str:
        return "sk-1"


def profile(text: str = "") -> Profile:
    return read(Profile, tomllib.loads(LEAST + text), "brook.toml")


def provider(text: str = "", **more: Any) -> Provider:
    made = profile(text)
    return Provider(id="b", **{"profile": made, "base_url": made.base_url, "key": Key(), **more})


def test_the_least_profile_is_plain_openai() -> None:
    made = profile()
    assert made.dialect == "chat"
    assert made.call_path == "/chat/completions"
    assert made.auth == "bearer"
    assert made.quirks == Quirks()
    assert made.policy.zdr.answer == "unknown"


def test_the_made_up_host_of_the_docs_is_one_toml_file() -> None:
    text = PAGE.read_text("utf-8").partition('id = "brook"')[2].partition("```")[0]
    made = read(Profile, tomllib.loads('id = "brook"' + text), "brook.toml")
    quirks = made.quirks
    assert made.auth == "x-brook-key"
    assert quirks.reject == {"logit_bias"}
    assert quirks.ranges["temperature"].fit(0) == 0.01
    assert quirks.ranges["temperature"].fit(2) == 1
    assert quirks.thinking.off == {"ponder": {"active": False}}
    assert quirks.thinking.efforts["high"] == "deep"
    assert quirks.errors.code == ("fault.id",)
    assert quirks.errors.codes["E42"] == Meaning(fault="overloaded", retry="long")


def test_the_docs_name_every_member() -> None:
    page = PAGE.read_text("utf-8")
    for kind in (Profile, Quirks):
        for name in kind.__struct_fields__:
            assert f"`{name}`" in page, f"docs/providers.md does not tell {name}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('base_ulr = "https://x"', "brook.toml: 'base_ulr' is not known, did you mean 'base_url'"),
        ("[quirks]\nreject_ = []", "'quirks.reject_' is not known, did you mean 'reject'"),
        ("[quirks.thinking]\nefort = 'x'", "'quirks.thinking.efort' .* did you mean 'effort'"),
        ("[quirks.errors.codes]\n7 = {falt = 'auth'}", "'quirks.errors.codes.7.falt'"),
        ("[quirks.ranges]\ntop_p = {hi = 1}", "'quirks.ranges.top_p.hi' is not known"),
        ("[[sources]]\npage = 'x'\nfakts = 'y'", r"'sources\[0\].fakts' .* did you mean 'facts'"),
        ("[policy.zdr]\nanswer = 'maybe'", "Invalid enum value 'maybe'"),
        ("[quirks]\nstop_max = '1'", "Expected `int`, got `str` - at `\\$.quirks.stop_max`"),
        ("dialect = 'smoke'", "Invalid enum value 'smoke' - at `\\$.dialect`"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_nearest_name(text: str, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        profile(text)


def test_a_missing_member_is_told() -> None:
    with pytest.raises(DataError, match=r"x\.toml: .*missing required field `id`"):
        read(Profile, {"name": "x"}, "x.toml")


def test_a_struct_behind_an_option_is_searched_too() -> None:
    with pytest.raises(DataError, match=r"'inner\.sise' is not known, did you mean 'size'"):
        read(Outer, {"inner": {"sise": 1}}, "x")


def test_paths_of_dialects_and_of_their_exceptions() -> None:
    assert profile('dialect = "responses"').call_path == "/responses"
    assert profile('dialect = "messages"').call_path == "/messages"
    assert provider('path = "/openai/v1/chat"').path == "/openai/v1/chat"


def test_the_key_goes_where_the_profile_says() -> None:
    assert provider().headers() == {"authorization": "Bearer sk-1"}
    assert provider('auth = "X-Api-Key"').headers() == {"x-api-key": "sk-1"}
    assert provider('auth = "none"').headers() == {}
    assert provider(key=None).headers() == {}


def test_headers_of_the_profile_and_of_the_operator() -> None:
    made = provider(
        "[headers]\nX-Version = '1'\nX-App = 'brook'",
        extra_headers=(("X-App", "mine"), ("Authorization", Key())),
    )
    assert made.headers() == {"x-version": "1", "x-app": "mine", "authorization": "sk-1"}


def test_at_home_is_the_hosts_own_address() -> None:
    text = 'base_url = "https://a/v1"\n[regions]\nother = "https://b/v1"'
    assert provider(text).at_home
    assert provider(text, base_url="https://b/v1").at_home
    assert not provider(text, base_url="http://127.0.0.1/v1").at_home
    assert not provider(text, base_url=None).at_home
    assert not provider().at_home


def test_tables_are_laid_over_one_another() -> None:
    below = {"a": 1, "t": {"x": 1, "y": {"z": 1}}, "gone": {"x": 1}, "list": [1]}
    above = {"b": 2, "t": {"y": {"z": 2}}, "gone": {}, "list": [2]}
    assert laid_over(below, above) == {
        "a": 1,
        "b": 2,
        "t": {"x": 1, "y": {"z": 2}},
        "gone": {},
        "list": [2],
    }
    assert below["t"] == {"x": 1, "y": {"z": 1}}, "what lies below is not touched"
