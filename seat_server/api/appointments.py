"""Appointments: a code for an item, a location and a time. No names: the code is the claim."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from seat_server.api.endpoint import OVERSEERS, Call, endpoint
from seat_server.ledger import Ledger
from service_queue import entering
from service_queue.errors import (
    AppointmentOutOfRange,
    AppointmentUnknown,
    ItemUnknown,
    LocationUnknown,
)
from service_queue.hours import local_day
from service_queue.line_tables import EntryCodeRow
from service_queue.tables import LocationRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.message import Id, Message, Moment

_location = table_of(LocationRow)


class AppointmentQuery(BaseModel):
    """Which appointments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    """A day as YYYY-MM-DD in the locations' time zone; today when left out."""
    location: Id | None = None
    """At one location only."""


class NewAppointment(Message):
    """An appointment to make."""

    item_code: Id
    location_id: Id
    due_at: Moment


class Appointment(Message):
    """Somebody is expected."""

    id: Id
    code: str
    """What the resident types at the kiosk, once, on that day."""
    item_code: Id
    location_id: Id
    due_at: Moment
    made_at: Moment
    used_at: Moment | None
    """When somebody came for it."""


class Appointments(Message):
    """The appointments of a day, the earliest first."""

    day: str
    appointments: tuple[Appointment, ...]


class AppointmentApi:
    """Appointments."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @endpoint("GET", "/api/appointments", roles=OVERSEERS)
    async def list_appointments(self, call: Call, query: AppointmentQuery) -> Appointments:
        """List the appointments of a day."""
        return await self._ledger.read(lambda tx: _of_day(tx, query))

    @endpoint(
        "POST",
        "/api/appointments",
        roles=OVERSEERS,
        csrf=True,
        status=HTTPStatus.CREATED,
        refusals=(ItemUnknown, LocationUnknown, AppointmentOutOfRange),
    )
    async def make_appointment(self, call: Call, body: NewAppointment) -> Appointment:
        """Make an appointment; the answer holds its code."""
        return await self._ledger.write(
            f"agent:{call.person.agent_id}",
            lambda tx: _shown(
                entering.make_appointment(
                    tx,
                    item_code=body.item_code,
                    location_id=body.location_id,
                    due_at=body.due_at,
                )
            ),
        )

    @endpoint(
        "DELETE",
        "/api/appointments/{appointment_id}",
        roles=OVERSEERS,
        csrf=True,
        status=HTTPStatus.NO_CONTENT,
        refusals=(AppointmentUnknown,),
    )
    async def cancel_appointment(self, call: Call, appointment_id: Id) -> None:
        """Cancel an appointment that nobody came for; its code is nothing any more."""
        await self._ledger.write(
            f"agent:{call.person.agent_id}",
            lambda tx: entering.cancel_appointment(tx, appointment_id),
        )


def _of_day(tx: Transaction, query: AppointmentQuery) -> Appointments:
    first = select(_location.c.time_zone).order_by(_location.c.position, _location.c.id).limit(1)
    time_zone = tx.connection.execute(first).scalar() or "UTC"
    day = query.day or local_day(tx.now, time_zone)
    since, until = _span(day, ZoneInfo(time_zone))
    rows = entering.appointments(tx, since=since, until=until, location_id=query.location)
    return Appointments(day=day, appointments=tuple(_shown(row) for row in rows))


def _span(day: str, zone: ZoneInfo) -> tuple[float, float]:
    """From midnight to midnight; of a day that no calendar has, such as 2025-02-30, nothing."""
    try:
        begins = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(), zone)
        ends = begins + datetime.timedelta(days=1)
    except (ValueError, OverflowError):
        return 0.0, 0.0
    return begins.timestamp(), ends.timestamp()


def _shown(row: EntryCodeRow) -> Appointment:
    assert row.location_id is not None, "an appointment is somewhere"
    assert row.due_at is not None, "an appointment has a time"
    return Appointment(
        id=row.id,
        code=row.code,
        item_code=row.item_code,
        location_id=row.location_id,
        due_at=row.due_at,
        made_at=row.made_at,
        used_at=row.used_at,
    )
