"""The keys that seal what names people: one file beside the database, with the keys of a change."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from seat_server.keyring import KEY_BYTES, KeyFileInvalid, write_private

FILE_NAME: Final = "seal.keys"
ID_BYTES: Final = 4
"""Of a key's random name, which stands in front of everything it sealed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealKeys:
    """The keys as a file holds them. More than one: a change of keys is under way."""

    current: bytes
    """The name of the key that seals; the others only open."""
    keys: Mapping[bytes, bytes] = field(repr=False)

    @property
    def is_changing(self) -> bool:
        """True while something may still be sealed with an older key."""
        return len(self.keys) > 1

    def with_new_key(self) -> SealKeys:
        """One key more, which seals from now on."""
        name = secrets.token_bytes(ID_BYTES)
        return SealKeys(current=name, keys={**self.keys, name: secrets.token_bytes(KEY_BYTES)})

    def without_old_keys(self) -> SealKeys:
        """Only the key that seals."""
        return SealKeys(current=self.current, keys={self.current: self.keys[self.current]})


class SealKeyFile:
    """Reads and writes the file. Several programs may use it at once; one changes keys."""

    def __init__(self, data_dir: Path) -> None:
        """Make the file with a first key when there is none yet."""
        self._path = data_dir / FILE_NAME
        self._seen: tuple[tuple[int, int, int], SealKeys] | None = None
        if not self._path.exists():
            name = secrets.token_bytes(ID_BYTES)
            first = SealKeys(current=name, keys={name: secrets.token_bytes(KEY_BYTES)})
            write_private(self._path, _written(first), replace=False)

    def read(self) -> SealKeys:
        """The keys as they are now; the file is read again only when it was replaced.

        Raises:
            KeyFileInvalid: it is gone, or is none of ours.
        """
        try:
            found = os.stat(self._path)
            stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
            seen = self._seen
            if seen is None or seen[0] != stamp:
                seen = self._seen = (stamp, _read(self._path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as damaged:
            raise KeyFileInvalid(
                f"{self._path}: cannot be read; restore it from your backup"
            ) from damaged
        return seen[1]

    def write(self, keys: SealKeys) -> None:
        """Replace the file, whole or not at all."""
        write_private(self._path, _written(keys), replace=True)


def _written(keys: SealKeys) -> bytes:
    return json.dumps(
        {
            "current": keys.current.hex(),
            "keys": {name.hex(): base64.b64encode(key).decode() for name, key in keys.keys.items()},
        },
        indent=1,
    ).encode()


def _read(content: bytes) -> SealKeys:
    raw = json.loads(content)
    keys = {
        bytes.fromhex(name): base64.b64decode(key, validate=True)
        for name, key in raw["keys"].items()
    }
    current = bytes.fromhex(raw["current"])
    if current not in keys or any(
        len(name) != ID_BYTES or len(key) != KEY_BYTES for name, key in keys.items()
    ):
        raise ValueError("not a file of keys")
    return SealKeys(current=current, keys=keys)
