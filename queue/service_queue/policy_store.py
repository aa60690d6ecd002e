"""The policies that were applied, each kept as its file; the newest is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, func, select

from service_queue.errors import PolicyInvalid, PolicyUnreadable, PolicyVersionUnknown
from service_queue.line_tables import PolicyVersionRow
from service_queue.policy import Policy
from service_queue.policy_check import Known, KnownItem, KnownSeat
from service_queue.policy_file import ReadPolicy, read_policy
from service_queue.statements import record
from service_queue.tables import LocationRow, SeatRow, ServiceItemRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.words import Language

_item = table_of(ServiceItemRow)
_location = table_of(LocationRow)
_seat = table_of(SeatRow)
_version = table_of(PolicyVersionRow)

GRACES: Final = (
    "waiting_kiosk_grace_s",
    "call_away_grace_s",
    "idle_seat_grace_s",
    "connect_timeout_s",
    "stalled_timeout_s",
    "decline_exclusion_s",
)
"""Options that count from a moment in a row. All other deadlines are moments in a row already."""

LONGEST_GRACE_S: Final = 3600.0
"""What the policy file lets them be."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy in force.

    A grace that became shorter counts once everything that began under the longer one has had its
    time: nobody loses a place or a call by a change of policy.
    """

    policy: Policy
    version: int = 0
    """0: none was applied yet, these are the settings' numbers."""
    until: tuple[tuple[float, Policy], ...] = ()
    """What to use before that, the earliest moment first."""

    def at(self, now: float) -> Policy:
        """The policy to use."""
        return next((policy for end, policy in self.until if now < end), self.policy)

    def followed_by(self, policy: Policy, version: int, applied_at: float) -> InForce:
        """The policy that replaced it."""
        was = self.at(applied_at)
        longer: dict[str, float] = {
            name: getattr(was, name)
            for name in GRACES
            if getattr(was, name) > getattr(policy, name)
        }
        ends = sorted(set(longer.values()))
        until = []
        for end in ends:
            kept: dict[str, Any] = {name: value for name, value in longer.items() if value >= end}
            until.append((applied_at + end, replace(policy, **kept)))
        return InForce(policy, version, tuple(until))


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a policy came to."""

    version: PolicyVersionRow
    read: ReadPolicy
    is_new: bool
    """False when just this file is in force already; then nothing was done."""


def read_in_force(connection: Connection, initial: Policy, now: float) -> InForce:
    """The newest policy that was applied; `initial` while there is none.

    Raises:
        PolicyUnreadable: it was written for another version of this program.
    """
    rows = _newest_first(connection, _version.c.applied_at > now - 2 * LONGEST_GRACE_S)
    rows += _newest_first(connection, _version.c.applied_at <= now - 2 * LONGEST_GRACE_S, most=1)
    if not rows:
        return InForce(initial)
    found = InForce(initial) if rows[-1].id == 1 else None
    for row in reversed(rows):
        try:
            policy = read_policy(row.text).policy
        except PolicyInvalid as invalid:
            if row is rows[0]:
                raise PolicyUnreadable(row.id or 0, row.name, invalid) from invalid
            continue
        version = row.id or 0
        found = (
            InForce(policy, version)
            if found is None
            else found.followed_by(policy, version, row.applied_at)
        )
    assert found is not None, "the newest was read or refused"
    return found


def newest_version(connection: Connection) -> int:
    """The number of the policy in force; 0 while none was applied."""
    return connection.execute(select(func.max(_version.c.id))).scalar() or 0


def history(connection: Connection, most: int = 100) -> list[PolicyVersionRow]:
    """The policies that were applied, the newest first."""
    return _newest_first(connection, most=most)


def find_version(connection: Connection, version: int) -> PolicyVersionRow:
    """A policy that was applied.

    Raises:
        PolicyVersionUnknown: there is no such number.
    """
    found = _newest_first(connection, _version.c.id == version)
    if not found:
        raise PolicyVersionUnknown(f"no policy was applied as version {version}")
    return found[0]


def apply_policy(tx: Transaction, text: str) -> Applied:
    """Put a policy in force. Who reads the journal, here or in another process, follows it.

    Raises:
        PolicyInvalid: nothing was changed.
    """
    read = read_policy(text, known_in(tx.connection))
    newest = _newest_first(tx.connection, most=1)
    if newest and newest[0].sha256 == read.sha256:
        return Applied(newest[0], read, is_new=False)
    row = PolicyVersionRow(
        id=newest_version(tx.connection) + 1,
        name=read.policy.name,
        sha256=read.sha256,
        text=text,
        applied_at=tx.now,
        applied_by=tx.actor,
    )
    tx.add(row)
    tx.note("policy.applied", name=row.name, version=row.id, sha256=row.sha256)
    return Applied(row, read, is_new=True)


def roll_back(tx: Transaction, version: int) -> Applied:
    """Put an earlier policy in force again, as a new version.

    Raises:
        PolicyVersionUnknown: there is no such number.
        PolicyInvalid: what it names does not exist any more.
    """
    return apply_policy(tx, find_version(tx.connection, version).text)


def known_in(connection: Connection) -> Known:
    """What exists in this hall, for what a policy names."""
    items = connection.execute(
        select(_item.c.code, _item.c.department, _item.c.languages, _item.c.hidden)
    )
    seats = connection.execute(
        select(_seat.c.level, _seat.c.location_id, _seat.c.departments, _seat.c.languages)
    )
    locations = connection.execute(select(_location.c.id, _location.c.name))
    return Known(
        items={
            # Nobody can ask for a hidden one, but a policy may still name it.
            code: KnownItem(
                department="" if hidden else department,
                languages=frozenset() if hidden else _languages(languages),
            )
            for code, department, languages, hidden in items
        },
        seats=tuple(
            KnownSeat(
                level=level,
                location_id=location_id,
                departments=frozenset(filter(None, departments.split("|"))),
                languages=_languages(languages),
            )
            for level, location_id, departments, languages in seats
        ),
        locations={row.id: row.name for row in locations},
    )


def _languages(joined: str) -> frozenset[Language]:
    return frozenset(Language(word) for word in joined.split("|") if word)


def _newest_first(connection: Connection, *tests: Any, most: int = 1000) -> list[PolicyVersionRow]:
    chosen = select(_version).where(*tests).order_by(_version.c.id.desc()).limit(most)
    rows: Sequence[Any] = connection.execute(chosen).all()
    return [record(PolicyVersionRow, row) for row in rows]
