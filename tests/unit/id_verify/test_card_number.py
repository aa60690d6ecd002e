"""The citizen identity number: valid ones are taken apart, others are refused with their fault."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from id_verify.card.errors import NumberRefused
from id_verify.card.number import LENGTH, IdNumber, check_character, mask, normal_form
from id_verify.card.region import PROVINCES, holder_of
from id_verify.card.words import NumberFault, NumberHolder, Sex

pytestmark = pytest.mark.unit

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""As GB 11643 prints them; the code computes the same without them."""


def check_by_the_standards_table(digits: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Valid numbers, made up."""
    region = draw(st.sampled_from(sorted(PROVINCES))) + draw(st.sampled_from(["01", "02"]))
    county = f"{draw(st.integers(min_value=1, max_value=57)):02d}"
    birth = draw(st.dates(min_value=date(1900, 1, 1), max_value=date(2026, 1, 1)))
    sequence = f"{draw(st.integers(min_value=1, max_value=999)):03d}"
    digits = f"{region}{county}{birth:%Y%m%d}{sequence}"
    return digits + check_character(digits)


def refusal(text: str, today: date | None = None) -> NumberFault:
    with pytest.raises(NumberRefused) as refused:
        IdNumber.parse(text, today=today)
    assert not text or text not in str(refused.value)
    return refused.value.fault


@given(st.text(alphabet="0123456789", min_size=17, max_size=17))
def test_the_check_character_is_the_one_of_the_standards_table(digits: str) -> None:
    assert check_character(digits) == check_by_the_standards_table(digits)


def test_the_standards_own_examples_are_valid() -> None:
    assert IdNumber.parse("11010519491231002X").sex is Sex.FEMALE
    assert IdNumber.parse("440524188001010014").birth == date(1880, 1, 1)


@given(numbers())
def test_a_valid_number_is_taken_apart(number: str) -> None:
    parsed = IdNumber.parse(number)
    assert f"{parsed.region}{parsed.birth:%Y%m%d}" == number[:14]
    assert (parsed.sex is Sex.MALE) == (number[16] in "13579")
    assert parsed.province == PROVINCES[number[:2]][0]
    assert parsed.holder is NumberHolder.CITIZEN


@given(numbers(), st.integers(min_value=0, max_value=17), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_noticed(number: str, place: int, digit: str) -> None:
    wrong = number[:place] + digit + number[place + 1 :]
    if wrong == number:
        assert IdNumber.parse(wrong).text == number
    else:
        refusal(wrong)


@given(numbers(), st.integers(min_value=0, max_value=16))
def test_two_neighbours_exchanged_are_always_noticed(number: str, place: int) -> None:
    a, b = number[place], number[place + 1]
    if a != b:
        refusal(number[:place] + b + a + number[place + 2 :])


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused_and_nothing_else(text: str) -> None:
    try:
        parsed = IdNumber.parse(text)
    except NumberRefused:
        return
    assert parsed.text == normal_form(text)


@given(numbers())
def test_full_width_small_x_and_spaces_are_understood(number: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in number)
    spaced = f" {number[:6]} {number[6:14]}　{number[14:]}\n".lower()
    assert IdNumber.parse(wide).text == IdNumber.parse(spaced).text == number


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", NumberFault.LENGTH),
        ("110105491231002", NumberFault.LENGTH),
        ("11010519491231002", NumberFault.LENGTH),
        ("11010519491231002Y", NumberFault.CHARACTERS),
        ("1101051949123100XX", NumberFault.CHARACTERS),
        ("٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩٠", NumberFault.CHARACTERS),
        ("10010519491231002X", NumberFault.REGION),
        ("11990519491231002X", NumberFault.REGION),
        ("11010019491231002X", NumberFault.REGION),
        ("11016519491231002X", NumberFault.REGION),
        ("11010519490231002X", NumberFault.DATE),
        ("11010519490229002X", NumberFault.DATE),
        ("11010517491231002X", NumberFault.DATE),
        ("11010519491231000X", NumberFault.SEQUENCE),
        ("110105194912310021", NumberFault.CHECK_DIGIT),
    ],
)
def test_each_fault_has_its_name(text: str, fault: NumberFault) -> None:
    assert refusal(text) is fault


def test_a_birth_after_today_is_refused_only_when_today_is_said() -> None:
    digits = "11010520301231002"
    number = digits + check_character(digits)
    assert IdNumber.parse(number).birth.year == 2030
    assert refusal(number, today=date(2026, 1, 1)) is NumberFault.DATE


@given(numbers(), st.integers(min_value=0, max_value=45_000))
def test_age_grows_by_one_on_the_birthday_and_on_no_other_day(number: str, days: int) -> None:
    parsed = IdNumber.parse(number)
    day = min(parsed.birth + timedelta(days=days), date(2100, 1, 1))
    grown = parsed.age_on(day + timedelta(days=1)) - parsed.age_on(day)
    tomorrow = day + timedelta(days=1)
    birthday = (parsed.birth.month, parsed.birth.day)
    leap_in_common_year = birthday == (2, 29) and tomorrow.month == 3 and tomorrow.day == 1
    if (tomorrow.month, tomorrow.day) == birthday:
        assert grown == 1
    elif not leap_in_common_year:
        assert grown == 0


def test_nobody_has_an_age_before_birth() -> None:
    parsed = IdNumber.parse("11010519491231002X")
    assert parsed.age_on(date(2024, 12, 30)) == 74
    assert parsed.age_on(date(2024, 12, 31)) == 75
    with pytest.raises(ValueError, match="not yet born"):
        parsed.age_on(date(1949, 12, 30))


@given(numbers())
def test_neither_repr_nor_str_shows_more_than_the_last_four_and_the_region(number: str) -> None:
    parsed = IdNumber.parse(number)
    assert number[6:14] not in repr(parsed)
    assert str(parsed) == parsed.masked == "*" * (LENGTH - 4) + number[-4:]


def test_a_short_number_is_masked_whole() -> None:
    assert mask("123") == "***"
    assert mask("") == ""


@pytest.mark.parametrize(
    ("region", "holder"),
    [
        ("810000", NumberHolder.HONG_KONG),
        ("820000", NumberHolder.MACAO),
        ("830000", NumberHolder.TAIWAN),
        ("931840", NumberHolder.FOREIGNER),
        ("999840", None),
        ("931000", None),
        ("441900", NumberHolder.CITIZEN),
        ("441800", None),
        ("510281", NumberHolder.CITIZEN),
        ("710000", None),
    ],
)
def test_the_first_digits_say_whom_the_number_was_given_to(
    region: str, holder: NumberHolder | None
) -> None:
    assert holder_of(region) is holder


def test_a_residence_permit_has_a_province_too() -> None:
    digits = "81000019900307123"
    assert IdNumber.parse(digits + check_character(digits)).province == "香港特别行政区"
    digits = "93184019900307123"
    assert IdNumber.parse(digits + check_character(digits)).province == "上海市"
