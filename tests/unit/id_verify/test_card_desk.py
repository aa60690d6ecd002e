"""What lies on the desk: when it is read, when what was said is said again."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import cv2
import numpy as np
import pytest

from id_verify.card.cameras import Camera, Picture
from id_verify.card.card_data import CardData
from id_verify.card.desk import SAID_AGAIN_S, CardDesk, better_of_both
from id_verify.card.errors import CardAbsent, CardUnreadable
from id_verify.card.reading import CardPictureReader, CardReading
from id_verify.card.words import CardAdvice, CardField, CardOutcome, CardSource

pytestmark = pytest.mark.unit

NUMBER = "11010519491231002X"


def grey(shade: int) -> Picture:
    return np.full((240, 320, 3), shade, np.uint8)


def with_card(at: int = 80) -> Picture:
    picture = grey(60)
    cv2.rectangle(picture, (at, 70), (at + 160, 171), (225, 225, 225), -1)
    return picture


class Scripted:
    """Camera, text reader and clock in one: a picture takes a moment, a reading a second."""

    def __init__(self, *pictures: Picture | None, takes_s: float = 1.0) -> None:
        self.pictures = list(pictures)
        self.takes_s = takes_s
        self.now = 0.0
        self.lines = 0
        self.readings: list[CardReading] = []
        self.read_count = 0

    def picture(self) -> Picture:
        self.now += 0.05
        shown = self.pictures.pop(0) if len(self.pictures) > 1 else self.pictures[0]
        if shown is None:
            raise CardAbsent("no picture")
        return shown

    def lines_in(self, picture: Picture) -> int:
        del picture
        return self.lines

    def read(self, picture: Picture, *, go_on: Callable[[], bool]) -> CardReading:
        del picture, go_on
        self.now += self.takes_s
        self.read_count += 1
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def desk(self) -> CardDesk:
        return CardDesk(
            cast(Camera, self),
            cast(CardPictureReader, self),
            clock=lambda: self.now,
            sleep=self.sleep,
        )


def a_card(sure: float = 0.99, **changed: object) -> CardReading:
    values: dict[str, object] = {"name": "示例卡", "number": NUMBER, **changed}
    card = CardData(
        source=CardSource.CAMERA,
        confidence=dict.fromkeys(CardField, sure),
        **values,  # type: ignore[arg-type]  # by name
    )
    return CardReading(outcome=CardOutcome.READ, advice=None, card=card)


def refused(advice: CardAdvice, outcome: CardOutcome = CardOutcome.BACK) -> CardReading:
    return CardReading(outcome=outcome, advice=advice)


def test_an_outline_print_or_darkness_is_worth_reading_and_a_bare_desk_is_not() -> None:
    bare, card, dark = Scripted(grey(120)), Scripted(with_card()), Scripted(grey(5))
    assert not bare.desk().is_present()
    assert card.desk().is_present()
    assert dark.desk().is_present()
    bare.lines = 9
    assert bare.desk().is_present()


def test_nothing_lies_where_there_is_no_picture() -> None:
    desk = Scripted(None).desk()
    assert not desk.is_present()
    with pytest.raises(CardAbsent):
        desk.read(5.0)


def test_a_desk_that_does_not_change_is_judged_once() -> None:
    scripted = Scripted(grey(120))
    desk = scripted.desk()
    desk.is_present()
    scripted.lines = 9
    assert not desk.is_present()
    scripted.pictures = [grey(140)]
    assert desk.is_present()


def test_a_hand_that_still_moves_is_waited_for() -> None:
    moving = [with_card(at) for at in (10, 40, 60, 80)]
    scripted = Scripted(*moving, with_card())
    scripted.readings = [a_card()]
    assert scripted.desk().read(5.0).number == NUMBER
    assert len(scripted.pictures) == 1


def test_what_was_said_of_a_scene_is_said_again_until_it_changes_or_grows_old() -> None:
    scripted = Scripted(with_card())
    scripted.readings = [refused(CardAdvice.TURN_OVER)]
    desk = scripted.desk()
    for _ in range(2):
        with pytest.raises(CardUnreadable) as failure:
            desk.read(5.0)
        assert failure.value.advice is CardAdvice.TURN_OVER
    assert scripted.read_count == 1
    scripted.now += SAID_AGAIN_S
    with pytest.raises(CardUnreadable):
        desk.read(5.0)
    assert scripted.read_count == 2
    scripted.pictures, scripted.readings = [with_card(120)], [a_card()]
    assert desk.read(5.0).number == NUMBER


def test_a_card_that_was_read_too_late_is_there_when_it_is_asked_for_again() -> None:
    scripted = Scripted(with_card(), takes_s=9.0)
    scripted.readings = [a_card()]
    desk = scripted.desk()
    first = desk.read(5.0)
    assert desk.read(5.0) is first
    assert scripted.read_count == 1


def test_what_was_taken_away_while_it_was_read_is_absent_not_wrong() -> None:
    scripted = Scripted(grey(120))
    scripted.readings = [refused(CardAdvice.PUT_ON_ID_CARD, CardOutcome.NOT_AN_ID_CARD)]
    with pytest.raises(CardAbsent):
        scripted.desk().read(5.0)


def test_a_doubtful_card_is_read_again_only_while_there_is_time_for_it() -> None:
    for takes_s, readings in ((1.0, 4), (2.0, 2), (3.0, 1)):
        scripted = Scripted(with_card(), takes_s=takes_s)
        scripted.readings = [a_card(sure=0.6)]
        assert scripted.desk().read(5.0).doubtful()
        assert scripted.read_count == readings


def test_a_picture_without_a_valid_number_gives_no_card() -> None:
    scripted = Scripted(with_card())
    reading = a_card(sure=0.6, number="123")
    scripted.readings = [
        CardReading(
            outcome=CardOutcome.PARTLY_READ, advice=CardAdvice.UNCOVER_CARD, card=reading.card
        )
    ]
    with pytest.raises(CardUnreadable) as failure:
        scripted.desk().read(5.0)
    assert failure.value.advice is CardAdvice.UNCOVER_CARD


def test_each_field_is_taken_from_the_surer_reading_and_two_cards_are_never_mixed() -> None:
    one, two = a_card(sure=0.6, name="示例卞").card, a_card(sure=0.9).card
    assert one is not None
    assert two is not None
    assert better_of_both(one, two).name == "示例卡"
    assert better_of_both(two, one).name == "示例卡"
    other = a_card(sure=0.5, number="110101195603089914", name="别人").card
    assert other is not None
    assert better_of_both(two, other) is other
