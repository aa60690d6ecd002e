"""What another policy would do to the line as it stands. Pure; nothing is applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice
from typing import Any, Final

from service_queue.line_picture import LinePicture, LineView
from service_queue.matching import Hindrance
from service_queue.policy import Policy
from service_queue.policy_file import toml_value
from service_queue.rank import WaitingTicket
from signaling.protocol.words import Precedence

MOST_PAIRS: Final = 100_000
"""Tickets x windows that are looked at: a second of work."""

MOST_REASONS: Final = 20
"""Of how many others that changed sides with a ticket the reason is asked for."""


@dataclass(frozen=True, slots=True)
class ChangedOption:
    """An option that the two policies have different."""

    option: str
    before: str
    """As the file writes it; empty: not set."""
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A ticket that would stand elsewhere."""

    ticket_id: str
    number: str
    before: int
    """Its place now, from 1."""
    after: int
    why: Precedence
    """What puts it before those it passes, or those before it that pass it: the most of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A ticket that other windows may take than now."""

    ticket_id: str
    number: str
    gains: tuple[str, ...]
    """Windows that may take it under the new policy only."""
    loses: tuple[tuple[str, Hindrance], ...]
    """Windows that may take it now only, and what would be against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A ticket that would be called at once."""

    ticket_id: str
    number: str
    seat_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The difference a policy would make."""

    options: tuple[ChangedOption, ...]
    waiting: int
    moves: tuple[Move, ...]
    reaches: tuple[Reach, ...]
    reaches_looked_at: int
    """`reaches` are of so many tickets, from the front: a long line is not looked at whole."""
    offers: tuple[Offer, ...]
    """Made by the new policy alone."""


def preview(line: LinePicture, old: Policy, new: Policy) -> Preview:
    """Compare two policies over one line."""
    before, after = LineView(line, old), LineView(line, new)
    looked_at = min(len(line.waiting), MOST_PAIRS // max(1, len(line.open_seats)))
    return Preview(
        options=tuple(changed_options(old, new)),
        waiting=len(line.waiting),
        moves=tuple(_moves(line, before, after)),
        reaches=tuple(_reaches(line, before, after, looked_at)),
        reaches_looked_at=looked_at,
        offers=tuple(_offers(line, before, after)),
    )


def changed_options(old: Any, new: Any, inside: str = "") -> Iterator[ChangedOption]:
    """The options in which two policies differ, by their names in the file."""
    for option in fields(old):
        name = inside + option.name
        was, will_be = getattr(old, option.name), getattr(new, option.name)
        if is_dataclass(was):
            yield from changed_options(was, will_be, f"{name}.")
        elif was != will_be:
            yield ChangedOption(name, _written(was), _written(will_be))


def _written(value: Any) -> str:
    return "" if value is None else toml_value(value)


def _moves(line: LinePicture, before: LineView, after: LineView) -> Iterator[Move]:
    for place, ticket in enumerate(after.order):
        was = before.places[ticket.id]
        reasons = Counter(islice(_why_moved(ticket, before, after), MOST_REASONS))
        if place == was or not reasons:
            continue
        yield Move(
            ticket_id=ticket.id,
            number=line.numbers[ticket.id],
            before=was + 1,
            after=place + 1,
            why=reasons.most_common(1)[0][0],
        )


def _why_moved(ticket: WaitingTicket, before: LineView, after: LineView) -> Iterator[Precedence]:
    """The reasons of all that changed sides with the ticket in the direction it moves."""
    was, place = before.places[ticket.id], after.places[ticket.id]
    if place < was:
        for other in after.order[place + 1 :]:
            if before.places[other.id] < was:
                yield after.why(ticket, other)
    else:
        for other in after.order[:place]:
            if before.places[other.id] > was:
                yield after.why(other, ticket)


def _reaches(
    line: LinePicture, before: LineView, after: LineView, looked_at: int
) -> Iterator[Reach]:
    for ticket in after.order[:looked_at]:
        old = before.order[before.places[ticket.id]]
        gains, loses = [], []
        for seat in line.open_seats:
            was, will_be = before.hindrance(old, seat), after.hindrance(ticket, seat)
            if was is not None and will_be is None:
                gains.append(seat.id)
            elif was is None and will_be is not None:
                loses.append((seat.id, will_be))
        if gains or loses:
            yield Reach(
                ticket_id=ticket.id,
                number=line.numbers[ticket.id],
                gains=tuple(gains),
                loses=tuple(loses),
            )


def _offers(line: LinePicture, before: LineView, after: LineView) -> Iterator[Offer]:
    now, then = before.pairs(), after.pairs()
    for ticket_id, seat_id in then.items():
        if now.get(ticket_id) != seat_id:
            yield Offer(ticket_id=ticket_id, number=line.numbers[ticket_id], seat_id=seat_id)
