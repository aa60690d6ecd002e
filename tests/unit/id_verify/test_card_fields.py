"""Rows of text become the fields of a card, misread, merged and partly hidden as they come."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from id_verify.card.fields import Fields, birth_of, fields_of, number_from, sex_of
from id_verify.card.kind import CardKind, kind_of
from id_verify.card.rows import rows_of
from id_verify.card.variants import PEOPLES, likeness, mainland
from id_verify.card.words import CardField, Sex
from id_verify.documents.text import TextLine

pytestmark = pytest.mark.unit

NUMBER = "11010519491231002X"
Line = tuple[str, float, float]
"""Text, left, middle in a frame of 1000 pixels; a character is 40 wide and 40 high."""

WHOLE: tuple[Line, ...] = (
    ("姓名陈建国", 70, 110),
    ("性别女", 70, 200),
    ("民族汉", 300, 202),
    ("出生1949年12月31日", 70, 280),
    ("住址北京市朝阳区建国路某某村", 70, 360),
    ("示例小区12号", 190, 415),
    ("公民身份号码", 70, 560),
    (NUMBER, 350, 560),
)


def lines(*given: Line, score: float = 0.99) -> list[TextLine]:
    made = []
    for text, left, middle in given:
        right = left + 40 * len(text)
        box = np.array(
            [[left, middle - 20], [right, middle - 20], [right, middle + 20], [left, middle + 20]],
            np.float64,
        )
        made.append(TextLine(text, score, score, box))
    return made


def fields(*given: Line) -> Fields:
    return fields_of(rows_of(lines(*given)))


def without(*hidden: str) -> list[Line]:
    return [line for line in WHOLE if not line[0].startswith(hidden)]


def test_every_field_of_a_whole_card_is_found() -> None:
    found = fields(*WHOLE)
    assert found[CardField.NAME].value == "陈建国"
    assert sex_of(found) is Sex.FEMALE
    assert found[CardField.NATIONALITY].value == "汉"
    assert birth_of(found) == date(1949, 12, 31)
    assert found[CardField.ADDRESS].value == "北京市朝阳区建国路某某村示例小区12号"
    assert found[CardField.NUMBER].value == NUMBER
    assert min(each.score for each in found.values()) > 0.9


def test_the_order_in_which_lines_were_found_does_not_matter() -> None:
    assert {word: each.value for word, each in fields(*WHOLE[::-1]).items()} == {
        word: each.value for word, each in fields(*WHOLE).items()
    }


def test_labels_in_other_forms_are_the_same_labels() -> None:
    other = [(text.replace("别", "別").replace("号码", "號碼"), x, y) for text, x, y in WHOLE]
    found = fields(*other)
    assert sex_of(found) is Sex.FEMALE
    assert found[CardField.NUMBER].value == NUMBER


def test_a_name_without_its_label_is_worth_less() -> None:
    found = fields(("陈建国", 190, 110), *WHOLE[1:])
    assert found[CardField.NAME].value == "陈建国"
    assert found[CardField.NAME].score <= 0.5


def test_words_of_the_labels_may_stand_in_an_address() -> None:
    given = [*without("住址", "示例", "出生"), ("住址北京市朝阳区民族路女人街", 70, 360)]
    found = fields(*given, ("住宅小区12号", 190, 415))
    assert sex_of(found) is Sex.FEMALE
    assert found[CardField.NATIONALITY].value == "汉"
    assert found[CardField.ADDRESS].value == "北京市朝阳区民族路女人街住宅小区12号"


def test_a_hidden_birth_does_not_run_into_the_address() -> None:
    found = fields(*without("出生"), ("年12月31日", 270, 280))
    assert birth_of(found) is None
    assert found[CardField.ADDRESS].value.startswith("北京市")


def test_a_day_that_there_is_not_is_no_birth() -> None:
    assert birth_of(fields(*without("出生"), ("出生1949年13月31日", 70, 280))) is None


def test_an_address_with_a_hole_is_not_relied_on() -> None:
    holed = fields(*without("住址"), ("住址北京市", 70, 360), ("建国路某某村", 430, 360))
    assert holed[CardField.ADDRESS].score <= 0.6
    short = fields(*without("住址"), ("住址北京市", 70, 360))
    assert short[CardField.ADDRESS].score <= 0.6


def test_part_of_a_number_is_neither_number_nor_address() -> None:
    found = fields(*without(NUMBER), (NUMBER[:11], 350, 560))
    assert CardField.NUMBER not in found
    assert "110105" not in found[CardField.ADDRESS].value


def test_letters_that_look_like_digits_are_digits() -> None:
    assert number_from("IlO1O5l9491231OO2x") == "110105194912310" + "02X"


def test_an_unknown_people_is_the_nearest_known_one_or_hardly_worth_anything() -> None:
    near = fields(*without("民族"), ("民族维吾尓", 300, 202))[CardField.NATIONALITY]
    assert near.value == "维吾尔"
    assert near.score < 0.8
    far = fields(*without("民族"), ("民族甲乙", 300, 202))[CardField.NATIONALITY]
    assert far.score < 0.5


def test_there_are_56_peoples_and_two_other_groups() -> None:
    assert len(PEOPLES) == 58


def test_nothing_gives_nothing() -> None:
    assert fields() == {}


def test_variants_become_what_the_mainland_prints() -> None:
    assert mainland("性 別：蔵族，広東") == "性别:藏族,广东"
    assert likeness("公民身份证号码", "公民身份号码") > 0.8
    assert likeness("", "") == 1.0


def test_the_words_on_it_say_what_it_is() -> None:
    front = [row.text for row in rows_of(lines(*WHOLE))]
    assert kind_of(front) is CardKind.FRONT
    assert (
        kind_of(row for row in front if "号码" not in row and "姓名" not in row) is CardKind.FRONT
    )
    assert kind_of(["中华人民共和国", "居民身份证", "签发机关某公安局"]) is CardKind.BACK
    assert kind_of(["中国某某银行", "6222020000000000000"]) is CardKind.OTHER
    assert kind_of([]) is CardKind.NONE


@pytest.mark.parametrize(
    "word", ["准驾车型C1", "国籍中国", "社会保障号码", "户主", "Driving License"]
)
def test_one_word_of_another_paper_outweighs_all_labels(word: str) -> None:
    assert kind_of([*(text for text, _, _ in WHOLE), word]) is CardKind.OTHER
