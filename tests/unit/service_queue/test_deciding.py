"""What an agent decides about a resident, with whom, and what of the card is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import product

import pytest

from service_queue import deciding
from service_queue.deciding import CONFIRMING, REFUSING, SecondPerson
from service_queue.errors import (
    AlreadyDecided,
    CallClosed,
    CallUnknown,
    NoteMissing,
    NothingToRead,
    NotSeated,
    ReasonUnfit,
    SecondNeeded,
    SecondRefused,
)
from signaling.protocol.commands import (
    AskIdentity,
    ExtendWrapUp,
    FinishWrapUp,
    HandCallOver,
    SignOut,
    WithdrawIdentity,
)
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
    submit,
)
from tests.support.hall_builder import HallDriver, agent, kiosk
from tests.support.views import desk_of, kiosk_of, wall_of

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
        await ask(d, call_id)
    with pytest.raises(CallUnknown):
        await d.hall.execute(agent(2), decision(d, call_id))


async def _wraps_up(d: HallDriver, call_id: str) -> None:
    await d.end_call(1, call_id)


async def _wraps_up_long_after_the_rating(d: HallDriver, call_id: str) -> None:
    await d.end_call(1, call_id)
    for _ in range(2):
        await d.hall.execute(agent(1), ExtendWrapUp(op_id=d.op(), call_id=call_id))
    await d.pass_time(d.hall.policy.rating_s + 1)
    assert d.hall.mirror.next_deadline() > d.clock.now()


async def _has_finished(d: HallDriver, call_id: str) -> None:
    await d.end_call(1, call_id)
    await d.hall.execute(agent(1), FinishWrapUp(op_id=d.op(), call_id=call_id))


async def _was_too_slow(d: HallDriver, call_id: str) -> None:
    await d.end_call(1, call_id)
    await d.pass_time(d.hall.policy.wrap_up_s)


async def _has_handed_over(d: HallDriver, call_id: str) -> None:
    await d.open_seat(2)
    await d.hand_over(1, call_id, seat="02")


async def _has_handed_over_in_the_call(d: HallDriver, call_id: str) -> None:
    await d.open_seat(2)
    consult = await d.invite(1, call_id, seat="02")
    await d.join(2, consult, kiosk_n=1)
    await d.hall.execute(agent(1), HandCallOver(op_id=d.op(), consult_id=consult.id))


async def _has_left(d: HallDriver, call_id: str) -> None:
    await d.end_call(1, call_id)
    await d.hall.execute(agent(1), SignOut(op_id=d.op()))


Scene = Callable[[HallDriver, str], Awaitable[None]]

MOMENTS: list[tuple[Scene, type[Refusal] | None]] = [
    (_wraps_up, None),
    (_wraps_up_long_after_the_rating, None),
    (_has_finished, CallClosed),
    (_was_too_slow, CallClosed),
    (_has_handed_over, CallClosed),
    (_has_handed_over_in_the_call, CallClosed),
    (_has_left, NotSeated),
]


async def _refuses(d: HallDriver, call_id: str) -> None:
    what, why = IdentityDecision.REFUSED, DecisionReason.CARD_DOUBTFUL
    await d.hall.execute(agent(1), decision(d, call_id, what, why))


async def _confirms_with_a_second(d: HallDriver, call_id: str) -> None:
    command = decision(d, call_id, note="本人，照片旧")
    second = SecondPerson(agent_id="a02", name="坐席02")
    await d.hall.carry("agent:a01", lambda tx: deciding.decide(tx, agent(1), command, second))


async def _reads_the_number(d: HallDriver, call_id: str) -> None:
    await d.hall.carry(
        "agent:a01",
        lambda tx: deciding.read_holder(tx, agent(1), call_id, UnmaskReason.SEARCH_RECORD),
    )


@pytest.mark.parametrize("act", [_refuses, _confirms_with_a_second, _reads_the_number])
@pytest.mark.parametrize(("moment", "refusal"), MOMENTS)
async def test_until_the_wrap_up_is_over_and_no_longer(
    d: HallDriver, moment: Scene, refusal: type[Refusal] | None, act: Scene
) -> None:
    ticket_id, call_id = await in_call(d)
    await graded(d, ticket_id, grade=IdentityGrade.REFUSED, marks=NO_MATCH)
    await moment(d, call_id)
    before = await row_of(d, ticket_id)
    if refusal is None:
        await act(d, call_id)
        [entry] = await d.journal("identity.decided", "identity.unmasked")
        assert entry.detail["in_wrap_up"]
        return
    with pytest.raises(refusal):
        await act(d, call_id)
    assert await row_of(d, ticket_id) == before
    assert await d.journal("identity.decided", "identity.unmasked", "alarm.raised") == []


async def test_in_wrap_up_the_desk_shows_the_check_as_in_the_call(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    await graded(d, ticket_id)
    ticket = desk_of(d, 1).ticket
    assert ticket is not None
    in_the_call = ticket.identity
    assert in_the_call is not None
    await _wraps_up_long_after_the_rating(d, call_id)
    assert kiosk_of(d, 1).identity is None, "who comes next sees nothing of it"
    wrap_up = desk_of(d, 1).wrap_up
    assert wrap_up is not None
    assert wrap_up.may_decide
    assert wrap_up.identity == in_the_call
    await d.hall.reload()
    assert desk_of(d, 1).wrap_up == wrap_up
    await d.hall.execute(agent(1), decision(d, call_id))
    wrap_up = desk_of(d, 1).wrap_up
    assert wrap_up is not None
    assert wrap_up.identity is not None
    assert wrap_up.identity.decision is not None
    assert wrap_up.identity.decision.by == "坐席01"
    await d.hall.execute(agent(1), FinishWrapUp(op_id=d.op(), call_id=call_id))
    assert d.hall.mirror.identities == {}


async def test_who_was_handed_over_is_the_next_windows_to_decide_on(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    await graded(d, ticket_id)
    await _has_handed_over(d, call_id)
    wrap_up = desk_of(d, 1).wrap_up
    assert wrap_up is not None
    assert (wrap_up.may_decide, wrap_up.identity) == (False, None)
    await d.hall.execute(agent(1), FinishWrapUp(op_id=d.op(), call_id=call_id))
    assert await d.journal("identity.left_undecided") == []
    await d.hall.execute(agent(2), decision(d, await d.serve(2)))


@pytest.mark.parametrize(
    ("moment", "ended"),
    [(_has_finished, "finished"), (_was_too_slow, "time_up"), (_has_left, "signed_out")],
)
async def test_evidence_that_nobody_decided_on_is_named_in_the_journal(
    d: HallDriver, moment: Scene, ended: str
) -> None:
    ticket_id, call_id = await in_call(d)
    verdict_id = await graded(d, ticket_id, grade=IdentityGrade.UNSURE)
    await moment(d, call_id)
    [entry] = await d.journal("identity.left_undecided")
    assert (entry.ticket_id, entry.call_id, entry.seat_id) == (ticket_id, call_id, "01")
    assert entry.reason == "unsure"
    assert entry.detail == {"agent_id": "a01", "verdict": verdict_id, "wrap_up": ended}


async def test_nothing_is_undecided_where_nothing_was_found_or_somebody_decided(
    d: HallDriver,
) -> None:
    _, call_id = await in_call(d)
    await ask(d, call_id)
    await _has_finished(d, call_id)
    ticket_id = await d.take(2)
    call_id = await d.serve(1)
    await begin(d, ticket_id, n=2)
    await submit(d, ticket_id, kiosk_id="K02")
    await d.end_call(1, call_id)
    await d.hall.execute(agent(1), decision(d, call_id))
    await d.hall.execute(agent(1), FinishWrapUp(op_id=d.op(), call_id=call_id))
    assert await d.journal("identity.left_undecided") == []


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
    await _has_finished(d, call_id)
    await d.hall.execute(agent(1), command)  # its answer was lost
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
    await d.hall.execute(kiosk(1), WithdrawIdentity(op_id=d.op(), ticket_id=ticket_id))
    with pytest.raises(NothingToRead):
        await read()


async def test_who_reads_too_many_numbers_within_an_hour_is_reported(d: HallDriver) -> None:
    """`reads_alarm` is 2 here."""

    async def reads(n: int, times: int = 1) -> None:
        """Serve the resident of kiosk `n`, whose number is read so often."""
        ticket_id = await d.take(n)
        call_id = await d.serve(1)
        await begin(d, ticket_id, n=n, nonce=ticket_id)
        await submit(d, ticket_id, kiosk_id=f"K{n:02d}", nonce=ticket_id)
        for _ in range(times):
            await _reads_the_number(d, call_id)
        await _has_finished(d, call_id)

    def alerted() -> list[tuple[str | None, float]]:
        alerts = wall_of(d).today.alerts
        return [(one.seat_id, one.since) for one in alerts if one.kind == "many_numbers_read"]

    await d.open_seat(1)
    await reads(1, times=5)
    await reads(2)
    assert (alerted(), await d.journal("alarm.raised")) == ([], [])
    await d.pass_time(1800)
    await reads(3, times=2)
    [alarm] = await d.journal("alarm.raised")
    assert (alarm.reason, alarm.seat_id) == ("identity_reads", "01")
    assert alarm.detail == {"agent_id": "a01", "read": 3}
    [(seat_id, since)] = alerted()
    assert (seat_id, since) == ("01", alarm.at)
    before = alerted()
    await d.hall.reload()
    assert alerted() == before, "after a restart, too"
    await reads(4)
    assert len(await d.journal("alarm.raised")) == 1, "reported when it becomes so"
    await d.pass_time(1800)
    assert alerted() == [], "the first ones were read more than an hour ago"
    await reads(5)
    assert len(await d.journal("alarm.raised")) == 2
    await d.pass_time(3600)
    assert alerted() == []
