"""`xiaowu serve`: the server of the hall."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated, Any, Final

import typer

import xiaowu
from seat_server.app import RunningServer, serve
from seat_server.database import DatabaseRefused
from seat_server.keyring import KeyFileInvalid
from seat_server.listener import ListenRefused
from seat_server.lock import AlreadyRunning
from seat_server.logs import set_up_logs
from seat_server.seal import SealBroken
from service_queue.errors import PolicyUnreadable, StoreError
from xiaowu.server_settings import OWNER_ONLY, SettingsOption, load_or_exit

REASONS_NOT_TO_START: Final = (
    AlreadyRunning,
    DatabaseRefused,
    KeyFileInvalid,
    ListenRefused,
    PolicyUnreadable,
    SealBroken,
    StoreError,
)
"""Said in words; anything else is a fault of ours and keeps its traceback."""

app = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})


@app.callback(invoke_without_command=True)
def run(
    settings_file: SettingsOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="8080 plain, 8443 with TLS.")] = None,
) -> None:
    """Run the server of the hall until Ctrl-C or SIGTERM."""
    given: dict[str, Any] = {"host": host, "port": port}
    settings = load_or_exit(
        settings_file, **{name: value for name, value in given.items() if value is not None}
    )
    os.umask(OWNER_ONLY)
    set_up_logs(settings.log)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(settings, version=xiaowu.__version__, on_ready=_announce))
    except REASONS_NOT_TO_START as refused:
        sys.exit(f"The server does not start:\n{refused}")


def _loop_factory() -> Any:
    """Take uvloop where it is installed: a fifth less CPU for every message."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _announce(server: RunningServer) -> None:
    print(f"晓屋 Xiaowu {xiaowu.__version__}")
    print(f"desk   {server.url}/desk")
    print(f"wall   {server.url}/wall")
    others = sorted(server.origins - {server.url})
    if others:
        print(f"also at {', '.join(others)}")
    if not server.pages_built:
        print("The pages are not built yet: run `make setup`.")
    sys.stdout.flush()
