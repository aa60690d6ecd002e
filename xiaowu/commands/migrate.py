"""`xiaowu migrate`: bring the database to this version."""

from __future__ import annotations

import datetime
import json
import os
import sys
from typing import Annotated

import typer

from seat_server.database import Database, DatabaseRefused
from seat_server.lock import AlreadyRunning, hold_data_dir
from xiaowu.server_settings import OWNER_ONLY, SettingsOption, load_or_exit

app = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})


@app.callback(invoke_without_command=True)
def run(
    settings_file: SettingsOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether there is something to do (exit 1).")
    ] = False,
    write: Annotated[
        str | None,
        typer.Option("--write", metavar="MESSAGE", help="For developers: write a new migration."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring the database to the shape this version wants; a copy is made before."""
    os.umask(OWNER_ONLY)
    settings = load_or_exit(settings_file)
    database = Database(settings.database_url, settings.data_dir)
    try:
        if write is not None:
            database.write_revision(write)
            return
        before, head = database.current(), database.head()
        copy = None
        if not check:
            with hold_data_dir(settings.data_dir):
                copy = database.migrate(datetime.datetime.now(datetime.UTC))
    except (AlreadyRunning, DatabaseRefused) as refused:
        sys.exit(f"Nothing was changed:\n{refused}")
    if as_json:
        shown = {"before": before, "head": head, "copy": None if copy is None else str(copy)}
        print(json.dumps(shown))
    elif before == head:
        print(f"The database is at revision {head}: nothing to do.")
    elif check:
        print(f"The database is at revision {before or 'none'}; this version needs {head}.")
    else:
        print(f"The database went from revision {before or 'none'} to {head}.")
        if copy is not None:
            print(f"Before that it was copied to {copy}")
    if check and before != head:
        raise typer.Exit(1)
