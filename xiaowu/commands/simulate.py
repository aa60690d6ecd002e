"""`xiaowu simulate`: days of a hall on a virtual clock, by the server's own rules."""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from seat_server.sheet import SheetRefused
from service_queue.errors import PolicyInvalid
from service_queue.policy import Policy
from service_queue.policy_file import read_policy
from service_queue.simulation import Scenario, SeatPlan, Summary, simulate, summarise
from service_queue.simulation.recorded import RecordedDay
from xiaowu.commands.simulate_faults import run_faults
from xiaowu.simulate.agents_sheet import read_agents
from xiaowu.simulate.canvas import CanvasUnavailable
from xiaowu.simulate.journal_source import (
    JournalSource,
    JournalUnreadable,
    read_journal,
    read_last_day,
)
from xiaowu.simulate.plot import WORDS, Plot, draw_plot
from xiaowu.simulate.report import as_json, print_prices, print_report
from xiaowu.simulate.runs import Tell, run_variants
from xiaowu.simulate.sample import TICKETS_A_DAY, sample_hall, with_agents
from xiaowu.simulate.variants import (
    FAIRNESS_BOUNDS,
    POOLED,
    ExtraSeats,
    Variant,
    WhatIfInvalid,
    bound_name,
    named_policy,
    parse_extra_seats,
    plan_variants,
    with_bound,
)

SEATS, LOCATIONS = 20, 10
"""Of the district that comes with the program."""

RECORDED: Final = "recorded"

app = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is shown, whatever it was simulated from."""

    names: list[str]
    summaries: list[Summary]
    places: dict[str, str]
    about: dict[str, Any]


@app.callback(invoke_without_command=True)
def simulate_hall(  # noqa: PLR0917 - the command line's options are its arguments
    context: typer.Context,
    seats: Annotated[int, typer.Option(min=1, max=20_000, help="Windows.")] = SEATS,
    locations: Annotated[int, typer.Option(min=1, max=20_000, help="Townships.")] = LOCATIONS,
    days: Annotated[int, typer.Option(min=1, max=400)] = 1,
    tickets: Annotated[
        float, typer.Option(min=0.1, max=5000, help="A day at a location, on average.")
    ] = TICKETS_A_DAY,
    agents: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="login,departments: skills of the windows, in turn."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same residents.")] = 1,
    policy: Annotated[
        list[str] | None,
        typer.Option(metavar="pooled|dedicated|FILE", help="Several are set side by side."),
    ] = None,
    extra_seats: Annotated[
        list[str] | None,
        typer.Option(metavar="COUNT@FROM-TO", help="What if there were more, such as 2@9-11?"),
    ] = None,
    ring_after: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="SECONDS", help="What if own windows came first, anybody's after this?"
        ),
    ] = None,
    fairness_price: Annotated[
        bool,
        typer.Option(
            "--fairness-price", help="What it costs to let no location fall behind by so much."
        ),
    ] = False,
    journal: Annotated[
        str | None,
        typer.Option(metavar="FILE|URL", help="Live a recorded day again: an export, a database."),
    ] = None,
    day: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Which day of the journal; else its last."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg|FILE.png", help="Draw the waits.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the plot: zh or en.")] = "zh",
    faults: Annotated[
        bool,
        typer.Option(
            "--faults", help="The service itself under power cuts, lost and repeated answers."
        ),
    ] = False,
    seeds: Annotated[int, typer.Option(min=1, help="How many runs under faults.")] = 100,
    processes: Annotated[int, typer.Option(min=1, max=64)] = os.cpu_count() or 1,
    as_json_text: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Simulate a day, a district, a province: what would two more windows do, another policy?"""
    if context.invoked_subcommand is not None:
        return
    if faults:
        run_faults(range(seed, seed + seeds), processes, as_json_text=as_json_text)
        return
    if language not in WORDS:
        _fail(f"{language!r}: a plot speaks {' or '.join(WORDS)}.")
    try:
        wanted = _Wanted(
            policies=[named_policy(name) for name in policy or ()],
            extra=[parse_extra_seats(text) for text in extra_seats or ()],
            ring_after_s=ring_after,
            fairness_price=fairness_price,
        )
        if journal is not None:
            source = read_journal(journal)
            outcome = _live_again(source, read_last_day(source, day and day.date()), wanted)
        else:
            scenario = sample_hall(
                seats=seats, locations=locations, days=days, tickets_a_day=tickets
            )
            if agents is not None:
                scenario = with_agents(scenario, list(read_agents(agents).values()))
            outcome = _simulate(scenario, wanted, seed, processes, quiet=as_json_text)
    except (WhatIfInvalid, JournalUnreadable, SheetRefused) as refused:
        _fail(str(refused))
    except OSError as failed:
        _fail(f"{failed.filename}: {failed.strerror}")
    if plot is not None:
        _draw(outcome, plot, language)
    if as_json_text:
        print(json.dumps(_shown(outcome), ensure_ascii=False))
        return
    console = Console()
    console.print(_heading(outcome), highlight=False)
    if fairness_price:
        print_prices(console, outcome.names, outcome.summaries)
    else:
        print_report(console, outcome.names, outcome.summaries, outcome.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is to be compared, as the command line says it."""

    policies: list[Policy]
    extra: list[ExtraSeats]
    ring_after_s: float | None
    fairness_price: bool

    def variants(self, seats: tuple[SeatPlan, ...], standard: Policy) -> list[Variant]:
        """Columns of the comparison; `standard` where no policy is named."""
        policies = self.policies or [standard]
        if not self.fairness_price:
            return plan_variants(seats, policies, extra=self.extra, ring_after_s=self.ring_after_s)
        changed = plan_variants(
            seats, policies[-1:], extra=self.extra, ring_after_s=self.ring_after_s
        )[-1]
        return [
            replace(changed, name=bound_name(bound), policy=with_bound(changed.policy, bound))
            for bound in FAIRNESS_BOUNDS
        ]


# --- from a scenario ---------------------------------------------------------------------------


def _simulate(
    scenario: Scenario, wanted: _Wanted, seed: int, processes: int, *, quiet: bool
) -> Outcome:
    variants = wanted.variants(scenario.seats, named_policy(POOLED))
    with _progress(len(variants) * scenario.days, quiet=quiet) as tell:
        records = run_variants(scenario, variants, seed=seed, processes=processes, tell=tell)
    return Outcome(
        names=[variant.name for variant in variants],
        summaries=[summarise(record, scenario.origin) for record in records],
        places={location.id: location.name for location in scenario.locations},
        about={
            "seats": len(scenario.seats),
            "locations": len(scenario.locations),
            "days": scenario.days,
            "seed": seed,
            "load": round(scenario.load, 3),
        },
    )


# --- from a journal ----------------------------------------------------------------------------


def _in_force(source: JournalSource) -> Policy:
    if source.policy_text is None:
        return replace(named_policy(POOLED), name="standard")
    try:
        return read_policy(source.policy_text).policy
    except PolicyInvalid as invalid:
        raise WhatIfInvalid(f"the policy in force cannot be used:\n{invalid}") from invalid


def _live_again(source: JournalSource, recorded: RecordedDay, wanted: _Wanted) -> Outcome:
    variants = wanted.variants(recorded.seats, _in_force(source))
    records = [
        simulate(
            recorded.residents,
            variant.seats,
            variant.policy,
            origin=recorded.origin,
            time_zone=source.time_zone,
        )
        for variant in variants
    ]
    seen = sorted({resident.location_id for resident in recorded.residents})
    date = datetime.datetime.fromtimestamp(recorded.origin, ZoneInfo(source.time_zone)).date()
    return Outcome(
        names=[RECORDED, *(variant.name for variant in variants)],
        summaries=[summarise(record, recorded.origin) for record in (recorded.actual, *records)],
        places={name: source.places.get(name, name) for name in source.places or seen},
        about={
            "day": date.isoformat(),
            "seats": len(recorded.seats),
            "locations": len(seen),
        },
    )


# --- showing -----------------------------------------------------------------------------------


def _shown(outcome: Outcome) -> dict[str, Any]:
    runs = zip(outcome.names, outcome.summaries, strict=True)
    return {**outcome.about, "runs": [{"name": name, **as_json(one)} for name, one in runs]}


def _heading(outcome: Outcome) -> str:
    about = outcome.about
    hall = f"{about['seats']} windows, {about['locations']} locations"
    if "day" in about:
        return f"{about['day']} out of the journal: {hall}. {RECORDED}: as it was."
    return (
        f"{about['days']} day(s), {hall}, seed {about['seed']}; the residents need "
        f"{100 * about['load']:.0f} % of the windows' open time."
    )


def _draw(outcome: Outcome, file: Path, language: str) -> None:
    try:
        draw_plot(
            Plot(
                names=outcome.names,
                summaries=outcome.summaries,
                places=outcome.places,
                language=language,
            ),
            file,
        )
    except CanvasUnavailable as unavailable:
        _fail(f"{file}: {unavailable}.")
    except OSError as failed:
        _fail(f"{file}: {failed.strerror or failed}")


@contextmanager
def _progress(steps: int, *, quiet: bool) -> Iterator[Tell]:
    console = Console(stderr=True)
    if quiet or steps == 1 or not console.is_terminal:
        yield lambda done: None
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("days", total=steps)
        yield lambda done: progress.update(task, completed=done)


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(1)
