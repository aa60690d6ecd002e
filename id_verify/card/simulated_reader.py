"""A card reader driven by a file: the file appears, and a card lies on the reader.

The demonstration and the tests put cards on it. The file says what a chip would say:

    {"name": "…", "sex": "male", "nationality": "汉", "birth": "1956-03-08", "address": "…",
     "number": "…", "valid_since": "2016-01-05", "valid_until": null, "portrait": "portrait.jpg"}

`portrait` is a JPEG beside the file. Whatever a broken chip could send is answered as a broken chip
is: the file may be garbage, half written or ten megabytes.
"""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from id_verify.card.card_data import CardData, Validity
from id_verify.card.errors import CardAbsent, CardUnreadable, NumberRefused, ReaderTimeout
from id_verify.card.number import IdNumber
from id_verify.card.reader import READ_TIMEOUT_S
from id_verify.card.words import CardField, CardSource, Sex

MAX_FILE_BYTES: Final = 64 * 1024
MAX_PORTRAIT_BYTES: Final = 2 * 1024 * 1024
"""A chip holds a kilobyte of portrait; a demonstration may use a photograph."""

JPEG_START: Final = b"\xff\xd8\xff"
JPEG_END: Final = b"\xff\xd9"


class SimulatedCard(BaseModel):
    """The content of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1, max_length=60, repr=False)]
    sex: Sex
    nationality: Annotated[str, Field(min_length=1, max_length=20, repr=False)]
    birth: Annotated[date, Field(repr=False)]
    address: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    number: Annotated[str, Field(repr=False)]
    valid_since: date | None = None
    valid_until: date | None = None
    portrait: Annotated[str, Field(min_length=1, max_length=200)]


class SimulatedReader:
    """A `CardReader` that reads a file, whenever it is there."""

    source: Final = CardSource.SIMULATED

    def __init__(self, file: Path) -> None:
        self.file = file

    async def present(self) -> bool:
        """Tell whether the file is there."""
        return await asyncio.to_thread(self.file.is_file)

    async def read(self, timeout_s: float = READ_TIMEOUT_S) -> CardData:
        """Read the file; see `CardReader.read`."""
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.to_thread(read_card_file, self.file)
        except TimeoutError as late:
            raise ReaderTimeout(f"no answer within {timeout_s:g} s") from late


def read_card_file(file: Path) -> CardData:
    """Return the card a file describes, with its portrait.

    Raises:
        CardAbsent: there is no such file.
        CardUnreadable: it is no card file, its number is none, or its portrait no JPEG.
    """
    if not file.is_file():  # nor a pipe, which would never end
        raise CardAbsent("no card on the reader")
    try:
        text = _read_bounded(file, MAX_FILE_BYTES)
    except FileNotFoundError as taken_off:
        raise CardAbsent("no card on the reader") from taken_off
    except OSError as unreadable:
        raise CardUnreadable("the reader cannot read") from unreadable
    try:
        card = SimulatedCard.model_validate_json(text)
        number = IdNumber.parse(card.number)
    except ValidationError as invalid:
        raise CardUnreadable(f"{invalid.error_count()} fields are not as a card's") from None
    except NumberRefused as refused:
        raise CardUnreadable("the number is none") from refused
    return CardData(
        source=CardSource.SIMULATED,
        name=card.name,
        sex=card.sex,
        nationality=card.nationality,
        birth=card.birth,
        address=card.address,
        number=number.text,
        portrait=_portrait(file.parent / card.portrait),
        validity=Validity(card.valid_since, card.valid_until) if card.valid_since else None,
        confidence=dict.fromkeys(CardField, 1.0),
    )


def _portrait(file: Path) -> bytes:
    try:
        portrait = _read_bounded(file, MAX_PORTRAIT_BYTES)
    except OSError as missing:
        raise CardUnreadable("the portrait is missing") from missing
    if not portrait.startswith(JPEG_START) or JPEG_END not in portrait[-64:]:
        raise CardUnreadable("the portrait is no whole JPEG")
    return portrait


def _read_bounded(file: Path, limit: int) -> bytes:
    with file.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise CardUnreadable("more data than a card holds")
    return content
