"""`xiaowu identity`: what the booth sees, measured on pictures and recordings."""

from __future__ import annotations

import typer

from xiaowu.commands import identity_card, identity_cues, identity_faces

app = typer.Typer(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})

for part in (identity_faces, identity_cues, identity_card):
    part.register(app)
