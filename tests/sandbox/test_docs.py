from __future__ import annotations

from glimway.sandbox import describe, markdown
from glimway.sandbox.families import FAMILIES
from house.reading import ROOT

PAGE = (ROOT / "docs" / "sandbox.md").read_text()


def between(name: str) -> str:
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    return PAGE.partition(begin)[2].partition(end)[0].strip()


def test_the_page_holds_the_table_of_scripts() -> None:
    # To renew it: python -c "from glimway.sandbox import markdown; print(markdown())"
    assert between("scripts") == markdown().strip()


def test_the_page_holds_every_family() -> None:
    lines = [f"| `{family.name}` | {family.about} |" for family in FAMILIES.values()]
    assert between("families").splitlines()[2:] == lines


def test_every_script_is_in_the_page_once() -> None:
    for row in describe():
        assert PAGE.count(f"| `{row.name}` |") == 1
