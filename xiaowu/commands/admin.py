"""`xiaowu admin`: kiosks, agents, items, certificates. Works while the server runs, and without."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import getpass
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from seat_server.accounts import PERSON_ROLES, Accounts
from seat_server.certificate import CertificateInvalid, CertificateMade, make_certificate
from seat_server.database import Database, DatabaseRefused
from seat_server.devices import Devices
from seat_server.keyring import KeyFileInvalid, open_keyring
from seat_server.ledger import Ledger
from seat_server.note_seal import NoteSeal
from seat_server.passwords import Passwords, make_password
from seat_server.sessions import Sessions
from seat_server.settings import Settings
from seat_server.sheet import SheetRefused
from service_queue.clock import SteadyClock
from service_queue.store import Store
from signaling.protocol.errors import Refusal
from signaling.protocol.words import Role
from xiaowu.server_settings import OWNER_ONLY, SettingsOption, load_or_exit

app = typer.Typer(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
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
    store = Store.open(settings.database_url)
    try:
        ledger = Ledger(store, SteadyClock(), NoteSeal(keys.note_key))
        yield Office(
            ledger=ledger,
            accounts=Accounts(ledger, Passwords()),
            sessions=Sessions(ledger, settings.session, keys.token_key),
            devices=Devices(ledger, settings.devices, keys.token_key),
        )
    finally:
        await store.close()


@app.command("certificate")
def certificate(
    host: Annotated[list[str] | None, typer.Option(help="A name desks open it by.")] = None,
    ip: Annotated[list[str] | None, typer.Option(help="An address desks open it by.")] = None,
    settings_file: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a county authority (once) and a certificate for this server under it."""
    settings = load_or_exit(settings_file)
    try:
        made = make_certificate(
            settings.data_dir,
            hosts=host or [],
            addresses=ip or [],
            now=datetime.datetime.now(datetime.UTC),
        )
    except CertificateInvalid as invalid:
        _fail(str(invalid))
    shown = {
        "authority": str(made.files.authority_certificate),
        "authority_is_new": made.authority_is_new,
        "fingerprint_sha256": made.fingerprint,
        "certificate": str(made.files.server_certificate),
        "key": str(made.files.server_key),
        "names": list(made.names),
        "expires": made.expires.isoformat(),
    }
    _show(shown, as_json, _certificate_text(made))


@app.command("enrol-kiosk")
def enrol_kiosk(
    kiosk_id: str, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Print a code with which one kiosk enrols, once, within minutes."""
    settings = load_or_exit(settings_file)
    made = _run(settings, lambda office: office.devices.make_code(kiosk_id, actor=ACTOR))
    minutes = settings.devices.code_minutes
    _show(
        {"kiosk_id": made.kiosk_id, "code": made.code, "expires_at": made.expires_at},
        as_json,
        f"{made.code}\nType it at kiosk {made.kiosk_id} within {minutes} minutes; it works once.",
    )


@app.command("revoke-kiosk")
def revoke_kiosk(kiosk_id: str, settings_file: SettingsOption = None) -> None:
    """End a kiosk's device: stolen, broken, replaced. Its connections close within a second."""
    settings = load_or_exit(settings_file)
    _run(settings, lambda office: office.devices.revoke(kiosk_id, actor=ACTOR))
    print(f"The device of kiosk {kiosk_id} is revoked.")


@app.command("list-kiosks")
def list_kiosks(settings_file: SettingsOption = None, as_json: JsonOption = False) -> None:
    """List the kiosks and whether a device stands for each."""
    rows = _run(load_or_exit(settings_file), lambda office: office.devices.every())
    shown = [
        {
            "id": kiosk.id,
            "name": kiosk.name,
            "location": kiosk.location_id,
            "retired": kiosk.retired,
            "enrolled": device is not None,
            "page_origin": None if device is None else device.page_origin,
        }
        for kiosk, device in rows
    ]
    _show_rows("kiosks", shown, as_json)


@app.command("add-agent")
def add_agent(
    login: str,
    name: Annotated[str, typer.Option(help="As residents and colleagues see it.")],
    role: Annotated[Role, typer.Option(help="agent, supervisor or admin.")] = Role.AGENT,
    settings_file: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an account. The password is read from standard input, or made and printed."""
    if role not in PERSON_ROLES:
        _fail(f"{role} is no role of a person")
    password, was_made = _new_password()
    agent = _run(
        load_or_exit(settings_file),
        lambda office: office.accounts.add(
            login=login, name=name, role=role, password=password, actor=ACTOR
        ),
    )
    shown = {"id": agent.id, "login": agent.login, "role": agent.role}
    text = f"Added {agent.login} ({agent.role})."
    if was_made:
        shown["password"] = password
        text += f"\nPassword: {password}"
    _show(shown, as_json, text)


@app.command("set-password")
def set_password(
    login: str, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Give an account a new password (read from standard input, or made); ends its sessions."""
    password, was_made = _new_password()

    async def work(office: Office) -> None:
        agent = await office.accounts.find_login(login)
        await office.accounts.set_password(agent.id, password, actor=ACTOR)

    _run(load_or_exit(settings_file), work)
    shown = {"login": login} | ({"password": password} if was_made else {})
    text = f"The password of {login} is set." + (f"\nPassword: {password}" if was_made else "")
    _show(shown, as_json, text)


@app.command("disable-agent")
def disable_agent(
    login: str,
    enable: Annotated[bool, typer.Option("--enable", help="Let them in again.")] = False,
    settings_file: SettingsOption = None,
) -> None:
    """Let an account in no more; its sessions and connections end within a second."""

    async def work(office: Office) -> None:
        agent = await office.accounts.find_login(login)
        await office.accounts.change(agent.id, actor=ACTOR, disabled=not enable)

    _run(load_or_exit(settings_file), work)
    print(f"{login} is {'enabled' if enable else 'disabled'}.")


@app.command("list-agents")
def list_agents(settings_file: SettingsOption = None, as_json: JsonOption = False) -> None:
    """List the accounts."""
    rows = _run(load_or_exit(settings_file), lambda office: office.accounts.every())
    shown = [
        {
            "id": row.id,
            "login": row.login,
            "name": row.name,
            "role": row.role,
            "disabled": row.disabled_at is not None,
        }
        for row in rows
    ]
    _show_rows("agents", shown, as_json)


@app.command("revoke-sessions")
def revoke_sessions(
    login: str, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Sign an account out everywhere, within a second."""

    async def work(office: Office) -> int:
        agent = await office.accounts.find_login(login)
        return await office.sessions.end_all(agent.id, actor=ACTOR)

    ended = _run(load_or_exit(settings_file), work)
    _show({"login": login, "ended": ended}, as_json, f"Ended {ended} sessions of {login}.")


@app.command("import-items")
def import_catalogue(
    file: Path, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Make the catalogue what a CSV file says; if one row is bad, nothing is changed."""
    # Here, because its pinyin tables take longer to load than most commands take to run.
    from seat_server.catalogue import import_items

    try:
        report = _run(
            load_or_exit(settings_file),
            lambda office: import_items(office.ledger, file, actor=ACTOR),
        )
    except SheetRefused as refused:
        lines = "\n".join(str(error) for error in refused.errors)
        _fail(f"{file}: nothing was imported.\n{lines}")
    except OSError as unreadable:
        _fail(f"{file}: {unreadable.strerror}")
    shown = {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "hidden": report.hidden,
    }
    text = ", ".join(f"{count} {what}" for what, count in shown.items())
    _show(shown, as_json, f"Service items: {text}.")


@app.command("import-district")
def import_places(
    folder: Path, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Add locations, kiosks, seats, categories and items from a folder of CSV files.

    The folder seat_server/district is an example. What is there already is renamed as the files
    say; nothing is taken away. If one row is bad, nothing is changed.
    """
    # Here, for the same reason as in `import-items`.
    from seat_server.district import import_district, read_district

    try:
        district = read_district(folder)
        loaded = _run(
            load_or_exit(settings_file),
            lambda office: import_district(office.ledger, district, actor=ACTOR),
        )
    except SheetRefused as refused:
        lines = "\n".join(str(error) for error in refused.errors)
        _fail(f"{folder}: nothing was imported.\n{lines}")
    except OSError as unreadable:
        _fail(f"{unreadable.filename or folder}: {unreadable.strerror}")
    shown = dataclasses.asdict(loaded)
    text = ", ".join(f"{count} {what}" for what, count in shown.items())
    _show(shown, as_json, f"Added or renamed: {text}.")


def _run(settings: Settings, work: Callable[[Office], Awaitable[T]]) -> T:
    """Do `work` on the settings' database; end the program in words when it is refused."""
    os.umask(OWNER_ONLY)

    async def whole() -> T:
        async with open_office(settings) as office:
            return await work(office)

    try:
        return asyncio.run(whole())
    except (DatabaseRefused, KeyFileInvalid, Refusal) as refused:
        _fail(str(refused))


def _new_password() -> tuple[str, bool]:
    """A password somebody types or pipes in; made when they give none."""
    if sys.stdin.isatty():
        typed = getpass.getpass("New password (empty: make one): ")
        if typed and typed != getpass.getpass("Again: "):
            _fail("The two are not the same.")
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    return (typed, False) if typed else (make_password(), True)


def _show(shown: dict[str, Any], as_json: bool, text: str) -> None:
    print(json.dumps(shown, ensure_ascii=False) if as_json else text)


def _show_rows(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
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


def _fail(words: str) -> NoReturn:
    sys.exit(words)


def _certificate_text(made: CertificateMade) -> str:
    authority = made.files.authority_certificate
    state = "A new authority was made" if made.authority_is_new else "The authority stays"
    return f"""Certificate for {", ".join(made.names)}, until {made.expires:%Y-%m-%d}:
  {made.files.server_certificate}
  {made.files.server_key}
{state}: {authority}
  SHA-256 {made.fingerprint}

Restart the server; with --host set to an outside address it uses the certificate by itself.

Install the authority (only {authority.name}, never its .key) once on every desk and kiosk,
and compare the SHA-256 there:

Windows (Chrome, Edge), as administrator:
  certutil -addstore -f Root {authority.name}

Debian, for curl, Python and the kiosk program:
  sudo cp {authority.name} /usr/local/share/ca-certificates/ && sudo update-ca-certificates

Debian, for Chromium, as the user it runs as (package libnss3-tools):
  mkdir -p ~/.pki/nssdb
  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n "Xiaowu county" -i {authority.name}

Keep {made.files.authority_key} offline or in a safe once all servers have their certificate."""
