from __future__ import annotations

import csv
import io

import pytest

from seat_server.catalogue import COLUMNS, parse_items
from seat_server.sheet import RowError, SheetRefused

pytestmark = pytest.mark.unit

CATEGORIES = {"jobs", "other"}
HELP = {
    "code": "help",
    "name": "找人帮我办",
    "name_en": "Help me choose",
    "category": "other",
    "department": "政务服务中心",
    "languages": "zh|en",
}
JOB = {
    "code": "gs001",
    "name": "失业登记",
    "name_en": "Register as unemployed",
    "category": "jobs",
    "department": "人社局",
    "languages": "zh",
}


def sheet(*rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def refused(*rows: dict[str, str]) -> tuple[RowError, ...]:
    with pytest.raises(SheetRefused) as caught:
        parse_items(sheet(*rows), CATEGORIES)
    return caught.value.errors


def test_a_row_becomes_an_item_with_initials_of_its_own() -> None:
    _, item = parse_items(sheet(HELP, JOB), CATEGORIES)
    assert (item.code, item.category_id, item.initials) == ("gs001", "jobs", "sydj")
    assert item.frequent_rank is None


def test_initials_in_the_sheet_win_over_those_computed() -> None:
    _, item = parse_items(sheet(HELP, JOB | {"initials": "xyz"}), CATEGORIES)
    assert item.initials == "xyz"


def test_lists_lose_their_blanks_and_empty_parts() -> None:
    _, item = parse_items(
        sheet(HELP, JOB | {"materials": " 本人身份证 || 户口簿|", "languages": " zh | en "}),
        CATEGORIES,
    )
    assert (item.materials, item.languages) == ("本人身份证|户口簿", "zh|en")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("code", "", "1 to 64 letters"),
        ("code", "a b", "1 to 64 letters"),
        ("code", "a" * 65, "1 to 64 letters"),
        ("name", "", "is empty"),
        ("name", "很" * 61, "longer than 60"),
        ("name_en", "", "is empty"),
        ("department", "", "is empty"),
        ("category", "farming", "'farming' is not a category"),
        ("initials", "SYDJ", "a-z and 0-9"),
        ("frequent_rank", "0", "whole number"),
        ("frequent_rank", "first", "whole number"),
        ("frequent_rank", "１", "whole number"),
        ("languages", "", "is empty"),
        ("languages", "zh|fr", "'fr' is not a known language"),
    ],
)
def test_a_bad_cell_is_refused_with_its_line_and_column(
    column: str, value: str, message: str
) -> None:
    (error,) = refused(HELP, JOB | {column: value})
    assert (error.line, error.column) == (3, column)
    assert message in error.message


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("code", {}, {"name": "就业登记"}),
        ("name", {}, {"code": "gs002"}),
        (
            "frequent_rank",
            {"frequent_rank": "1"},
            {"code": "gs002", "name": "就业登记", "frequent_rank": "1"},
        ),
    ],
)
def test_a_repeat_is_refused_and_names_the_first(
    column: str, first: dict[str, str], second: dict[str, str]
) -> None:
    (error,) = refused(HELP, JOB | first, JOB | second)
    assert (error.line, error.column) == (4, column)
    assert error.message.endswith("stands on line 3 already")


def test_a_catalogue_without_the_help_item_is_refused() -> None:
    (error,) = refused(JOB)
    assert error.message == "no item has the code 'help'"


def test_all_errors_are_told_at_once_in_the_order_of_the_lines() -> None:
    errors = refused(HELP | {"name": ""}, JOB | {"code": "?", "category": "?"})
    assert [(error.line, error.column) for error in errors] == [
        (2, "name"),
        (3, "code"),
        (3, "category"),
    ]
