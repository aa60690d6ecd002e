"""A sound history passes; each way of corrupting it is caught by the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from service_queue.journal_entry import JournalEntry
from service_queue.policy import Policy
from signaling.protocol.words import Lane, SeatState, TicketState
from xiaowu.demo.invariants import History, Rule

pytestmark = pytest.mark.unit

EXCLUSION_S = 60.0
POLICY = Policy(decline_exclusion_s=EXCLUSION_S)
Days = list[JournalEntry]


class Diary:
    """Writes a journal, one second a row."""

    def __init__(self) -> None:
        self.rows: Days = []

    def note(self, kind: str, *, detail: dict[str, object] | None = None, **ids: str) -> None:
        self.rows.append(
            JournalEntry(
                seq=len(self.rows) + 1,
                at=1000.0 + len(self.rows),
                kind=kind,
                detail=detail or {},
                kiosk_id=ids.get("kiosk"),
                seat_id=ids.get("seat"),
                ticket_id=ids.get("ticket"),
                call_id=ids.get("call"),
                reason=ids.get("reason"),
            )
        )

    def open_seat(self, seat: str) -> None:
        self.note("seat.signed_in", seat=seat)
        self.note("seat.opened", seat=seat)

    def take(self, ticket: str, kiosk: str, number: str) -> None:
        self.note(
            "ticket.taken", ticket=ticket, kiosk=kiosk, detail={"number": number, "location": "L"}
        )

    def offer(self, ticket: str, seat: str, epoch: int = 1) -> None:
        self.note(
            "ticket.offered",
            ticket=ticket,
            seat=seat,
            detail={"epoch": epoch, "expires_at": 1020.0 + len(self.rows)},
        )

    def take_for(self, ticket: str, kiosk: str, number: str, department: str) -> None:
        self.note(
            "ticket.taken",
            ticket=ticket,
            kiosk=kiosk,
            detail={"number": number, "location": "L", "department": department},
        )

    def begin_call(self, ticket: str, seat: str, epoch: int = 1) -> None:
        call = f"c-{ticket}-{epoch}"
        self.note("ticket.accepted", ticket=ticket, seat=seat, call=call, detail={"epoch": epoch})
        self.note("call.connected", call=call, seat=seat, ticket=ticket)

    def end_call(self, ticket: str, seat: str, reason: str, epoch: int = 1) -> None:
        self.note(
            "call.ended",
            call=f"c-{ticket}-{epoch}",
            seat=seat,
            ticket=ticket,
            reason=reason,
            detail={"connected": True},
        )

    def serve(self, ticket: str, seat: str, epoch: int = 1) -> None:
        call = f"c-{ticket}-{epoch}"
        self.begin_call(ticket, seat, epoch)
        self.end_call(ticket, seat, "agent_hung_up", epoch)
        self.note("ticket.completed", ticket=ticket, seat=seat, reason="served")
        self.note("wrap_up.begun", seat=seat, call=call)
        self.note("wrap_up.ended", seat=seat, call=call)


def a_sound_day() -> Days:
    """Two seats, three residents; the second is declined once and comes back in its place."""
    diary = Diary()
    diary.open_seat("s1")
    diary.open_seat("s2")
    diary.take("t1", "k1", "A001")
    diary.offer("t1", "s1")
    diary.take("t2", "k2", "A002")
    diary.offer("t2", "s2")
    diary.take("t3", "k3", "A003")
    diary.note("ticket.returned", ticket="t2", seat="s2", reason="equipment")
    diary.offer("t3", "s2")
    diary.serve("t1", "s1")
    diary.offer("t2", "s1", epoch=2)
    diary.serve("t2", "s1", epoch=2)
    diary.serve("t3", "s2")
    return diary.rows


def told(rows: Iterable[JournalEntry]) -> History:
    history = History(policy=POLICY)
    history.tell(rows)
    history.require_end()
    history.require_ends_of(["t1", "t2", "t3"])
    return history


def broken_rules(rows: Iterable[JournalEntry]) -> set[Rule]:
    return {violation.rule for violation in told(rows).violations}


def find(rows: Days, kind: str, ticket: str | None = None) -> int:
    return next(
        at for at, row in enumerate(rows) if row.kind == kind and ticket in (None, row.ticket_id)
    )


def test_a_sound_day_breaks_no_rule() -> None:
    history = told(a_sound_day())
    assert history.violations == []
    assert {ticket.state for ticket in history.tickets.values()} == {TicketState.COMPLETED}
    assert {seat.state for seat in history.seats.values()} == {SeatState.IDLE}


def test_every_rule_of_the_journal_was_looked_at() -> None:
    looked_at = told(a_sound_day()).looked_at
    of_the_tables = {Rule.TABLES_AGREE, Rule.WALL_AGREES, Rule.SEALED}
    assert all(looked_at[rule] > 0 for rule in Rule if rule not in of_the_tables)


def without(kind: str, ticket: str | None = None) -> Callable[[Days], Days]:
    def corrupt(rows: Days) -> Days:
        at = find(rows, kind, ticket)
        return rows[:at] + rows[at + 1 :]

    return corrupt


def twice(kind: str, ticket: str | None = None) -> Callable[[Days], Days]:
    def corrupt(rows: Days) -> Days:
        at = find(rows, kind, ticket)
        return rows[: at + 1] + rows[at:]

    return corrupt


def changed(kind: str, ticket: str | None = None, **values: object) -> Callable[[Days], Days]:
    def corrupt(rows: Days) -> Days:
        at = find(rows, kind, ticket)
        entry = rows[at]
        detail = {**entry.detail, **{k: v for k, v in values.items() if k in entry.detail}}
        fields = {k: v for k, v in values.items() if k not in entry.detail}
        return [*rows[:at], replace(entry, detail=detail, **fields), *rows[at + 1 :]]  # type: ignore[arg-type]  # named by the cases below

    return corrupt


def swapped_tickets(rows: Days) -> Days:
    """The third resident is offered the seat that was the second's turn."""
    names = {"t2": "t3", "t3": "t2"}
    at = find(rows, "ticket.offered", "t2")
    moved = rows[find(rows, "ticket.taken", "t3")]
    kept = [row for row in rows if row is not moved]
    kept.insert(at, moved)
    return [
        replace(row, ticket_id=names.get(row.ticket_id or "", row.ticket_id))
        if row.kind != "ticket.taken"
        else row
        for row in kept
    ]


def offered_to_the_one_who_declined(rows: Days) -> Days:
    at = find(rows, "ticket.offered", "t3")
    diary = Diary()
    diary.offer("t2", "s2", epoch=2)
    again = replace(diary.rows[0], seq=rows[at].seq, at=rows[at].at)
    return [*rows[:at], again]


def unseated(rows: Days) -> Days:
    at = find(rows, "ticket.offered", "t1")
    return [*rows[:at], replace(rows[0], kind="seat.went_away", seat_id="s1"), *rows[at:]]


CORRUPTIONS: list[tuple[str, Callable[[Days], Days], Rule]] = [
    ("an accept that is missing", without("ticket.accepted", "t1"), Rule.LEGAL_MOVES),
    ("an accept that was written twice", twice("ticket.accepted", "t1"), Rule.LEGAL_MOVES),
    ("a call that ends twice", twice("call.ended", "t1"), Rule.LEGAL_MOVES),
    ("a wrap-up that was never begun", without("wrap_up.begun"), Rule.LEGAL_MOVES),
    ("a ticket never taken", without("ticket.taken", "t2"), Rule.LEGAL_MOVES),
    ("an offer to a seat nobody opened", without("seat.opened"), Rule.LEGAL_MOVES),
    ("an offer to a seat that is away", unseated, Rule.LEGAL_MOVES),
    ("a ticket that ends twice", twice("ticket.completed", "t1"), Rule.ONE_END),
    ("a ticket that never ends", without("ticket.completed", "t3"), Rule.ONE_END),
    ("a ticket left open", without("ticket.completed", "t3"), Rule.NOTHING_OPEN),
    ("two tickets at one seat", changed("ticket.offered", "t2", seat_id="s1"),
     Rule.ONE_TICKET_PER_SEAT),
    ("two tickets at one kiosk", changed("ticket.taken", "t2", kiosk_id="k1"),
     Rule.ONE_TICKET_PER_KIOSK),
    ("the same number twice", changed("ticket.taken", "t2", number="A001"), Rule.NUMBERS),
    ("an old epoch accepted", changed("ticket.accepted", "t2", epoch=1), Rule.LEASES),
    ("an epoch left out", changed("ticket.offered", "t1", epoch=2), Rule.LEASES),
    ("a lease that had run out", changed("ticket.offered", "t1", expires_at=1001.0), Rule.LEASES),
    ("an accept by a foreign seat", changed("ticket.accepted", "t1", seat_id="s2"), Rule.LEASES),
    ("who came later was offered first", swapped_tickets, Rule.ORDER),
    ("an offer to who just declined", offered_to_the_one_who_declined, Rule.ORDER),
]  # fmt: skip


@pytest.mark.parametrize(
    ("corrupt", "rule"), [case[1:] for case in CORRUPTIONS], ids=[case[0] for case in CORRUPTIONS]
)
def test_a_corrupted_history_is_caught(corrupt: Callable[[Days], Days], rule: Rule) -> None:
    assert rule in broken_rules(corrupt(a_sound_day()))


def test_a_seat_may_be_offered_the_ticket_again_after_the_exclusion() -> None:
    diary = Diary()
    diary.open_seat("s1")
    diary.take("t1", "k1", "A001")
    diary.offer("t1", "s1")
    diary.note("ticket.returned", ticket="t1", seat="s1", reason="other")
    diary.offer("t1", "s1", epoch=2)
    again = diary.rows.pop()
    later = replace(again, at=again.at + EXCLUSION_S)
    history = History(policy=POLICY)
    history.tell([*diary.rows, later])
    assert history.violations == []


def test_somebody_who_is_away_may_be_passed_over() -> None:
    diary = Diary()
    diary.take("t1", "k1", "A001")
    diary.note("kiosk.went_away", ticket="t1", kiosk="k1")
    diary.take("t2", "k2", "A002")
    diary.open_seat("s1")
    diary.offer("t2", "s1")
    history = History(policy=POLICY)
    history.tell(diary.rows)
    assert history.violations == []


def a_hand_over_to_a_busy_seat() -> Diary:
    """t1 is handed on from s1 to s2, which is with t2; then s1 is free for t3, who came later."""
    diary = Diary()
    for seat, ticket in (("s1", "t1"), ("s2", "t2")):
        diary.open_seat(seat)
        diary.take(ticket, f"k-{ticket}", f"A-{ticket}")
        diary.offer(ticket, seat)
        diary.begin_call(ticket, seat)
    diary.open_seat("s3")
    diary.end_call("t1", "s1", "transferred")
    diary.note(
        "ticket.handed_over",
        ticket="t1",
        seat="s1",
        call="c-t1-1",
        reason="busy",
        detail={"hand_overs": 1, "item": "x", "department": "", "to_seat": "s2"},
    )
    diary.take("t3", "k-t3", "A-t3")
    return diary


def order_of(rows: Iterable[JournalEntry]) -> list[str]:
    history = History(policy=POLICY)
    history.tell(rows)
    return [one.what for one in history.violations if one.rule is Rule.ORDER]


def test_who_waits_for_a_wanted_seat_may_be_passed_over_and_goes_nowhere_else() -> None:
    diary = a_hand_over_to_a_busy_seat()
    diary.offer("t3", "s3")
    assert order_of(diary.rows) == []
    diary = a_hand_over_to_a_busy_seat()
    diary.offer("t1", "s3", epoch=2)
    assert order_of(diary.rows) == [
        "ticket.offered: another seat knows it, and it still waits for that"
    ]


@pytest.mark.parametrize("kind", ["seat.went_away", "seat.paused"])
def test_nobody_waits_for_a_wanted_seat_that_takes_no_tickets(kind: str) -> None:
    diary = a_hand_over_to_a_busy_seat()
    diary.note(kind, seat="s2")
    diary.offer("t3", "s3")
    assert order_of(diary.rows) == ["ticket.offered: passed over ['t1']"]


def test_who_waited_for_a_wanted_seat_long_enough_is_passed_over_no_more() -> None:
    diary = a_hand_over_to_a_busy_seat()
    diary.offer("t3", "s3")
    offered = diary.rows.pop()
    late = replace(offered, at=offered.at + POLICY.transfer.wanted_seat_s)
    assert order_of([*diary.rows, late]) == ["ticket.offered: passed over ['t1']"]


def test_the_same_number_on_another_day_is_fine() -> None:
    diary = Diary()
    for day, ticket in enumerate(("t1", "t2")):
        diary.take(ticket, f"k{day}", "A001")
    first, second = diary.rows
    history = History(policy=POLICY)
    history.tell([first, replace(second, at=second.at + 86_400)])
    assert history.violations == []


def test_a_resident_who_leaves_while_it_rings_frees_the_seat() -> None:
    diary = Diary()
    diary.open_seat("s1")
    diary.take("t1", "k1", "A001")
    diary.offer("t1", "s1")
    diary.note("ticket.abandoned", ticket="t1", seat="s1", reason="resident_left")
    diary.take("t2", "k2", "A002")
    diary.offer("t2", "s1")
    history = History(policy=POLICY)
    history.tell(diary.rows)
    assert history.violations == []


def test_a_ticket_that_was_acknowledged_but_is_not_in_the_journal_is_missed() -> None:
    history = told(a_sound_day())
    history.require_ends_of(["t9"])
    assert [violation.rule for violation in history.violations] == [Rule.ONE_END]


def a_day_with_detours() -> Days:
    """One steps away, one is called in vain, one is handed on, one waits for a specialist."""
    diary = Diary()
    diary.note("seat.signed_in", seat="s1", detail={"departments": "*"})
    diary.note("seat.opened", seat="s1")
    diary.note("seat.signed_in", seat="s2", detail={"departments": "tax"})
    diary.note("seat.opened", seat="s2")
    diary.take_for("t1", "k1", "A001", "housing")
    diary.offer("t1", "s1")
    diary.note("ticket.parked", ticket="t1", seat="s1", reason="stepped_away")
    diary.take_for("t2", "k2", "A002", "housing")
    diary.offer("t2", "s1")
    diary.take_for("t3", "k3", "A003", "tax")
    diary.offer("t3", "s2")
    diary.note("ticket.unparked", ticket="t1", reason="stepped_away")
    diary.begin_call("t2", "s1")
    diary.end_call("t2", "s1", "no_show")
    diary.note(
        "ticket.parked",
        ticket="t2",
        seat="s1",
        call="c-t2-1",
        reason="no_show",
        detail={"until": 2000.0, "recalls": 1},
    )
    diary.offer("t1", "s1", epoch=2)
    diary.note(
        "ticket.recalled",
        ticket="t2",
        reason="no_show",
        detail={"lane": "recalled", "place_at": 1100.0},
    )
    diary.begin_call("t3", "s2")
    diary.end_call("t3", "s2", "transferred")
    diary.note(
        "ticket.handed_over",
        ticket="t3",
        seat="s2",
        call="c-t3-1",
        reason="wrong_item",
        detail={"item": "i", "department": "housing", "hand_overs": 1},
    )
    diary.note("wrap_up.begun", seat="s2", call="c-t3-1")
    diary.note("wrap_up.ended", seat="s2", call="c-t3-1")
    diary.serve("t1", "s1", epoch=2)
    diary.offer("t3", "s1", epoch=2)
    diary.serve("t3", "s1", epoch=2)
    diary.offer("t2", "s1", epoch=2)
    diary.serve("t2", "s1", epoch=2)
    return diary.rows


def test_a_day_with_detours_is_sound() -> None:
    history = told(a_day_with_detours())
    assert history.violations == []
    recalled, handed_on = history.tickets["t2"], history.tickets["t3"]
    assert (recalled.lane, recalled.place_at, recalled.recalls) == (Lane.RECALLED, 1100.0, 1)
    assert (handed_on.department, handed_on.hand_overs) == ("housing", 1)


@pytest.mark.parametrize(
    ("kind", "change", "rule"),
    [
        ("ticket.recalled", {"lane": "ordinary", "place_at": 1.0}, Rule.ORDER),
        ("seat.signed_in", {"departments": "police"}, Rule.SKILLS),
    ],
    ids=str,
)
def test_places_and_skills_are_looked_at(kind: str, change: dict[str, object], rule: Rule) -> None:
    rows = [replace(r, detail=change) if r.kind == kind else r for r in a_day_with_detours()]
    assert rule in {violation.rule for violation in told(rows).violations}


@pytest.mark.parametrize("kind", ["ticket.unparked", "ticket.recalled"])
def test_who_was_not_parked_cannot_come_back(kind: str) -> None:
    rows = a_day_with_detours()
    parked = next(row for row in rows if row.kind == "ticket.parked")
    rest = [row for row in rows if row.ticket_id != parked.ticket_id or row.kind != parked.kind]
    broken = told([replace(r, kind=kind) if r.kind == "ticket.unparked" else r for r in rest])
    assert Rule.LEGAL_MOVES in {violation.rule for violation in broken.violations}
