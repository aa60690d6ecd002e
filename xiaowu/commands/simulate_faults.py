"""`xiaowu simulate --faults`: the service itself, broken in every way that a seed can think of."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict

import typer
from rich.console import Console
from rich.progress import track

from xiaowu.faults.run import Outcome, run_seeds


def run_faults(seeds: range, processes: int, *, as_json_text: bool) -> None:
    """Run every seed and tell what broke; the exit code is 1 when anything did.

    A seed that broke something breaks it again: `--faults --seed N --seeds 1`.
    """
    runs = run_seeds(seeds, workers=min(processes, len(seeds)))
    outcomes = sorted(
        track(runs, "runs", total=len(seeds), disable=as_json_text, transient=True),
        key=lambda outcome: outcome.seed,
    )
    broken = [outcome for outcome in outcomes if outcome.broken]
    if as_json_text:
        print(json.dumps(_summary(outcomes, broken), ensure_ascii=False))
    else:
        _tell(outcomes, broken)
    raise typer.Exit(1 if broken else 0)


def _faults(outcomes: list[Outcome]) -> Counter[str]:
    return sum((outcome.faults for outcome in outcomes), Counter[str]())


def _summary(outcomes: list[Outcome], broken: list[Outcome]) -> dict[str, object]:
    return {
        "seeds": len(outcomes),
        "tickets": sum(outcome.tickets for outcome in outcomes),
        "journal_rows": sum(outcome.journal_rows for outcome in outcomes),
        "faults": dict(_faults(outcomes)),
        "broken": [asdict(outcome) for outcome in broken],
    }


def _tell(outcomes: list[Outcome], broken: list[Outcome]) -> None:
    console = Console()
    tickets = sum(outcome.tickets for outcome in outcomes)
    rows = sum(outcome.journal_rows for outcome in outcomes)
    console.print(f"{len(outcomes)} runs, {tickets} tickets, {rows} rows in the journals.")
    for kind, count in _faults(outcomes).most_common():
        console.print(f"  {kind}: {count}")
    for outcome in broken:
        console.print(f"[bold red]seed {outcome.seed}[/] broke:", *outcome.broken, sep="\n  ")
    if not broken:
        console.print("Nothing was lost, nothing was served twice, every journal agrees.")
