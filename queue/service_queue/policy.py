"""The numbers the hall is run by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long things may take. Seconds."""

    offer_timeout_s: float = 20.0
    """A desk that rings longer than this is unattended; the ticket goes back to its place."""
    decline_exclusion_s: float = 120.0
    """A seat that declined a ticket is not offered the same one again for so long."""
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
    wrap_up_extension_s: float = 60.0
    max_wrap_up_extensions: int = 3
    rating_s: float = 60.0
    """How long the rating screen stays."""
    operation_memory_s: float = 24 * 3600.0
    """How long a repeat of a command gets its first answer."""
    unmatched_alarm_s: float = 5.0
    """Deadlines or matching that stand still for longer are a fault of ours, and are reported."""
