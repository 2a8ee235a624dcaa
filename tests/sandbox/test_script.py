from __future__ import annotations

import pytest

from glimway.sandbox.script import NUMBER_MAX, PARTS_MAX, SCRIPT_CHARS_MAX, Script
from glimway.sandbox.scripts import GRAMMAR, TABLE, TITLES
from glimway.wire.refusal import Refusal


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", {}),
        ("slow", {"slow": ""}),
        ("slow+eos", {"slow": "", "eos": ""}),
        ("slow,eos:crlf", {"slow": "", "eos": "", "crlf": ""}),
        (" slow , eos ", {"slow": "", "eos": ""}),
        ("SLOW", {"slow": ""}),
        ("cut-5", {"cut": "5"}),
        ("cut-007", {"cut": "7"}),
        ("429", {"429": ""}),
        ("429-retry-after", {"429-retry-after": ""}),
        ("code-1302", {"code": "1302"}),
        ("malformed-first", {"malformed-first": ""}),
        ("malformed-3", {"malformed": "3"}),
        ("network_error", {"network-error": ""}),
        ("network-error", {"network-error": ""}),
        ("mark-A_b.C-7", {"mark": "A_b.C-7"}),
        ("family-vLLM", {"family": "vLLM"}),
        ("cut-5+cut-9", {"cut": "9"}),
    ],
)
def test_a_script_is_read(text: str, parts: dict[str, str]) -> None:
    assert GRAMMAR.read(text).parts == parts


@pytest.mark.parametrize(
    "text",
    [
        "sloww",
        "cut",
        "cut-",
        "cut-x",
        "cut-٣",
        "mark-",
        "mark-a b",
        "mark-" + "x" * 33,
        "-5",
        "slow-5",
    ],
)
def test_what_the_table_does_not_hold_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        GRAMMAR.read(text)
    assert caught.value.kind == "invalid"
    assert caught.value.code == "unknown_script"
    for row in TABLE:
        assert row.name in caught.value.message


def test_a_near_miss_is_told_the_name_it_meant() -> None:
    with pytest.raises(Refusal, match="Did you mean 'silent-after-headers'"):
        GRAMMAR.read("silent-after-header")


@pytest.mark.parametrize(
    "text",
    ["x" * (SCRIPT_CHARS_MAX + 1), "+" * PARTS_MAX, f"cut-{NUMBER_MAX + 1}", "cut-" + "9" * 99],
)
def test_a_script_is_bounded(text: str) -> None:
    with pytest.raises(Refusal):
        GRAMMAR.read(text)


def test_every_name_of_the_table_can_be_used_and_is_spelled_back() -> None:
    for row in TABLE:
        used = row.name.removesuffix("-N") + "-3" if row.name.endswith("-N") else row.name
        used = used.removesuffix("-X") + "-abc" if row.name.endswith("-X") else used
        script = GRAMMAR.read(used)
        assert GRAMMAR.read(script.spelled()) == script
        (stem,) = script.parts
        assert GRAMMAR.row(stem).group == row.group


def test_names_are_unique_and_groups_have_titles() -> None:
    names = [row.name for row in TABLE]
    assert len(names) == len(set(names))
    assert {row.group for row in TABLE} == set(TITLES)


def test_every_row_says_what_happens_and_what_is_seen() -> None:
    for row in TABLE:
        assert row.does
        assert row.sees
        assert "\n" not in row.does + row.sees


def test_model_and_script_are_cut_at_the_first_colon() -> None:
    assert GRAMMAR.split("zai/glm-4.7-flash:slow:eos") == ("zai/glm-4.7-flash", "slow:eos")
    assert GRAMMAR.split("GLM-4.7") == ("GLM-4.7", "")


def test_the_second_script_wins() -> None:
    joined = GRAMMAR.join(GRAMMAR.read("cut-5+slow"), GRAMMAR.read("cut-9"))
    assert joined.parts == {"cut": "9", "slow": ""}


def test_a_calm_script_keeps_what_is_no_fault() -> None:
    script = GRAMMAR.read("slow+cut-5+mark-a+family-vllm+429+fail-first-2")
    assert GRAMMAR.faults(script)
    calm = GRAMMAR.calm(script)
    assert set(calm.parts) == {"slow", "mark", "family", "fail-first"}
    assert not GRAMMAR.faults(calm)


def test_an_empty_script_asks_for_nothing() -> None:
    script = Script()
    assert not script.has("slow")
    assert script.number("cut") is None
    assert script.word("mark") == ""
    assert script.spelled() == ""
