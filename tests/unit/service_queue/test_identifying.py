"""The check of a ticket's resident: asked for, begun, graded, ended, withdrawn, forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from service_queue import deciding, identifying
from service_queue.deciding import SecondPerson
from service_queue.errors import (
    NonceRefused,
    TicketOver,
    TicketUnknown,
    TriesSpent,
)
from service_queue.identities import read_marks, write_marks
from service_queue.replay import Replay
from signaling.protocol.commands import WithdrawIdentity
from signaling.protocol.identity import (
    EndingReason,
    Guardian,
    GuardianRelation,
    IdentityDecision,
    IdentityGrade,
    IdentityPart,
    IdentityState,
    IdentityWay,
    Mark,
    Wiped,
)
from signaling.protocol.words import GreenReason, TicketState
from tests.support.checks import (
    CONSENT,
    EVIDENCE,
    NO_MATCH,
    ask,
    begin,
    decision,
    graded,
    in_call,
    row_of,
    screens,
    submit,
    verdict_rows,
)
from tests.support.hall_builder import HallDriver, agent, kiosk, open_district
from tests.support.views import desk_of, kiosk_of, wall_of

pytestmark = pytest.mark.unit


async def test_a_check_from_the_question_to_the_decision(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    desk, booth = screens(d)
    assert desk.ticket is not None
    assert (desk.ticket.identity, booth.identity) == (None, None)

    await ask(d, call_id)
    desk, booth = screens(d)
    assert desk.ticket is not None
    assert desk.ticket.identity is not None
    assert desk.ticket.identity.state is IdentityState.ASKED
    assert booth.identity is not None
    assert booth.identity.asked

    until = await begin(d, ticket_id)
    desk, booth = screens(d)
    assert desk.ticket is not None
    assert desk.ticket.identity is not None
    assert desk.ticket.identity.state is IdentityState.IN_PROGRESS
    assert desk.ticket.identity.until == until
    assert booth.identity is not None
    assert booth.identity.asked

    await submit(d, ticket_id, marks=NO_MATCH | {IdentityPart.FACE: Mark.UNCLEAR})
    desk, booth = screens(d)
    assert desk.ticket is not None
    identity = desk.ticket.identity
    assert identity is not None
    assert (identity.state, identity.grade) == (IdentityState.GRADED, IdentityGrade.CLEAR)
    assert identity.evidence == EVIDENCE
    assert {mark.part: mark.mark for mark in identity.marks}[IdentityPart.FACE] is Mark.UNCLEAR
    assert identity.may_unmask
    assert not identity.needs_second
    assert booth.identity is not None
    assert (booth.identity.grade, booth.identity.asked) == (IdentityGrade.CLEAR, False)
    assert wall_of(d).tickets[0].identity is IdentityGrade.CLEAR

    await d.hall.execute(agent(1), decision(d, call_id, note="戴了眼镜"))
    desk, booth = screens(d)
    assert desk.ticket is not None
    assert desk.ticket.identity is not None
    decided = desk.ticket.identity.decision
    assert decided is not None
    assert (decided.decision, decided.by) == (IdentityDecision.CONFIRMED, "坐席01")
    assert (decided.note, decided.seconded_by) == ("戴了眼镜", None)
    assert booth.identity is not None
    assert booth.identity.decision is IdentityDecision.CONFIRMED


async def test_after_a_restart_the_screens_show_the_same(tmp_path: Path) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        ticket_id, call_id = await in_call(d)
        await graded(d, ticket_id, grade=IdentityGrade.REFUSED, marks=NO_MATCH)
        command = decision(d, call_id, note="本人，照片旧")
        await d.hall.carry(
            "agent:a01",
            lambda tx: deciding.decide(
                tx, agent(1), command, SecondPerson(agent_id="a02", name="坐席02")
            ),
        )
        before = desk_of(d, 1)
        assert wall_of(d).today.identity_overrides == 1
    async with open_district(tmp_path, keep_deadlines=False) as d:
        after = desk_of(d, 1)
        assert before.ticket is not None
        assert after.ticket is not None
        assert after.ticket.identity == before.ticket.identity
        assert after.ticket.identity is not None
        assert after.ticket.identity.decision is not None
        assert after.ticket.identity.decision.seconded_by == "坐席02"
        assert wall_of(d).today.identity_overrides == 1


@pytest.mark.parametrize("nonce", ["n2", "", "n1 "])
async def test_a_foreign_nonce_is_refused_and_changes_nothing(d: HallDriver, nonce: str) -> None:
    ticket_id = await d.take(1)
    await begin(d, ticket_id)
    with pytest.raises(NonceRefused):
        await submit(d, ticket_id, nonce=nonce)
    assert await verdict_rows(d) == []
    assert (await row_of(d, ticket_id)).state is IdentityState.IN_PROGRESS
    assert await d.journal("identity.graded") == []


async def test_a_nonce_is_good_for_one_verdict(d: HallDriver) -> None:
    ticket_id = await d.take(1)
    verdict_id = await graded(d, ticket_id)
    with pytest.raises(NonceRefused):
        await submit(d, ticket_id, text='{"form":1,"way":"another"}')
    assert [row.id for row in await verdict_rows(d)] == [verdict_id]


async def test_a_verdict_whose_answer_was_lost_is_kept_once_and_answered_alike(
    d: HallDriver,
) -> None:
    ticket_id = await d.take(1)
    verdict_id = await graded(d, ticket_id, text='{"form":1,"made_at":5.0}')
    for made_at in ("5.0", "7.5"):
        again = await submit(d, ticket_id, text=f'{{"form":1,"made_at":{made_at}}}')
        assert again == verdict_id
    assert len(await verdict_rows(d)) == 1
    assert len(await d.journal("identity.graded")) == 1
    assert (await row_of(d, ticket_id)).tries == 1
    await begin(d, ticket_id, nonce="n2")
    with pytest.raises(NonceRefused):
        await submit(
            d, ticket_id, nonce="n2", text='{"form":1,"nonce":"n1"}', way=IdentityWay.NO_FACE
        )


async def test_a_nonce_is_good_for_its_time(d: HallDriver) -> None:
    ticket_id = await d.take(1)
    until = await begin(d, ticket_id)
    d.clock.move(until - d.clock.now())
    with pytest.raises(NonceRefused):
        await submit(d, ticket_id)


async def test_a_new_check_breaks_the_one_before_off(d: HallDriver) -> None:
    ticket_id = await d.take(1)
    await begin(d, ticket_id, nonce="n1")
    await begin(d, ticket_id, nonce="n2")
    with pytest.raises(NonceRefused):
        await submit(d, ticket_id, nonce="n1")
    await submit(d, ticket_id, nonce="n2")


async def test_a_verdict_goes_the_way_that_was_begun(d: HallDriver) -> None:
    ticket_id = await d.take(1)
    await begin(d, ticket_id, way=IdentityWay.NO_FACE, consent=None)
    with pytest.raises(NonceRefused):
        await submit(d, ticket_id)


async def test_a_kiosk_checks_its_own_open_ticket_only(d: HallDriver) -> None:
    ticket_id = await d.take(1)
    with pytest.raises(TicketUnknown):
        await begin(d, ticket_id, n=2)
    with pytest.raises(TicketUnknown):
        await begin(d, "nothing")
    await begin(d, ticket_id)
    with pytest.raises(TicketUnknown):
        await submit(d, ticket_id, kiosk_id="K02")
    await d.leave(1, ticket_id)
    with pytest.raises(TicketOver):
        await submit(d, ticket_id)
    with pytest.raises(TicketOver):
        await begin(d, ticket_id)


async def test_a_face_is_looked_at_so_often_and_then_the_agent_looks(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    for nonce in ("a", "b"):
        await graded(d, ticket_id, nonce)
    _, booth = screens(d)
    assert booth.identity is not None
    assert booth.identity.tries_left == 0
    with pytest.raises(TriesSpent):
        await begin(d, ticket_id)
    await graded(d, ticket_id, "c", way=IdentityWay.NO_FACE)
    await ask(d, call_id)
    await begin(d, ticket_id)


async def test_a_check_that_takes_too_long_counts_as_broken_off(d: HallDriver) -> None:
    ticket_id = await d.take(1)
    until = await begin(d, ticket_id)
    assert d.hall.mirror.next_deadline() == until
    await d.pass_time(until - d.clock.now())
    row = await row_of(d, ticket_id)
    assert (row.state, row.ending) == (IdentityState.ENDED, EndingReason.TIMED_OUT)
    assert d.hall.mirror.identities[ticket_id].row.state is IdentityState.ENDED


async def test_a_check_whose_resident_left_lapses_and_nobody_is_counted_twice(
    d: HallDriver,
) -> None:
    ticket_id = await d.take(1)
    until = await begin(d, ticket_id)
    await d.leave(1, ticket_id)
    await d.take(1)
    await d.take(2)
    await d.pass_time(until - d.clock.now())
    await d.open_seat(1)
    await d.pass_time(60)
    assert (await row_of(d, ticket_id)).state is IdentityState.ENDED
    assert d.hall.mirror.tally(d.clock.now()).taken == 3
    assert d.hall.mirror.identities == {}


async def test_a_kiosk_says_that_a_check_ended_and_what_was_overwritten(d: HallDriver) -> None:
    ticket_id = await d.take(1)
    await begin(d, ticket_id)

    async def end(kiosk_id: str, nonce: str) -> None:
        await d.hall.carry(
            f"kiosk:{kiosk_id}",
            lambda tx: identifying.end(
                tx,
                kiosk_id=kiosk_id,
                nonce=nonce,
                reason=EndingReason.CANCELLED,
                wiped=Wiped(frames=12, vectors=3),
            ),
        )

    for kiosk_id, nonce in (("K02", "n1"), ("K01", "n2")):
        with pytest.raises(NonceRefused):
            await end(kiosk_id, nonce)
    await end("K01", "n1")
    with pytest.raises(NonceRefused):
        await end("K01", "n1")
    [entry] = await d.journal("identity.ended")
    assert entry.reason == "cancelled"
    assert entry.detail["wiped"] == {"frames": 12, "vectors": 3, "portraits": 0}


async def test_who_takes_consent_back_leaves_a_line_and_no_details(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    await graded(d, ticket_id, "a")
    await graded(d, ticket_id, "b")
    await d.hall.execute(agent(1), decision(d, call_id, note="本人"))
    command = WithdrawIdentity(op_id=d.op(), ticket_id=ticket_id)
    with pytest.raises(TicketUnknown):
        await d.hall.execute(kiosk(2), command)
    await d.hall.execute(kiosk(1), command)
    for kept in await verdict_rows(d):
        assert (kept.sealed_verdict, kept.sealed_holder, kept.signature) == (None, None, None)
        assert kept.deleted_because == "withdrawn"
    row = await row_of(d, ticket_id)
    assert (row.state, row.grade, row.marks) == (IdentityState.WITHDRAWN, None, "")
    assert (row.sealed_evidence, row.sealed_note, row.decision) == (None, None, None)
    desk, _ = screens(d)
    assert desk.ticket is not None
    assert desk.ticket.identity is not None
    assert desk.ticket.identity.evidence is None
    [entry] = await d.journal("identity.withdrawn")
    assert entry.reason == "graded"
    await d.hall.execute(kiosk(1), WithdrawIdentity(op_id=d.op(), ticket_id=ticket_id))
    assert len(await d.journal("identity.withdrawn")) == 1
    await begin(d, ticket_id, nonce="again", way=IdentityWay.NO_FACE, consent=None)


async def test_consent_can_be_taken_back_while_the_visit_is_rated(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    await graded(d, ticket_id)
    await d.end_call(1, call_id)
    assert kiosk_of(d, 1).identity is not None
    await d.hall.execute(kiosk(1), WithdrawIdentity(op_id=d.op(), ticket_id=ticket_id))
    assert (await verdict_rows(d))[0].sealed_holder is None
    await d.pass_time(3600)
    with pytest.raises(TicketOver):
        await d.hall.execute(kiosk(1), WithdrawIdentity(op_id=d.op(), ticket_id=ticket_id))
    assert d.hall.mirror.identities == {}


async def test_details_are_kept_as_long_as_the_policy_says(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    await graded(d, ticket_id)
    await d.hall.execute(agent(1), decision(d, call_id, note="本人"))
    await d.end_call(1, call_id)
    taken = d.hall.mirror.tally(d.clock.now()).taken
    await d.pass_time(29 * 86_400.0)
    assert (await verdict_rows(d))[0].sealed_holder is not None
    await d.pass_time(1.1 * 86_400.0)
    [row] = await verdict_rows(d)
    assert (row.sealed_holder, row.sealed_verdict, row.signature) == (None, None, None)
    assert row.deleted_because == "kept_long_enough"
    assert row.grade is IdentityGrade.CLEAR, "what it came to stays"
    kept = await row_of(d, ticket_id)
    assert (kept.sealed_evidence, kept.sealed_note, kept.has_holder) == (None, None, False)
    assert kept.decided_by == "a01"
    assert len(await d.journal("identity.details_deleted")) == 1
    assert taken == 1
    await d.pass_time(2 * 86_400.0)
    assert len(await d.journal("identity.details_deleted")) == 1


@pytest.mark.parametrize(
    ("said", "age", "counts"),
    [
        (GreenReason.ELDERLY, 65, True),
        (GreenReason.ELDERLY, 64, False),
        (GreenReason.ELDERLY, None, False),
        (None, 90, False),
    ],
)
async def test_what_does_not_count_by_word_counts_with_a_card(
    d: HallDriver, said: GreenReason | None, age: int | None, counts: bool
) -> None:
    ticket_id = await d.take(1, green=said)
    assert d.hall.mirror.tickets[ticket_id].green is None
    view = kiosk_of(d, 1).ticket
    assert view is not None
    assert view.green_wanted is said
    await graded(d, ticket_id, proven_age=age)
    assert (d.hall.mirror.tickets[ticket_id].green is not None) is counts
    assert len(await d.journal("ticket.green_proven")) == counts
    told = Replay()
    told.tell(await d.journal())
    assert told.tickets[ticket_id].green is counts
    assert told.oddities == []


async def test_a_card_moves_its_holder_forward_in_the_line(d: HallDriver) -> None:
    first = await d.take(1)
    elderly = await d.take(2, green=GreenReason.ELDERLY)
    assert d.hall.mirror.line(d.clock.now()) == [first, elderly]
    await begin(d, elderly, n=2)
    await submit(d, elderly, kiosk_id="K02")
    assert d.hall.mirror.line(d.clock.now()) == [elderly, first]
    await d.open_seat(1)
    assert d.hall.mirror.tickets[elderly].state is TicketState.OFFERED


async def test_the_journal_names_nobody(d: HallDriver) -> None:
    ticket_id, call_id = await in_call(d)
    guardian = Guardian(relation=GuardianRelation.PARENT, given_at=1.0)
    await begin(d, ticket_id, consent=CONSENT.model_copy(update={"guardian": guardian}))
    await submit(d, ticket_id)
    await d.hall.execute(agent(1), decision(d, call_id, note="甲的儿子在场"))
    for entry in await d.journal():
        for secret in ("测", "甲", "11010519491231002X", "002X", "76"):
            assert secret not in str(entry.detail), entry
    [begun] = await d.journal("identity.begun")
    assert begun.detail["consent"] == "face-1"
    assert begun.detail["guardian"] == "parent"
    [entry] = await d.journal("identity.graded")
    assert entry.detail["wiped"] == {"frames": 90, "vectors": 5, "portraits": 0}


def test_marks_are_written_and_read() -> None:
    assert read_marks(write_marks(NO_MATCH)) == NO_MATCH
    assert read_marks(write_marks({})) == {}
