"""`xiaowu demo`: everything on this machine, with bots for everybody else."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console

from kiosk_client.errors import KioskError
from seat_server.database import DatabaseRefused
from seat_server.district import sample_district
from seat_server.keyring import KeyFileInvalid
from signaling.protocol.errors import Refusal
from xiaowu.demo.agent_session import ServerUnreachable
from xiaowu.demo.banner import print_verdict
from xiaowu.demo.bot_plan import Manners
from xiaowu.demo.cast import cast
from xiaowu.demo.check import BRISK, BRISK_QUEUE, check
from xiaowu.demo.folder import DemoFolder, FolderRefused
from xiaowu.demo.ports import PortTaken, choose_port
from xiaowu.demo.processes import ProgramFailed
from xiaowu.demo.show import GENTLE, GENTLE_QUEUE, show
from xiaowu.demo.stage import Script
from xiaowu.demo.verdict import Verdict

app = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})
T = TypeVar("T")

SERVER_PORT: Final = 8080
KIOSK_PORT: Final = 7180
CHECK_SERVER_PORT: Final = 8180
CHECK_KIOSK_PORT: Final = 7280
"""A check uses ports of its own, so that it runs beside a demo."""
SHOW_FOLDER: Final = Path("var/demo")
CHECK_FOLDER: Final = Path("var/demo-check")
AMISS: Final = 1
CANNOT_START: Final = 2

REFUSALS: Final = (
    DatabaseRefused,
    FolderRefused,
    KeyFileInvalid,
    KioskError,
    PortTaken,
    ProgramFailed,
    Refusal,
    ServerUnreachable,
)


@app.callback(invoke_without_command=True)
def run(
    *,
    only_check: Annotated[
        bool, typer.Option("--check", help="No person: make calls, look everything over, end.")
    ] = False,
    calls: Annotated[int, typer.Option(min=1, help="With --check: how many calls.")] = 6,
    chaos: Annotated[
        bool, typer.Option("--chaos", help="With --check: kill the server on the way.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --check: print one JSON object.")
    ] = False,
    port: Annotated[int | None, typer.Option(help="Port of the server.")] = None,
    kiosk_port: Annotated[int | None, typer.Option(help="Port of your kiosk's page.")] = None,
    bots: Annotated[bool, typer.Option(help="Bots for the other kiosks and seats.")] = True,
    open_pages: Annotated[
        bool, typer.Option("--open", help="Open the pages in your browser.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the demo before.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Where the demo keeps its data.")] = None,
    seed: Annotated[int, typer.Option(help="Bots with the same seed behave alike.")] = 1,
) -> None:
    """Run server, a kiosk for you, and bots for the others; Ctrl-C ends everything.

    With --check: exit code 0 when nothing is amiss, 1 otherwise; 2 when it cannot start.
    """
    if not only_check and (as_json or chaos):
        raise typer.BadParameter("--json and --chaos go with --check")
    folder = DemoFolder(data_dir or (CHECK_FOLDER if only_check else SHOW_FOLDER))
    try:
        with folder.hold(fresh=fresh or only_check):
            usual = (
                (CHECK_SERVER_PORT, CHECK_KIOSK_PORT) if only_check else (SERVER_PORT, KIOSK_PORT)
            )
            wanted = (port or usual[0], kiosk_port or usual[1])
            server_port = choose_port(port, usual[0])
            script = Script(
                folder=folder,
                district=(district := sample_district()),
                cast=cast(district, with_person=not only_check),
                server_port=server_port,
                kiosk_port=choose_port(kiosk_port, usual[1], taken={server_port}),
                seed=seed,
                manners=_manners(calls if only_check else None, bots=bots),
                queue=BRISK_QUEUE if only_check else GENTLE_QUEUE,
            )
            if only_check:
                verdict = _check(script, calls=calls, chaos=chaos, as_json=as_json)
            else:
                verdict = None
                _until_stopped(show(script, wanted_ports=wanted, open_pages=open_pages))
    except REFUSALS as refused:
        print(f"The demo cannot go on:\n{refused}", file=sys.stderr)
        raise typer.Exit(CANNOT_START) from None
    if verdict is not None and not verdict.ok:
        raise typer.Exit(AMISS)


def _manners(calls: int | None, *, bots: bool) -> Manners | None:
    """How bots behave: briskly in a check of so many `calls`, gently for a person."""
    if calls is not None:
        return BRISK.model_copy(update={"tickets_in_all": calls})
    return GENTLE if bots else None


def _check(script: Script, *, calls: int, chaos: bool, as_json: bool) -> Verdict:
    words = Console(stderr=True, highlight=False)
    with words.status("starting") as status:
        verdict = _until_stopped(check(script, calls=calls, chaos=chaos, tell=status.update))
    if verdict is None:
        raise typer.Exit(128 + signal.SIGINT)
    if as_json:
        print(verdict.model_dump_json())
    else:
        print_verdict(verdict)
    return verdict


def _until_stopped(work: Coroutine[Any, Any, T]) -> T | None:
    """Do `work`; Ctrl-C and SIGTERM end it in order. None when they did."""

    async def whole() -> T | None:
        task = asyncio.create_task(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return None

    return asyncio.run(whole())
