"""How the booths are: the latest word of each, in memory only."""

from __future__ import annotations

from dataclasses import dataclass

from service_queue.clock import Clock
from signaling.protocol.commands import ReportHealth


@dataclass(frozen=True, slots=True)
class KioskHealth:
    """What a kiosk's program said last, and when."""

    at: float
    report: ReportHealth


class HealthBoard:
    """The latest report of each kiosk."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest: dict[str, KioskHealth] = {}

    def report(self, kiosk_id: str, report: ReportHealth) -> None:
        """A kiosk's program says how it is."""
        self._latest[kiosk_id] = KioskHealth(self._clock.now(), report)

    def latest(self, kiosk_id: str) -> KioskHealth | None:
        """The last word of a kiosk, or None if it never spoke since the start."""
        return self._latest.get(kiosk_id)

    def all(self) -> dict[str, KioskHealth]:
        """The last words of all, by kiosk."""
        return dict(self._latest)
