"""A ticket offer is a lease: who may accept it, until when, with which number."""

from __future__ import annotations

from dataclasses import dataclass

from service_queue.errors import OfferForeign, OfferStale


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A ticket reserved for a seat."""

    ticket_id: str
    seat_id: str
    epoch: int
    expires_at: float
    is_live: bool

    def check(self, *, seat_id: str, epoch: int, now: float) -> None:
        """Let pass only the seat that holds the lease, with its number, in time.

        Raises:
            OfferForeign: another seat holds it.
            OfferStale: it is over, or the number is not its own.
        """
        if seat_id != self.seat_id:
            raise OfferForeign
        if not self.is_live or epoch != self.epoch or now >= self.expires_at:
            raise OfferStale
