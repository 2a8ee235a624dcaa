"""Preferences: every spelling, every mistake, and one set over another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.routing.preferences import (
    NONE,
    MaxPrice,
    Preferences,
    laid_over,
    with_suffixes,
)
from glimway.domain.routing.wishes import read_preferences
from glimway.wire.refusal import Refusal


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({}, NONE),
        ({"order": None, "zdr": None}, NONE),
        ({"order": ["DeepInfra", "Z.ai"]}, Preferences(order=("deepinfra", "z-ai"))),
        ({"only": "acme"}, Preferences(only=("acme",))),
        ({"allow_fallbacks": False}, Preferences(allow_fallbacks=False)),
        ({"sort": "latency"}, Preferences(sort="latency")),
        ({"sort": "ttft"}, Preferences(sort="latency")),
        ({"sort": "tps"}, Preferences(sort="throughput")),
        ({"sort": "cost"}, Preferences(sort="price")),
        (
            {"sort": {"by": "price", "partition": "none"}},
            Preferences(sort="price", across_models=True),
        ),
        ({"data_collection": "deny"}, Preferences(no_train=True)),
        ({"data_collection": "allow"}, NONE),
        ({"zeroDataRetention": True}, Preferences(zdr=True)),
        ({"disallowPromptTraining": True}, Preferences(no_train=True)),
        ({"requireParameters": True}, Preferences(require_parameters=True)),
        (
            {"max_price": {"prompt": 0.5, "completion": "2", "image": 1}},
            Preferences(max_price=MaxPrice(input=5 * 10**11, output=2 * 10**12)),
        ),
        ({"max_price": {"input": 1e-7}}, Preferences(max_price=MaxPrice(input=10**5))),
        ({"max_ttft_p90_ms": 800}, Preferences(max_ttft_ms=(("p90", 800.0),))),
        ({"min_tokens_per_second": 40}, Preferences(min_tokens_per_second=(("p50", 40.0),))),
        (
            {"min_tokens_per_second": {"p90": 40, "p99": 10}},
            Preferences(min_tokens_per_second=(("p90", 40.0), ("p99", 10.0))),
        ),
        ({"preferred_max_latency": 2}, Preferences(prefer_ttft_ms=(("p50", 2000.0),))),
        ({"models": ["a", "b"]}, Preferences(models=("a", "b"))),
        ({"tags": ["x"], "caching": "auto"}, Preferences(idle=("tags", "caching"))),
        ({"enforce_distillable_text": False}, NONE),
    ],
)
def test_what_members_mean(given: dict[str, Any], meant: Preferences) -> None:
    assert read_preferences(given) == meant
    hash(read_preferences(given))


@pytest.mark.parametrize(
    ("given", "param", "words"),
    [
        ({"ordre": ["a"]}, "provider.ordre", 'Did you mean "order"?'),
        ({"order": [1]}, "provider.order[0]", "a string"),
        ({"order": 3}, "provider.order", "an array"),
        ({"only": ["x"] * 101}, "provider.only", "at most 100"),
        ({"zdr": "true"}, "provider.zdr", "boolean true"),
        ({"sort": "Price"}, "provider.sort", 'Did you mean "price"?'),
        ({"sort": {"by": "price", "way": 1}}, "provider.sort.way", "left out"),
        ({"max_price": 3}, "provider.max_price", "an object"),
        ({"max_price": {"prompt": -1}}, "provider.max_price.prompt", "0 or more"),
        ({"max_price": {"prompt": "much"}}, "provider.max_price.prompt", "an amount of USD"),
        ({"max_price": {"inputs": 1}}, "provider.max_price.inputs", "one of"),
        ({"max_ttft_p90_ms": "fast"}, "provider.max_ttft_p90_ms", "a number"),
        ({"min_tokens_per_second": {"p42": 1}}, "provider.min_tokens_per_second.p42", "one of"),
        ({"models": "a"}, "provider.models", "an array"),
    ],
)
def test_mistakes_are_named(given: dict[str, Any], param: str, words: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_preferences(given)
    assert (caught.value.kind, caught.value.param) == ("invalid", param)
    assert words in caught.value.message


@pytest.mark.parametrize("member", ["byok", "enforce_distillable_text"])
def test_what_is_not_done_here_is_refused(member: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_preferences({member: True})
    assert (caught.value.kind, caught.value.param) == ("unsupported", f"provider.{member}")


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
names = st.sampled_from(
    ["order", "only", "sort", "max_price", "zdr", "max_ttft_p50_ms", "models", "tags", "x"]
)


@given(st.dictionaries(names, values, max_size=4))
def test_no_value_is_more_than_refused(given: dict[str, Any]) -> None:
    param = "provider."
    try:
        read_preferences(given)
    except Refusal as refusal:
        param = refusal.param or ""
    assert param.startswith("provider.")


@pytest.mark.parametrize(
    ("wishes", "suffixes", "meant"),
    [
        (NONE, ("floor",), Preferences(sort="price")),
        (NONE, ("nitro",), Preferences(sort="throughput")),
        (NONE, ("free", "nitro"), Preferences(sort="throughput", free=True)),
        (NONE, ("online",), NONE),
        (Preferences(sort="latency"), ("floor",), Preferences(sort="latency")),
        (Preferences(order=("a",)), ("floor",), Preferences(order=("a",))),
    ],
)
def test_suffixes_are_wishes(
    wishes: Preferences, suffixes: tuple[str, ...], meant: Preferences
) -> None:
    assert with_suffixes(wishes, suffixes) == meant


def test_a_caller_narrows_what_a_project_set_and_never_widens_it() -> None:
    project = Preferences(
        only=("a", "b"),
        ignore=("c",),
        zdr=True,
        allow_fallbacks=False,
        sort="price",
        max_price=MaxPrice(input=10),
    )
    caller = Preferences(
        only=("b", "d"), ignore=("e",), sort="latency", max_price=MaxPrice(input=20, output=5)
    )
    assert laid_over(project, caller) == Preferences(
        only=("b",),
        ignore=("c", "e"),
        zdr=True,
        allow_fallbacks=False,
        sort="latency",
        max_price=MaxPrice(input=10, output=5),
    )
    outside = laid_over(project, Preferences(only=("d",)))
    assert outside.only
    assert not {"a", "b", "d"} & set(outside.only)
    assert laid_over(NONE, caller) == caller
    assert laid_over(project, NONE) == project
