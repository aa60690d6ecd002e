"""The card reader as the flow uses it, and the sample card of a demo."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from id_verify.card.errors import CardError
from kiosk_client.identity.card_slot import CARD_FILE, SAMPLE, open_card_slot
from kiosk_client.settings import CardSettings
from tests.support.media_pair import until
from tests.support.sample_card import NAME, put_card
from xiaowu.demo.sample_card import CARD, lay_out_sample_card

pytestmark = pytest.mark.unit

PORTRAIT = np.full((126, 102, 3), 120, np.uint8)


class Heard:
    """What the flow is told of the card."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.codes: list[str] = []

    async def __call__(self, state: str, failure: CardError | None) -> None:
        self.states.append(state)
        if failure is not None:
            self.codes.append(failure.code)


async def test_a_card_is_waited_for_and_read(tmp_path: Path) -> None:
    slot, heard = open_card_slot(CardSettings(reader="simulated", path=tmp_path)), Heard()
    reading = asyncio.create_task(slot.read(heard))
    await until(lambda: heard.states == ["put_on"])
    put_card(tmp_path, PORTRAIT)
    assert (await reading).name == NAME
    assert heard.states == ["put_on", "reading"]


async def test_a_card_that_gives_nothing_is_tried_until_it_does(tmp_path: Path) -> None:
    (tmp_path / CARD_FILE).write_text("{}")
    slot, heard = open_card_slot(CardSettings(reader="simulated", path=tmp_path)), Heard()
    reading = asyncio.create_task(slot.read(heard))
    await until(lambda: heard.codes == ["card_unreadable"])
    put_card(tmp_path, PORTRAIT)
    assert (await reading).name == NAME


async def test_the_sample_card_is_put_on_by_a_touch_and_taken_along(tmp_path: Path) -> None:
    lay_out_sample_card(tmp_path)
    slot, heard = open_card_slot(CardSettings(reader="simulated", path=tmp_path)), Heard()
    assert slot.has_sample
    await slot.put_sample_on()
    card = await slot.read(heard)
    assert (card.name, card.contradictions()) == (CARD["name"], ())
    await slot.take_sample_off()
    assert not (tmp_path / CARD_FILE).exists()
    assert (tmp_path / SAMPLE / CARD_FILE).exists()


async def test_where_there_is_no_sample_nobodys_card_is_taken_off(tmp_path: Path) -> None:
    put_card(tmp_path, PORTRAIT)
    slot = open_card_slot(CardSettings(reader="simulated", path=tmp_path))
    assert not slot.has_sample
    await slot.put_sample_on()
    await slot.take_sample_off()
    assert (tmp_path / CARD_FILE).exists()


def test_a_portrait_somebody_laid_beside_the_sample_card_stays(tmp_path: Path) -> None:
    folder = lay_out_sample_card(tmp_path)
    (folder / "portrait.jpg").write_bytes(b"mine")
    lay_out_sample_card(tmp_path)
    assert (folder / "portrait.jpg").read_bytes() == b"mine"


def test_a_booth_without_a_reader_says_so() -> None:
    slot = open_card_slot(CardSettings())
    assert (slot.kind, slot.has_sample) == ("none", False)
