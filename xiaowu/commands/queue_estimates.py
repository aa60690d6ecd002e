"""`xiaowu queue estimates`: did the waits that residents were told hold?"""

from __future__ import annotations

import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from service_queue.quotes import Accuracy, DayAccuracy, day_accuracy, newest_day, read_quotes
from xiaowu.office import JsonOption, Office, fail, run_in_office, show_shape
from xiaowu.server_settings import SettingsOption, load_or_exit


def estimates(
    day: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD|all", help="Which day; else the last one with quotes."),
    ] = None,
    settings_file: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far the quoted waits held, against the flat formula, by hour.

    Of every ticket that was told a wait and then called. HELD: between the least and the high
    end of its range; 80 % is right. The flat formula: people ahead x mean / windows.
    """
    settings = load_or_exit(settings_file)
    if day not in (None, "all") and not _is_date(day or ""):
        fail(f"--day {day}: a date such as 2026-03-01, or all")

    def read(connection: Connection) -> DayAccuracy:
        asked = newest_day(connection) if day is None else None if day == "all" else day
        return day_accuracy(asked, read_quotes(connection, asked))

    async def work(office: Office) -> DayAccuracy:
        return await office.ledger.read(lambda tx: read(tx.connection))

    shown = run_in_office(settings, work)
    if as_json:
        show_shape(shown)
    else:
        _print(shown)


def _is_date(word: str) -> bool:
    try:
        datetime.date.fromisoformat(word)
    except ValueError:
        return False
    return True


def _print(shown: DayAccuracy) -> None:
    if shown.whole is None:
        print("Nobody was told a wait that is over by now.")
        return
    table = Table(title=shown.day or "all days")
    for column in (
        "hour",
        "quotes",
        "held",
        "under low",
        "under high",
        "error",
        "bias",
        "flat",
        "x",
    ):
        table.add_column(column, justify="right")
    for hour, figures in shown.hours.items():
        table.add_row(f"{hour:02d}", *_cells(figures))
    table.add_section()
    table.add_row("all", *_cells(shown.whole))
    Console().print(table)


def _cells(figures: Accuracy) -> tuple[str, ...]:
    ratio = figures.ratio
    return (
        str(figures.quotes),
        *(f"{share:.0%}" for share in (figures.held, figures.under_low, figures.under_high)),
        f"{figures.error_s:.0f} s",
        f"{figures.bias_s:+.0f} s",
        f"{figures.flat_error_s:.0f} s",
        "" if ratio is None else f"{ratio:.2f}",
    )
