"""What a demo shows in the terminal."""

from __future__ import annotations

from collections import Counter

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kiosk_client.identity.card_slot import SAMPLE
from signaling.protocol.views import WallView
from signaling.protocol.words import SeatState, SeatStatus
from xiaowu.demo.sample_card import PORTRAIT
from xiaowu.demo.stage import Script, Stage
from xiaowu.demo.verdict import RACES, Spread, Verdict


def address_panel(stage: Stage) -> Panel:
    """Where to go, and what to sign in with."""
    script = stage.script
    cast = script.cast
    table = Table.grid(padding=(0, 2))
    for column in ("bold cyan", "", "dim"):
        table.add_column(style=column, no_wrap=column != "dim")
    if cast.person_kiosk is not None:
        table.add_row("晓屋 kiosk", f"{script.kiosk_url}/", cast.person_kiosk.name)
    if cast.person_agent is not None and cast.person_seat is not None:
        table.add_row("云坐席 desk", f"{script.server_url}/desk", cast.person_seat.name)
        _add_account(table, cast.person_agent.login, stage.accounts[cast.person_agent.login])
    table.add_row("大屏 wall", f"{script.server_url}/wall", "")
    supervisor = stage.supervisor
    _add_account(table, supervisor.login, supervisor.password)
    return Panel(
        Group(table, Text(""), Text(_advice(script), style="dim")),
        title="晓屋 Xiaowu demo",
        border_style="green",
        expand=False,
    )


def _add_account(table: Table, login: str, password: str) -> None:
    table.add_row("", Text.assemble("login ", (login, "bold"), "  password ", (password, "bold")))


def _advice(script: Script) -> str:
    seat = script.cast.person_seat
    window = "" if seat is None else seat.name
    with_yourself = (
        f"To call yourself: sign in at the desk, sit down at {window}, open it, "
        "and take a ticket at the kiosk in another window."
        f"\nThe sample ID card matches whoever is on {script.folder.card_dir / SAMPLE / PORTRAIT}"
    )
    if script.manners is None:
        return f"{with_yourself}\nThere are no bots: nobody else will serve you.\nCtrl-C ends it."
    return (
        f"{with_yourself}\nWith no desk of yours open a bot serves you."
        f"\n{script.bots} bots run the other kiosks and seats. Ctrl-C ends everything."
    )


def status_line(wall: WallView | None, errors: Counter[str]) -> Text:
    """How the hall stands, in one line."""
    if wall is None:
        return Text("the wall is not connected", style="yellow")
    in_call = sum(seat.state is SeatState.IN_CALL for seat in wall.seats)
    is_open = sum(seat.status is SeatStatus.AVAILABLE for seat in wall.seats)
    wrong = sum(count for code, count in errors.items() if code not in RACES)
    today = wall.today
    line = Text.assemble(
        ("通话 ", "dim"),
        f"{in_call}  ",
        ("等候 ", "dim"),
        f"{today.waiting}  ",
        ("开放窗口 ", "dim"),
        f"{is_open}  ",
        ("已办 ", "dim"),
        f"{today.completed}  ",
    )
    line.append(f"errors {wrong}", style="red" if wrong else "dim")
    return line


def print_verdict(verdict: Verdict) -> None:
    """Print a verdict for a person."""
    console = Console(highlight=False)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    table.add_row("tickets served", f"{verdict.tickets_served} of {verdict.calls_wanted}")
    table.add_row("calls", f"{verdict.calls_made} made, {verdict.connected} connected")
    table.add_row("media both ways", str(verdict.two_way_media))
    table.add_row("waits", _words(verdict.waits_s, "s"))
    table.add_row("yes → picture on both sides", _words(verdict.setup_ms, "ms"))
    table.add_row("refusals", ", ".join(f"{k} {v}" for k, v in verdict.errors.items()) or "none")
    if verdict.server_kills:
        table.add_row("server killed", f"{verdict.server_kills} times")
    for rule, count in verdict.invariants.checked.items():
        table.add_row("checked", f"{rule.value.replace('_', ' ')}: {count}")
    console.print(table)
    for violation in verdict.invariants.violations:
        console.print(f"[red]violation[/] {violation.rule.value}: {violation.what}")
    for what in verdict.amiss:
        console.print(f"[red]amiss[/] {what}")
    words = "nothing is amiss" if verdict.ok else "something is amiss"
    console.print(f"[bold {'green' if verdict.ok else 'red'}]{words}[/] after {verdict.took_s} s")


def _words(spread: Spread, unit: str) -> str:
    if spread.p50 is None:
        return "none"
    return f"{spread.p50:g} {unit} in the middle, {spread.max:g} {unit} at most"
