"""What the wall is told, as pure functions of the mirror."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from statistics import mean, median
from typing import TypeVar, cast

from service_queue.fairness import gini
from service_queue.mirror import HallMirror
from service_queue.tables import KioskRow, LocationRow, SeatRow, TicketRow
from service_queue.tally import percentile
from service_queue.view_parts import (
    Surroundings,
    item_ref,
    kiosk_phase,
    location_ref,
    wait_range,
)
from service_queue.wall_alerts import wall_alerts
from signaling.protocol.views import (
    WallKiosk,
    WallLocation,
    WallSeat,
    WallTicket,
    WallToday,
    WallView,
)
from signaling.protocol.words import TicketState

V = TypeVar("V")

_NOT_WAITING = (TicketState.SERVING, TicketState.PARKED)


class WallRows:
    """The rows of the picture before: what says the same again is not made again."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], tuple[tuple[object, ...], object]] = {}
        self._after: dict[tuple[str, str], tuple[tuple[object, ...], object]] = {}

    def row(self, kind: str, name: str, of: tuple[object, ...], make: Callable[[], V]) -> V:
        """The row as it was made of the same parts, or a new one."""
        known = self._before.get((kind, name))
        if known is None or not _same(known[0], of):
            known = (of, make())
        self._after[kind, name] = known
        return cast(V, known[1])

    def turn(self) -> None:
        """The picture is complete; rows that are not in it are forgotten."""
        self._before, self._after = self._after, {}


def _same(before: tuple[object, ...], after: tuple[object, ...]) -> bool:
    # A row of the database is replaced when it changes, so who it is says whether it did.
    return len(before) == len(after) and all(
        one is other or one == other for one, other in zip(before, after, strict=True)
    )


def wall_view(
    mirror: HallMirror, now: float, around: Surroundings, rows: WallRows | None = None
) -> WallView:
    """What the wall shows. `rows`: of the picture before, to make only what changed."""
    rows = rows or WallRows()
    view = WallView(
        seq=mirror.seq,
        server_time=now,
        locations=tuple(wall_locations(mirror, now, around, rows)),
        seats=tuple(wall_seats(mirror, now, rows)),
        tickets=tuple(wall_tickets(mirror, around, rows)),
        today=wall_today(mirror, now),
    )
    rows.turn()
    return view


def wall_locations(
    mirror: HallMirror, now: float, around: Surroundings, rows: WallRows
) -> list[WallLocation]:
    """The locations, in their order."""
    waiting: dict[str, list[float]] = {}
    in_call: Counter[str] = Counter()
    for ticket in mirror.open_tickets():
        if ticket.state is TicketState.SERVING:
            in_call[ticket.location_id] += 1
        else:
            waiting.setdefault(ticket.location_id, []).append(ticket.arrived_at)
    kiosks: dict[str, list[WallKiosk]] = {}
    for kiosk in sorted(mirror.kiosks.values(), key=lambda row: (row.position, row.id)):
        if not kiosk.retired:
            row = _kiosk(mirror, kiosk, now, around, rows)
            kiosks.setdefault(kiosk.location_id, []).append(row)
    behind = mirror.experience.compared.behind(now)

    def location(place: LocationRow) -> WallLocation:
        arrivals = waiting.get(place.id, [])
        waits = tally.waits_by_location.get(place.id, [])
        return WallLocation(
            id=place.id,
            name=place.name,
            name_en=place.name_en,
            kiosks=tuple(kiosks.get(place.id, ())),
            waiting=len(arrivals),
            in_call=in_call[place.id],
            oldest_arrival=min(arrivals, default=None),
            served_today=tally.served_by_location[place.id],
            longest_wait_s=_tenths(waits[-1] if waits else None),
            p90_wait_s=_tenths(percentile(waits, 0.9) if waits else None),
            behind_s=float(round(behind.get(place.id, 0.0))),
        )

    tally = mirror.tally(now)
    places = sorted(mirror.locations.values(), key=lambda row: (row.position, row.id))
    return [location(place) for place in places]


def _kiosk(
    mirror: HallMirror, kiosk: KioskRow, now: float, around: Surroundings, rows: WallRows
) -> WallKiosk:
    online = around.kiosk_online(kiosk.id)
    phase = kiosk_phase(mirror.ticket_of_kiosk(kiosk.id), now)
    return rows.row(
        "kiosk",
        kiosk.id,
        (kiosk, online, phase),
        lambda: WallKiosk(id=kiosk.id, name=kiosk.name, online=online, phase=phase),
    )


def wall_seats(mirror: HallMirror, now: float, rows: WallRows) -> list[WallSeat]:
    """The seats, in their order."""
    served = mirror.tally(now).served_by_seat

    def seat_row(seat: SeatRow) -> WallSeat:
        guest = mirror.invitations.at_seat(seat.id)
        ticket = mirror.ticket_at_seat(seat.id)
        if guest is not None:
            ticket = mirror.tickets[guest.ticket_id]
        parts = (seat, ticket, served[seat.id])
        return rows.row("seat", seat.id, parts, lambda: _seat(mirror, *parts))

    seats = sorted(mirror.seats.values(), key=lambda row: (row.position, row.id))
    return [seat_row(seat) for seat in seats]


def _seat(
    mirror: HallMirror, seat: SeatRow, ticket: TicketRow | None, served_today: int
) -> WallSeat:
    return WallSeat(
        id=seat.id,
        name=seat.name,
        agent_name=seat.agent_name,
        status=seat.status,
        break_reason=seat.break_reason,
        state=seat.state,
        state_since=seat.state_since,
        away=seat.away_since is not None,
        location=location_ref(mirror, ticket.location_id) if ticket is not None else None,
        item=item_ref(mirror, ticket.item_code) if ticket is not None else None,
        served_today=served_today,
        shift_ends_at=seat.shift_ends_at,
    )


def wall_tickets(mirror: HallMirror, around: Surroundings, rows: WallRows) -> list[WallTicket]:
    """The open tickets, who came first first."""

    def ticket_row(ticket: TicketRow) -> WallTicket:
        wait = around.wait_of(ticket.id) if ticket.state is TicketState.WAITING else None
        known = mirror.identities.get(ticket.id)
        grade = None if known is None else known.row.grade
        return rows.row(
            "ticket",
            ticket.id,
            (ticket, wait, grade),
            lambda: WallTicket(
                id=ticket.id,
                number=ticket.number,
                item=item_ref(mirror, ticket.item_code),
                location_id=ticket.location_id,
                state=ticket.state,
                arrived_at=ticket.arrived_at,
                state_since=ticket.state_since,
                seat_id=ticket.seat_id,
                away=ticket.away_since is not None,
                lane=ticket.lane,
                green=ticket.green,
                parked_until=ticket.parked_until,
                hand_overs=ticket.hand_overs,
                wait=wait_range(wait),
                identity=grade,
            ),
        )

    tickets = sorted(mirror.open_tickets(), key=lambda row: (row.arrived_at, row.id))
    return [ticket_row(ticket) for ticket in tickets]


def wall_today(mirror: HallMirror, now: float) -> WallToday:
    """The day so far."""
    tally = mirror.tally(now)
    open_tickets = list(mirror.open_tickets())
    still_waiting = [
        now - ticket.arrived_at for ticket in open_tickets if ticket.state not in _NOT_WAITING
    ]
    waits = [*tally.waits[-1:], *still_waiting]
    one, two, three, four, five = tally.ratings
    return WallToday(
        taken=tally.taken,
        waiting=len(still_waiting),
        serving=tally.by_state[TicketState.SERVING],
        completed=tally.by_state[TicketState.COMPLETED],
        abandoned=tally.by_state[TicketState.ABANDONED],
        expired=tally.by_state[TicketState.EXPIRED],
        longest_wait_s=round(max(waits), 1) if waits else None,
        median_wait_s=_tenths(median(tally.waits) if tally.waits else None),
        ratings=(one, two, three, four, five),
        parked=sum(1 for ticket in open_tickets if ticket.state is TicketState.PARKED),
        p90_wait_s=_tenths(percentile(tally.waits, 0.9) if tally.waits else None),
        gini=_gini(tally.waits_by_location),
        alerts=wall_alerts(mirror, now),
        policy=_policy(mirror),
        identity_overrides=len(tally.overrides),
    )


def _gini(waits_by_location: dict[str, list[float]]) -> float | None:
    """Of the mean waits of the locations; None while fewer than two are known."""
    means = [mean(waits) for waits in waits_by_location.values() if waits]
    return round(gini(means), 3) if len(means) > 1 else None


def _policy(mirror: HallMirror) -> str:
    version = f" · {mirror.policy_version}" if mirror.policy_version else ""
    return f"{mirror.policy.name}{version}"


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
