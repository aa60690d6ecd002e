"""Keys are changed while people are served; broken off anywhere, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, update
from sqlmodel import SQLModel

from seat_server import rotation
from seat_server.keyring import NOTE_KEY
from seat_server.ledger import Ledger
from seat_server.rotation import SEALED, rotate_keys
from seat_server.seal import OLD_FORM, Seal, is_sealed_with
from seat_server.seal_keys import SealKeyFile, SealKeys
from service_queue import deciding
from service_queue.hall import open_hall
from service_queue.store import Store
from service_queue.tables import CallNoteRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.commands import SaveNote
from signaling.protocol.identity import UnmaskReason
from tests.support.checks import HOLDER, decision, graded, in_call
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import HallDriver, HandClock, agent, fill_district

pytestmark = pytest.mark.integration

NOTE = "家属代办，电话下午再打。"
KEY = bytes(range(32))


@asynccontextmanager
async def open_sealed_district(url: str, folder: Path) -> AsyncIterator[tuple[HallDriver, Ledger]]:
    """A hall whose texts are sealed by the files in `folder`, and a console beside it."""
    store, beside, clock = Store.open(url), Store.open(url), HandClock()
    try:
        await store.write(lambda c: fill_district(c, locations=1, seats=3, kiosks=6))
        seal = Seal(SealKeyFile(folder).read, KEY)
        async with open_hall(store, clock=clock, sealer=seal, keep_deadlines=False) as hall:
            console = Ledger(beside, clock, Seal(SealKeyFile(folder).read, KEY))
            yield HallDriver(hall, clock), console
    finally:
        await beside.close()
        await store.close()


async def fill(d: HallDriver) -> str:
    """One of everything that is sealed; returns the call."""
    ticket_id, call_id = await in_call(d)
    await graded(d, ticket_id)
    await d.hall.execute(agent(1), SaveNote(op_id="n", call_id=call_id, text=NOTE))
    await d.hall.execute(agent(1), decision(d, call_id, note=NOTE))
    return call_id


async def values(d: HallDriver) -> list[bytes]:
    """Everything that is sealed."""

    def read(tx: Transaction) -> list[bytes]:
        found: list[bytes] = []
        for sealed in SEALED:
            found += [
                value
                for (value,) in tx.connection.execute(
                    sealed.column.table.select().with_only_columns(sealed.column)
                )
                if value is not None
            ]
        return found

    return await d.hall.carry("test", read)


async def everything_opens(d: HallDriver, call_id: str) -> None:
    holder = await d.hall.carry(
        "agent:a01",
        lambda tx: deciding.read_holder(tx, agent(1), call_id, UnmaskReason.FILL_FORM),
    )
    assert holder == HOLDER
    await d.hall.reload()
    [known] = d.hall.mirror.identities.values()
    assert known.note == NOTE
    assert known.evidence is not None
    assert d.hall.mirror.notes[call_id] == NOTE


def test_everything_that_is_sealed_is_known_to_the_change_of_keys() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name.startswith("sealed")
    }
    assert {f"{one.table.name}.{one.column.name}" for one in SEALED} == named


async def test_everything_is_sealed_anew_beside_a_running_hall(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_sealed_district(database.url, tmp_path) as (d, console):
        call_id = await fill(d)
        before = await values(d)
        assert len(before) == len(SEALED)
        old = SealKeyFile(tmp_path).read()
        done = await rotate_keys(console, tmp_path, actor="console")
        new = SealKeyFile(tmp_path).read()
        assert (done.resealed, done.resumed) == (len(SEALED), False)
        assert list(new.keys) == [new.current]
        assert old.current not in new.keys
        after = await values(d)
        assert all(is_sealed_with(value, new.current) for value in after)
        assert not set(after) & set(before)
        await everything_opens(d, call_id)
        await d.hall.execute(agent(1), SaveNote(op_id="n2", call_id=call_id, text=NOTE))
        await everything_opens(d, call_id)
        [entry] = await d.journal("seal.rotated")
        assert entry.actor == "console"


async def test_notes_of_an_earlier_version_are_taken_along(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    (tmp_path / NOTE_KEY).write_bytes(KEY)
    async with open_sealed_district(database.url, tmp_path) as (d, console):
        call_id = await fill(d)
        nonce = bytes(12)
        old = OLD_FORM + nonce + AESGCM(KEY).encrypt(nonce, NOTE.encode(), OLD_FORM)
        table = table_of(CallNoteRow)
        await console.write(
            "test", lambda tx: tx.connection.execute(update(table).values(sealed=old)) and None
        )
        await everything_opens(d, call_id)
        await rotate_keys(console, tmp_path, actor="console")
        assert not (tmp_path / NOTE_KEY).exists()
        await everything_opens(d, call_id)


class PowerCut(Exception):
    """The console's machine went down."""


@pytest.mark.parametrize("after", [0, 1, 3, 99])
async def test_a_change_that_was_broken_off_is_brought_to_its_end(
    database: EmptyDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """`after` so many turns; 99: before the old key leaves the file."""
    async with open_sealed_district(database.url, tmp_path) as (d, console):
        call_id = await fill(d)
        monkeypatch.setattr(rotation, "ROWS_AT_ONCE", 1)
        turns = 0
        reseal = rotation._reseal_some

        def one_turn(tx: Transaction, current: bytes) -> int:
            nonlocal turns
            if turns >= after:
                raise PowerCut
            turns += 1
            return reseal(tx, current)

        def no_more(_keys: object) -> None:
            raise PowerCut

        with monkeypatch.context() as broken:
            if after == 99:
                broken.setattr(SealKeys, "without_old_keys", no_more)
            else:
                broken.setattr(rotation, "_reseal_some", one_turn)
            with pytest.raises(PowerCut):
                await rotate_keys(console, tmp_path, actor="console")
        assert SealKeyFile(tmp_path).read().is_changing
        await everything_opens(d, call_id)

        done = await rotate_keys(console, tmp_path, actor="console")
        assert done.resumed
        assert done.resealed == (0 if after == 99 else len(SEALED) - after)
        keys = SealKeyFile(tmp_path).read()
        assert list(keys.keys) == [keys.current]
        assert all(is_sealed_with(value, keys.current) for value in await values(d))
        await everything_opens(d, call_id)


async def test_who_is_served_meanwhile_loses_nothing(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_sealed_district(database.url, tmp_path) as (d, console):
        call_id = await fill(d)

        async def write_on() -> None:
            for n in range(60):
                await d.hall.execute(
                    agent(1), SaveNote(op_id=f"w{n}", call_id=call_id, text=f"{NOTE}{n}")
                )

        writing = asyncio.create_task(write_on())
        for _ in range(3):
            await rotate_keys(console, tmp_path, actor="console")
        await writing
        keys = SealKeyFile(tmp_path).read()
        assert list(keys.keys) == [keys.current]
        assert all(is_sealed_with(value, keys.current) for value in await values(d))
        await d.hall.reload()
        assert d.hall.mirror.notes[call_id] == f"{NOTE}59"


async def test_the_command_changes_the_keys_of_a_data_folder(
    sqlite: EmptyDatabase, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    async with open_sealed_district(sqlite.url, data) as (d, _):
        await fill(d)
    before = SealKeyFile(data).read().current
    (tmp_path / "settings.toml").write_text(
        f'data_dir = "{data}"\n[database]\nurl = "{sqlite.url}"\n'
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "xiaowu", "admin", "rotate-keys", "--json"),
        *("--settings", str(tmp_path / "settings.toml")),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(printed) == {"resealed": len(SEALED), "resumed": False}
    assert SealKeyFile(data).read().current != before
