"""`xiaowu`: one program. Each subcommand is imported when it is called, not before.

So a booth that has no server parts installed can still run `xiaowu kiosk`, and a hall without
aiortc can still run `xiaowu serve`; what is missing is said in words.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

import typer

COMMANDS: Final = {
    "demo": ("xiaowu.commands.demo", "Everything on this machine: server, kiosk, bots."),
    "serve": ("xiaowu.commands.serve", "Run the server of the hall."),
    "kiosk": ("xiaowu.commands.kiosk", "Run the kiosk of one booth."),
    "migrate": ("xiaowu.commands.migrate", "Bring the database to this version."),
    "documents": ("xiaowu.commands.documents", "Papers under the document camera."),
    "simulate": ("xiaowu.commands.simulate", "Days of a hall on a virtual clock: what if?"),
    "queue": ("xiaowu.commands.queue", "Why the line stands as it does, and its policy."),
    "journal": ("xiaowu.commands.journal", "Prove the journal, export it, tell it again."),
    "identity": ("xiaowu.commands.identity", "Faces, cues and cards: measure what the booth sees."),
    "admin": ("xiaowu.commands.admin", "Kiosks, agents, items, certificates."),
}
"""Subcommand → (module with a typer app called `app`, one line of help)."""

EXTRAS: Final = {
    "kiosk": "kiosk",
    "demo": "server,kiosk",
    "identity": "kiosk,face",
    "documents": "kiosk,card",
}
"""Which extra a subcommand needs; the others need `server`."""


def main() -> None:
    """Run the subcommand named on the command line; the entry point of `xiaowu`."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="晓屋 Xiaowu: remote video service kiosks.",
    )
    called = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    for name, (module_name, summary) in COMMANDS.items():
        if name == called:
            app.add_typer(_load(name, module_name), name=name, help=summary)
        else:
            app.command(name, help=summary)(_not_called)
    app()


def _not_called() -> None:
    """Stand in the help text for a subcommand that was not called."""


def _load(name: str, module_name: str) -> typer.Typer:
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.split(".")[0] == "xiaowu":
            raise
        extra = EXTRAS.get(name, "server")
        sys.exit(
            f"xiaowu {name} needs the package {missing.name!r}, which is not installed here.\n"
            f"Install it with:  pip install 'xiaowu[{extra}]'"
        )
    loaded = module.app
    assert isinstance(loaded, typer.Typer)
    return loaded
