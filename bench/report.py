"""Tables from results: for the terminal, and for docs/performance.md through its template.

Knows headings and number formats. Refuses to know how anything was measured, and to write prose:
that is the template's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

from gateways import GLIMWAY_MANY, GLIMWAY_WIDE
from machine import describe
from pairs import CHAT_PAIR, CLIENTS, HOSTS, PAIR_FIGURES, figure_of
from scenarios import Scenario
from verdict import Results, Verdict, growth, middle, ratio, values

HEADINGS = {
    "cpu_us_per_request": "CPU us per request",
    "requests_per_s": "requests/s",
    "latency_p99_ms": "latency p99 ms",
    "rss_after_mib": "memory after load MiB",
    "cpu_us_per_chunk": "CPU us per chunk",
    "first_chunk_p50_ms": "first chunk p50 ms",
    "first_chunk_p99_ms": "first chunk p99 ms",
    "added_p50_ms": "added p50 ms",
    "added_p99_ms": "added p99 ms",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "late_p99_ms": "load late p99 ms",
    "rested_line_ns": "line of memory after 10 ms ns",
    "first_answer_s": "start to first answer s",
    "rss_idle_mib": "idle memory MiB",
    "rss_held_mib": "memory MiB",
    **{figure: figure.removeprefix("cpu_us_per_chunk ") for figure in PAIR_FIGURES},
}
"""Every figure and its heading, in the order of the columns."""
REFERENCE = "tensorzero"


def number(value: float | None) -> str:
    """Three significant digits; whole numbers with thousands set apart from 100 on."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _grid(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with aligned columns; the first row is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def scenario_table(scenario: Scenario, results: Results) -> str:
    """One scenario: medians, the first figure's spread, and its ratio to the reference."""
    rows_of = {name: results.of(scenario.name, name) for name in scenario.contenders}
    present = {figure for rounds in rows_of.values() for row in rounds if row for figure in row}
    figures = [figure for figure in HEADINGS if figure in present]
    if not figures:
        return "Nothing was measured."
    main = figures[0]
    headings = ["gateway", *(HEADINGS[figure] for figure in figures), "range", "/ TensorZero"]
    table = [headings]
    for name, rounds in rows_of.items():
        found = values(rounds, main)
        spread = f"{number(min(found))} to {number(max(found))}" if found else "-"
        against = ratio(rounds, rows_of.get(REFERENCE, []), main)
        cells = [number(middle(rounds, figure)) for figure in figures]
        table.append([name, *cells, spread, "-" if against is None else f"{against:.2f}"])
    return "\n\n".join([_grid(table), *_notes(scenario.name, scenario.contenders, results)])


def pairs_table(results: Results) -> str:
    """A row for each dialect of clients, a column for each of hosts: CPU and its ratio."""
    ours, theirs = results.of("pairs", "glimway"), results.of("pairs", REFERENCE)
    if not values(ours, CHAT_PAIR) and not values(theirs, CHAT_PAIR):
        return "Nothing was measured."
    table = [["client / host, CPU us per chunk", *HOSTS]]
    for client in CLIENTS:
        cells = []
        for figure in (figure_of(client, host) for host in HOSTS):
            against = ratio(ours, theirs, figure, CHAT_PAIR)
            beside = "" if against is None else f" ({against:.2f})"
            cells.append(number(middle(ours, figure)) + beside)
        table.append([client, *cells])
    table.append(["TensorZero, chat", number(middle(theirs, CHAT_PAIR)), "", ""])
    return "\n\n".join([_grid(table), *_notes("pairs", ("glimway", REFERENCE), results)])


def _notes(scenario: str, contenders: Iterable[str], results: Results) -> list[str]:
    """Why figures are missing, as one list; no list when none is."""
    lines = [
        f"- {name}: {results.troubles[scenario, name].splitlines()[0]}"
        for name in contenders
        if (scenario, name) in results.troubles
    ]
    return ["\n".join(lines)] if lines else []


def keys_ratio(results: Results) -> str:
    """What the number of keys costs: many keys against one, round by round."""
    one, many = results.of("keys", "glimway"), results.of("keys", GLIMWAY_MANY)
    found = ratio(many, one, "cpu_us_per_request")
    return "" if found is None else f"\n\n{GLIMWAY_MANY} / glimway with one key: {found:.2f}"


def endpoints_growth(results: Results) -> str:
    """What more endpoints of a model cost: many against one, round by round."""
    one, many = results.of("endpoints", "glimway"), results.of("endpoints", GLIMWAY_WIDE)
    found = growth(many, one, "cpu_us_per_request")
    if found is None:
        return ""
    return f"\n\n{GLIMWAY_WIDE} - glimway with one endpoint: {number(found)} us per request"


def budget_table(verdicts: Iterable[Verdict]) -> str:
    """Every budget with its limit, what was measured and whether it is met."""
    rows = [["budget", "limit", "measured", "met"]]
    for verdict in verdicts:
        budget, value = verdict.budget, verdict.value
        measured = "not measured" if value is None else f"{value:.2f}"
        rows.append([budget.words, f"{budget.limit:g}", measured, "yes" if verdict.met else "NO"])
    return _grid(rows) if len(rows) > 1 else "No budget belongs to what was measured."


EXTRAS = {"keys": keys_ratio, "endpoints": endpoints_growth}
"""What stands below the table of a scenario."""


def tables(scenarios: Iterable[Scenario], results: Results) -> str:
    """All scenarios' tables under their titles."""
    parts = []
    for scenario in scenarios:
        is_pairs = scenario.name == "pairs"
        table = pairs_table(results) if is_pairs else scenario_table(scenario, results)
        extra = EXTRAS[scenario.name](results) if scenario.name in EXTRAS else ""
        parts.append(f"### {scenario.title}\n\n{table}{extra}")
    return "\n\n".join(parts)


def write_page(template: Path, page: Path, rounds: int, body: str, budgets: str) -> None:
    """Fill the template's ``$names`` and write the page."""
    facts = describe() | {"rounds": str(rounds), "tables": body, "budgets": budgets}
    page.parent.mkdir(exist_ok=True)
    page.write_text(Template(template.read_text()).substitute(facts))
