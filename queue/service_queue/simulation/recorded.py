"""A day out of the journal, to be lived again: who came, how long it took, which windows were open.

What the journal cannot know is guessed, and said here: who left would have taken as long as others
with the same item; who was served would have left after a further wait, exponential, whose mean is
all waiting over all who left (the estimate for censored waits). A hand-over counts as one service.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from service_queue.journal_entry import JournalEntry
from service_queue.matching import ANY_DEPARTMENT
from service_queue.replay import DROPS
from service_queue.simulation.openings_told import OpeningsTold
from service_queue.simulation.record import Passage, Record, SeatUse
from service_queue.simulation.resident import Resident
from service_queue.simulation.scenario import DAY_S, SeatPlan
from signaling.protocol.words import (
    CallEndReason,
    DeclineReason,
    GreenReason,
    Lane,
    Language,
    TicketEndReason,
)

_LEFT = frozenset({TicketEndReason.RESIDENT_LEFT, TicketEndReason.KIOSK_LOST})


class NothingRecorded(ValueError):
    """Nobody took a ticket on that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose window a seat is, and what is known of it beside the journal."""

    location_id: str | None = None
    district: str = ""
    level: int = 1
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the hall knows and the journal does not tell."""

    departments: Mapping[str, str] = field(default_factory=dict)
    """By item code."""
    districts: Mapping[str, str] = field(default_factory=dict)
    """By location."""
    seats: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDay:
    """A day as it was."""

    origin: float
    """Its midnight."""
    residents: list[Resident]
    seats: tuple[SeatPlan, ...]
    actual: Record
    """What really became of them."""


@dataclass(slots=True)
class _Told:
    """A ticket, as its rows tell it."""

    id: str
    at: float
    location_id: str
    item: str
    department: str
    language: Language
    green: GreenReason | None
    lane: Lane
    place_at: float | None
    offered_at: float | None = None
    last_offer_at: float = 0.0
    called_at: float | None = None
    answer_s: float = 0.0
    calls: list[tuple[float, str]] = field(default_factory=list)
    """How long each lasted and why it ended, but those that found nobody."""
    wrap_up_s: float = 0.0
    misses: int = 0
    declines: int = 0
    ended_at: float | None = None
    end_reason: str = ""


class Recorder:
    """Reads a journal row by row; `day` then gives one day of it."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._tickets: dict[str, _Told] = {}
        self._openings = OpeningsTold()
        self._told_until = 0.0
        self._busy: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self._busy_since: dict[str, float] = {}
        self._talks: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self._wrap_ups: dict[str, float] = {}
        self._ticket_of_call: dict[str, str] = {}

    def tell(self, entries: Iterable[JournalEntry]) -> None:
        """Read rows, the oldest first."""
        for entry in entries:
            self._openings.tell(entry)
            self._told_until = max(self._told_until, entry.at)
            match entry.kind:
                case "ticket.taken":
                    self._taken(entry)
                case "ticket.offered":
                    self._offered(entry)
                case "ticket.accepted":
                    self._accepted(entry)
                case "ticket.passed_on":
                    self._passed_on(entry)
                case "ticket.returned":
                    self._returned(entry)
                case "call.ended":
                    self._call_ended(entry)
                case "wrap_up.begun":
                    self._wrap_ups[entry.call_id or ""] = entry.at
                case "wrap_up.ended":
                    self._wrapped_up(entry)
                case "ticket.completed" | "ticket.abandoned" | "ticket.expired":
                    self._ended(entry)

    @property
    def last_taken_at(self) -> float | None:
        """When the newest ticket was taken."""
        return max((ticket.at for ticket in self._tickets.values()), default=None)

    def day(self, origin: float) -> RecordedDay:
        """The day that begins at the midnight `origin`.

        Raises:
            NothingRecorded: nobody took a ticket on it.
        """
        end = origin + DAY_S
        tickets = [one for one in self._tickets.values() if origin <= one.at < end]
        if not tickets:
            raise NothingRecorded
        tickets.sort(key=lambda one: (one.at, one.id))
        times = _Times(tickets)
        spans = self._openings.between(origin, min(end, self._told_until))
        return RecordedDay(
            origin=origin,
            residents=[self._resident(one, times) for one in tickets],
            seats=tuple(
                self._seat(n, seat_id, opened)
                for n, (seat_id, opened) in enumerate(sorted(spans.items()))
                if opened
            ),
            actual=Record(
                passages=[_passage(one) for one in tickets],
                uses=[self._use(seat_id, opened, end) for seat_id, opened in spans.items()],
                declined=sum(one.declines for one in tickets),
            ),
        )

    # --- rows ------------------------------------------------------------------------------

    def _taken(self, entry: JournalEntry) -> None:
        item, green, place = entry.word("item") or "", entry.word("green"), entry.number("place_at")
        self._tickets[entry.ticket_id or ""] = _Told(
            id=entry.ticket_id or "",
            at=entry.at,
            location_id=entry.word("location") or "",
            item=item,
            department=entry.word("department") or self._known.departments.get(item, ""),
            language=Language(entry.word("language") or Language.ZH),
            green=GreenReason(green) if green else None,
            lane=Lane(entry.word("lane") or Lane.ORDINARY),
            place_at=place if place >= 0.0 else None,
        )

    def _offered(self, entry: JournalEntry) -> None:
        self._busy_since[entry.seat_id or ""] = entry.at
        ticket = self._ticket(entry)
        if ticket is not None:
            ticket.last_offer_at = entry.at
            ticket.offered_at = entry.at if ticket.offered_at is None else ticket.offered_at

    def _accepted(self, entry: JournalEntry) -> None:
        self._ticket_of_call[entry.call_id or ""] = entry.ticket_id or ""
        ticket = self._ticket(entry)
        if ticket is not None:
            ticket.answer_s = entry.at - ticket.last_offer_at
            if ticket.called_at is None:
                ticket.called_at = entry.at

    def _passed_on(self, entry: JournalEntry) -> None:
        """One service in two calls; the second window was in the first call already."""
        self._ticket_of_call[entry.call_id or ""] = entry.ticket_id or ""
        self._busy_since[entry.seat_id or ""] = entry.at

    def _returned(self, entry: JournalEntry) -> None:
        ticket = self._ticket(entry)
        if entry.call_id is None:
            self._seat_rests(entry)
            if ticket is not None and entry.reason in set(DeclineReason):
                ticket.declines += 1

    def _call_ended(self, entry: JournalEntry) -> None:
        lasted_s = max(0.0, entry.number("lasted_s"))
        ticket, seat_id = self._ticket(entry), entry.seat_id or ""
        if entry.reason == CallEndReason.NO_SHOW:
            if ticket is not None:
                ticket.misses += 1
                ticket.called_at = None
        else:
            self._talks[seat_id].append((entry.at, lasted_s))
            if ticket is not None:
                ticket.calls.append((lasted_s, entry.reason or ""))
        # A wrap-up that follows goes on from here.
        self._seat_rests(entry)
        self._busy_since[seat_id] = entry.at

    def _wrapped_up(self, entry: JournalEntry) -> None:
        self._seat_rests(entry)
        begun = self._wrap_ups.pop(entry.call_id or "", None)
        ticket = self._tickets.get(self._ticket_of_call.get(entry.call_id or "", ""))
        if begun is not None and ticket is not None:
            ticket.wrap_up_s += entry.at - begun

    def _ended(self, entry: JournalEntry) -> None:
        ticket = self._ticket(entry)
        if ticket is not None:
            ticket.ended_at, ticket.end_reason = entry.at, entry.reason or ""

    def _ticket(self, entry: JournalEntry) -> _Told | None:
        return self._tickets.get(entry.ticket_id or "")

    def _seat_rests(self, entry: JournalEntry) -> None:
        since = self._busy_since.pop(entry.seat_id or "", None)
        if since is not None:
            self._busy[entry.seat_id or ""].append((since, entry.at))

    # --- a day -----------------------------------------------------------------------------

    def _seat(self, n: int, seat_id: str, opened: list[tuple[float, float]]) -> SeatPlan:
        place = self._known.seats.get(seat_id, Place(position=n))
        departments, languages = self._openings.skills.get(seat_id, ("", ""))
        return SeatPlan(
            id=seat_id,
            position=place.position,
            location_id=place.location_id,
            district=place.district,
            level=place.level,
            departments=frozenset((departments or ANY_DEPARTMENT).split("|")),
            languages=frozenset(Language(word) for word in languages.split("|") if word)
            or frozenset(Language),
            openings=tuple(opened),
        )

    def _resident(self, told: _Told, times: _Times) -> Resident:
        served = [(lasted_s, reason) for lasted_s, reason in told.calls if lasted_s > 0.0]
        dropped = served[0][0] if served and served[0][1] in DROPS else None
        left = told.end_reason in _LEFT and told.ended_at is not None and told.called_at is None
        return Resident(
            id=told.id,
            at=told.at,
            location_id=told.location_id,
            district=self._known.districts.get(told.location_id, ""),
            item_code=told.item,
            department=told.department,
            language=told.language,
            green=told.green,
            lane=told.lane,
            place_at=told.place_at,
            service_s=sum(lasted_s for lasted_s, _ in served) or times.service_of(told),
            wrap_up_s=told.wrap_up_s if served else times.wrap_up_s,
            answer_s=told.answer_s if told.called_at is not None else times.answer_s,
            patience_s=_end_s(told) if left else times.patience_of(told),
            declines=told.declines,
            misses=told.misses,
            drop_after_s=dropped,
        )

    def _use(self, seat_id: str, opened: list[tuple[float, float]], end: float) -> SeatUse:
        origin = end - DAY_S
        talks = [lasted_s for at, lasted_s in self._talks[seat_id] if origin <= at < end]
        return SeatUse(
            seat_id,
            sum(until - since for since, until in opened),
            sum(until - since for since, until in self._busy[seat_id] if origin <= since < end),
            sum(talks),
            len(talks),
        )


class _Times:
    """What a day says about what it did not show."""

    def __init__(self, tickets: list[_Told]) -> None:
        self._by_item: defaultdict[str, list[float]] = defaultdict(list)
        self._all: list[float] = []
        wrap_ups, answers = [], []
        waited_s, left = 0.0, 0
        for one in tickets:
            service_s = sum(lasted_s for lasted_s, _ in one.calls)
            if service_s > 0.0:
                self._by_item[one.item].append(service_s)
                self._all.append(service_s)
                wrap_ups.append(one.wrap_up_s)
                answers.append(one.answer_s)
            waited_s += _end_s(one)
            left += one.end_reason in _LEFT and one.called_at is None
        self.wrap_up_s = sum(wrap_ups) / len(wrap_ups) if wrap_ups else 0.0
        self.answer_s = sum(answers) / len(answers) if answers else 0.0
        self._patience_s = waited_s / left if left else inf

    def service_of(self, one: _Told) -> float:
        """As long as somebody else's with the same item took."""
        seen = self._by_item.get(one.item) or self._all
        return random.Random(f"service {one.id}").choice(seen) if seen else 0.0

    def patience_of(self, one: _Told) -> float:
        """They waited so long and had not left: so much longer they would have."""
        if self._patience_s == inf:
            return inf
        further = random.Random(f"patience {one.id}").expovariate(1.0 / self._patience_s)
        return _end_s(one) + further


def _end_s(one: _Told) -> float:
    """From the arrival to the call, or to the end without one."""
    end = one.called_at if one.called_at is not None else one.ended_at
    return 0.0 if end is None else end - one.at


def _passage(one: _Told) -> Passage:
    waited_s = None if one.called_at is None else one.called_at - one.at
    return Passage(
        at=one.at,
        location_id=one.location_id,
        department=one.department,
        waited_s=waited_s,
        rang_after_s=None if one.offered_at is None else one.offered_at - one.at,
        ended=one.end_reason or "open",
        recalls=one.misses,
    )
