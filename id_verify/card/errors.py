"""What may go wrong with a card.

CardError
├── NumberRefused
├── CardAbsent
├── CardUnreadable
├── ReaderTimeout
└── ReaderMissing
"""

from __future__ import annotations

from id_verify.card.words import CardAdvice, CardOutcome, NumberFault


class CardError(Exception):
    """No card was read."""

    code = "card_error"


class NumberRefused(CardError):
    """This is no citizen identity number. The number itself is never part of the message."""

    code = "number_refused"

    def __init__(self, fault: NumberFault) -> None:
        super().__init__(f"identity number refused: {fault.value}")
        self.fault = fault


class CardAbsent(CardError):
    """There is no card on the reader."""

    code = "card_absent"


class CardUnreadable(CardError):
    """Something is on the reader, but it gives no card's data."""

    code = "card_unreadable"

    def __init__(
        self,
        message: str,
        *,
        outcome: CardOutcome = CardOutcome.UNREADABLE,
        advice: CardAdvice = CardAdvice.PUT_ON_AGAIN,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.advice = advice


class ReaderTimeout(CardError):
    """The reader did not answer in time."""

    code = "reader_timeout"


class ReaderMissing(CardError):
    """The reader, its camera or its packages are missing: pip install 'xiaowu[kiosk,face,card]'."""

    code = "reader_missing"
