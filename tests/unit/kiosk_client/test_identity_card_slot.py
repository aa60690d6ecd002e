"""The card reader as the flow uses it, and the sample card of a demo."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from id_verify.card.card_data import CardData
from id_verify.card.errors import (
    CardAbsent,
    CardError,
    CardUnreadable,
    ReaderMissing,
    ReaderTimeout,
)
from id_verify.card.words import CardSource
from kiosk_client.identity import card_slot
from kiosk_client.identity.card_slot import CARD_FILE, SAMPLE, CardSlot, open_card_slot
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


class Scripted:
    """A reader that answers as it is told: `present` and `read` in turn."""

    source = CardSource.CAMERA

    def __init__(self, *answers: bool | CardData | CardError) -> None:
        self.answers = list(answers)

    async def present(self) -> bool:
        return bool(self._next())

    async def read(self, timeout_s: float = 5.0) -> CardData:
        del timeout_s
        answer = self._next()
        assert isinstance(answer, CardData)
        return answer

    def _next(self) -> bool | CardData:
        answer = self.answers.pop(0)
        if isinstance(answer, CardError):
            raise answer
        return answer


@pytest.fixture
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("LOOK_EVERY_S", "AGAIN_AFTER_S", "MENDED_AFTER_S"):
        monkeypatch.setattr(card_slot, pause, 0.0)


@pytest.mark.usefixtures("_brisk")
@pytest.mark.parametrize(
    ("answers", "states"),
    [
        ([True], ["put_on", "reading"]),
        ([True, CardAbsent("gone"), False, True], ["put_on", "reading", "put_on", "reading"]),
        ([True, CardUnreadable("no"), True], ["put_on", "reading", "failed"]),
        (
            [True, CardUnreadable("no"), False, True],
            ["put_on", "reading", "failed", "put_on", "reading"],
        ),
        ([ReaderMissing("no"), ReaderMissing("no"), True], ["put_on", "failed", "failed"]),
        ([ReaderTimeout("late"), False, True], ["put_on", "failed", "put_on", "reading"]),
    ],
)
async def test_a_camera_is_waited_for_in_words(
    answers: list[bool | CardError], states: list[str]
) -> None:
    card = CardData(source=CardSource.CAMERA)
    slot, heard = CardSlot(Scripted(*answers, card), kind="camera"), Heard()
    assert await slot.read(heard) is card
    assert heard.states == states
