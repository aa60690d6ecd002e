"""`xiaowu journal`: prove the journal, take it away, tell it again. It only ever reads.

Exit codes of `verify`: 0 every row is as it was sealed, 1 it is not, 2 it could not be looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn
from sqlalchemy import Connection, Select, func, select
from sqlalchemy.engine import make_url

from seat_server.database import Database, DatabaseRefused
from seat_server.settings import Settings
from service_queue.audit import Audit
from service_queue.checkpoint_file import CheckpointUnclear, read_checkpoint
from service_queue.journal_entry import JournalEntry
from service_queue.journal_export import Exported, ExportRefused, export_journal
from service_queue.journal_reader import (
    Tell,
    audit_journal,
    chain_end,
    last_row,
    read_entries,
)
from service_queue.replay import Replay
from service_queue.store import Store
from service_queue.tables import (
    JournalRow,
    LocationRow,
    SeatRow,
    ServiceItemRow,
    table_of,
)
from signaling.protocol.errors import Refusal
from xiaowu.hall_picture import HallPicture, Names
from xiaowu.moment import MomentUnclear, read_moment, show_moment
from xiaowu.server_settings import OWNER_ONLY, SettingsOption, load_or_exit

TAMPERED: Final = 1
NOT_LOOKED_AT: Final = 2
FOLLOW_EVERY_S: Final = 0.5
LONGEST_SEQ: Final = 15
"""More digits than the number of any row, fewer than a date without its dashes and a time."""

app = typer.Typer(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
T = TypeVar("T")
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="Another database than the settings say."),
]


@app.command("verify")
def verify(
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE|HASH",
            help="What was kept elsewhere: a hash, or a file of `checkpoint` or `export`.",
        ),
    ] = None,
    settings_file: SettingsOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find every row that was changed, removed, swapped, put in or cut off.

    What was cut off together with its seals is found by a checkpoint that was kept elsewhere.
    """
    settings = _settings(settings_file, database)
    try:
        kept = [one for given in checkpoint or [] for one in read_checkpoint(given)]
    except CheckpointUnclear as unclear:
        _fail(str(unclear))
    with _progress("rows", quiet=as_json) as tell:
        audit = _read(settings, lambda connection: audit_journal(connection, kept, tell))
    if as_json:
        print(json.dumps(_audit_json(audit)))
    else:
        print(_audit_text(audit))
    if not audit.ok:
        raise typer.Exit(TAMPERED)


@app.command("checkpoint")
def checkpoint(
    settings_file: SettingsOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print where the chain ends now: keep it elsewhere, and nobody can cut the journal before."""
    end = _read(_settings(settings_file, database), chain_end)
    if end is None:
        _fail("Nothing is sealed yet.")
    if as_json:
        print(json.dumps({"seq": end.seq, "hash": end.hash.hex(), "count": end.count}))
    else:
        print(f"row {end.seq}, {end.count} rows\n{end.hash.hex()}")


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="A new file; packed if its name ends in .gz.")],
    *,
    first: Annotated[
        str | None, typer.Option("--from", metavar="ROW|TIME", help="The first row.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="ROW|TIME", help="The last row.")
    ] = None,
    settings_file: SettingsOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the sealed rows into a file that proves itself (docs/verify_journal.py)."""
    os.umask(OWNER_ONLY)
    now = time.time()
    with _progress("rows", quiet=as_json) as tell:

        def work(connection: Connection) -> tuple[Exported, int]:
            zone = _zone(connection)
            start = 1 if first is None else _row_at(connection, first, zone, now, until=False)
            end = None if last is None else _row_at(connection, last, zone, now, until=True)
            made = export_journal(connection, file, now=now, first=start, last=end, tell=tell)
            return made, last_row(connection) - (made.end.seq or 0) if end is None else 0

        try:
            made, unsealed = _read(_settings(settings_file, database), work)
        except (ExportRefused, MomentUnclear) as refused:
            _fail(f"Nothing was exported: {refused}.")
        except OSError as unwritable:
            _fail(f"{file}: {unwritable.strerror}")
    shown = {
        "file": str(file),
        "first": made.first,
        "last": made.end.seq,
        "count": made.count,
        "hash": made.end.hash.hex(),
        "unsealed": unsealed,
    }
    if as_json:
        print(json.dumps(shown))
        return
    print(f"{made.count} rows, {made.first} to {made.end.seq}, in {file}")
    print(f"Last hash: {shown['hash']}")
    if unsealed:
        print(f"Newer rows that are not sealed yet and not in it: {unsealed}.")


@app.command("replay")
def replay(
    at: Annotated[
        str,
        typer.Option("--at", metavar="TIME", help="14:30, '2026-11-22 14:30:05' or now."),
    ] = "now",
    settings_file: SettingsOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the hall as it stood: the line, the windows, who was with whom."""
    now = time.time()
    told = Replay()
    with _progress("rows", quiet=as_json) as tell:

        def work(connection: Connection) -> tuple[Names, float]:
            names = _names(connection)
            moment = read_moment(at, zone=names.zone, now=now)
            told.tell(_telling(read_entries(connection, until_time=moment), tell))
            return names, moment

        try:
            names, moment = _read(_settings(settings_file, database), work)
        except MomentUnclear as unclear:
            _fail(str(unclear))
    picture = HallPicture(told, names, moment)
    if as_json:
        print(json.dumps(picture.as_json(), ensure_ascii=False))
    else:
        Console().print(picture.as_tables(), highlight=False)


@app.command("tail")
def tail(
    count: Annotated[int, typer.Option("-n", min=0, help="How many rows.")] = 20,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new ones, until Ctrl-C.")
    ] = False,
    settings_file: SettingsOption = None,
    database: DatabaseOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a row.")] = False,
) -> None:
    """Print the last rows, and with --follow the next ones."""
    settings = _settings(settings_file, database)

    async def work(store: Store) -> None:
        seq = max(0, await store.read(last_row) - count)
        zone = await store.read(_zone)
        while True:
            for entry in await store.read(_newer_than(seq)):
                print(_entry_json(entry) if as_json else _entry_text(entry, zone), flush=True)
                seq = entry.seq
            if not follow:
                return
            await asyncio.sleep(FOLLOW_EVERY_S)

    with contextlib.suppress(KeyboardInterrupt):
        _run(settings, work)


# --- the database ------------------------------------------------------------------------------


def _settings(settings_file: Path | None, database: str | None) -> Settings:
    overrides = {} if database is None else {"database": {"url": database}}
    return load_or_exit(settings_file, **overrides)


def _read(settings: Settings, work: Callable[[Connection], T]) -> T:
    """Run `work` on one moment of what is committed."""
    return _run(settings, lambda store: store.read(work))


def _run(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Run `work` on the database, beside a server that may be running."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        _fail(f"There is no database at {url.database}.")

    async def whole() -> T:
        store = Store.open(settings.database_url)
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        Database(settings.database_url, settings.data_dir).require_head()
        return asyncio.run(whole())
    except (DatabaseRefused, Refusal) as refused:
        _fail(str(refused))


def _names(connection: Connection) -> Names:
    location, item, seat = table_of(LocationRow), table_of(ServiceItemRow), table_of(SeatRow)

    def pairs(statement: Select[Any]) -> dict[str, str]:
        return {row[0]: row[1] for row in connection.execute(statement)}

    return Names(
        zone=_zone(connection),
        locations=pairs(select(location.c.id, location.c.name)),
        items=pairs(select(item.c.code, item.c.name)),
        seats=pairs(select(seat.c.id, seat.c.name).order_by(seat.c.position, seat.c.id)),
    )


def _zone(connection: Connection) -> str:
    """The hall's time zone: that of its first location."""
    location = table_of(LocationRow)
    first = select(location.c.time_zone).order_by(location.c.position, location.c.id).limit(1)
    return connection.execute(first).scalar() or "UTC"


def _row_at(connection: Connection, text: str, zone: str, now: float, *, until: bool) -> int:
    """The row that is meant: by its number, or the first at or after (last until) a time."""
    if text.isdigit() and len(text) < LONGEST_SEQ:
        return max(1, int(text))
    moment = read_moment(text, zone=zone, now=now, until=until)
    journal = table_of(JournalRow)
    if until:
        found = connection.execute(select(func.max(journal.c.seq)).where(journal.c.at <= moment))
        return found.scalar() or 0
    found = connection.execute(select(func.min(journal.c.seq)).where(journal.c.at >= moment))
    return found.scalar() or last_row(connection) + 1


def _newer_than(seq: int) -> Callable[[Connection], list[JournalEntry]]:
    return lambda connection: list(read_entries(connection, after=seq))


# --- what is printed ---------------------------------------------------------------------------


def _audit_json(audit: Audit) -> dict[str, Any]:
    return {
        "ok": audit.ok,
        "rows": audit.rows,
        "first": audit.first,
        "last": audit.last,
        "hash": audit.last_hash.hex(),
        "unsealed": audit.unsealed,
        "checkpoints": audit.checkpoints,
        "taken_away": audit.taken_away,
        "findings": [
            {"fault": one.fault, "first": one.first, "last": one.last, "what": str(one)}
            for one in audit.findings
        ],
        "more": audit.more,
    }


def _audit_text(audit: Audit) -> str:
    lines = [str(finding) for finding in audit.findings]
    if audit.more:
        lines.append(f"… and {audit.more} more")
    if not audit.ok:
        lines.append(f"NOT SOUND: {len(audit.findings) + audit.more} findings.")
    elif audit.rows:
        lines.append(f"Sound: {audit.rows} rows, {audit.first} to {audit.last}.")
        lines.append(f"Last hash: {audit.last_hash.hex()}")
    else:
        lines.append("Nothing is sealed yet.")
    if audit.checkpoints:
        lines.append(f"Checkpoints that agree: {audit.checkpoints}.")
    if audit.taken_away:
        lines.append(f"Rows 1 to {audit.taken_away} were taken away; a checkpoint names their end.")
    if audit.unsealed:
        lines.append(f"Newer rows that are not sealed yet: {audit.unsealed}.")
    return "\n".join(lines)


def _entry_json(entry: JournalEntry) -> str:
    names = ("seq", "at", "kind", "actor", "kiosk_id", "seat_id", "ticket_id", "call_id", "reason")
    shown = {name: getattr(entry, name) for name in names} | {"detail": dict(entry.detail)}
    return json.dumps(shown, ensure_ascii=False)


def _entry_text(entry: JournalEntry, zone: str) -> str:
    ids = (entry.kiosk_id, entry.seat_id, entry.ticket_id, entry.call_id, entry.reason)
    detail = json.dumps(dict(entry.detail), ensure_ascii=False) if entry.detail else ""
    words = " ".join(word for word in (*ids, detail) if word)
    return (
        f"{entry.seq:>8} {show_moment(entry.at, zone)} {entry.kind:<20} {entry.actor:<14} {words}"
    )


@contextlib.contextmanager
def _progress(what: str, *, quiet: bool) -> Iterator[Tell]:
    """A count on standard error while somebody looks; nothing otherwise."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.completed:,} {task.description}"),)
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done: progress.update(task, completed=done)


def _telling(entries: Iterator[JournalEntry], tell: Tell) -> Iterator[JournalEntry]:
    for entry in entries:
        if entry.seq % 1000 == 0:
            tell(entry.seq)
        yield entry


def _fail(words: str) -> NoReturn:
    print(words, file=sys.stderr)
    raise typer.Exit(NOT_LOOKED_AT)
