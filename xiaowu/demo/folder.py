"""The folder a demo keeps: database, keys, accounts, logs. Everything in it is the demo's own."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from seat_server.keyring import write_private

MARK: Final = ".xiaowu-demo"
"""Says that a folder is a demo's and may be emptied by `--fresh`; also the lock."""


class FolderRefused(Exception):
    """The folder cannot be used; the message says why."""


class DemoFolder:
    """Where what is kept."""

    def __init__(self, root: Path) -> None:
        """Nothing happens yet."""
        self.root = root.resolve()
        self.settings_file = self.root / "server.toml"
        self.server_dir = self.root / "server"
        self.kiosk_dir = self.root / "kiosk"
        self.kiosk_settings_file = self.root / "kiosk.toml"
        self.card_dir = self.root / "card"
        """Where the card reader of the person's kiosk would be, if there were one."""
        self.log_dir = self.root / "log"
        self._accounts_file = self.root / "accounts.json"

    def bot_dir(self, kiosk_id: str) -> Path:
        """Where the device key of a bot's kiosk is kept."""
        return self.root / "bots" / kiosk_id

    @contextmanager
    def hold(self, *, fresh: bool) -> Iterator[None]:
        """Make the folder ours alone while the block runs; empty it first if `fresh`.

        Raises:
            FolderRefused: another demo runs on it, or it is not a demo's.
        """
        mark = self.root / MARK
        if self.root.exists() and not mark.exists() and any(self.root.iterdir()):
            raise FolderRefused(f"{self.root} holds something else; name another folder.")
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(mark, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as held:
                raise FolderRefused(f"A demo is running on {self.root} already.") from held
            if fresh:
                self._empty()
            yield
        finally:
            os.close(handle)

    def accounts(self) -> dict[str, str]:
        """Login → password, as made before; empty when there are none."""
        try:
            kept = json.loads(self._accounts_file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(login): str(password) for login, password in kept.items()}

    def keep_accounts(self, accounts: Mapping[str, str]) -> None:
        """Keep login → password, readable by this user alone."""
        text = json.dumps(dict(accounts), ensure_ascii=False, indent=1)
        write_private(self._accounts_file, text.encode(), replace=True)

    def _empty(self) -> None:
        for entry in self.root.iterdir():
            if entry.name == MARK:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
