"""The catalog's documents: lists, one model with its parameters, endpoints."""

from __future__ import annotations

import datetime as dt
import json

import msgspec
import pytest
from openai.types import Model as OpenAiModel

from glimway.config.assemble import assemble
from glimway.config.load import Sources, read_config
from glimway.config.shipped import Shipped
from glimway.data import load_parameters
from glimway.domain.catalog import Catalog
from glimway.surface.catalog import (
    anthropic_list,
    anthropic_object,
    endpoints_object,
    model_object,
    models_list,
)
from glimway.wire.refusal import Refusal

TABLES = load_parameters()
KEYS = ("ZAI_API_KEY", "DEEPINFRA_TOKEN", "CEREBRAS_API_KEY")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    shipped = Shipped.load()
    environ = {"HOME": "/nowhere", **dict.fromkeys(KEYS, "k")}
    config = read_config(Sources(environ=environ), shipped).usable()
    return assemble(config, shipped, "http://127.0.0.1/v1")


def test_every_model_has_a_whole_table(catalog: Catalog) -> None:
    for model in catalog.models:
        if model.open_family:
            continue
        known = model_object(catalog, model.id, TABLES)
        json.dumps(known, default=str)
        rows = {row["name"]: row for row in known["parameters"]}
        assert {"messages", "temperature", "max_tokens", "tools"} <= rows.keys(), model.id
        assert rows["max_tokens"]["maximum"] == model.max_output
        for row in rows.values():
            assert row["type"]
            assert row["meaning"]
            assert row["honoured_by"]
        for other in known["consider_instead"]:
            assert catalog.resolve(other["model"]).model is not None


def test_a_row_says_what_may_be_sent_and_what_becomes_of_it(catalog: Catalog) -> None:
    known = model_object(catalog, "glm-4.7", TABLES)
    rows = {row["name"]: row for row in known["parameters"]}
    assert rows["temperature"] == {
        "name": "temperature",
        "type": "number",
        "default": 1.0,
        "minimum": 0,
        "maximum": 2,
        "values": None,
        "max_items": None,
        "max_characters": None,
        "range": "0 to 2",
        "meaning": rows["temperature"]["meaning"],
        "honoured_by": "every host; Z.ai and EmpirioLabs take 0 to 1",
        "left_out_by": [],
    }
    assert rows["stop"]["type"] == ["array", "string"]
    assert rows["tool_choice"]["values"] == ["auto", "none", "required"]
    assert "zai" in rows["frequency_penalty"]["left_out_by"]
    assert known["id"] == "zai/glm-4.7"
    assert rows["max_tokens"]["default"] == 65536


def test_a_name_behind_a_pin_has_no_table(catalog: Catalog) -> None:
    known = model_object(catalog, "brand-new@zai", TABLES)
    assert known == {"id": "brand-new", "object": "model", "created": 0, "owned_by": "unknown"}
    with pytest.raises(Refusal):
        model_object(catalog, "brand-new", TABLES)


def test_without_tables_nothing_is_claimed(catalog: Catalog) -> None:
    assert model_object(catalog, "zai/glm-4.7", {})["parameters"] == []


def test_openai_reads_the_list(catalog: Catalog) -> None:
    listed = models_list(catalog)
    assert listed["object"] == "list"
    for card in listed["data"]:
        OpenAiModel.model_validate(card, strict=True)


def test_anthropic_reads_the_list(catalog: Catalog) -> None:
    listed = anthropic_list(catalog)
    ids = [card["id"] for card in listed["data"]]
    assert ids == [model.id for model in catalog.models]
    assert (listed["first_id"], listed["last_id"], listed["has_more"]) == (ids[0], ids[-1], False)
    for card in listed["data"]:
        assert card["type"] == "model"
        assert card["display_name"]
        moment = dt.datetime.fromisoformat(card["created_at"])
        assert moment.tzinfo is not None
    flash = anthropic_object(catalog, "GLM-4.7-flash")
    assert flash["id"] == "zai/glm-4.7-flash"
    assert flash["created_at"] == "2026-01-19T00:00:00Z"
    assert anthropic_object(catalog, "brand-new@zai")["created_at"].startswith("1970-01-01")
    assert anthropic_list(Catalog([], []))["first_id"] is None


def test_the_price_shown_is_the_one_that_is_charged(catalog: Catalog) -> None:
    now_ms = 1_795_000_000_000
    shown = endpoints_object(catalog, "glm-4.7", now_ms, {})
    by_id = {endpoint.id: endpoint for endpoint in catalog.endpoints_of("zai/glm-4.7")}
    assert {one["id"] for one in shown["data"]} == set(by_id)
    for one in shown["data"]:
        price = by_id[one["id"]].price_at(now_ms)
        assert (one["price"] is None) == (price is None)
        if price is not None:
            assert one["price"]["version"] == price.version
    msgspec.json.encode(shown)
