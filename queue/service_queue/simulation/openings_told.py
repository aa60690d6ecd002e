"""When windows were ready for residents, as the journal tells it. Pure."""

from __future__ import annotations

from collections import defaultdict
from math import inf

from service_queue.journal_entry import JournalEntry


class OpeningsTold:
    """A window is ready while its agent has it open and its desk is attached."""

    def __init__(self) -> None:
        self.skills: dict[str, tuple[str, str]] = {}
        """By seat: departments and languages of whoever sat there last, joined by `|`."""
        self._wanted: set[str] = set()
        self._away: set[str] = set()
        self._seated: set[str] = set()
        self._since: dict[str, float] = {}
        self._spans: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)

    def tell(self, entry: JournalEntry) -> None:
        """Read one row."""
        seat_id = entry.seat_id or ""
        match entry.kind:
            case "seat.signed_in":
                self._seated.add(seat_id)
                self._away.discard(seat_id)
                words = (entry.word("departments") or "", entry.word("languages") or "")
                self.skills[seat_id] = words
            case "seat.opened":
                self._wanted.add(seat_id)
            case "seat.paused":
                self._wanted.discard(seat_id)
            case "seat.signed_out":
                self._wanted.discard(seat_id)
                self._seated.discard(seat_id)
                self._away.discard(seat_id)
            case "seat.went_away":
                self._away.add(seat_id)
            case "seat.returned":
                self._away.discard(seat_id)
            case "server.started":
                self._away |= self._seated
                for each in tuple(self._since):
                    self._follow(each, entry.at)
                return
            case _:
                return
        self._follow(seat_id, entry.at)

    def between(self, start: float, end: float) -> dict[str, list[tuple[float, float]]]:
        """By seat: from when to when it was ready within that time."""
        spans = {seat_id: list(told) for seat_id, told in self._spans.items()}
        for seat_id, since in self._since.items():
            spans.setdefault(seat_id, []).append((since, inf))
        return {
            seat_id: [
                (max(since, start), min(until, end))
                for since, until in told
                if since < end and until > start
            ]
            for seat_id, told in spans.items()
        }

    def _follow(self, seat_id: str, at: float) -> None:
        ready = seat_id in self._wanted and seat_id not in self._away
        since = self._since.get(seat_id)
        if ready and since is None:
            self._since[seat_id] = at
        elif not ready and since is not None:
            self._spans[seat_id].append((since, at))
            del self._since[seat_id]
