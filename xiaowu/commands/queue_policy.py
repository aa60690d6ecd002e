"""`xiaowu queue policy …` and `xiaowu queue preview`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from seat_server.settings import Settings
from service_queue.errors import PolicyInvalid, PolicyProblem
from service_queue.line_reader import hall_zone, read_line
from service_queue.line_tables import PolicyVersionRow
from service_queue.policy import Policy
from service_queue.policy_file import SAMPLE_FILE, ReadPolicy, read_policy, write_policy
from service_queue.policy_store import (
    Applied,
    apply_policy,
    find_version,
    history,
    known_in,
    newest_version,
    read_in_force,
    roll_back,
)
from service_queue.preview import Preview
from service_queue.preview import preview as compare
from service_queue.starvation import longest_wait_s
from service_queue.transaction import Transaction
from xiaowu.moment import show_moment
from xiaowu.office import (
    ACTOR,
    JsonOption,
    Office,
    fail,
    run_in_office,
    show,
    show_rows,
    show_shape,
)
from xiaowu.server_settings import SettingsOption, load_or_exit

MOST_SHOWN: Final = 30
"""So many rows of a preview are printed; --json has all."""

app = typer.Typer(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})

FileArgument = Annotated[Path, typer.Argument(help="A policy file; `sample` prints one.")]


@app.command("show")
def show_policy(
    version: Annotated[int | None, typer.Option(help="An earlier one.")] = None,
    settings_file: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the policy in force as its file."""
    settings = load_or_exit(settings_file)
    row = run_in_office(
        settings,
        lambda office: office.ledger.read(lambda tx: _version(tx.connection, version, settings)),
    )
    if as_json:
        show_shape(row)
    else:
        print(row.text, end="" if row.text.endswith("\n") else "\n")


@app.command("sample")
def sample() -> None:
    """Print a policy file with every option, commented out at its default, and its reason."""
    print(SAMPLE_FILE.read_text("utf-8"), end="")


@app.command("check")
def check(
    file: FileArgument, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Read a policy file and say everything that is wrong with it, by line; apply nothing."""
    text = _text(file)
    settings = load_or_exit(settings_file)
    known = run_in_office(
        settings, lambda office: office.ledger.read(lambda tx: known_in(tx.connection))
    )
    try:
        read = read_policy(text, known)
    except PolicyInvalid as invalid:
        _refuse(file, invalid, as_json)
    bound_s = longest_wait_s(read.policy, known)
    shown = _about(read) | {"longest_wait_s": bound_s}
    words = [
        f"{read.policy.name!r} is sound (sha256 {read.sha256[:12]}).",
        f"After {bound_s / 60:.0f} min at most nobody overtakes a ticket, and every window with "
        "the skill may take it.",
        *_warned(read.warnings),
    ]
    show(shown, as_json, "\n".join(words))


@app.command("apply")
def apply(
    file: FileArgument, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Put a policy in force; a running server goes by it from its next event on."""
    text = _text(file)
    settings = load_or_exit(settings_file)

    async def work(office: Office) -> Applied | PolicyInvalid:
        return await _applied(office, lambda tx: apply_policy(tx, text))

    _show_applied(file, run_in_office(settings, work), as_json)


@app.command("rollback")
def rollback(
    version: Annotated[int, typer.Argument(help="As `history` numbers them.")],
    settings_file: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put an earlier policy in force again, as a new version."""
    settings = load_or_exit(settings_file)

    async def work(office: Office) -> Applied | PolicyInvalid:
        return await _applied(office, lambda tx: roll_back(tx, version))

    _show_applied(f"version {version}", run_in_office(settings, work), as_json)


@app.command("history")
def show_history(settings_file: SettingsOption = None, as_json: JsonOption = False) -> None:
    """List the policies that were applied, the newest first."""
    settings = load_or_exit(settings_file)
    rows, zone = run_in_office(
        settings,
        lambda office: office.ledger.read(
            lambda tx: (history(tx.connection), hall_zone(tx.connection))
        ),
    )
    shown: list[dict[str, Any]] = [
        {
            "version": row.id,
            "name": row.name,
            "applied_at": row.applied_at,
            "applied_by": row.applied_by,
            "sha256": row.sha256,
        }
        for row in rows
    ]
    if not as_json:
        for each in shown:
            each["applied_at"] = show_moment(each["applied_at"], zone)
            each["sha256"] = each["sha256"][:12]
    show_rows("policies", shown, as_json)


def preview(
    file: FileArgument, settings_file: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Show, for the line as it stands, who would move under a policy, and why; apply nothing."""
    text = _text(file)
    settings = load_or_exit(settings_file)

    def look(tx: Transaction) -> Preview | PolicyInvalid:
        connection, now = tx.connection, tx.now
        try:
            new = read_policy(text, known_in(connection)).policy
        except PolicyInvalid as invalid:
            return invalid
        old = read_in_force(connection, settings.queue, now).at(now)
        return compare(read_line(connection, now, old, new), old, new)

    found = run_in_office(settings, lambda office: office.ledger.read(look))
    if isinstance(found, PolicyInvalid):
        _refuse(file, found, as_json)
    if as_json:
        show_shape(found)
    else:
        _print_preview(found)


async def _applied(office: Office, unit: Any) -> Applied | PolicyInvalid:
    try:
        applied: Applied = await office.ledger.write(ACTOR, unit)
    except PolicyInvalid as invalid:
        return invalid
    return applied


def _show_applied(what: object, applied: Applied | PolicyInvalid, as_json: bool) -> None:
    if isinstance(applied, PolicyInvalid):
        _refuse(what, applied, as_json)
    row = applied.version
    shown = _about(applied.read) | {"version": row.id, "is_new": applied.is_new}
    told = "is in force" if applied.is_new else "was in force already; nothing was changed"
    words = [f"Policy {row.name!r} {told} (version {row.id}).", *_warned(applied.read.warnings)]
    show(shown, as_json, "\n".join(words))


def _refuse(what: object, invalid: PolicyInvalid, as_json: bool) -> NoReturn:
    if as_json:
        problems = [dataclasses.asdict(problem) for problem in invalid.problems]
        print(json.dumps({"problems": problems}, ensure_ascii=False))
        raise typer.Exit(1)
    fail(f"{what}: refused, nothing was changed.\n{invalid}")


def _about(read: ReadPolicy) -> dict[str, Any]:
    warnings = [dataclasses.asdict(problem) for problem in read.warnings]
    return {"name": read.policy.name, "sha256": read.sha256, "warnings": warnings}


def _warned(warnings: Iterable[PolicyProblem]) -> list[str]:
    return [f"Mind: {warning}" for warning in warnings]


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as unreadable:
        fail(f"{file}: {unreadable.strerror}")
    except UnicodeDecodeError:
        fail(f"{file}: is not UTF-8")


def _version(connection: Connection, version: int | None, settings: Settings) -> PolicyVersionRow:
    """A version; while none was applied, the settings' numbers as a file."""
    newest = newest_version(connection)
    if version is None and newest == 0:
        return _from_settings(settings.queue)
    return find_version(connection, newest if version is None else version)


def _from_settings(policy: Policy) -> PolicyVersionRow:
    return PolicyVersionRow(
        id=0,
        name=policy.name,
        sha256="",
        text=write_policy(policy),
        applied_at=0.0,
        applied_by="settings",
    )


def _print_preview(found: Preview) -> None:
    console = Console()
    if not found.options:
        console.print("The file says what is in force: nothing would change.")
        return
    _print_table(
        console,
        "What is different",
        ("option", "now", "then"),
        [(one.option, one.before or "not set", one.after or "not set") for one in found.options],
    )
    console.print(f"{found.waiting} waiting, {len(found.moves)} of them would move.")
    _print_table(
        console,
        "Who would move",
        ("ticket", "now", "then", "why"),
        [(one.number, str(one.before), str(one.after), one.why.value) for one in found.moves],
    )
    _print_table(
        console,
        "Who could be served where",
        ("ticket", "windows more", "windows less"),
        [
            (
                one.number,
                " ".join(one.gains),
                " ".join(f"{seat} ({why.value})" for seat, why in one.loses),
            )
            for one in found.reaches
        ],
    )
    _print_table(
        console,
        "Who would be called at once",
        ("ticket", "window"),
        [(one.number, one.seat_id) for one in found.offers],
    )


def _print_table(
    console: Console, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]
) -> None:
    if not rows:
        return
    table = Table(*columns, title=title, title_justify="left")
    for row in rows[:MOST_SHOWN]:
        table.add_row(*row)
    console.print(table)
    if len(rows) > MOST_SHOWN:
        console.print(f"… and {len(rows) - MOST_SHOWN} more; --json has all.")
