"""The hall: commands in, answers after commit, and a picture that follows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection, select

from service_queue import attendance, identifying, offering
from service_queue.actor import SYSTEM, Actor
from service_queue.carrying_out import carry_out
from service_queue.changes import Changes, read_changes
from service_queue.clock import Clock, ForwardClock
from service_queue.elsewhere import Missed, read_missed
from service_queue.errors import OperationReused, PolicyUnreadable
from service_queue.matcher import Matcher
from service_queue.mirror import HallMirror
from service_queue.overdue import LOOK_EVERY_S, Overdue, find_overdue
from service_queue.pending import OperationKey
from service_queue.policy import Policy
from service_queue.policy_store import Applied, InForce, newest_version, read_in_force
from service_queue.roll import Roll
from service_queue.store import Elsewhere, Store
from service_queue.sweep import forget_operations, sweep
from service_queue.tables import JournalRow, table_of
from service_queue.transaction import Sealer, Transaction, unguessable_id
from service_queue.turn import Reach
from signaling.protocol.commands import StoredCommand
from signaling.protocol.events import CommandAnswer, answer
from signaling.protocol.words import Role, SeatState, SeatStatus, TicketState

log = logging.getLogger(__name__)

SWEEP_EVERY_S: Final = 0.25
"""How late a deadline may be noticed."""

REMATCH_EVERY_S: Final = 1.0
"""Matching runs on every event; the timer is for what no event announces, such as the end of an
exclusion."""

PURGE_EVERY_S: Final = 3600.0

ROLL_EVERY_S: Final = 1.0
"""How late the loss of another server may be noticed."""

_journal = table_of(JournalRow)

Listener = Callable[[Changes], None]
_Result = TypeVar("_Result")


class Hall:
    """One hall over one store. Made by `open_hall`."""

    def __init__(
        self,
        store: Store,
        mirror: HallMirror,
        clock: Clock,
        sealer: Sealer,
        *,
        new_id: Callable[[], str] = unguessable_id,
    ) -> None:
        self.store = store
        self.mirror = mirror
        self.clock = clock
        self._initial = mirror.policy
        self._in_force = InForce(mirror.policy)
        """Set in the writer's turn, so that what comes after a new policy goes by it."""
        self._sealer = sealer
        self._new_id = new_id
        self._listeners: list[Listener] = []
        self.kept_until = clock.now()
        """Up to when every deadline was kept; readiness looks at it."""
        self._matched_at = 0.0
        self._purged_at = clock.now()
        self._roll = Roll(store)
        self._rolled_at = 0.0
        self.overdue: dict[Overdue, float] = {}
        """What stands still as of the last look, and since which look."""
        self._looked_at = clock.now()
        self._matcher = Matcher()
        """Touched in the writer's turn only."""

    @property
    def policy(self) -> Policy:
        """What the hall is run by at this moment."""
        return self._in_force.at(self.clock.now())

    # --- commands --------------------------------------------------------------------------

    async def execute(self, actor: Actor, command: StoredCommand) -> CommandAnswer:
        """Carry a command out and answer after the commit.

        The same `op_id` of the same actor gets the same answer and does nothing again.

        Raises:
            Refusal: nothing was changed; `code` says why.
        """

        def unit(tx: Transaction) -> CommandAnswer:
            repeated = _answered(tx, actor, command)
            if repeated is not None:
                return repeated
            result = carry_out(tx, actor, command)
            _remember(tx, actor, command, result)
            if tx.touched:
                offering.match_all(tx)
            return result

        return await self._write(unit, actor.subject, asked=(actor.subject, command.op_id))

    async def carry(self, actor: str, unit: Callable[[Transaction], _Result]) -> _Result:
        """Run a unit that does not come over the wire, such as a verdict from a kiosk's program.

        Raises:
            Refusal: nothing was changed; `code` says why.
        """

        def whole(tx: Transaction) -> _Result:
            result = unit(tx)
            if tx.touched:
                offering.match_all(tx)
            return result

        return await self._write(whole, actor)

    async def attached(self, actor: Actor) -> None:
        """The page of a kiosk, or the desk of an agent, is connected."""

        def unit(tx: Transaction) -> None:
            if actor.role is Role.KIOSK_PAGE and actor.kiosk_id is not None:
                attendance.kiosk_attached(tx, actor.kiosk_id)
            elif actor.agent_id is not None:
                attendance.agent_attached(tx, actor.agent_id)
            if tx.touched:
                offering.match_all(tx)

        self._roll.came(actor)
        if self._is_marked_away(actor):
            await self._write(unit, actor.subject)

    async def apply_policy(self, actor: str, unit: Callable[[Transaction], Applied]) -> Applied:
        """Put a policy in force (`policy_store.apply_policy`, `roll_back`), from now on.

        Raises:
            PolicyInvalid, PolicyVersionUnknown: nothing was changed.
        """
        now = self.clock.now()

        def work(connection: Connection) -> tuple[Applied, HallMirror]:
            tx = self._begin(connection, now, actor)
            with self._matcher.following(tx):
                applied = unit(tx)
                in_force = read_in_force(connection, self._initial, now)
                tx.policy = in_force.at(now)
                offering.match_all(tx)
                mirror = HallMirror.load(connection, tx.policy, self._sealer, now)
            self._in_force = in_force
            return applied, mirror

        def follow(outcome: tuple[Applied, HallMirror]) -> None:
            self._log_policy()
            self._replace_mirror(outcome[1])

        applied, _ = await self.store.write(work, follow)
        return applied

    async def detached(self, actor: Actor) -> None:
        """The page of a kiosk, or the desk of an agent, is gone."""

        def unit(tx: Transaction) -> None:
            if actor.role is Role.KIOSK_PAGE and actor.kiosk_id is not None:
                attendance.kiosk_detached(tx, actor.kiosk_id)
            elif actor.agent_id is not None:
                attendance.agent_detached(tx, actor.agent_id)

        self._roll.went(actor)
        if self._matters(actor):
            await self._write(unit, actor.subject)

    # --- watching --------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on the event loop after each commit; returns the undo."""
        self._listeners.append(listener)

        def undo() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return undo

    async def run(self) -> None:
        """Keep the deadlines, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self.tick()
            except Exception:
                # The sweep must outlive a failing disk: it is what notices that it is back.
                late_s = self.clock.now() - self.kept_until
                alarm = late_s > self.policy.unmatched_alarm_s
                log.exception("sweep failed", extra={"late_s": round(late_s, 1), "alarm": alarm})

    async def tick(self) -> None:
        """Do what is due: deadlines, pairs that no event matched, what another process changed."""
        now = self.clock.now()
        await self._keep_roll(now)
        await self.refresh()
        for actor in self._roll.answer():
            await self.attached(actor)
        rematch = now - self._matched_at >= REMATCH_EVERY_S and self._could_match()
        if rematch or self.mirror.next_deadline() <= now:
            self._matched_at = now
            await self._write(sweep, SYSTEM)
        self.mirror.policy = self.policy
        if now - self._purged_at > PURGE_EVERY_S:
            self._purged_at = now
            await self.store.chore("forget-operations", self._forget_operations)
            while await self._write(identifying.delete_old_details, SYSTEM):
                pass
        await self._look_for_overdue(now)
        self.kept_until = now

    async def _look_for_overdue(self, now: float) -> None:
        """Report what stands still, once each, and read the line anew if it was overlooked."""
        if now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        found = await self.store.read(lambda c: find_overdue(self._begin(c, now, SYSTEM)))
        new = sorted(found - self.overdue.keys(), key=str)
        self.overdue = {each: self.overdue.get(each, now) for each in found}
        self.mirror.overdue = self.overdue
        if new:
            await self._write(partial(self._report, new), SYSTEM)

    def _report(self, new: list[Overdue], tx: Transaction) -> None:
        for each in new:
            log.error("overdue", extra={"overdue": each.kind, "alarm": True})
            tx.note(
                "alarm.raised", reason=each.kind, ticket_id=each.ticket_id, seat_id=each.seat_id
            )
        self._matcher.distrust()
        sweep(tx)

    def _forget_operations(self, connection: Connection) -> int:
        return forget_operations(self._begin(connection, self.clock.now(), SYSTEM))

    async def _keep_roll(self, now: float) -> None:
        if now - self._rolled_at < ROLL_EVERY_S:
            return
        self._rolled_at = now
        if await self._roll.is_one_lost():
            await self._write(partial(attendance.everyone_away, kind="server.lost"), SYSTEM)
            self._roll.call()

    async def refresh(self) -> None:
        """Follow what another process wrote, if any did."""
        await self.store.look()

    def follow_others(self) -> Callable[[], None]:
        """From now on the picture follows what other processes write; returns the undo."""
        return self.store.watch(self._read_elsewhere)

    async def reload(self) -> None:
        """Load the whole picture from the database."""
        now = self.clock.now()

        def unit(connection: Connection) -> HallMirror:
            self._matcher.distrust()
            return HallMirror.load(connection, self.policy, self._sealer, now)

        await self.store.write(unit, self._replace_mirror)

    def _read_elsewhere(self, connection: Connection, elsewhere: Elsewhere) -> Callable[[], None]:
        """In the writer's turn: what the picture lacks, and how it gets it."""
        now = self.clock.now()
        if not self._take_up_policy(connection, now):
            missed = read_missed(connection, elsewhere, self._sealer)
            if missed is not None:
                self._matcher.doubt(
                    (ticket.id for ticket in missed.changes.tickets),
                    (seat.id for seat in missed.changes.seats),
                )
                return partial(self._catch_up, missed)
        self._matcher.distrust()
        mirror = HallMirror.load(connection, self.policy, self._sealer, now)
        return partial(self._start_over, mirror)

    def _take_up_policy(self, connection: Connection, now: float) -> bool:
        """In the writer's turn: go by the newest policy; True when it is another than before."""
        newest = newest_version(connection)
        if newest == self._in_force.version:
            return False
        try:
            self._in_force = read_in_force(connection, self._initial, now)
        except PolicyUnreadable:
            # Somebody with a newer program applied it: go on by the last one this one knows.
            log.exception("a policy cannot be read")
            self._in_force = replace(self._in_force, version=newest)
            return False
        self._log_policy()
        return True

    def _log_policy(self) -> None:
        force = self._in_force
        log.info("policy in force", extra={"policy": force.policy.name, "version": force.version})

    def _catch_up(self, missed: Missed) -> None:
        self._roll.call()
        changes = missed.as_seen_by(self.mirror)
        self.mirror.apply(changes)
        self._tell(changes)

    def _start_over(self, mirror: HallMirror) -> None:
        self._roll.call()
        self._replace_mirror(mirror)

    def _replace_mirror(self, mirror: HallMirror) -> None:
        self.mirror = mirror
        mirror.overdue = self.overdue
        self._tell(Changes(seq=mirror.seq, reference=True))

    def _tell(self, changes: Changes) -> None:
        for listener in tuple(self._listeners):
            listener(changes)

    async def _write(
        self,
        unit: Callable[[Transaction], _Result],
        actor: str,
        asked: OperationKey | None = None,
    ) -> _Result:
        now = self.clock.now()

        def work(connection: Connection) -> tuple[_Result, Changes | None]:
            tx = self._begin(connection, now, actor)
            with self._matcher.following(tx):
                result = unit(tx)
                changed = read_changes(tx) if tx.touched else None
            return result, changed

        def follow(outcome: tuple[_Result, Changes | None]) -> None:
            changes = outcome[1]
            if changes is not None:
                self.mirror.apply(changes)
                self._tell(changes)

        result, _ = await self.store.write(work, follow, Reach.ROWS, asked)
        return result

    def _begin(self, connection: Connection, now: float, actor: str) -> Transaction:
        return Transaction(
            connection,
            now=now,
            policy=self._in_force.at(now),
            sealer=self._sealer,
            actor=actor,
            new_id=self._new_id,
            matcher=self._matcher,
        )

    async def open(self) -> None:
        """Take up what was left: the policy in force, everybody's places.

        Raises:
            PolicyUnreadable: the policy in force is none this program understands.
        """
        now = self.clock.now()
        self._in_force = await self.store.write(
            lambda connection: read_in_force(connection, self._initial, now)
        )
        self._log_policy()
        await self._roll.join()
        await self._write(attendance.everyone_away, SYSTEM)
        await self.reload()

    def _is_marked_away(self, actor: Actor) -> bool:
        if actor.kiosk_id is not None:
            ticket = self.mirror.ticket_of_kiosk(actor.kiosk_id)
            return ticket is not None and ticket.away_since is not None
        seat = self.mirror.seat_of_agent(actor.agent_id or "")
        return seat is not None and seat.away_since is not None

    def _matters(self, actor: Actor) -> bool:
        if actor.kiosk_id is not None:
            ticket = self.mirror.ticket_of_kiosk(actor.kiosk_id)
            return ticket is not None and ticket.state.is_open
        return self.mirror.seat_of_agent(actor.agent_id or "") is not None

    def _could_match(self) -> bool:
        free = any(
            seat.status is SeatStatus.AVAILABLE
            and seat.state is SeatState.IDLE
            and seat.away_since is None
            for seat in self.mirror.seats.values()
        )
        return free and any(
            ticket.state is TicketState.WAITING and ticket.away_since is None
            for ticket in self.mirror.open_tickets()
        )


@asynccontextmanager
async def open_hall(
    store: Store,
    *,
    clock: Clock,
    sealer: Sealer,
    policy: Policy | None = None,
    new_id: Callable[[], str] = unguessable_id,
    keep_deadlines: bool = True,
) -> AsyncIterator[Hall]:
    """The hall over an open, migrated store; keeps its deadlines while the block runs.

    `new_id`: where ids come from; a seeded source makes the same history again. `keep_deadlines`:
    False where somebody else calls `tick`, on a clock of their own.
    """
    policy = policy or Policy()
    clock = ForwardClock(clock, await store.read(_last_moment))
    if clock.ahead_s > 0:
        log.warning("the machine's clock is behind the journal by %.0f s", clock.ahead_s)
    hall = Hall(store, HallMirror(policy), clock, sealer, new_id=new_id)
    let_others_be = hall.follow_others()
    await hall.open()
    keepers = [asyncio.create_task(hall.run(), name="hall-deadlines")] if keep_deadlines else []
    try:
        yield hall
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        let_others_be()


def _answered(tx: Transaction, actor: Actor, command: StoredCommand) -> CommandAnswer | None:
    before = tx.answered(actor.subject, command.op_id)
    if before is None:
        return None
    command_type, given = before
    if command_type != command.type:
        raise OperationReused
    stored = answer.validate_json(given)
    assert isinstance(stored, CommandAnswer)
    return stored


def _remember(tx: Transaction, actor: Actor, command: StoredCommand, result: CommandAnswer) -> None:
    tx.remember(actor.subject, command.op_id, command.type, result.model_dump_json())


def _last_moment(connection: Connection) -> float:
    """When the last row of the journal was written; 0 when there is none."""
    last = select(_journal.c.at).order_by(_journal.c.seq.desc()).limit(1)
    moment: float = connection.execute(last).scalar() or 0.0
    return moment
