"""A CSV file as people keep it: any usual encoding, a header, and errors that name the line."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""Tried in this order: UTF-8 with or without mark, then what Excel writes on a Chinese Windows."""


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing wrong in a sheet."""

    line: int
    """As an editor counts: the header is line 1."""
    column: str | None
    message: str

    def __str__(self) -> str:
        """`line 7, name: is empty`."""
        place = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{place}: {self.message}"


class SheetRefused(Exception):
    """The sheet has errors; nothing of it is used."""

    def __init__(self, errors: Collection[RowError]) -> None:
        """`errors`: all of them, so that they can be mended in one go."""
        self.errors = tuple(sorted(errors, key=lambda error: error.line))
        super().__init__("; ".join(str(error) for error in self.errors))


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row below the header; every column is there, without blanks around its value."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return the value in a column."""
        return self.cells[column]


def decode(content: bytes) -> str:
    """Return the text of a file.

    Raises:
        SheetRefused: it is in none of the usual encodings.
    """
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused([RowError(1, None, "the file is neither UTF-8 nor GB18030")])


def header_of(text: str) -> list[str]:
    """The names in the header of a CSV that `read_sheet` takes."""
    return [cell.strip() for cell in next(csv.reader(io.StringIO(text, newline="")), [])]


def read_sheet(
    text: str, columns: Collection[str], optional: Collection[str] = ()
) -> list[SheetRow]:
    """Return the rows of a CSV whose header names exactly `columns`, in any order.

    Columns that are `optional` may be there too; where they are not, their cells are empty.

    Raises:
        SheetRefused: the header differs, a row has too many or too few cells, or a cell holds
            control characters.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    errors: list[RowError] = []
    rows: list[SheetRow] = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        errors.extend(_header_errors(header, columns, optional))
        if errors:
            raise SheetRefused(errors)
        first = reader.line_num + 1
        for cells in reader:
            # A quoted cell may hold line ends: a row is known by the line on which it begins.
            line, first = first, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                errors.append(
                    RowError(line, None, f"has {len(cells)} cells, the header {len(header)}")
                )
                continue
            row = SheetRow(
                line,
                dict.fromkeys(optional, "")
                | {name: cell.strip() for name, cell in zip(header, cells, strict=True)},
            )
            errors.extend(_cell_errors(row))
            rows.append(row)
    except csv.Error as reason:
        errors.append(RowError(max(reader.line_num, 1), None, f"is not CSV: {reason}"))
    if errors:
        raise SheetRefused(errors)
    return rows


def _header_errors(
    header: Collection[str], columns: Collection[str], optional: Collection[str]
) -> Iterator[RowError]:
    for name in columns:
        if name not in header:
            yield RowError(1, name, "the header lacks this column")
    seen: set[str] = set()
    for name in header:
        if name not in columns and name not in optional:
            yield RowError(1, name or None, "the header has a column that is not known")
        elif name in seen:
            yield RowError(1, name, "the header has this column twice")
        seen.add(name)


def _cell_errors(row: SheetRow) -> Iterator[RowError]:
    for name, value in row.cells.items():
        if any(unicodedata.category(character) == "Cc" for character in value):
            yield RowError(row.line, name, "holds a line end or another control character")
