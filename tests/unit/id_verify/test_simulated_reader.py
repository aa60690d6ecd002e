"""The simulated card reader answers as a chip reader does: a card, none, garbage, or too late."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from id_verify.card.errors import CardAbsent, CardUnreadable, ReaderTimeout
from id_verify.card.simulated_reader import MAX_FILE_BYTES, MAX_PORTRAIT_BYTES, SimulatedReader
from id_verify.card.words import CardField, CardSource, Sex

pytestmark = pytest.mark.unit

JPEG = b"\xff\xd8\xff\xe0" + b"made up" * 20 + b"\xff\xd9"
CARD: dict[str, Any] = {
    "name": "示例",
    "sex": "female",
    "nationality": "汉",
    "birth": "1949-12-31",
    "address": "北京市朝阳区示例路1号",
    "number": "11010519491231002X",
    "valid_since": "2016-01-05",
    "valid_until": None,
    "portrait": "portrait.jpg",
}


@pytest.fixture
def slot(tmp_path: Path) -> Path:
    (tmp_path / "portrait.jpg").write_bytes(JPEG)
    return tmp_path / "card.json"


def put_on(slot: Path, **changed: Any) -> SimulatedReader:
    slot.write_text(json.dumps(CARD | changed), encoding="utf-8")
    return SimulatedReader(slot)


def take_off(slot: Path) -> None:
    slot.unlink()


def write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def make_folder(slot: Path) -> None:
    slot.mkdir()


async def test_a_card_is_read_as_soon_as_the_file_is_there(slot: Path) -> None:
    reader = SimulatedReader(slot)
    assert not await reader.present()
    with pytest.raises(CardAbsent):
        await reader.read()
    put_on(slot)
    assert await reader.present()
    card = await reader.read()
    assert (card.source, card.sex, card.birth) == (
        CardSource.SIMULATED,
        Sex.FEMALE,
        date(1949, 12, 31),
    )
    assert card.portrait == JPEG
    assert card.validity is not None
    assert card.validity.covers(date(2090, 1, 1))
    assert card.doubtful() == ()
    assert card.contradictions(date(2026, 1, 1)) == ()
    take_off(slot)
    assert not await reader.present()


@pytest.mark.parametrize(
    "changed",
    [
        {"number": "110105194912310021"},
        {"number": ""},
        {"birth": "1949-02-30"},
        {"sex": "other"},
        {"name": ""},
        {"unheard_of": 1},
        {"portrait": "elsewhere.jpg"},
    ],
    ids=str,
)
async def test_what_no_card_says_is_unreadable(slot: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(CardUnreadable) as refused:
        await put_on(slot, **changed).read()
    assert "示例" not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff" * 100, b"[1, 2", b'{"name": "\xe7', b" " * (MAX_FILE_BYTES + 1)],
    ids=["empty", "noise", "no object", "torn", "too much"],
)
async def test_garbage_is_unreadable(slot: Path, content: bytes) -> None:
    write(slot, content)
    with pytest.raises(CardUnreadable):
        await SimulatedReader(slot).read()


@pytest.mark.parametrize(
    "portrait", [b"", JPEG[:-2], b"GIF89a", JPEG + b"x" * MAX_PORTRAIT_BYTES], ids=len
)
async def test_a_portrait_that_is_no_whole_jpeg_is_unreadable(slot: Path, portrait: bytes) -> None:
    write(slot.parent / "portrait.jpg", portrait)
    with pytest.raises(CardUnreadable):
        await put_on(slot).read()


async def test_a_pipe_in_place_of_the_file_is_no_card(slot: Path) -> None:
    os.mkfifo(slot)
    reader = SimulatedReader(slot)
    assert not await reader.present()
    with pytest.raises(CardAbsent):
        await reader.read()


async def test_a_folder_in_place_of_the_file_is_no_card(slot: Path) -> None:
    make_folder(slot)
    with pytest.raises(CardAbsent):
        await SimulatedReader(slot).read()


async def test_a_reader_that_does_not_answer_is_given_up(slot: Path) -> None:
    with pytest.raises(ReaderTimeout):
        await put_on(slot).read(timeout_s=0.0)


async def test_a_chip_is_sure_of_every_field(slot: Path) -> None:
    card = await put_on(slot).read()
    assert set(card.confidence) == set(CardField)
