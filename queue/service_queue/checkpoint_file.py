"""Checkpoints as people keep them: a hash on paper, a file of ours."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any, Final

from service_queue.audit import Checkpoint
from service_queue.chain import hash_of

HASH_LENGTH: Final = 64


class CheckpointUnclear(ValueError):
    """What was given names no end of a chain; the message says why."""


def read_checkpoint(given: str) -> list[Checkpoint]:
    """The checkpoints in `given`: a hash, or a file of `journal checkpoint --json` or `export`.

    Raises:
        CheckpointUnclear: it is neither.
    """
    if len(given) == HASH_LENGTH and (made := hash_of(given.lower())):
        return [Checkpoint(made, origin="given by its hash")]
    file = Path(given)
    try:
        raw = file.read_bytes()
        text = (gzip.decompress(raw) if file.name.endswith(".gz") else raw).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as unreadable:
        why = getattr(unreadable, "strerror", None) or "cannot be read"
        raise CheckpointUnclear(f"{given}: {why}") from unreadable
    found = [one for line in text.splitlines() if (one := _of_line(line, file.name)) is not None]
    if not found:
        raise CheckpointUnclear(f"{given}: there is no checkpoint in it")
    return found


def _of_line(line: str, name: str) -> Checkpoint | None:
    """The checkpoint on a line; None on an export's rows and header, and on anything else."""
    try:
        said: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("type") in {"row", "header"}:
        return None
    seq, made = said.get("seq"), hash_of(said.get("hash"))
    if isinstance(seq, bool) or not isinstance(seq, int) or not made:
        return None
    # An export's trailer counts the rows of the file, which may not begin with the first.
    count = said.get("count") if "type" not in said else None
    return Checkpoint(made, seq, count if isinstance(count, int) else None, f"of {name}")
