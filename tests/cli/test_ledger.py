from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from glimway.domain.catalog import Catalog
from glimway.domain.receipt import Attempt, Tokens

Run = Any
Made = Any

CONFIG = """\
[[providers]]
id = "rack1"
profile = "vllm"
base_url = "http://127.0.0.1:9900/v1"
api_key = { env = "NOT_IN_THIS_SHELL" }
private = true
[[models]]
id = "lab/m"
[[models.endpoints]]
provider = "rack1"
model = "m"
price = { input = "0.07", cached_input = "0.01", output = "0.40", web_search = "0.0000007" }
"""
TOKENS = Tokens(input=1000, output=10, cached=100, reasoning=4)
COST_NANOUSD = 900 * 70 + 100 * 10 + 10 * 400


@pytest.fixture
def version(run: Run) -> str:
    """The version of the price that the configuration gives."""
    from glimway.cli.catalog import know_prices
    from glimway.cli.options import Flags

    run.config(CONFIG)
    catalog: Catalog = know_prices(Flags(run.folder / "glimway.toml", {}))
    (endpoint,) = catalog.endpoints_of("lab/m")
    price = endpoint.price_at(0)
    assert price is not None
    return price.version


def test_books_that_are_right(run: Run, made: Made, version: str) -> None:
    priced = {"price_version": version}
    run.record(
        made(1, TOKENS, cost_nanousd=COST_NANOUSD, **priced),
        made(2, TOKENS, cost_nanousd=COST_NANOUSD, status="incomplete", **priced),
        made(3, status="failed", **priced),
        made(4, status="lost"),
        made(5, TOKENS, cost_nanousd=COST_NANOUSD + 2 * 700, **priced),  # two searches
        made(6, TOKENS, cost_nanousd=7, price_version="2020-01-01.00000000"),
    )
    document = run.json("ledger", "audit")
    assert document == {
        "ok": True,
        "receipts": 6,
        "statuses": {"failed": 1, "incomplete": 1, "lost": 1, "ok": 3},
        "cost_nanousd": 3 * COST_NANOUSD + 1400 + 7,
        "cost_usd": pytest.approx((3 * COST_NANOUSD + 1407) / 1e9),
        "prices_unknown": 1,
        "wrong": 0,
        "findings": [],
    }
    result = run("ledger", "audit")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "6 receipts, 0.000205407 USD in all.",
        "By status: 3 ok, 1 failed, 1 incomplete, 1 lost.",
        "Not computed, because the price is not configured now: 1 receipt.",
        "Every receipt is right: one for each request, its cost as priced.",
    ]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"cost_nanousd": COST_NANOUSD + 1}, "it costs 68001 nano-USD; its tokens times the price"),
        ({"cost_nanousd": COST_NANOUSD - 1}, "it costs 67999 nano-USD; its tokens times the price"),
        ({"cost_nanousd": 0}, "it costs 0 nano-USD; its tokens times the price"),
        ({"cost_nanousd": 5, "price_version": None}, "it costs 5 nano-USD and names no price"),
        ({"cost_nanousd": 5, "status": "lost"}, "it is lost and costs 5 nano-USD"),
        ({"cost_nanousd": 5, "status": "failed"}, "it is failed and costs 5 nano-USD"),
        ({"cost_nanousd": -5, "price_version": "x"}, "it costs less than nothing"),
        ({"cost_nanousd": COST_NANOUSD, "at_ms": 1}, "its id and its time differ"),
    ],
)
def test_a_receipt_that_is_wrong_is_named(
    run: Run, made: Made, version: str, fields: dict[str, Any], told: str
) -> None:
    import msgspec

    right = made(1, TOKENS, cost_nanousd=COST_NANOUSD, price_version=version)
    wrong = msgspec.structs.replace(made(2, TOKENS, price_version=version), **fields)
    run.record(right, wrong)
    result = run("ledger", "audit")
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{wrong.id}: {told}")
    assert "Wrong: 1 receipt." in result.stdout
    document = json.loads(run("ledger", "audit", "--json").stdout)
    assert not document["ok"]
    assert [finding["id"] for finding in document["findings"]] == [wrong.id]


def test_many_wrong_receipts_are_counted_and_some_named(run: Run, made: Made) -> None:
    run.record(*(made(number, cost_nanousd=1) for number in range(250)))
    result = run("ledger", "audit")
    assert len(result.stdout.splitlines()) == 20 + 4
    assert "and 230 more" in result.stdout
    assert "Wrong: 250 receipts." in result.stdout


def test_empty_books_are_right(run: Run) -> None:
    result = run("ledger", "audit")
    assert result.stdout.startswith("0 receipts, 0 USD in all.\n")


def test_receipts_are_exported_as_a_table(run: Run, made: Made) -> None:
    attempt = Attempt("lab/m@rack1", "rack1", "ok", started_ms=1, duration_ms=2)
    run.record(
        made(1, TOKENS, cost_nanousd=70, ttft_ms=5, attempts=(attempt, attempt)),
        made(2, asked='=HYPERLINK("x"),\n', user="-2+3", status="lost", stream=True),
    )
    result = run("ledger", "export")
    second, first = csv.DictReader(io.StringIO(result.stdout, newline=""))
    assert first["at"] == "2026-11-18T11:06:40Z"
    assert (first["cost_nanousd"], first["cost_usd"]) == ("70", "0.00000007")
    assert [first[name] for name in ("input_tokens", "cached_tokens", "attempts", "ttft_ms")] == [
        "1000",
        "100",
        "2",
        "5",
    ]
    assert (first["stream"], second["stream"]) == ("false", "true")
    assert second["asked"] == '\'=HYPERLINK("x"),\n'
    assert second["user"] == "'-2+3"
    assert second["status"] == "lost"


def test_receipts_are_exported_as_lines_of_json(run: Run, made: Made) -> None:
    receipts = [made(number, TOKENS, cost_nanousd=number) for number in range(450)]
    run.record(*receipts)
    lines = run("ledger", "export", "--format", "jsonl").stdout.splitlines()
    documents = [json.loads(line) for line in lines]
    assert [one["id"] for one in documents] == [one.id for one in reversed(receipts)]
    assert documents[0]["tokens"]["reasoning"] == 4
    assert documents[0]["stream"] is False
    assert lines[-2].endswith('"cost_usd":0.000000001}')


def test_an_export_may_be_narrowed(run: Run, made: Made) -> None:
    run.record(
        made(1), made(2, key="k2"), made(3, project="other"), made(86_400_000), made(2 * 86_400_000)
    )

    def numbers(*arguments: str) -> list[int]:
        result = run("ledger", "export", "--format", "jsonl", *arguments)
        assert result.exit_code == 0, result.output
        documents = [json.loads(line) for line in result.stdout.splitlines()]
        return [document["at_ms"] - 1_795_000_000_000 for document in documents]

    day_ms = 86_400_000
    assert numbers("--key", "k2") == [2]
    assert numbers("--project", "default") == [2 * day_ms, day_ms, 2, 1]
    assert numbers("--since", "2026-11-19", "--until", "2026-11-20T00:00+00:00") == [day_ms]
    assert numbers("--since", "2026-11-20") == [2 * day_ms]
    assert numbers("--until", "36500d") == []
    assert run("ledger", "export", "--project", "none").exit_code == 1
    assert run("ledger", "export", "--since", "then").exit_code == 2


def test_an_export_may_go_to_a_file(run: Run, made: Made) -> None:
    run.record(made(1))
    result = run("ledger", "export", "--output", "out.csv")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert (run.folder / "out.csv").read_bytes().count(b"\r\n") == 2


def test_books_that_another_process_serves_are_read_as_they_are(run: Run, made: Made) -> None:
    from glimway.store.journal import Journal

    run.record(made(1))
    run("ledger", "audit")
    run.record(made(2))
    server = Journal.open(run.data / "journal")
    try:
        assert run.json("ledger", "audit")["receipts"] == 1
    finally:
        server.close()
    assert run.json("ledger", "audit")["receipts"] == 2


def test_a_damaged_journal_is_told(run: Run, made: Made) -> None:
    receipts = [made(number) for number in range(50)]
    run.record(*receipts)
    mark = receipts[25].id.encode()
    files = {file: file.read_bytes() for file in (run.data / "journal").iterdir()}
    ((segment, data),) = ((file, data) for file, data in files.items() if mark in data)
    segment.write_bytes(data.replace(mark, mark[::-1]))
    result = run("ledger", "audit")
    assert result.exit_code == 1
    assert f"journal segment {segment.name} is damaged at byte" in result.stderr
    before = {file: file.read_bytes() for file in (run.data / "journal").iterdir()}
    result = run("ledger", "repair")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{segment.name}: ")
    assert lines[1] == "Records that can be read: 49, in segments: 1."
    assert "glimway ledger repair --write" in lines[-1]
    assert {file: file.read_bytes() for file in (run.data / "journal").iterdir()} == before
    document = json.loads(run("ledger", "repair", "--json").stdout)
    assert (document["records"], document["repaired"]) == (49, False)
    assert document["damages"][0]["segment"] == segment.name
    assert "a server can start now" in run("ledger", "repair", "--write").stdout
    assert run.json("ledger", "audit")["receipts"] == 49
    assert run.json("ledger", "repair")["damages"] == []


def test_a_journal_that_is_whole_or_missing_needs_no_repair(run: Run, made: Made) -> None:
    run.record(made(1))
    result = run("ledger", "repair")
    assert result.exit_code == 0
    assert result.stdout.endswith("Nothing is damaged.\n")
    result = run("ledger", "repair", "--data", str(run.folder / "none"))
    assert result.exit_code == 1
    assert not (run.folder / "none").exists()
    assert result.stderr == f"glimway: there is no journal in {run.folder}/none\n"
