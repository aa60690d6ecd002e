"""Policies are applied to a running hall, noticed from elsewhere, and found again."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from service_queue.errors import PolicyInvalid, PolicyUnreadable, PolicyVersionUnknown
from service_queue.line_tables import PolicyVersionRow
from service_queue.policy import CapPolicy, Policy
from service_queue.policy_file import write_policy
from service_queue.policy_store import (
    Applied,
    InForce,
    apply_policy,
    history,
    read_in_force,
    roll_back,
)
from service_queue.store import Store
from service_queue.tables import JournalRow, table_of
from service_queue.transaction import Transaction
from tests.support.hall_builder import (
    START,
    HallDriver,
    HandClock,
    ReversingSealer,
    open_district,
)

pytestmark = pytest.mark.unit

BRISK = Policy(name="brisk", offer_timeout_s=5.0)
PATIENT = Policy(name="patient", offer_timeout_s=60.0)


async def apply(driver: HallDriver, policy: Policy) -> Applied:
    text = write_policy(policy)
    return await driver.hall.apply_policy("agent:boss", lambda tx: apply_policy(tx, text))


async def test_a_policy_counts_from_the_next_event_on(tmp_path: Path) -> None:
    async with open_district(tmp_path) as driver:
        await driver.open_seat(1)
        first = await driver.take(1)
        rings_until = offer_end(driver, first)
        applied = await apply(driver, BRISK)
        assert (applied.version.id, applied.version.applied_by) == (1, "agent:boss")
        assert offer_end(driver, first) == rings_until, "what rings already keeps its deadline"
        await driver.open_seat(2)
        second = await driver.take(2)
        assert offer_end(driver, second) == driver.clock.now() - 1 + 5.0
        assert driver.hall.policy == driver.hall.mirror.policy == BRISK


async def test_the_journal_says_who_applied_what(tmp_path: Path) -> None:
    async with open_district(tmp_path) as driver:
        applied = await apply(driver, BRISK)
        journal = table_of(JournalRow)
        chosen = select(journal).where(journal.c.kind == "policy.applied")
        (row,) = await driver.hall.store.read(lambda c: c.execute(chosen).all())
        assert row.actor == "agent:boss"
        assert applied.version.sha256 in row.detail
        assert '"name":"brisk"' in row.detail
        assert '"version":1' in row.detail


async def test_the_same_file_twice_is_applied_once(tmp_path: Path) -> None:
    async with open_district(tmp_path) as driver:
        assert (await apply(driver, BRISK)).is_new
        again = await apply(driver, BRISK)
        assert (again.is_new, again.version.id) == (False, 1)


async def test_after_a_restart_the_newest_policy_is_in_force(tmp_path: Path) -> None:
    async with open_district(tmp_path) as driver:
        await apply(driver, BRISK)
        await apply(driver, PATIENT)
    async with open_district(tmp_path, policy=Policy(name="from the settings")) as driver:
        assert driver.hall.policy == PATIENT


async def test_while_none_was_applied_the_settings_count(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=BRISK) as driver:
        await driver.hall.reload()
        assert driver.hall.policy == BRISK


async def test_what_another_process_applied_is_followed(tmp_path: Path) -> None:
    async with open_district(tmp_path) as driver:
        other = Store.open(f"sqlite:///{tmp_path / 'hall.db'}")
        try:
            await other.write(lambda c: apply_policy(unit(c, driver.clock), write_policy(BRISK)))
        finally:
            await other.close()
        told: list[bool] = []
        driver.hall.subscribe(lambda changes: told.append(changes.reference))
        await driver.hall.tick()
        assert driver.hall.policy == driver.hall.mirror.policy == BRISK
        assert True in told


async def test_an_earlier_policy_comes_back_as_a_new_version(tmp_path: Path) -> None:
    async with open_district(tmp_path) as driver:
        await apply(driver, BRISK)
        await apply(driver, PATIENT)
        back = await driver.hall.apply_policy("agent:boss", lambda tx: roll_back(tx, 1))
        assert (back.version.id, back.version.name) == (3, "brisk")
        rows = await driver.hall.store.read(history)
        assert [(row.id, row.name) for row in rows] == [(3, "brisk"), (2, "patient"), (1, "brisk")]
        with pytest.raises(PolicyVersionUnknown):
            await driver.hall.apply_policy("agent:boss", lambda tx: roll_back(tx, 9))


async def test_a_policy_that_names_what_is_not_there_changes_nothing(tmp_path: Path) -> None:
    async with open_district(tmp_path) as driver:
        with pytest.raises(PolicyInvalid, match="there is no service item 'nothing'"):
            await apply(driver, Policy(caps=CapPolicy(items={"nothing": 3})))
        assert await driver.hall.store.read(history) == []
        assert driver.hall.policy == Policy()
        await apply(driver, Policy(name="caps", caps=CapPolicy(items={"pension": 3})))
        assert driver.hall.policy.name == "caps"


async def test_a_policy_of_another_version_of_the_program_is_refused_at_the_start(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as driver:
        await driver.hall.store.write(lambda c: plant(c, "colour = 'red'", 1))
        await driver.hall.tick()
        assert driver.hall.policy == Policy(), "a hall that runs goes on by the last it knows"
    with pytest.raises(PolicyUnreadable, match=r"version 1, 'planted'.*\nline 1, colour: "):
        async with open_district(tmp_path):
            pass


async def test_an_older_policy_that_cannot_be_read_does_not_matter(tmp_path: Path) -> None:
    async with open_district(tmp_path) as driver:
        await driver.hall.store.write(lambda c: plant(c, "colour = 'red'", 1))
        await driver.hall.store.write(lambda c: plant(c, write_policy(BRISK), 2))
    async with open_district(tmp_path) as driver:
        assert driver.hall.policy == BRISK


def test_a_grace_that_became_shorter_spares_who_began_under_the_longer_one() -> None:
    old = Policy(waiting_kiosk_grace_s=120.0, call_away_grace_s=90.0, connect_timeout_s=30.0)
    new = Policy(waiting_kiosk_grace_s=10.0, call_away_grace_s=30.0, connect_timeout_s=40.0)
    in_force = InForce(old).followed_by(new, 1, START)
    seen = [in_force.at(START + after_s) for after_s in (0.0, 89.0, 90.0, 119.0, 120.0)]
    assert [policy.waiting_kiosk_grace_s for policy in seen] == [120.0, 120.0, 120.0, 120.0, 10.0]
    assert [policy.call_away_grace_s for policy in seen] == [90.0, 90.0, 30.0, 30.0, 30.0]
    assert {policy.connect_timeout_s for policy in seen} == {40.0}, "longer ones count at once"
    assert in_force.at(START) is in_force.at(START + 1)
    assert in_force.at(START + 120.0) is new


def test_two_changes_in_a_row_spare_whom_the_first_began_with() -> None:
    long, short = Policy(call_away_grace_s=900.0), Policy(call_away_grace_s=10.0)
    in_force = InForce(long).followed_by(short, 1, START).followed_by(Policy(), 2, START + 5)
    assert in_force.at(START + 6).call_away_grace_s == 900.0


async def test_the_grace_is_spared_after_a_restart_too(tmp_path: Path) -> None:
    async with open_district(tmp_path) as driver:
        await apply(driver, Policy(name="short", waiting_kiosk_grace_s=10.0))
        assert driver.hall.policy.waiting_kiosk_grace_s == 120.0
        later = START + 200.0
        found = await driver.hall.store.read(lambda c: read_in_force(c, Policy(), later))
        assert found.at(START + 100).waiting_kiosk_grace_s == 120.0
        driver.clock.move(200)
        await driver.hall.tick()
        assert driver.hall.policy.waiting_kiosk_grace_s == 10.0


def offer_end(driver: HallDriver, ticket_id: str) -> float:
    ticket = driver.hall.mirror.tickets[ticket_id]
    assert ticket.offer_id is not None
    return driver.hall.mirror.offers[ticket.offer_id].expires_at


def unit(connection: Connection, clock: HandClock) -> Transaction:
    return Transaction(
        connection, now=clock.now(), policy=Policy(), sealer=ReversingSealer(), actor="console"
    )


def plant(connection: Connection, text: str, version: int) -> None:
    row = PolicyVersionRow(
        id=version, name="planted", sha256="", text=text, applied_at=START, applied_by="test"
    )
    connection.execute(table_of(PolicyVersionRow).insert().values(**row.model_dump()))
