"""Which locations fell behind, kept from the calls that began of late.

Read anew as a whole when nothing is known, then every `EVERY_S` only what began since, so that the
cost goes with the calls of that time and not with the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import bindparam, select

from service_queue.fairness import LateWaits
from service_queue.policy import FairnessPolicy
from service_queue.tables import CallRow, TicketRow, table_of
from service_queue.transaction import Transaction

EVERY_S: Final = 15.0
"""Waits of late change slowly: they are means over an hour."""

OVERLAP_S: Final = 30.0
"""Units of several processes may be committed in another order than they were timed."""

_call = table_of(CallRow)
_ticket = table_of(TicketRow)

_BEGUN: Final = (
    select(_call.c.id, _call.c.started_at, _ticket.c.location_id, _ticket.c.arrived_at)
    .join(_ticket, _ticket.c.id == _call.c.ticket_id)
    .where(_call.c.started_at > bindparam("since", 0.0))
    .order_by(_call.c.started_at)
)


class LateCalls:
    """The waits of the calls that began of late, as the database tells them."""

    def __init__(self) -> None:
        self._policy = FairnessPolicy()
        self._waits = LateWaits(self._policy)
        self._looked_at: float | None = None
        self._lately: dict[str, float] = {}
        """Calls of the overlap that are counted already, and when they began."""
        self._behind: Mapping[str, float] = {}

    def behind(
        self, tx: Transaction, districts: Mapping[str, str], now: float
    ) -> Mapping[str, float]:
        """By location: how far behind, as of the last look."""
        rules = tx.policy.fairness
        if rules.max_behind_s is None:
            return {}
        if rules != self._policy:
            self._policy, self._waits = rules, LateWaits(rules)
            self._looked_at, self._lately = None, {}
        if self._looked_at is None or now - self._looked_at >= EVERY_S:
            self._look(tx, districts, now)
            self._behind = self._waits.behind(now)
        return self._behind

    def _look(self, tx: Transaction, districts: Mapping[str, str], now: float) -> None:
        first = self._looked_at is None
        since = now - self._policy.over_s if first else (self._looked_at or now) - OVERLAP_S
        for call_id, started_at, location_id, arrived_at in tx.rows_of(_BEGUN, since=since):
            if call_id not in self._lately:
                district = districts.get(location_id, "")
                self._waits.add(started_at, location_id, district, started_at - arrived_at)
                self._lately[call_id] = started_at
        horizon = now - OVERLAP_S - EVERY_S
        self._lately = {one: at for one, at in self._lately.items() if at > horizon}
        self._looked_at = now
