"""`xiaowu identity engines|calibrate|evaluate`: how well faces are told apart."""

from __future__ import annotations

import typer

from id_verify.faces.engine import ENGINES, open_engine
from id_verify.faces.errors import FaceError


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("engines")(engines)


def engines() -> None:
    """List the face engines, and the version of each that works on this machine."""
    for name in ENGINES:
        try:
            print(f"{name}: {open_engine(name).version}")
        except FaceError as reason:
            print(f"{name}: {reason}")
