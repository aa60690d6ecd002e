"""The numbers and rules the hall is run by. Pure; `policy_file` reads and checks them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Final

from signaling.protocol.words import GreenReason


class Scope(StrEnum):
    """Whose windows a preference ring includes."""

    HOME = "home"
    """The township's own."""
    DISTRICT = "district"
    """Those of the township's district, and those of no township in it."""
    ANYONE = "anyone"


class SeatStrategy(StrEnum):
    """Which of several windows that fit a ticket gets it."""

    LONGEST_IDLE = "longest_idle"
    FEWEST_CALLS = "fewest_calls"
    """Today."""
    LEAST_TALK = "least_talk"
    """Least time in calls today."""
    ROUND_ROBIN = "round_robin"
    """The next by position after the one that was chosen last."""
    LEAST_SKILLED = "least_skilled"
    """Specialists first, so that generalists stay free for what only they can do."""
    WEIGHTED_RANDOM = "weighted_random"
    """By the weight 1 / level; drawn from the ticket's id, so that a replay draws the same."""
    ORDERED = "ordered"
    """By position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GreenPolicy:
    """The green channel (绿色通道)."""

    by_word: frozenset[GreenReason] = frozenset(GreenReason)
    """Reasons that count when the resident only says so; the others need a verified card."""
    elderly_age: int = 65
    head_start_s: float = 900.0
    """It stands as if it had come so much earlier: who came before that is not overtaken."""
    one_in: int = 3
    """At most one in so many starts may overtake somebody by the green channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPolicy:
    """Return codes (回头号)."""

    valid_s: float = 3 * 86400.0
    head_start_s: float = 600.0
    """As if it had come so much earlier than it came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentPolicy:
    """Appointments stand in the one line as if they had come `head_start_s` before their time."""

    early_s: float = 1800.0
    """Who comes earlier than this waits as a walk-in until then."""
    late_s: float = 900.0
    """Who comes later than this stands by arrival."""
    head_start_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkPolicy:
    """Stepping away (暂离) and being called in vain (过号)."""

    away_s: float = 600.0
    max_times: int = 2
    recall_after_s: float = 60.0
    max_recalls: int = 2
    """After so many recalls in vain the ticket ends."""
    setback_s: float = 180.0
    """Who was called in vain stands this much behind where they stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """From a wait of `after_s` on, the windows of `scope` may take a ticket too."""

    after_s: float
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPolicy:
    """Which windows, and which of them."""

    strategy: SeatStrategy = SeatStrategy.LONGEST_IDLE
    rings: tuple[Ring, ...] = (Ring(after_s=0.0, scope=Scope.ANYONE),)
    level_after_s: float = 0.0
    """A window of level n may take a ticket only after it waited (n - 1) times this."""
    same_seat_s: float = 60.0
    """So long a ticket that a window knows already waits for that window, if it is open."""
    match_departments: bool = True
    match_languages: bool = False
    """Languages are a preference unless this is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPolicy:
    """Handing a resident on."""

    wanted_seat_s: float = 60.0
    """So long a ticket that was handed on to a window waits for that window, if it is open; then
    anybody who fits takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursPolicy:
    """Opening hours of the hall, local time; empty: always open."""

    opens: str = ""
    """HH:MM"""
    closes: str = ""
    last_ticket: str = ""
    """No tickets after this; empty: until it closes."""
    days: frozenset[int] = frozenset(range(7))
    """0 is Monday."""
    finish_waiting: bool = True
    """At closing time those who wait are still served; else their tickets end, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapPolicy:
    """How many tickets a day; None: any number."""

    per_location: int | None = None
    items: dict[str, int] = field(default_factory=dict)
    """By item code, over all locations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessPolicy:
    """How far a location may fall behind the others."""

    max_behind_s: float | None = None
    """A location whose waits of late are longer than the district's mean by more than this gets
    what it is over as a head start for all its tickets. None: no bound."""
    over_s: float = 3600.0
    """Of late: so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPolicy:
    """Checks of who stands in the booth."""

    keep_days: int = 30
    """Then name, number and the details of the evidence are deleted; the consent says so."""
    within_s: float = 180.0
    """A check that takes longer counts as broken off."""
    max_tries: int = 3
    """So often a face is looked at for one ticket, until an agent asks for it again."""
    reads_alarm: int = 20
    """An agent who reads more whole numbers than this within an hour is reported: about twice as
    many residents as one window serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the hall is run. Seconds."""

    name: str = "standard"
    ceiling_s: float = 3600.0
    """Who has waited this long is overtaken by nobody."""
    green: GreenPolicy = GreenPolicy()
    returns: ReturnPolicy = ReturnPolicy()
    appointments: AppointmentPolicy = AppointmentPolicy()
    park: ParkPolicy = ParkPolicy()
    seats: SeatPolicy = SeatPolicy()
    transfer: TransferPolicy = TransferPolicy()
    hours: HoursPolicy = HoursPolicy()
    caps: CapPolicy = field(default_factory=CapPolicy)
    fairness: FairnessPolicy = FairnessPolicy()
    identity: IdentityPolicy = IdentityPolicy()

    offer_timeout_s: float = 20.0
    """A desk that rings longer than this is unattended; the ticket goes back to its place."""
    decline_exclusion_s: float = 120.0
    """A seat that declined a ticket is not offered the same one again for so long."""
    max_declines_in_row: int = 3
    """After so many refusals in a row a seat goes on break, and its agent is told why."""
    waiting_kiosk_grace_s: float = 120.0
    """A kiosk that lost power boots in under two minutes and finds its place in the line."""
    call_away_grace_s: float = 90.0
    """How long a call waits for a side that is gone."""
    idle_seat_grace_s: float = 60.0
    """A desk that is closed for longer counts as offline."""
    connect_timeout_s: float = 30.0
    """A call that carries no media by then goes back to the line."""
    stalled_timeout_s: float = 90.0
    """A call whose media does not come back by then is over."""
    max_failed_connects: int = 3
    """After so many calls that never connected, the ticket ends, so that it cannot go round."""
    wrap_up_s: float = 30.0
    wrap_up_items: dict[str, float] = field(default_factory=dict)
    """By item code, where it is not `wrap_up_s`."""
    wrap_up_extension_s: float = 60.0
    max_wrap_up_extensions: int = 3
    rating_s: float = 60.0
    """How long the rating screen stays."""
    hand_over_alarm: int = 2
    """So many hand-overs of one ticket are reported."""
    operation_memory_s: float = 24 * 3600.0
    """How long a repeat of a command gets its first answer."""
    unmatched_alarm_s: float = 5.0
    """Deadlines or matching that stand still for longer are a fault of ours, and are reported."""


NUMBER_OPTIONS: Final = tuple(
    option.name for option in fields(Policy) if isinstance(option.default, int | float)
)
"""The options outside the groups that are one number each."""
