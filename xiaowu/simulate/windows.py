"""Whose windows are whose, where a journal does not say it."""

from __future__ import annotations

from dataclasses import replace

from service_queue.simulation.recorded import RecordedDay


def at_homes(recorded: RecordedDay) -> RecordedDay:
    """The day with its windows given to the locations in order, as evenly as may be.

    Only policies that ask whose a window is (dedicated, overflow) depend on it.
    """
    homes = sorted({resident.location_id for resident in recorded.residents})
    count = len(recorded.seats)
    return replace(
        recorded,
        seats=tuple(
            replace(seat, location_id=homes[n * len(homes) // count])
            for n, seat in enumerate(recorded.seats)
        ),
    )
