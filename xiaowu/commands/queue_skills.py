"""`xiaowu queue skills`: does work flow to whoever is free, and which training helps most?"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import select

from seat_server.catalogue import CatalogueItem
from seat_server.district import sample_district
from seat_server.sheet import SheetRefused
from service_queue.simulation.planner import (
    Plan,
    Tell,
    draw_mix,
    mix_of,
    plan_trainings,
    work_of,
)
from service_queue.simulation.scenario import ItemPlan
from service_queue.simulation.skills import SkillGraph, Skills
from service_queue.tables import ServiceItemRow, table_of
from signaling.protocol.words import Role
from xiaowu.office import JsonOption, Office, run_in_office
from xiaowu.server_settings import SettingsOption, load_or_exit
from xiaowu.simulate.agents_sheet import read_agents, skills_in
from xiaowu.simulate.journal_source import JournalUnreadable, read_journal, read_last_day
from xiaowu.simulate.report import clock, share
from xiaowu.simulate.sample import item_plans

_MOST_LISTED = 8

_item = table_of(ServiceItemRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hall:
    agents: dict[str, Skills]
    items: list[ItemPlan]
    mix: str
    """Where the items' shares and times come from."""


def skills(  # noqa: PLR0917 - the command line's options are its arguments
    agents: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="login,departments instead of the hall's accounts."),
    ] = None,
    journal: Annotated[
        str | None,
        typer.Option(metavar="FILE|URL", help="Whose last day gives the mix; else the catalogue."),
    ] = None,
    load: Annotated[
        float, typer.Option(min=0.05, max=0.99, help="How busy the windows are, on average.")
    ] = 0.85,
    tickets: Annotated[int, typer.Option(min=1000, max=10_000_000)] = 10_000,
    candidates: Annotated[int, typer.Option(min=1, max=200, help="Trainings to try.")] = 10,
    seed: int = 1,
    settings_file: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show whether the windows' skills are one closed whole, and which one training helps most.

    First come, first served among what a window may take. The price is the mean wait over that of
    the same windows if each served everything.
    """
    try:
        hall = _hall(agents, journal, settings_file)
    except (SheetRefused, JournalUnreadable) as refused:
        _fail(str(refused))
    except OSError as failed:
        _fail(f"{failed.filename}: {failed.strerror}")
    unserved = SkillGraph(hall.agents, work_of(hall.items)).unserved
    served = [item for item in hall.items if item.department not in unserved]
    if not served:
        _fail("No agent serves any department of the mix.")
    graph = SkillGraph(hall.agents, work_of(served))
    residents = draw_mix(served, windows=len(hall.agents), load=load, tickets=tickets, seed=seed)
    with _progress(quiet=as_json) as tell:
        plan = plan_trainings(graph, residents, load=load, candidates=candidates, tell=tell)
    if as_json:
        print(json.dumps(_shown(graph, plan, hall, unserved), ensure_ascii=False))
    else:
        _print(graph, plan, hall, unserved)


def _hall(agents: Path | None, journal: str | None, settings_file: Path | None) -> _Hall:
    items, mix = None, ""
    if journal is not None:
        items, mix = (
            mix_of(read_last_day(read_journal(journal)).residents),
            "the journal's last day",
        )
    if agents is not None:
        signed = read_agents(agents)
        items = items or list(item_plans(sample_district().items))
        return _Hall(agents=_some(signed), items=items, mix=mix or "the sample catalogue's ranks")
    settings = load_or_exit(settings_file)
    signed, catalogue = run_in_office(settings, _read_office)
    items = items or list(item_plans(catalogue))
    return _Hall(agents=_some(signed), items=items, mix=mix or "the catalogue's ranks")


async def _read_office(office: Office) -> tuple[dict[str, Skills], tuple[CatalogueItem, ...]]:
    accounts = await office.accounts.every()
    fields = [field.name for field in dataclasses.fields(CatalogueItem)]
    rows = await office.ledger.read(lambda tx: tx.every(ServiceItemRow, select(_item)))
    items = tuple(
        CatalogueItem(**{name: getattr(row, name) for name in fields})
        for row in rows
        if not row.hidden
    )
    signed = {
        account.login: skills_in(account.departments)
        for account in accounts
        if account.role is Role.AGENT and account.disabled_at is None
    }
    return signed, items


def _some(agents: dict[str, Skills]) -> dict[str, Skills]:
    if not agents:
        _fail("There are no agents.")
    return agents


# --- showing -----------------------------------------------------------------------------------


def _shown(graph: SkillGraph, plan: Plan, hall: _Hall, unserved: Skills) -> dict[str, Any]:
    tightest = graph.tightest
    return {
        "agents": len(graph.agents),
        "departments": len(graph.work),
        "mix": hall.mix,
        "load": plan.load,
        "tickets": plan.tickets,
        "unserved": sorted(unserved),
        "closed": graph.is_closed,
        "parts": [sorted(part) for part in graph.parts],
        "weak_joints": [
            {"agent": agent, "parts": [sorted(part) for part in parts]}
            for agent, parts in graph.weak_joints
        ],
        "tightest": {
            "departments": sorted(tightest.departments),
            "work": round(tightest.work, 4),
            "windows": tightest.windows,
            "reach": round(tightest.reach, 4),
        },
        "price": round(plan.price, 3),
        "now": dataclasses.asdict(plan.now),
        "pooled": dataclasses.asdict(plan.pooled),
        "by_department": {
            name: dataclasses.asdict(waits) for name, waits in plan.by_department.items()
        },
        "trainings": [dataclasses.asdict(training) for training in plan.trainings],
    }


def _print(graph: SkillGraph, plan: Plan, hall: _Hall, unserved: Skills) -> None:
    console = Console(highlight=False)
    console.print(
        f"{len(graph.agents)} agents, {len(graph.work)} departments; mix by {hall.mix}; "
        f"windows busy to {share(plan.load)}, {plan.tickets:,} tickets."
    )
    if unserved:
        console.print(f"[red]Nobody serves[/] {_listed(unserved)}: left out of what follows.")
    for line in _verdict(graph):
        console.print(line)
    if plan.load >= graph.tightest.reach:
        console.print("[red]The hall is busier than that:[/] their line only grows, day by day.")
    console.print(_prices(plan))
    if plan.trainings:
        console.print(_trainings(plan))
    else:
        console.print("Everybody serves everything: no training changes a wait.")


def _verdict(graph: SkillGraph) -> Iterator[str]:
    parts = graph.parts
    if graph.is_closed:
        yield "[green]One closed whole[/]: work flows on when any one agent is missing."
    elif len(parts) == 1:
        yield "[yellow]One whole, with weak joints[/]:"
    else:
        yield f"[red]In {len(parts)} parts[/], each with a line of its own:"
        for part in parts:
            yield f"  · {_listed(part)}"
    for agent, broken in graph.weak_joints[:_MOST_LISTED]:
        yield f"  · without {agent} it falls into {_falls_into(broken)}"
    tightest = graph.tightest
    if tightest.reach < 1.0:
        yield (
            f"Tightest: {_listed(tightest.departments)}, {share(tightest.work)} of the work for "
            f"{tightest.windows} windows; full when the hall is {share(tightest.reach)} busy."
        )


def _prices(plan: Plan) -> Table:
    table = Table()
    for column in ("", "mean wait", "P90", "P95", "longest", "× pooled"):
        table.add_column(column, justify="left" if not column else "right")
    for name, waits in (("as it is", plan.now), ("if all served everything", plan.pooled)):
        price = waits.mean_s / plan.pooled.mean_s if plan.pooled.mean_s else 1.0
        table.add_row(
            name,
            *(clock(each) for each in (waits.mean_s, waits.p90_s, waits.p95_s, waits.max_s)),
            f"{price:.2f}",
        )
    return table


def _trainings(plan: Plan) -> Table:
    table = Table(title="One more department for one agent", title_justify="left")
    for column in ("agent", "department", "mean wait", "saves", "± (95 %)", "× pooled", "parts"):
        justify = "left" if column in ("agent", "department") else "right"
        table.add_column(column, justify=justify)  # type: ignore[arg-type]  # one of the two words
    for training in plan.trainings:
        price = training.waits.mean_s / plan.pooled.mean_s if plan.pooled.mean_s else 1.0
        table.add_row(
            training.agent,
            training.department,
            clock(training.waits.mean_s),
            f"{training.saved_s:.0f} s",
            f"{1.96 * training.doubt_s:.0f} s",
            f"{price:.2f}",
            str(training.parts),
        )
    return table


def _listed(departments: Skills) -> str:
    names = sorted(departments)
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return "、".join(names[:_MOST_LISTED]) + more


def _falls_into(parts: list[Skills]) -> str:
    alone = sum(1 for part in parts if len(part) == 1)
    shown = [_listed(part) for part in parts if len(part) > 1 or alone <= _MOST_LISTED]
    return " | ".join(shown + [f"{alone} departments alone"] * (alone > _MOST_LISTED))


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Tell]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda done, total: None
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("trainings", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(1)
