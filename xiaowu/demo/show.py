"""The demo for a person: starts everything, says where to go, and stays until it is stopped."""

from __future__ import annotations

import asyncio
import webbrowser
from collections import Counter
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from seat_server.pages import STATIC_DIR, Pages
from xiaowu.demo.banner import address_panel, status_line
from xiaowu.demo.bot_plan import Manners
from xiaowu.demo.bot_report import BotRefused, BotReport
from xiaowu.demo.stage import Script, Stage, open_stage
from xiaowu.demo.wall_watch import WallWatch

GENTLE: Final = Manners(
    tickets_at_once=3,
    idle_s=(4.0, 45.0),
    accept_after_s=(1.0, 4.0),
    talk_s=(20.0, 60.0),
    wrap_up_s=(3.0, 12.0),
    rate_after_s=(2.0, 8.0),
    break_s=(30.0, 120.0),
    seats_at_once=16,
    resident_ends=0.2,
    declines=0.03,
    takes_break=0.15,
    skips_rating=0.15,
)
"""A quiet morning: at most three calls of bots at a time, which two cores carry easily."""

GENTLE_QUEUE: Final = {"decline_exclusion_s": 25.0}
"""Bots leave the person's ticket to the person's desk by declining it. Should the desk not answer
(20 s), they must take it soon after."""

PREPARING: Final = {
    "database": "Preparing the database",
    "district": "Ten locations, twenty seats, the catalogue",
    "accounts": "Accounts",
    "kiosks": "Enrolment of the kiosks",
}
STATUS_EVERY_S: Final = 0.5


async def show(script: Script, *, wanted_ports: tuple[int, int], open_pages: bool) -> None:
    """Run the demo until cancelled.

    Raises:
        ProgramFailed: a program did not start, or ended by itself.
    """
    console = Console(highlight=False)
    errors: Counter[str] = Counter()

    def hear(report: BotReport) -> None:
        if isinstance(report, BotRefused):
            errors[report.code] += 1

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    )
    steps = len(PREPARING) + 2 + script.bots
    task = progress.add_task("Starting", total=steps)

    def step(name: str) -> None:
        progress.update(task, description=PREPARING[name], advance=1)

    with progress:
        async with open_stage(script, hear=hear, step=step) as stage:
            await _start(stage, progress)
            progress.stop()
            _say_ports(console, script, wanted_ports)
            if not Pages(STATIC_DIR).are_built:
                console.print("[yellow]The pages are not built yet: run `make setup`.[/]")
            console.print(address_panel(stage))
            if open_pages:
                await asyncio.to_thread(_open_pages, script)
            await _stay(console, stage, errors)


async def _start(stage: Stage, progress: Progress) -> None:
    """Start everything, and show how far it is."""
    bar = progress.tasks[0].id
    progress.update(bar, description="The server", advance=1)
    await stage.start_server()
    progress.update(bar, description="Your kiosk", advance=1)
    await stage.start_kiosk()
    if stage.script.manners is not None:
        before = progress.tasks[0].completed
        await stage.start_bots(
            lambda ready: progress.update(
                bar, description="Bots at the other kiosks and seats", completed=before + ready
            )
        )


async def _stay(console: Console, stage: Stage, errors: Counter[str]) -> None:
    """Show how the hall stands until a program ends or the demo is stopped."""
    failing = asyncio.create_task(stage.programs.first_end())
    try:
        if not console.is_terminal:
            await failing
            return
        async with WallWatch(stage.script.server_url, stage.supervisor) as wall:
            with Live(console=console, transient=True, auto_refresh=False) as live:
                while not failing.done():
                    live.update(status_line(wall.view, errors), refresh=True)
                    await asyncio.wait({failing}, timeout=STATUS_EVERY_S)
        failing.result()
    finally:
        failing.cancel()
        await asyncio.gather(failing, return_exceptions=True)
        console.print("[dim]Ending everything that was started.[/]")


def _say_ports(console: Console, script: Script, wanted: tuple[int, int]) -> None:
    chosen = (script.server_port, script.kiosk_port)
    for what, port, got in zip(("server", "kiosk page"), wanted, chosen, strict=True):
        if port != got:
            console.print(f"[yellow]Port {port} is in use; the {what} is on {got}.[/]")


def _open_pages(script: Script) -> None:
    for page in (f"{script.kiosk_url}/", f"{script.server_url}/desk", f"{script.server_url}/wall"):
        webbrowser.open(page)
