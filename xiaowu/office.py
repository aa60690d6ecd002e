"""The server's data as a console opens it, and how a console shows what it found."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from seat_server.accounts import Accounts
from seat_server.database import Database, DatabaseRefused
from seat_server.devices import Devices
from seat_server.keyring import KeyFileInvalid, open_keyring
from seat_server.ledger import Ledger
from seat_server.passwords import Passwords
from seat_server.seal import Seal, SealBroken
from seat_server.seal_keys import SealKeyFile
from seat_server.sessions import Sessions
from seat_server.settings import Settings
from service_queue.clock import SteadyClock
from service_queue.store import Store
from signaling.protocol.errors import Refusal
from xiaowu.server_settings import OWNER_ONLY

T = TypeVar("T")
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
ACTOR = "console"
"""How the journal names whoever has a shell on the server."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """What administration needs of a server's data folder."""

    ledger: Ledger
    accounts: Accounts
    sessions: Sessions
    devices: Devices


@asynccontextmanager
async def open_office(settings: Settings) -> AsyncIterator[Office]:
    """Open the database beside a server that may be running."""
    Database(settings.database_url, settings.data_dir).require_head()
    keys = open_keyring(settings.data_dir)
    seal = Seal(SealKeyFile(settings.data_dir).read, keys.note_key)
    store = Store.open(settings.database_url)
    try:
        ledger = Ledger(store, SteadyClock(), seal)
        yield Office(
            ledger=ledger,
            accounts=Accounts(ledger, Passwords()),
            sessions=Sessions(ledger, settings.session, keys.token_key),
            devices=Devices(ledger, settings.devices, keys.token_key),
        )
    finally:
        await store.close()


def run_in_office(settings: Settings, work: Callable[[Office], Awaitable[T]]) -> T:
    """Do `work` on the settings' database; end the program in words when it is refused."""
    os.umask(OWNER_ONLY)

    async def whole() -> T:
        async with open_office(settings) as office:
            return await work(office)

    try:
        return asyncio.run(whole())
    except (DatabaseRefused, KeyFileInvalid, SealBroken, Refusal) as refused:
        fail(str(refused))


def show(shown: dict[str, Any], as_json: bool, text: str) -> None:
    """Print one JSON object, or the text."""
    print(json.dumps(shown, ensure_ascii=False) if as_json else text)


def show_shape(shape: object) -> None:
    """Print a dataclass as one JSON object."""
    print(TypeAdapter(type(shape)).dump_json(shape, ensure_ascii=False).decode())


def show_rows(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print the rows as JSON under their title, or as a table."""
    if as_json:
        print(json.dumps({title: rows}, ensure_ascii=False))
        return
    if not rows:
        print(f"There are no {title} yet.")
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


def fail(words: str) -> NoReturn:
    """End the program with exit code 1, in words."""
    sys.exit(words)
