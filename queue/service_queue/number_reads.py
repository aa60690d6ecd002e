"""Whole numbers that agents read of late: enough to see who reads too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import Connection, select

from service_queue.identity_tables import IdentityReadRow
from service_queue.statements import record
from service_queue.tables import table_of

LATE_S: Final = 3600.0
"""Of late: so long."""

_read = table_of(IdentityReadRow)


@dataclass(frozen=True, slots=True)
class ManyReads:
    """An agent who read more numbers of late than the policy lets pass."""

    agent_id: str
    seat_id: str
    """Where they read last."""
    since: float
    """When it became too many."""


class NumberReads:
    """Who read whose number, and when last. A number that is read twice counts once."""

    def __init__(self) -> None:
        self._by_agent: dict[str, dict[str, IdentityReadRow]] = {}

    @classmethod
    def load(cls, connection: Connection, now: float) -> Self:
        """What was read of late, from the database."""
        reads = cls()
        for row in connection.execute(select(_read).where(_read.c.at > now - LATE_S)):
            reads.put(record(IdentityReadRow, row))
        return reads

    def put(self, read: IdentityReadRow) -> None:
        """A number was read; what that agent read long before is let go of."""
        known = self._by_agent.get(read.agent_id, {})
        kept = {one: row for one, row in known.items() if row.at > read.at - LATE_S}
        self._by_agent[read.agent_id] = kept | {read.ticket_id: read}

    def beyond(self, most: int, now: float) -> Iterator[ManyReads]:
        """Who read more than `most` numbers of late."""
        for agent_id, known in self._by_agent.items():
            late = sorted(
                (row for row in known.values() if row.at > now - LATE_S), key=lambda row: row.at
            )
            if len(late) > most:
                yield ManyReads(agent_id, late[-1].seat_id, late[most].at)
