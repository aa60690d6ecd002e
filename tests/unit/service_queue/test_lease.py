from dataclasses import FrozenInstanceError

import pytest

from service_queue.errors import OfferForeign, OfferStale
from service_queue.lease import Lease

pytestmark = pytest.mark.unit

LEASE = Lease(ticket_id="t", seat_id="07", epoch=3, expires_at=100.0, is_live=True)


def test_the_holder_accepts_in_time() -> None:
    LEASE.check(seat_id="07", epoch=3, now=99.9)


@pytest.mark.parametrize(
    ("seat_id", "epoch", "now", "refusal"),
    [
        ("08", 3, 50.0, OfferForeign),
        ("06", 3, 50.0, OfferForeign),
        ("07", 2, 50.0, OfferStale),
        ("07", 4, 50.0, OfferStale),
        ("07", 3, 100.0, OfferStale),
        ("07", 3, 100.1, OfferStale),
    ],
)
def test_nobody_else_and_nothing_late(
    seat_id: str, epoch: int, now: float, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        LEASE.check(seat_id=seat_id, epoch=epoch, now=now)


def test_an_answered_offer_cannot_be_accepted_again() -> None:
    over = Lease(ticket_id="t", seat_id="07", epoch=3, expires_at=100.0, is_live=False)
    with pytest.raises(OfferStale):
        over.check(seat_id="07", epoch=3, now=50.0)


def test_a_lease_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        LEASE.epoch = 4  # type: ignore[misc]  # that it is refused at run time too is the point
