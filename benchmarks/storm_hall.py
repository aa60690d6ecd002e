"""The project's own end of the reconnect storm: its server as it ships, filled with booths."""

from __future__ import annotations

import asyncio
import datetime
import json
import secrets
import signal
import sys
from pathlib import Path
from typing import Final

import uvloop
from sqlalchemy import Connection, insert

from seat_server.app import open_server
from seat_server.database import Database
from seat_server.keyring import open_keyring
from seat_server.settings import load_settings
from seat_server.tables import KioskDeviceRow
from seat_server.tokens import TokenMint
from service_queue.actor import Actor
from service_queue.clock import SteadyClock
from service_queue.store import Store
from service_queue.tables import CategoryRow, KioskRow, LocationRow, ServiceItemRow, table_of
from signaling.protocol.commands import TakeTicket
from signaling.protocol.words import Role
from signaling.server import tune_for_many_sockets

KIOSKS_PER_LOCATION: Final = 100
TOKEN_LIFETIME_S: Final = 3600.0


def fill(connection: Connection, kiosks: int) -> None:
    """A province of idle booths, each with an enrolled device."""
    places = range(-(-kiosks // KIOSKS_PER_LOCATION))
    connection.execute(
        insert(table_of(LocationRow)),
        [
            LocationRow(
                id=f"L{i}", name=f"点位{i}", name_en=f"Place {i}", prefix=f"P{i}."
            ).model_dump()
            for i in places
        ],
    )
    connection.execute(
        insert(table_of(KioskRow)),
        [
            KioskRow(
                id=f"K{i}", location_id=f"L{i // KIOSKS_PER_LOCATION}", name=f"晓屋{i}"
            ).model_dump()
            for i in range(kiosks)
        ],
    )
    connection.execute(
        insert(table_of(KioskDeviceRow)),
        [
            KioskDeviceRow(
                id=f"D{i}",
                kiosk_id=f"K{i}",
                public_key=secrets.token_bytes(32),
                page_origin="http://127.0.0.1:7180",
                enrolled_at=0.0,
            ).model_dump()
            for i in range(kiosks)
        ],
    )
    category = CategoryRow(id="c", name="社保", name_en="Social security")
    connection.execute(insert(table_of(CategoryRow)).values(**category.model_dump()))
    item = ServiceItemRow(
        code="pension",
        name="养老金",
        name_en="Pension",
        category_id="c",
        department="人社局",
        initials="ylj",
    )
    connection.execute(insert(table_of(ServiceItemRow)).values(**item.model_dump()))


def write(file: Path, content: object) -> None:
    """Leave a file for the clients' side."""
    file.write_text(json.dumps(content))


async def serve(port: int, folder: Path, kiosks: int, waiting: int) -> None:
    """Serve until SIGTERM; writes `tokens.json`, `ready.json` and, at the end, `hall.json`."""
    settings = load_settings(data_dir=folder, port=port, queue={"waiting_kiosk_grace_s": 3600.0})
    key = open_keyring(folder).token_key
    Database(settings.database_url, folder).migrate(datetime.datetime.now(datetime.UTC))
    store = Store.open(settings.database_url)
    await store.write(lambda connection: fill(connection, kiosks))
    await store.close()
    clock = SteadyClock()
    mint = TokenMint(key, clock)
    tokens = [
        mint.issue(
            subject=f"K{i}", role=Role.KIOSK_PAGE, grant=f"D{i}", lifetime_s=TOKEN_LIFETIME_S
        ).token
        for i in range(kiosks)
    ]
    write(folder / "tokens.json", tokens)
    async with open_server(settings, version="storm", clock=clock) as server:
        for i in range(waiting):
            actor = Actor(role=Role.KIOSK_PAGE, kiosk_id=f"K{i}")
            await server.hall.execute(actor, TakeTicket(op_id=f"op{i}", item_code="pension"))
        tune_for_many_sockets()
        write(folder / "ready.json", True)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()
        tickets = list(server.hall.mirror.open_tickets())
        found = {
            "connections": server.signaling.connections,
            "tickets_kept": len(tickets),
            "tickets_away": sum(1 for ticket in tickets if ticket.away_since is not None),
        }
        write(folder / "hall.json", found)


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
