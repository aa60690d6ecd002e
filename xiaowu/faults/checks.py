"""What must hold of the database after every single step, whatever happened before."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

MUST_BE_EMPTY: Final = {
    "a reserved seat has nobody who rings, or a seat that is not reserved has": """
        SELECT s.id FROM seat s WHERE (s.state = 'reserved') <>
        (EXISTS (SELECT 1 FROM ticket t WHERE t.seat_id = s.id AND t.state = 'offered')
         OR EXISTS (SELECT 1 FROM consult c WHERE c.guest_seat_id = s.id
                    AND c.state = 'ringing'))""",
    "a seat in a call serves nobody, or a seat that is not in one does": """
        SELECT s.id FROM seat s WHERE (s.state = 'in_call') <>
        (EXISTS (SELECT 1 FROM ticket t WHERE t.seat_id = s.id AND t.state = 'serving')
         OR EXISTS (SELECT 1 FROM consult c WHERE c.guest_seat_id = s.id
                    AND c.state = 'joined'))""",
    "a seat holds a ticket and is a guest in a call": """
        SELECT c.guest_seat_id AS id FROM consult c JOIN ticket t ON t.seat_id = c.guest_seat_id
        WHERE c.state <> 'ended' AND t.state IN ('offered', 'serving')""",
    "a colleague is invited into a call that is over, or that is another seat's": """
        SELECT c.id FROM consult c WHERE c.state <> 'ended' AND NOT EXISTS
        (SELECT 1 FROM call l WHERE l.id = c.call_id AND l.state <> 'ended'
         AND l.seat_id = c.host_seat_id AND l.ticket_id = c.ticket_id)""",
    "an invitation ended without a reason, or has one and goes on": """
        SELECT id FROM consult WHERE (state = 'ended') <> (end_reason IS NOT NULL)""",
    "an offered ticket has no live offer with its epoch": """
        SELECT t.id FROM ticket t WHERE t.state = 'offered' AND NOT EXISTS
        (SELECT 1 FROM ticket_offer o WHERE o.id = t.offer_id AND o.outcome IS NULL
         AND o.epoch = t.epoch AND o.seat_id = t.seat_id)""",
    "a live offer has no offered ticket": """
        SELECT o.id FROM ticket_offer o JOIN ticket t ON t.id = o.ticket_id
        WHERE o.outcome IS NULL AND (t.state <> 'offered' OR t.offer_id <> o.id)""",
    "a served ticket has no live call": """
        SELECT t.id FROM ticket t WHERE t.state = 'serving' AND NOT EXISTS
        (SELECT 1 FROM call c WHERE c.id = t.offer_id AND c.state <> 'ended'
         AND c.seat_id = t.seat_id)""",
    "a live call has no served ticket": """
        SELECT c.id FROM call c JOIN ticket t ON t.id = c.ticket_id
        WHERE c.state <> 'ended' AND (t.state <> 'serving' OR t.offer_id <> c.id)""",
    "a seat holds two tickets": """
        SELECT seat_id AS id FROM ticket WHERE state IN ('offered', 'serving')
        GROUP BY seat_id HAVING count(*) > 1""",
    "a kiosk holds two open tickets": """
        SELECT kiosk_id AS id FROM ticket WHERE state IN ('waiting', 'offered', 'parked', 'serving')
        GROUP BY kiosk_id HAVING count(*) > 1""",
    "a wrap-up has no call or no end": """
        SELECT id FROM seat WHERE (state = 'wrap_up') <>
        (wrap_up_call_id IS NOT NULL AND wrap_up_until IS NOT NULL)""",
    "a parked ticket has no deadline, or another has one": """
        SELECT id FROM ticket WHERE (state = 'parked') <> (parked_until IS NOT NULL)""",
    "an end without a reason, or a reason without an end": """
        SELECT id FROM ticket WHERE (state IN ('completed', 'abandoned', 'expired')) <>
        (end_reason IS NOT NULL)""",
    "an arrival changed": """
        SELECT t.id FROM ticket t JOIN journal j ON j.ticket_id = t.id AND j.kind = 'ticket.taken'
        WHERE j.at <> t.arrived_at""",
    "a number was given twice": """
        SELECT n AS id FROM ticket GROUP BY day, prefix, n HAVING count(*) > 1""",
    "the journal has a gap": """
        SELECT max(seq) AS id FROM journal HAVING max(seq) <> count(*)""",
}
"""What is wrong → the rows that are."""

_ONE_BY_ONE: Final = tuple(MUST_BE_EMPTY.items())

# One statement for all: they are asked after every step of thousands of runs.
_ALL: Final = " UNION ALL ".join(
    f"SELECT {n} AS rule, CAST(shown.id AS TEXT) AS id FROM ({query}) AS shown"
    for n, (_, query) in enumerate(_ONE_BY_ONE)
)
_TICKETS: Final = "SELECT id FROM ticket"


def broken_rules(connection: Connection, acknowledged: set[str]) -> list[str]:
    """What does not hold of the database, with the rows that show it."""
    found = [
        f"{_ONE_BY_ONE[rule][0]}: {shown}"
        for rule, shown in connection.exec_driver_sql(_ALL).fetchall()
    ]
    kept = {row[0] for row in connection.exec_driver_sql(_TICKETS).fetchall()}
    if not acknowledged <= kept:
        found.append(f"acknowledged tickets are lost: {sorted(acknowledged - kept)}")
    return found
