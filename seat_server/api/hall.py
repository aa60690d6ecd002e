"""The hall as it stands: places, and the wall's picture for whoever has no socket."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from seat_server.api.endpoint import OVERSEERS, PERSONS, Call, endpoint
from seat_server.ledger import Ledger
from service_queue.tables import KioskRow, LocationRow, SeatRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.message import Id, Message
from signaling.protocol.views import WallView
from signaling.protocol.words import SeatState, SeatStatus

_kiosk = table_of(KioskRow)
_location = table_of(LocationRow)
_seat = table_of(SeatRow)


class SeatChoice(Message):
    """A seat an agent may choose."""

    id: Id
    name: str
    agent_name: str | None
    """Who sits there; null when it is free."""
    status: SeatStatus
    state: SeatState


class Seats(Message):
    """All seats, in their order."""

    seats: tuple[SeatChoice, ...]


class KioskPlace(Message):
    """A kiosk at its location."""

    id: Id
    name: str


class LocationPlace(Message):
    """A place with its kiosks."""

    id: Id
    name: str
    name_en: str
    prefix: str
    """First letter of the numbers on its slips."""
    time_zone: str
    kiosks: tuple[KioskPlace, ...]


class Locations(Message):
    """All locations, in their order."""

    locations: tuple[LocationPlace, ...]


class HallApi:
    """Hall."""

    def __init__(self, ledger: Ledger, wall: Callable[[], WallView]) -> None:
        """`wall`: the picture of this moment."""
        self._ledger = ledger
        self._wall = wall

    @endpoint("GET", "/api/hall", roles=OVERSEERS)
    async def hall_state(self, call: Call) -> WallView:
        """Show the hall as the wall does."""
        return self._wall()

    @endpoint("GET", "/api/seats", roles=PERSONS)
    async def list_seats(self, call: Call) -> Seats:
        """List the seats and who sits there."""
        rows = await self._ledger.read(
            lambda tx: tx.every(SeatRow, select(_seat).order_by(_seat.c.position, _seat.c.id))
        )
        return Seats(
            seats=tuple(
                SeatChoice(
                    id=row.id,
                    name=row.name,
                    agent_name=row.agent_name,
                    status=row.status,
                    state=row.state,
                )
                for row in rows
            )
        )

    @endpoint("GET", "/api/locations", roles=PERSONS)
    async def list_locations(self, call: Call) -> Locations:
        """List the locations and their kiosks."""
        return await self._ledger.read(_read_locations)


def _read_locations(tx: Transaction) -> Locations:
    by_location: dict[str, list[KioskPlace]] = {}
    kiosks = select(_kiosk).where(_kiosk.c.retired.is_(False))
    for kiosk in tx.every(KioskRow, kiosks.order_by(_kiosk.c.position, _kiosk.c.id)):
        place = KioskPlace(id=kiosk.id, name=kiosk.name)
        by_location.setdefault(kiosk.location_id, []).append(place)
    locations = select(_location).order_by(_location.c.position, _location.c.id)
    return Locations(
        locations=tuple(
            LocationPlace(
                id=row.id,
                name=row.name,
                name_en=row.name_en,
                prefix=row.prefix,
                time_zone=row.time_zone,
                kiosks=tuple(by_location.get(row.id, ())),
            )
            for row in tx.every(LocationRow, locations)
        )
    )
