"""One server a data folder: SQLite wants one program that writes and checkpoints.

Servers that keep their rows in PostgreSQL share the folder, and with it the keys.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LOCK_NAME: Final = "server.lock"


class AlreadyRunning(Exception):
    """A server holds the data folder; the message says where."""


@contextmanager
def hold_data_dir(data_dir: Path, *, shared: bool = False) -> Iterator[None]:
    """Keep other servers from a data folder. The system lets go of it however this one ends.

    `shared`: keep only those out who want it alone.

    Raises:
        AlreadyRunning: another one was first.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise AlreadyRunning(
                f"{data_dir}: a server is running on this folder (it holds {LOCK_NAME})"
            ) from held
        yield
    finally:
        os.close(handle)
