from __future__ import annotations

import pytest

from seat_server.sheet import RowError, SheetRefused, decode, read_sheet

pytestmark = pytest.mark.unit

COLUMNS = ("code", "name")


def refused(text: str) -> tuple[RowError, ...]:
    with pytest.raises(SheetRefused) as caught:
        read_sheet(text, COLUMNS)
    return caught.value.errors


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_usual_encoding_reads_the_same(encoding: str) -> None:
    assert decode("失业登记,㐂".encode(encoding)) == "失业登记,㐂"


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(SheetRefused, match="neither UTF-8 nor GB18030"):
        decode(b"\xff\xff\xff")


def test_columns_may_stand_in_any_order_and_cells_lose_their_blanks() -> None:
    (row,) = read_sheet("name, code\n 失业登记 ,gs001\n", COLUMNS)
    assert (row.line, row["code"], row["name"]) == (2, "gs001", "失业登记")


def test_empty_lines_count_but_hold_nothing() -> None:
    rows = read_sheet("code,name\n\n,\na,b\n", COLUMNS)
    assert [row.line for row in rows] == [4]


def test_windows_line_ends_count_as_one_line() -> None:
    rows = read_sheet("code,name\r\na,b\r\nc,d\r\n", COLUMNS)
    assert [row.line for row in rows] == [2, 3]


def test_a_row_is_known_by_the_line_on_which_it_begins() -> None:
    errors = refused('code,name\na,b\nc,"two\nlines"\nd\n')
    assert [(error.line, error.column) for error in errors] == [(3, "name"), (5, None)]


@pytest.mark.parametrize(
    ("header", "column", "message"),
    [
        ("code", "name", "lacks this column"),
        ("code,name,colour", "colour", "not known"),
        ("code,name,name", "name", "twice"),
        ("", "code", "lacks this column"),
    ],
)
def test_a_wrong_header_is_refused_by_name(header: str, column: str, message: str) -> None:
    error = refused(f"{header}\n")[0]
    assert (error.line, error.column) == (1, column)
    assert message in error.message


def test_a_quote_that_never_ends_is_refused_with_its_line() -> None:
    errors = refused('code,name\na,b\nc,"d\n')
    assert errors[0].line >= 3
    assert "is not CSV" in errors[0].message


def test_an_error_reads_as_a_sentence() -> None:
    assert str(RowError(7, "name", "is empty")) == "line 7, name: is empty"
    assert str(RowError(7, None, "has 3 cells, the header 2")) == (
        "line 7: has 3 cells, the header 2"
    )
