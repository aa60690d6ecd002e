"""A real hall: `xiaowu serve` and `xiaowu kiosk` as processes, with a district inside."""

from __future__ import annotations

import contextlib
import datetime
import re
import secrets
import sqlite3
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from seat_server.database import Database
from seat_server.district import load_agents, load_district, sample_district
from seat_server.passwords import Passwords
from seat_server.settings import Settings, load_settings
from tests.support.program import Program, free_port, run_to_end
from xiaowu.office import Office, open_office

AGENTS: Final = ("agent01", "agent02", "agent03")
SUPERVISOR: Final = "supervisor"


@dataclass(kw_only=True)
class Booth:
    """An enrolled kiosk, and its program."""

    kiosk_id: str
    origin: str
    program: Program
    environment: dict[str, str]

    async def start(self) -> None:
        """Start the program and wait until its page can be opened."""
        self.program.start()
        await self.program.until(lambda: answers(f"{self.origin}/"), "the touch page is served")


@dataclass(kw_only=True)
class RunningHall:
    """The server's process, and everything a person has to know to use it."""

    folder: Path
    settings: Settings
    environment: dict[str, str]
    program: Program
    passwords: dict[str, str]
    codes: dict[str, str]
    booths: dict[str, Booth] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.settings.port}"

    async def start(self) -> None:
        """Start the server and wait until it is ready."""
        self.program.start()
        await self.program.until(lambda: answers(f"{self.url}/readyz"), "the server is ready")

    async def enrol(self, kiosk_id: str, **settings: str) -> Booth:
        """Enrol a booth with its one-time code, as an installer does it; does not start it."""
        folder = self.folder / kiosk_id
        port = free_port()
        environment = {
            "KIOSK_SERVER_URL": self.url,
            "KIOSK_DATA_DIR": str(folder),
            "KIOSK_PORT": str(port),
            **{f"KIOSK_{name.upper()}": value for name, value in settings.items()},
        }
        code, _ = await run_to_end(
            "kiosk", "--enrol", self.codes.pop(kiosk_id), environment=environment
        )
        assert code == 0, f"enrolment of {kiosk_id} failed with exit code {code}"
        booth = Booth(
            kiosk_id=kiosk_id,
            origin=f"http://127.0.0.1:{port}",
            program=Program("kiosk", log=folder / "kiosk.log", environment=environment),
            environment=environment,
        )
        self.booths[kiosk_id] = booth
        return booth

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the server's database from outside, as its operator could."""
        file = self.settings.data_dir / "xiaowu.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    def open_call(self) -> str:
        """The id of the only call under way."""
        [(call_id,)] = self.rows("SELECT id FROM call WHERE state <> 'ended'")
        assert isinstance(call_id, str)
        return call_id

    def journal_end(self) -> int:
        """The number of the last row of the journal."""
        [(seq,)] = self.rows("SELECT max(seq) FROM journal")
        assert isinstance(seq, int)
        return seq

    def metric(self, name: str, **labels: str) -> float:
        """The value of one of the server's figures; 0 when it has not been counted yet."""
        total = 0.0
        with urllib.request.urlopen(f"{self.url}/metrics") as response:
            text = response.read().decode()
        for line in text.splitlines():
            found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
            if found is None:
                continue
            if all(f'{label}="{value}"' in (found[1] or "") for label, value in labels.items()):
                total += float(found[2])
        return total


@asynccontextmanager
async def open_running_hall(
    folder: Path,
    *,
    kiosks: tuple[str, ...],
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
) -> AsyncIterator[RunningHall]:
    """A hall with a district, accounts and codes for `kiosks`; ends all it started."""
    port = port or free_port()
    variables = {
        "XIAOWU_DATA_DIR": str(folder / "server"),
        "XIAOWU_PORT": str(port),
        # This machine may have no other interface.
        "XIAOWU_ICE__ALLOW_LOOPBACK": "true",
        # All of a test run's browsers sign in from one address.
        "XIAOWU_SESSION__FAILURES_PER_ADDRESS": "1000",
        **(environment or {}),
    }
    settings = load_settings(data_dir=folder / "server", port=port)
    passwords, codes = await _furnish(settings, kiosks)
    hall = RunningHall(
        folder=folder,
        settings=settings,
        environment=variables,
        program=Program("serve", log=folder / "server.log", environment=variables),
        passwords=passwords,
        codes=codes,
    )
    try:
        await hall.start()
        yield hall
    finally:
        for booth in hall.booths.values():
            booth.program.stop()
        hall.program.stop()


async def _furnish(
    settings: Settings, kiosks: tuple[str, ...]
) -> tuple[dict[str, str], dict[str, str]]:
    """What `make demo` does once: a database, the district, accounts; and a code for each kiosk."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    Database(settings.database_url, settings.data_dir).migrate(datetime.datetime.now(datetime.UTC))
    office: Office
    async with open_office(settings) as office:
        district = sample_district()
        await load_district(office.ledger, district)
        chosen = [seed for seed in district.agents if seed.login in (*AGENTS, SUPERVISOR)]
        passwords = {seed.login: secrets.token_urlsafe(12) for seed in chosen}
        hasher = Passwords()
        hashes = {login: await hasher.hash(password) for login, password in passwords.items()}
        await load_agents(office.ledger, chosen, hashes)
        codes = {
            kiosk_id: (await office.devices.make_code(kiosk_id, actor="console")).code
            for kiosk_id in kiosks
        }
    return passwords, codes


def answers(url: str) -> bool:
    """True when something answers there with success."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as response:
        return bool(response.status == HTTPStatus.OK)
    return False
