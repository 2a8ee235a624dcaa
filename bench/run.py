#!/usr/bin/env python3
"""Measures Glimway beside nginx and TensorZero on this machine and judges it by its budgets.

    bench/run.py                                  everything, five rounds, writes the page
    bench/run.py --only chat,stream --quick       one short round: how do we stand?

Needs Linux, gcc, nginx and openssl; the standard library is enough for the rest. Rounds alternate
between the gateways, and every run starts its gateway anew from the same stored state.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from gateways import STARTERS, Target, whole_body
from glimway_setup import is_missing
from measure import Load, wait_quiet
from report import HEADINGS, budget_table, number, tables, write_page
from scenarios import (
    CONNECTIONS,
    FULL,
    QUICK,
    SCENARIOS,
    Figures,
    Pace,
    Scenario,
    Trial,
    cold_start,
)
from servers import BenchError, first_answer_s
from verdict import Results, Verdict, judge
from workbench import HERE, ROOT, Workbench, prepare

PAGE = ROOT / "docs" / "performance.md"
TEMPLATE = HERE / "performance.md.in"


@dataclass(frozen=True)
class Plan:
    """What this run does."""

    scenarios: tuple[Scenario, ...]
    rounds: int
    pace: Pace


def warm_up(target: Target, load: Load, pace: Pace) -> None:
    """First answers at full load, so that caches, pools and adaptive code are in place."""
    body = load.body.with_name("warm.json")
    body.write_bytes(whole_body(target.model("paced")))
    if target.server is not None:
        first_answer_s(target.server, lambda: target.ask(body.read_bytes()))
    replace(load, body=body).run("closed", pace.warm_s, connections=CONNECTIONS)
    if target.server is not None:
        wait_quiet(target.server.pid)


def measure_once(bench: Workbench, scenario: Scenario, contender: str, pace: Pace) -> Figures:
    """One gateway in one scenario, from its start to its end. Raises BenchError."""
    target = STARTERS[contender](bench, scenario.side)
    with ExitStack() as stack:
        if target.server is not None:
            stack.enter_context(target.server)
        body = scenario.body(target, bench.folder)
        load = Load(bench.load, target.port, target.path, body, target.tokens)
        if scenario.measure is not cold_start:
            warm_up(target, load, pace)
        figures = scenario.measure(Trial(target, load, pace))
        if target.server is not None:
            target.server.check_alive()
        return figures


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def run_scenario(bench: Workbench, scenario: Scenario, plan: Plan, results: Results) -> None:
    """All rounds of one scenario; a contender that failed once is left out of the later rounds."""
    for turn in range(plan.rounds):
        for contender in scenario.contenders:
            place = f"{scenario.name} {turn + 1}/{plan.rounds} {contender}"
            if (scenario.name, contender) in results.troubles:
                results.add(scenario.name, contender, None)
                continue
            try:
                figures = measure_once(bench, scenario, contender, plan.pace)
            except BenchError as error:
                results.troubles[scenario.name, contender] = str(error)
                results.add(scenario.name, contender, None)
                say(f"{place}: {error}")
                continue
            results.add(scenario.name, contender, figures)
            told = ", ".join(f"{HEADINGS[name]} {number(v)}" for name, v in figures.items())
            say(f"{place}: {told}")


def run_all(plan: Plan, glimway: Path) -> Results:
    """Everything, in one temporary folder and with nothing left running. Raises BenchError."""
    results = Results()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
        sides = {scenario.side for scenario in plan.scenarios}
        bench = prepare(Path(folder), stack, glimway, sides)
        for scenario in plan.scenarios:
            run_scenario(bench, scenario, plan, results)
    return results


def read_arguments() -> argparse.Namespace:
    """The command line."""
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--only", metavar="NAMES", help=f"comma-separated, of: {', '.join(names)}")
    add("--gateways", metavar="NAMES", help=f"comma-separated, of: {', '.join(STARTERS)}")
    add("--rounds", type=int, metavar="N", help="alternating rounds (5; 1 with --quick)")
    add("--quick", action="store_true", help="short runs: a hint, not a result")
    add("--check", action="store_true", help="exit 1 when a budget is missed or not measured")
    add("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)} from a part, too")
    add("--json", type=Path, metavar="FILE", help="write every round's figures to this file")
    add("--glimway", type=Path, default=ROOT / ".venv" / "bin" / "glimway", metavar="PROGRAM")
    asked = parser.parse_args()
    for option, known in (("only", names), ("gateways", list(STARTERS))):
        value: str | None = getattr(asked, option)
        chosen = [part.strip() for part in value.split(",")] if value else known
        unknown = [name for name in chosen if name not in known]
        if unknown:
            parser.error(f"--{option}: there is no {unknown[0]!r}; there are: {', '.join(known)}")
        setattr(asked, option, chosen)
    return asked


def make_plan(asked: argparse.Namespace) -> Plan:
    """What the command line asks for."""
    scenarios = tuple(
        replace(s, contenders=tuple(name for name in s.contenders if name in asked.gateways))
        for s in SCENARIOS
        if s.name in asked.only
    )
    rounds: int = asked.rounds or (1 if asked.quick else 5)
    return Plan(scenarios, rounds, QUICK if asked.quick else FULL)


def write_figures(path: Path, results: Results) -> None:
    """Every round's figures and every trouble, for other programs."""
    troubles = [[*where, why] for where, why in results.troubles.items()]
    path.write_text(json.dumps({"rounds": results.rounds, "troubles": troubles}, indent=1) + "\n")


def prepare_process() -> None:
    """Raise the open-file limit for the children; end by exception on SIGTERM, so that they end."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def end(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)


def failed(verdicts: list[Verdict]) -> list[str]:
    """One line for each budget that is not met."""
    lines = []
    for verdict in verdicts:
        if verdict.met:
            continue
        found = "not measured" if verdict.value is None else f"{verdict.value:.3f}"
        why = f" ({verdict.trouble.splitlines()[0]})" if verdict.trouble else ""
        what = f"{verdict.budget.scenario}: {verdict.budget.words}"
        lines.append(f"missed: {what} {found}, limit {verdict.budget.limit:g}{why}")
    return lines


def main() -> int:
    """Measure, print, write; the exit status is for ``make bench``."""
    asked = read_arguments()
    plan = make_plan(asked)
    glimway: Path = asked.glimway.absolute()
    missing = is_missing(glimway)
    if missing:
        say(missing + "; the others are measured without it")
    prepare_process()
    try:
        results = run_all(plan, glimway)
    except BenchError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        return 130
    verdicts = judge(results, {scenario.name: scenario for scenario in plan.scenarios})
    body, budgets = tables(plan.scenarios, results), budget_table(verdicts)
    print(f"{body}\n\n### Budgets\n\n{budgets}")
    if asked.json:
        write_figures(asked.json, results)
    is_whole = len(plan.scenarios) == len(SCENARIOS) and not asked.quick and not missing
    if asked.write or (is_whole and set(asked.gateways) == set(STARTERS)):
        write_page(TEMPLATE, PAGE, plan.rounds, body, budgets)
    lines = failed(verdicts)
    print("\n".join(["", *lines]) if lines else "\nevery budget is met")
    return 1 if lines and asked.check else 0


if __name__ == "__main__":
    sys.exit(main())
