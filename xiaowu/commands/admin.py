"""`xiaowu admin`: kiosks, agents, items, certificates. Works while the server runs, and without."""

from __future__ import annotations

import dataclasses
import datetime
import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from seat_server.accounts import PERSON_ROLES
from seat_server.appointments import import_appointments
from seat_server.certificate import CertificateInvalid, CertificateMade, make_certificate
from seat_server.passwords import make_password
from seat_server.rotation import rotate_keys
from seat_server.sheet import SheetRefused
from seat_server.tables import AgentRow
from signaling.protocol.words import Language, Role
from xiaowu.office import ACTOR, JsonOption, Office, fail, run_in_office, show, show_rows
from xiaowu.server_settings import SettingsOption, load_or_exit

app = typer.Typer(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})


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
        fail(str(invalid))
    shown = {
        "authority": str(made.files.authority_certificate),
        "authority_is_new": made.authority_is_new,
        "fingerprint_sha256": made.fingerprint,
        "certificate": str(made.files.server_certificate),
        "key": str(made.files.server_key),
        "names": list(made.names),
        "expires": made.expires.isoformat(),
    }
    show(shown, as_json, _certificate_text(made))


@app.command("enrol-kiosk")
def enrol_kiosk(
    kiosk_id: str, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Print a code with which one kiosk enrols, once, within minutes."""
    settings = load_or_exit(settings_file)
    made = run_in_office(settings, lambda office: office.devices.make_code(kiosk_id, actor=ACTOR))
    minutes = settings.devices.code_minutes
    show(
        {"kiosk_id": made.kiosk_id, "code": made.code, "expires_at": made.expires_at},
        as_json,
        f"{made.code}\nType it at kiosk {made.kiosk_id} within {minutes} minutes; it works once.",
    )


@app.command("revoke-kiosk")
def revoke_kiosk(kiosk_id: str, settings_file: SettingsOption = None) -> None:
    """End a kiosk's device: stolen, broken, replaced. Its connections close within a second."""
    settings = load_or_exit(settings_file)
    run_in_office(settings, lambda office: office.devices.revoke(kiosk_id, actor=ACTOR))
    print(f"The device of kiosk {kiosk_id} is revoked.")


@app.command("list-kiosks")
def list_kiosks(settings_file: SettingsOption = None, as_json: JsonOption = False) -> None:
    """List the kiosks and whether a device stands for each."""
    rows = run_in_office(load_or_exit(settings_file), lambda office: office.devices.every())
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
    show_rows("kiosks", shown, as_json)


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
        fail(f"{role} is no role of a person")
    password, was_made = _new_password()
    agent = run_in_office(
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
    show(shown, as_json, text)


@app.command("set-password")
def set_password(
    login: str, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Give an account a new password (read from standard input, or made); ends its sessions."""
    password, was_made = _new_password()

    async def work(office: Office) -> None:
        agent = await office.accounts.find_login(login)
        await office.accounts.set_password(agent.id, password, actor=ACTOR)

    run_in_office(load_or_exit(settings_file), work)
    shown = {"login": login} | ({"password": password} if was_made else {})
    text = f"The password of {login} is set." + (f"\nPassword: {password}" if was_made else "")
    show(shown, as_json, text)


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

    run_in_office(load_or_exit(settings_file), work)
    print(f"{login} is {'enabled' if enable else 'disabled'}.")


@app.command("set-skills")
def set_skills(
    login: str,
    department: Annotated[
        list[str] | None, typer.Option(help="Whose items they serve; `*`: everybody's. Repeat it.")
    ] = None,
    language: Annotated[
        list[Language] | None, typer.Option(help="In which languages. Repeat it.")
    ] = None,
    settings_file: SettingsOption = None,
) -> None:
    """Say what an agent may serve; it holds from the next time they sit down at a seat."""

    async def work(office: Office) -> AgentRow:
        agent = await office.accounts.find_login(login)
        return await office.accounts.change(
            agent.id, actor=ACTOR, departments=department or None, languages=language or None
        )

    row = run_in_office(load_or_exit(settings_file), work)
    print(f"{row.login} serves {row.departments} in {row.languages}.")


@app.command("list-agents")
def list_agents(settings_file: SettingsOption = None, as_json: JsonOption = False) -> None:
    """List the accounts."""
    rows = run_in_office(load_or_exit(settings_file), lambda office: office.accounts.every())
    shown = [
        {
            "id": row.id,
            "login": row.login,
            "name": row.name,
            "role": row.role,
            "departments": row.departments,
            "languages": row.languages,
            "disabled": row.disabled_at is not None,
        }
        for row in rows
    ]
    show_rows("agents", shown, as_json)


@app.command("revoke-sessions")
def revoke_sessions(
    login: str, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Sign an account out everywhere, within a second."""

    async def work(office: Office) -> int:
        agent = await office.accounts.find_login(login)
        return await office.sessions.end_all(agent.id, actor=ACTOR)

    ended = run_in_office(load_or_exit(settings_file), work)
    show({"login": login, "ended": ended}, as_json, f"Ended {ended} sessions of {login}.")


@app.command("import-items")
def import_catalogue(
    file: Path, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Make the catalogue what a CSV file says; if one row is bad, nothing is changed."""
    # Here, because its pinyin tables take longer to load than most commands take to run.
    from seat_server.catalogue import import_items

    with _reading(file):
        report = run_in_office(
            load_or_exit(settings_file),
            lambda office: import_items(office.ledger, file, actor=ACTOR),
        )
    shown = {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "hidden": report.hidden,
    }
    text = ", ".join(f"{count} {what}" for what, count in shown.items())
    show(shown, as_json, f"Service items: {text}.")


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

    with _reading(folder):
        district = read_district(folder)
        loaded = run_in_office(
            load_or_exit(settings_file),
            lambda office: import_district(office.ledger, district, actor=ACTOR),
        )
    shown = dataclasses.asdict(loaded)
    text = ", ".join(f"{count} {what}" for what, count in shown.items())
    show(shown, as_json, f"Added or renamed: {text}.")


@app.command("import-appointments")
def import_expected(
    file: Path, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Make the appointments of a CSV file and print their codes; if one row is bad, make none.

    Columns: item, location, due_at, which is local time there, such as 2025-06-16 09:30.
    """
    with _reading(file):
        made = run_in_office(
            load_or_exit(settings_file),
            lambda office: import_appointments(office.ledger, file, actor=ACTOR),
        )
    show_rows("appointments", [dataclasses.asdict(one) for one in made], as_json)


@app.command("rotate-keys")
def change_keys(settings_file: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Seal notes, names, numbers and evidence anew under a fresh key; the server may run.

    Broken off, it loses nothing: run it again. Back the data folder up afterwards.
    """
    settings = load_or_exit(settings_file)
    done = run_in_office(
        settings, lambda office: rotate_keys(office.ledger, settings.data_dir, actor=ACTOR)
    )
    text = f"{done.resealed} texts are sealed under a fresh key."
    if done.resumed:
        text = f"A change of keys that was broken off is complete; {done.resealed} texts were left."
    show(dataclasses.asdict(done), as_json, text)


@contextmanager
def _reading(source: Path) -> Iterator[None]:
    """End the program in words when the sheets cannot be used."""
    try:
        yield
    except SheetRefused as refused:
        lines = "\n".join(str(error) for error in refused.errors)
        fail(f"{source}: nothing was imported.\n{lines}")
    except OSError as unreadable:
        fail(f"{unreadable.filename or source}: {unreadable.strerror}")


def _new_password() -> tuple[str, bool]:
    """A password somebody types or pipes in; made when they give none."""
    if sys.stdin.isatty():
        typed = getpass.getpass("New password (empty: make one): ")
        if typed and typed != getpass.getpass("Again: "):
            fail("The two are not the same.")
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    return (typed, False) if typed else (make_password(), True)


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
