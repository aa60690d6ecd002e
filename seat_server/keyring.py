"""The server's own secrets: files in its data folder, made at the first start."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32
NOTE_KEY: Final = "note.key"
"""Earlier versions sealed agents' notes with it; it is gone after the first change of keys."""

OWNER_ONLY: Final = 0o600
OWNER_ONLY_FOLDER: Final = 0o700


class KeyFileInvalid(Exception):
    """A key file is there but is not one of ours; the message says which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyring:
    """The keys of one server. Nothing of it is in the database or in a backup of it."""

    token_key: bytes = field(repr=False)
    """Signs socket tokens, challenges and CSRF values; a new one signs everybody out."""
    note_key: bytes | None = field(default=None, repr=False)
    """Opens notes that earlier versions sealed, where there are any."""


def open_keyring(data_dir: Path) -> Keyring:
    """Read the keys of `data_dir`, making the folder and what is missing.

    Raises:
        KeyFileInvalid: a key file was cut short or replaced.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
    return Keyring(
        token_key=_key(data_dir / "token.key", make=True),
        note_key=_key(data_dir / NOTE_KEY, make=False) if (data_dir / NOTE_KEY).exists() else None,
    )


def _key(path: Path, *, make: bool) -> bytes:
    if make and not path.exists():
        write_private(path, secrets.token_bytes(KEY_BYTES), replace=False)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise KeyFileInvalid(
            f"{path}: {len(key)} bytes instead of {KEY_BYTES}; restore it from your backup"
        )
    return key


def write_private(path: Path, content: bytes, *, replace: bool) -> None:
    """Put `content` at `path`, whole and readable by its owner only, or not at all.

    Without `replace` a file that is there already stays as it is: of two programs that start
    together, the first one's key stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            fresh.replace(path)
        else:
            _link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _link(fresh: Path, path: Path) -> None:
    """Give `fresh` its name unless the name is taken."""
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return
