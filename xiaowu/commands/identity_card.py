"""`xiaowu identity read-card`: what the card reader sees in a picture of a card."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from id_verify.card.card_data import CardData
from id_verify.card.errors import ReaderMissing
from id_verify.card.reading import CardPictureReader, CardReading
from id_verify.card.words import CardField, CardOutcome
from id_verify.faces.errors import PictureRefused
from id_verify.faces.picture import decode_picture

words = Console(stderr=True, highlight=False)

REFUSED = 2
"""The exit code when there is no picture or nothing to read it with; a card not read is 1."""


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("read-card")(read_card)


def read_card(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A picture with a card in it.")],
    *,
    portrait: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write the holder's portrait here (JPEG).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read a resident identity card from a picture: fields, how sure they are, contradictions."""
    try:
        picture = decode_picture(image.read_bytes())
        reading = CardPictureReader.open().read(picture)
    except OSError as unreadable:
        if as_json:
            print(json.dumps({"refused": "unreadable_file"}))
        words.print(f"{image}: {unreadable.strerror}")
        sys.exit(REFUSED)
    except PictureRefused as refused:
        if as_json:
            print(json.dumps({"refused": refused.fault.value}))
        words.print(str(refused))
        sys.exit(REFUSED)
    except ReaderMissing as missing:
        words.print(
            f"No picture of a card can be read here ({missing}).\n"
            "Install it with:  pip install 'xiaowu[kiosk,face,card]'"
        )
        sys.exit(REFUSED)
    if portrait is not None and reading.card is not None and reading.card.portrait:
        try:
            portrait.write_bytes(reading.card.portrait)
        except OSError as unwritable:
            if as_json:
                print(json.dumps({"refused": "cannot_write"}))
            words.print(f"cannot write {portrait}: {unwritable.strerror}")
            sys.exit(REFUSED)
    if as_json:
        print(json.dumps(as_object(reading), ensure_ascii=False))
    else:
        _print(reading)
    if reading.outcome not in {CardOutcome.READ, CardOutcome.PARTLY_READ}:
        sys.exit(1)


def as_object(reading: CardReading) -> dict[str, object]:
    """Return a reading as JSON has it: in clear, for who calls this has the picture anyway."""
    corners = reading.corners
    return {
        "outcome": reading.outcome,
        "advice": reading.advice,
        "is_id_card": reading.card is not None or reading.outcome is CardOutcome.BACK,
        "corners": None
        if corners is None
        else [[round(float(x), 1), round(float(y), 1)] for x, y in corners],
        "fields": None if reading.card is None else _fields(reading.card),
        "number": None if reading.card is None else _number(reading.card),
        "contradictions": []
        if reading.card is None
        else list(reading.card.contradictions(_today())),
    }


def _fields(card: CardData) -> dict[str, dict[str, object]]:
    values: dict[CardField, object] = {
        CardField.NAME: card.name,
        CardField.SEX: card.sex,
        CardField.NATIONALITY: card.nationality,
        CardField.BIRTH: card.birth.isoformat() if card.birth else None,
        CardField.ADDRESS: card.address,
        CardField.NUMBER: card.number,
        CardField.PORTRAIT: f"{len(card.portrait)} bytes" if card.portrait else None,
    }
    return {
        word: {"value": value, "confidence": card.confidence.get(word, 0.0)}
        for word, value in values.items()
    }


def _number(card: CardData) -> dict[str, object]:
    number, today = card.id_number, _today()
    born = number is not None and number.birth <= today
    return {
        "valid": number is not None,
        "fault": card.number_fault,
        "masked": card.masked_number,
        "province": number.province if number else None,
        "birth": number.birth.isoformat() if number else None,
        "sex": number.sex if number else None,
        "age": number.age_on(today) if number and born else None,
    }


def _today() -> date:
    return datetime.now(UTC).astimezone().date()


def _print(reading: CardReading) -> None:
    told = as_object(reading)
    table = Table(show_header=False, box=None)
    table.add_row("outcome", str(told["outcome"]))
    table.add_row("advice", str(told["advice"] or "–"))
    if reading.card is not None:
        for word, each in _fields(reading.card).items():
            table.add_row(word, f"{each['value'] or '–'}  ({each['confidence']:.2f})")
        for name, value in _number(reading.card).items():
            table.add_row(f"number {name}", str(value))
    table.add_row(
        "contradictions",
        ", ".join(map(str, reading.card.contradictions(_today()))) if reading.card else "–",
    )
    Console().print(table)
