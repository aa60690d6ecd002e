"""Labelled pairs of pictures: two files a line, and whether they show the same person.

Columns `file_a`, `file_b` (relative to the list) and `same` (0 or 1). Who the people are comes from
columns `person_a` and `person_b`, from a second list (`file`, `person` or `identity`), or, where
neither is given, from the pairs themselves: files that show the same person are one person's.
Every other column groups the pairs.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from id_verify.faces.errors import PairsInvalid

NEEDED: Final = frozenset({"file_a", "file_b", "same"})
PEOPLE_COLUMNS: Final = frozenset({"person_a", "person_b"})
LABELS: Final = {"1": True, "0": False}
MOST_GROUPS: Final = 40
"""A column with more values names something else than groups."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelledPair:
    """Two pictures and the truth about them."""

    first: Path
    second: Path
    same: bool
    groups: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PairList:
    """A file of labelled pairs."""

    pairs: tuple[LabelledPair, ...]
    people: Mapping[Path, str]
    """Who is in each file; two files of one name are of one person."""
    people_known: bool
    """Somebody said who is in each file; else it is only inferred from the pairs."""
    digest: str

    def files(self) -> list[Path]:
        """Return every picture once, in order."""
        return sorted({file for pair in self.pairs for file in (pair.first, pair.second)})

    def groups(self) -> list[tuple[str, str]]:
        """Return the columns that group, each with each of its values."""
        found = {item for pair in self.pairs for item in pair.groups.items()}
        values: dict[str, set[str]] = {}
        for column, value in found:
            values.setdefault(column, set()).add(value)
        return [
            (column, value)
            for column in sorted(values)
            if len(values[column]) <= MOST_GROUPS
            for value in sorted(values[column])
        ]


def read_pairs(file: Path, people_file: Path | None = None) -> PairList:
    """Return the pairs listed in a file, and who is in them.

    Raises:
        PairsInvalid: a column, a label or a picture is missing.
    """
    rows, content = _rows(file, NEEDED)
    root = file.parent
    pairs: list[LabelledPair] = []
    named: dict[Path, str] = {}
    for number, row in enumerate(rows, start=2):
        if row["same"] not in LABELS:
            raise PairsInvalid(f"{file.name}, line {number}: same is 0 or 1")
        pair = LabelledPair(
            first=root / row["file_a"],
            second=root / row["file_b"],
            same=LABELS[row["same"]],
            groups={
                column: value
                for column, value in row.items()
                if value and column not in NEEDED | PEOPLE_COLUMNS
            },
        )
        for picture in (pair.first, pair.second):
            if not picture.is_file():
                raise PairsInvalid(f"{file.name}, line {number}: there is no file {picture.name}")
        if row.get("person_a") and row.get("person_b"):
            named |= {pair.first: row["person_a"], pair.second: row["person_b"]}
        pairs.append(pair)
    if not pairs:
        raise PairsInvalid(f"{file.name} lists no pairs")
    if people_file is not None:
        named |= _people(people_file)
    return PairList(
        pairs=tuple(pairs),
        people=_joined(pairs, named),
        people_known=bool(named),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _rows(file: Path, needed: frozenset[str]) -> tuple[list[dict[str, str]], bytes]:
    try:
        content = file.read_bytes()
        reader = csv.DictReader(content.decode("utf-8-sig").splitlines())
        rows = [{key: value or "" for key, value in row.items() if key} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise PairsInvalid(f"{file.name} cannot be read as CSV") from reason
    missing = needed - set(reader.fieldnames or ())
    if missing:
        raise PairsInvalid(f"{file.name} has no column {', '.join(sorted(missing))}")
    return rows, content


def _people(file: Path) -> dict[Path, str]:
    rows, _ = _rows(file, frozenset({"file"}))
    return {
        file.parent / row["file"]: name
        for row in rows
        if (name := row.get("person") or row.get("identity"))
    }


def _joined(pairs: Iterable[LabelledPair], named: Mapping[Path, str]) -> dict[Path, str]:
    """Return one name for all files that show one person, by name or by a pair that says so."""
    parent: dict[str, str] = {}

    def head(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    people: dict[Path, str] = {}
    for pair in pairs:
        for file in (pair.first, pair.second):
            people.setdefault(file, named.get(file, f"file:{file}"))
        if pair.same:
            parent[head(people[pair.first])] = head(people[pair.second])
    return {file: head(name) for file, name in people.items()}
