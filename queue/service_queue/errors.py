"""Why the queue refuses.

Refusal (signaling.protocol.errors)
└── QueueError
    ├── TransitionRefused     transition_refused
    ├── ItemUnknown           item_unknown
    ├── KioskUnknown          kiosk_unknown
    ├── SeatUnknown           seat_unknown
    ├── SeatTaken             seat_taken
    ├── SeatBusy              seat_busy
    ├── NotSeated             not_seated
    ├── AlreadySeated         already_seated
    ├── TicketUnknown         ticket_unknown
    ├── TicketAlreadyOpen     ticket_already_open
    ├── OfferStale            offer_stale
    ├── OfferForeign          offer_foreign
    ├── CallUnknown           call_unknown
    ├── MediaEpochStale       media_epoch_stale
    ├── WrapUpOver            wrap_up_over
    ├── RatingOver            rating_over
    └── OperationReused       operation_reused
StoreError                    the database, not the command
├── StoreClosed               store_closed
└── StoreUnavailable          store_unavailable
"""

from __future__ import annotations

from signaling.protocol.errors import Refusal


class QueueError(Refusal):
    """The queue refuses the command."""

    code = "queue_error"


class TransitionRefused(QueueError):
    """The thing is not in a state in which this may happen."""

    code = "transition_refused"


class ItemUnknown(QueueError):
    """There is no such service item."""

    code = "item_unknown"


class KioskUnknown(QueueError):
    """There is no such kiosk."""

    code = "kiosk_unknown"


class SeatUnknown(QueueError):
    """There is no such seat."""

    code = "seat_unknown"


class SeatTaken(QueueError):
    """Another agent sits there."""

    code = "seat_taken"


class SeatBusy(QueueError):
    """The seat is with a resident; end that first."""

    code = "seat_busy"


class NotSeated(QueueError):
    """The agent is not signed in to a seat."""

    code = "not_seated"


class AlreadySeated(QueueError):
    """The agent sits at another seat."""

    code = "already_seated"


class TicketUnknown(QueueError):
    """There is no such ticket for this kiosk."""

    code = "ticket_unknown"


class TicketAlreadyOpen(QueueError):
    """This kiosk already holds a place in the line."""

    code = "ticket_already_open"


class OfferStale(QueueError):
    """The ticket offer is over: it expired, was answered, or has a newer epoch."""

    code = "offer_stale"


class OfferForeign(QueueError):
    """The ticket was offered to another seat."""

    code = "offer_foreign"


class CallUnknown(QueueError):
    """There is no such live call for this side."""

    code = "call_unknown"


class MediaEpochStale(QueueError):
    """The peer connections were built anew since."""

    code = "media_epoch_stale"


class WrapUpOver(QueueError):
    """After-call work of this call is over or cannot be extended again."""

    code = "wrap_up_over"


class RatingOver(QueueError):
    """The call was rated already, or the time for it is over."""

    code = "rating_over"


class OperationReused(QueueError):
    """The operation id was used for a different command."""

    code = "operation_reused"


class StoreError(Refusal):
    """The database refuses."""

    code = "store_error"


class StoreClosed(StoreError):
    """The store was closed."""

    code = "store_closed"


class StoreUnavailable(StoreError):
    """The database cannot be written now."""

    code = "store_unavailable"
