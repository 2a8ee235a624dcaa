"""The page of conformance says what the codecs do today."""

from __future__ import annotations

from golden.cases import CLIENT_DIALECTS, HOST_DIALECTS
from golden.page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: scripts/conformance"


def test_each_pair_has_its_part() -> None:
    text = page()
    assert text.count("\n## A client of ") == len(CLIENT_DIALECTS) * len(HOST_DIALECTS)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    results = {row.split(" | ")[1] for row in rows} - {"result"}
    assert results == {"exact", "elsewhere", "left out", "refused"}
