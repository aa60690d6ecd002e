"""`xiaowu identity`: what the booth sees, measured on pictures and recordings."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Final

import typer

app = typer.Typer(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})

PARTS: Final = (
    "xiaowu.commands.identity_faces",
    "xiaowu.commands.identity_cues",
    "xiaowu.commands.identity_card",
)
"""Each adds its commands by a function `register(app)` and imports what is heavy when called."""

for _part in PARTS:
    if importlib.util.find_spec(_part) is not None:
        importlib.import_module(_part).register(app)
