"""What has to be in the folder before the server starts: shape, district, accounts, codes."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kiosk_client.device_key import DeviceKey
from kiosk_client.errors import KioskError
from seat_server.database import Database
from seat_server.district import AgentSeed, District, load_agents, load_district
from seat_server.passwords import Passwords, make_password
from seat_server.settings import Settings, load_settings
from xiaowu.demo.folder import DemoFolder
from xiaowu.office import Office, open_office

ACTOR: Final = "demo"
"""How the journal names who prepared it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KioskPlace:
    """A kiosk that needs a device key: where it is kept, and where its page lives."""

    kiosk_id: str
    data_dir: Path
    page_origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What preparing brought."""

    accounts: Mapping[str, str] = field(repr=False)
    """Login → password."""
    codes: Mapping[str, str] = field(repr=False)
    """Kiosk → a code to enrol with; only for kiosks that are not enrolled as they stand."""


def write_settings(folder: DemoFolder, *, port: int, queue: Mapping[str, float]) -> Settings:
    """Write the server's settings file; `queue` replaces numbers of its policy."""
    lines = [
        f"data_dir = {_quoted(str(folder.server_dir))}",
        'host = "127.0.0.1"',
        f"port = {port}",
        "[log]",
        'level = "info"',
        "[session]",
        "absolute_hours = 24",
        "[queue]",
        *(f"{name} = {value}" for name, value in queue.items()),
    ]
    folder.settings_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_settings(folder.settings_file)


def write_kiosk_settings(folder: DemoFolder) -> None:
    """Write the settings of the person's kiosk: its card reader is a file with a sample card."""
    lines = ["[card]", 'reader = "simulated"', f"path = {_quoted(str(folder.card_dir))}"]
    folder.kiosk_settings_file.write_text("\n".join(lines) + "\n", encoding="utf-8")


async def prepare(
    folder: DemoFolder,
    settings: Settings,
    district: District,
    *,
    logins: Iterable[str],
    kiosks: Iterable[KioskPlace],
    server_url: str,
    step: Callable[[str], None],
) -> Prepared:
    """Bring the folder to where the server and everybody else can start; `step` hears how far.

    Raises:
        DatabaseRefused, KeyFileInvalid, StoreUnavailable.
    """
    step("database")
    database = Database(settings.database_url, settings.data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    await asyncio.to_thread(database.migrate, datetime.datetime.now(datetime.UTC))
    async with open_office(settings) as office:
        step("district")
        await load_district(office.ledger, district, actor=ACTOR)
        step("accounts")
        wanted = set(logins)
        seeds = [agent for agent in district.agents if agent.login in wanted]
        accounts = await _accounts(office, folder, seeds)
        step("kiosks")
        codes = await _codes(office, kiosks, server_url)
    return Prepared(accounts=accounts, codes=codes)


async def _accounts(
    office: Office, folder: DemoFolder, seeds: Sequence[AgentSeed]
) -> dict[str, str]:
    """Everybody's password: the one of last time, or a new one set now."""
    kept = folder.accounts()
    there = {agent.login: agent.id for agent in await office.accounts.every()}
    made = {seed.login: make_password() for seed in seeds if seed.login not in kept}
    folder.keep_accounts(kept | made)
    passwords = Passwords()
    new = [seed for seed in seeds if seed.login not in there]
    known = kept | made
    hashes = await asyncio.gather(*(passwords.hash(known[seed.login]) for seed in new))
    await load_agents(
        office.ledger,
        new,
        dict(zip((seed.login for seed in new), hashes, strict=True)),
        actor=ACTOR,
    )
    for login in made.keys() & there.keys():  # the file with the passwords was lost
        await office.accounts.set_password(there[login], made[login], actor=ACTOR)
    return {seed.login: known[seed.login] for seed in seeds}


async def _codes(office: Office, kiosks: Iterable[KioskPlace], server_url: str) -> dict[str, str]:
    standing = {kiosk.id: device for kiosk, device in await office.devices.every() if device}
    codes = {}
    for place in kiosks:
        device = standing.get(place.kiosk_id)
        key = _key_of(place.data_dir)
        enrolled = (
            device is not None
            and key is not None
            and key.kiosk_id == place.kiosk_id
            and key.server_url == server_url
            and key.key.public_key().public_bytes_raw() == device.public_key
            and device.page_origin == place.page_origin
        )
        if not enrolled:
            made = await office.devices.make_code(place.kiosk_id, actor=ACTOR)
            codes[place.kiosk_id] = made.code
    return codes


def _key_of(data_dir: Path) -> DeviceKey | None:
    try:
        return DeviceKey.load(data_dir)
    except KioskError:
        return None


def _quoted(text: str) -> str:
    """`text` as a TOML string, which is what JSON makes of it too."""
    return json.dumps(text, ensure_ascii=False)
