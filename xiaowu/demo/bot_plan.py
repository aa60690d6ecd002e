"""Which bots a process runs, and how they behave: sent to it on standard input.

Not on the command line and not in the environment, because passwords are in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from signaling.protocol.message import Id, Message

Span = tuple[float, float]
"""From and to, in seconds; a bot takes its time between the two."""

SEAT_TONE_HZ: Final = (400, 20)
KIOSK_TONE_HZ: Final = (1000, 30)
"""Base and step: every bot has a tone of its own, a whole number of hertz."""


class KioskBotPlan(Message):
    """A kiosk that a bot stands for."""

    kiosk_id: Id
    name: str
    number: int
    data_dir: Path
    """Where its device key is kept."""
    port: int
    """Where its page would live; nothing listens there."""
    code: Annotated[str | None, Field(repr=False)] = None
    """A code to enrol with first, where there is no key yet."""


class Account(Message):
    """What somebody signs in with."""

    login: str
    password: Annotated[str, Field(repr=False)]


class SeatBotPlan(Message):
    """A seat that a bot sits at."""

    seat_id: Id
    name: str
    number: int
    account: Account


class Manners(Message):
    """How bots behave. Seconds and chances."""

    tickets_at_once: int
    """How many bot kiosks hold a ticket at the same time."""
    tickets_in_all: int | None = None
    """After so many no bot takes one more."""
    idle_s: Span
    """Between two residents at one kiosk."""
    accept_after_s: Span
    talk_s: Span
    wrap_up_s: Span
    rate_after_s: Span
    break_s: Span
    seats_at_once: int
    """How many bot seats are open at the same time; the others are on break."""
    resident_ends: float
    """How often the resident hangs up instead of the agent."""
    declines: float
    takes_break: float
    skips_rating: float


class BotPlan(Message):
    """Everything a process of bots is told."""

    server_url: str
    supervisor: Account
    """Whose wall tells whether the person's desk is free."""
    seed: int
    manners: Manners
    kiosks: tuple[KioskBotPlan, ...] = ()
    seats: tuple[SeatBotPlan, ...] = ()
    item_codes: tuple[str, ...] = ()
    kiosk_numbers: dict[str, int] = Field(default_factory=dict)
    """Name → number of every kiosk with a bot: whose tone to expect."""
    seat_numbers: dict[str, int] = Field(default_factory=dict)
    person_kiosk: str | None = None
    """Name of the kiosk of the person at this machine."""
    person_seat: str | None = None
    """Id of the seat left free for that person."""


def seat_tone_hz(number: int) -> float:
    """The tone of the bot at seat `number`."""
    base, step = SEAT_TONE_HZ
    return float(base + step * number)


def kiosk_tone_hz(number: int) -> float:
    """The tone of the bot at kiosk `number`."""
    base, step = KIOSK_TONE_HZ
    return float(base + step * number)
