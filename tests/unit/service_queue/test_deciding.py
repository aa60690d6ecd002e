"""What an agent decides about a resident, with whom, and what of the card is read."""

from __future__ import annotations

from itertools import product

import pytest

from service_queue import deciding
from service_queue.deciding import CONFIRMING, REFUSING, SecondPerson
from service_queue.errors import (
    AlreadyDecided,
    CallUnknown,
    NoteMissing,
    NothingToRead,
    NotSeated,
    ReasonUnfit,
    SecondNeeded,
    SecondRefused,
)
from signaling.protocol.commands import AskIdentity, WithdrawIdentity
from signaling.protocol.errors import NotAllowed, Refusal
from signaling.protocol.identity import (
    DecisionReason,
    IdentityDecision,
    IdentityGrade,
    IdentityState,
    UnmaskReason,
)
from tests.support.checks import (
    HOLDER,
    NO_MATCH,
    ask,
    begin,
    decision,
    graded,
    in_call,
    row_of,
    screens,
)
from tests.support.hall_builder import HallDriver, agent, kiosk
from tests.support.views import wall_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("what", "reason"), list(product(IdentityDecision, DecisionReason)), ids=str
)
async def test_each_reason_belongs_to_its_decision(
    d: HallDriver, what: IdentityDecision, reason: DecisionReason
) -> None:
    _, call_id = await in_call(d)
    command = decision(d, call_id, what, reason, note="如记录")
    if reason in (CONFIRMING if what is IdentityDecision.CONFIRMED else REFUSING):
        await d.hall.execute(agent(1), command)
        [entry] = await d.journal("identity.decided")
        assert (entry.reason, entry.detail["decision"]) == (reason, what)
    else:
        with pytest.raises(ReasonUnfit):
            await d.hall.execute(agent(1), command)


async def test_another_reason_needs_words(d: HallDriver) -> None:
    _, call_id = await in_call(d)
    command = decision(d, call_id, IdentityDecision.REFUSED, DecisionReason.OTHER, note="  ")
    with pytest.raises(NoteMissing):
        await d.hall.execute(agent(1), command)


async def test_against_the_evidence_a_second_person_stands_by_it(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    await graded(d, ticket_id, grade=IdentityGrade.REFUSED, marks=NO_MATCH)
    desk, _ = screens(d)
    assert desk.ticket is not None
    assert desk.ticket.identity is not None
    assert desk.ticket.identity.needs_second

    async def decide(note: str, second: SecondPerson | None) -> None:
        command = decision(d, call_id, note=note)
        await d.hall.carry("agent:a01", lambda tx: deciding.decide(tx, agent(1), command, second))

    refusals: list[tuple[str, SecondPerson | None, type[Refusal]]] = [
        ("本人，照片旧", None, SecondNeeded),
        ("", SecondPerson(agent_id="a02", name="坐席02"), NoteMissing),
        ("本人，照片旧", SecondPerson(agent_id="a01", name="坐席01"), SecondRefused),
    ]
    for note, second, refusal in refusals:
        with pytest.raises(refusal):
            await decide(note, second)
    with pytest.raises(SecondNeeded):
        await d.hall.execute(agent(1), decision(d, call_id, note="本人，照片旧"))
    assert (await row_of(d, ticket_id)).decision is None

    await decide("本人，照片旧", SecondPerson(agent_id="a02", name="坐席02"))
    [entry] = await d.journal("identity.decided")
    assert entry.actor == "agent:a01"
    assert (entry.detail["override"], entry.detail["seconded_by"]) == (True, "agent:a02")
    assert wall_of(d).today.identity_overrides == 1
    refuse = decision(d, call_id, IdentityDecision.REFUSED, DecisionReason.NOT_THE_SAME)
    await d.hall.execute(agent(1), refuse)
    assert wall_of(d).today.identity_overrides == 0
    assert (await row_of(d, ticket_id)).seconded_by is None


async def test_a_second_person_is_kept_only_where_one_was_needed(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    await graded(d, ticket_id)
    command = decision(d, call_id)
    await d.hall.carry(
        "agent:a01",
        lambda tx: deciding.decide(
            tx, agent(1), command, SecondPerson(agent_id="a02", name="坐席02")
        ),
    )
    assert (await row_of(d, ticket_id)).seconded_by is None


async def test_only_the_agent_in_the_call_asks_and_decides(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    await d.open_seat(2)
    for command in (AskIdentity(op_id="x", call_id=call_id), decision(d, call_id)):
        with pytest.raises(CallUnknown):
            await d.hall.execute(agent(2), command)
        with pytest.raises(NotSeated):
            await d.hall.execute(agent(3), command)
        with pytest.raises((NotAllowed, NotSeated)):
            await d.hall.execute(kiosk(1), command)
    with pytest.raises(NotAllowed):
        await d.hall.execute(agent(1), WithdrawIdentity(op_id="y", ticket_id=ticket_id))
    await d.end_call(1, call_id)
    with pytest.raises(CallUnknown):
        await d.hall.execute(agent(1), decision(d, call_id))


async def test_after_a_decision_the_agent_has_to_ask_before_another_check(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    await d.hall.execute(agent(1), decision(d, call_id))
    assert (await row_of(d, ticket_id)).state is IdentityState.NOT_ASKED
    with pytest.raises(AlreadyDecided):
        await begin(d, ticket_id)
    await ask(d, call_id)
    assert (await row_of(d, ticket_id)).decision is None
    await begin(d, ticket_id)


async def test_a_repeated_decision_is_one(d: HallDriver) -> None:
    _, call_id = await in_call(d)
    command = decision(d, call_id)
    for _ in range(3):
        await d.hall.execute(agent(1), command)
    assert len(await d.journal("identity.decided")) == 1


async def test_a_whole_number_is_read_with_a_reason_that_is_kept(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)

    async def read(n: int = 1) -> str:
        return await d.hall.carry(
            f"agent:a{n:02d}",
            lambda tx: deciding.read_holder(tx, agent(n), call_id, UnmaskReason.FILL_FORM),
        )

    with pytest.raises(NothingToRead):
        await read()
    await graded(d, ticket_id)
    await d.open_seat(2)
    with pytest.raises(CallUnknown):
        await read(2)
    assert await read() == HOLDER
    [entry] = await d.journal("identity.unmasked")
    assert (entry.actor, entry.reason) == ("agent:a01", "fill_form")
    await read()
    assert await d.journal("alarm.raised") == []
    await read()
    [alarm] = await d.journal("alarm.raised")
    assert (alarm.reason, alarm.detail["agent_id"]) == ("identity_reads", "a01")
    await read()
    assert len(await d.journal("alarm.raised")) == 1
    await d.hall.execute(kiosk(1), WithdrawIdentity(op_id=d.op(), ticket_id=ticket_id))
    with pytest.raises(NothingToRead):
        await read()
