"""What a card reader is, whatever stands behind it: chip reader, camera, file."""

from __future__ import annotations

from typing import Final, Protocol

from id_verify.card.card_data import CardData
from id_verify.card.words import CardSource

READ_TIMEOUT_S: Final = 5.0
"""After this a resident is told that it did not work; nobody waits longer before a machine."""


class CardReader(Protocol):
    """Reads the card that lies on it. One reading at a time."""

    @property
    def source(self) -> CardSource:
        """Return what its data is worth."""

    async def present(self) -> bool:
        """Tell whether something lies on the reader, as a rule within a fraction of a second.

        Raises:
            ReaderTimeout: the reader did not answer in time.
            ReaderMissing: the reader does not answer at all.
        """

    async def read(self, timeout_s: float = READ_TIMEOUT_S) -> CardData:
        """Return the card's data.

        Raises:
            CardAbsent: nothing lies on the reader.
            CardUnreadable: something does, but it gives no card's data; says what would help.
            ReaderTimeout: the reader did not answer in time.
            ReaderMissing: the reader is not there.
        """
