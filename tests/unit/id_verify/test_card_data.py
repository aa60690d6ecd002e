"""What a card says, where it contradicts itself, and what of it may be shown."""

from __future__ import annotations

from datetime import date

import pytest

from id_verify.card.card_data import CardData, Validity
from id_verify.card.number import check_character
from id_verify.card.words import CardField, CardSource, Contradiction, NumberFault, Sex

pytestmark = pytest.mark.unit

NUMBER = "11010519491231002X"


def card(
    *, number: str | None = NUMBER, birth: date | None = date(1949, 12, 31), sex: Sex = Sex.FEMALE
) -> CardData:
    return CardData(
        source=CardSource.CAMERA,
        name="欧阳测试",
        sex=sex,
        nationality="汉",
        birth=birth,
        address="北京市朝阳区示例路1号",
        number=number,
        confidence={CardField.NAME: 0.9, CardField.NUMBER: 0.7},
    )


def test_a_card_that_agrees_has_no_contradiction() -> None:
    assert card().contradictions(date(2026, 1, 1)) == ()


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (card(birth=date(1950, 12, 31)), Contradiction.BIRTH_NUMBER),
        (card(sex=Sex.MALE), Contradiction.SEX_NUMBER),
        (card(number=NUMBER[:-1] + "1"), Contradiction.NUMBER_INVALID),
    ],
)
def test_each_contradiction_is_reported(changed: CardData, found: Contradiction) -> None:
    assert changed.contradictions() == (found,)


def test_an_invalid_number_is_still_compared_with_what_is_printed() -> None:
    forged = card(number=NUMBER[:-1] + "1", birth=date(1980, 1, 1), sex=Sex.MALE)
    assert set(forged.contradictions()) == {
        Contradiction.NUMBER_INVALID,
        Contradiction.BIRTH_NUMBER,
        Contradiction.SEX_NUMBER,
    }


def test_half_a_number_is_invalid_and_says_nothing_more() -> None:
    assert card(number=NUMBER[:9]).contradictions() == (Contradiction.NUMBER_INVALID,)


def test_nobody_is_born_tomorrow() -> None:
    digits = "11010520300101002"
    future = card(number=digits + check_character(digits), birth=date(2030, 1, 1))
    assert future.contradictions() == ()
    assert future.contradictions(date(2026, 1, 1)) == (Contradiction.NOT_YET_BORN,)


@pytest.mark.parametrize(
    ("validity", "found"),
    [
        (Validity(date(2016, 1, 5), date(2026, 1, 5)), ()),
        (Validity(date(2016, 1, 5), None), ()),
        (Validity(date(2006, 1, 5), date(2026, 1, 4)), (Contradiction.EXPIRED,)),
        (Validity(date(2026, 1, 6), None), (Contradiction.NOT_YET_VALID,)),
    ],
)
def test_a_card_is_valid_from_its_first_to_its_last_day(
    validity: Validity, found: tuple[Contradiction, ...]
) -> None:
    chip = CardData(source=CardSource.CHIP, validity=validity)
    assert chip.contradictions(date(2026, 1, 5)) == found
    assert chip.contradictions() == ()


def test_the_fault_of_a_number_is_named() -> None:
    assert card().number_fault is None
    assert card(number=None).number_fault is None
    assert card(number=NUMBER[:-1] + "1").number_fault is NumberFault.CHECK_DIGIT


def test_no_personal_field_is_in_the_repr() -> None:
    shown = repr(card())
    for personal in ("欧阳", "1949", "示例路", NUMBER, NUMBER[:6], "汉"):
        assert personal not in shown


def test_name_and_number_are_masked() -> None:
    assert card().masked_name == "欧***"
    assert card().masked_number == "*" * 14 + "002X"
    nothing = CardData(source=CardSource.CAMERA)
    assert nothing.masked_name is None
    assert nothing.masked_number is None
    assert nothing.id_number is None


def test_a_field_that_was_not_found_is_as_doubtful_as_one_hardly_read() -> None:
    assert CardField.NAME not in card().doubtful()
    assert {CardField.NUMBER, CardField.ADDRESS} <= set(card().doubtful())
