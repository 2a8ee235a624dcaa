from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from glimway.config.models import ENDPOINT_FIELDS, PRICE_FIELDS
from glimway.config.models import FIELDS as MODEL_FIELDS
from glimway.config.providers import FIELDS as PROVIDER_FIELDS
from glimway.config.reference import BEGIN, END, renewed
from glimway.config.settings import SECTIONS, SETTINGS
from glimway.config.values import EndpointConfig, ModelConfig, PriceConfig, ProviderConfig
from glimway.domain.said import Said

PAGE = Path(__file__).parents[2] / "docs/settings.md"


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text("utf-8")
    assert page == renewed(page), "run: python -m glimway.config.reference docs/settings.md"


def test_the_page_has_each_setting_once() -> None:
    page = PAGE.read_text("utf-8")
    parts = {part.partition("\n")[0]: part for part in page.split("\n## ")}
    for setting in SETTINGS:
        part = parts[f"`[{setting.section}]`"]
        rows = re.findall(rf"^\| `{setting.name}` \| (.+)$", part, re.MULTILINE)
        assert len(rows) == 1, setting.key
        assert setting.row.help in rows[0]


def test_variables_that_the_page_names_exist() -> None:
    known = {name for setting in SETTINGS for name in setting.variables}
    named = set(re.findall(r"GLIMWAY_[A-Z_]+", PAGE.read_text("utf-8")))
    assert named
    assert named <= known


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no part between"):
        renewed(f"{END} then {BEGIN}")


def test_each_field_is_described() -> None:
    values: dict[type[msgspec.Struct], dict[str, str]] = {
        ProviderConfig: PROVIDER_FIELDS,
        ModelConfig: MODEL_FIELDS,
        EndpointConfig: ENDPOINT_FIELDS,
        PriceConfig: PRICE_FIELDS,
    }
    for struct, fields in values.items():
        names = {field.name for field in msgspec.structs.fields(struct)}
        # The first of ``api_keys`` is ``api_key``; ``said`` are the operator's words.
        words = set(Said.__struct_fields__) & set(fields) - names if "said" in names else set()
        known = names - {"line", "said", "more_keys"} | words | ({"split_by"} & set(fields))
        assert known | ({"api_keys"} if "more_keys" in names else set()) == set(fields), struct


def test_each_row_of_the_table_makes_sense() -> None:
    assert len({setting.key for setting in SETTINGS}) == len(SETTINGS)
    flags = [setting.row.flag for setting in SETTINGS if setting.row.flag]
    assert sorted(flags) == ["--data", "--host", "--port"]
    for setting in SETTINGS:
        row = setting.row
        assert row.help.endswith("."), setting.key
        assert "|" not in row.help, setting.key
        if setting.type in (int, float):
            assert row.least is not None, setting.key
            assert row.most is not None, setting.key
            assert row.least <= setting.default <= row.most, setting.key
            assert setting.unit or setting.name == "port", setting.key
        elif setting.choices:
            assert setting.default in setting.choices, setting.key
        else:
            assert setting.default is not None or row.default_words, setting.key
    for section in SECTIONS.values():
        assert section.__doc__
