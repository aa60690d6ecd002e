"""A list of labelled pairs: what it says, who is in it, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from id_verify.faces.errors import PairsInvalid
from id_verify.faces.pairs import PairList, read_pairs

pytestmark = pytest.mark.unit


def listed(folder: Path, text: str, *, people: str | None = None) -> PairList:
    for name in "abcdef":
        (folder / f"{name}.jpg").touch()
    (folder / "pairs.csv").write_text(text, encoding="utf-8")
    people_file = None
    if people is not None:
        people_file = folder / "people.csv"
        people_file.write_text(people, encoding="utf-8")
    return read_pairs(folder / "pairs.csv", people_file)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "file_a,file_b\na.jpg,b.jpg\n",
        "file_a,file_b,same\n",
        "file_a,file_b,same\na.jpg,b.jpg,yes\n",
        "file_a,file_b,same\na.jpg,b.jpg,\n",
        "file_a,file_b,same\na.jpg,nobody.jpg,1\n",
        "file_a,file_b,same\na.jpg\n",
    ],
)
def test_a_list_that_cannot_be_used_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(PairsInvalid):
        listed(tmp_path, text)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PairsInvalid):
        read_pairs(tmp_path / "pairs.csv")


def test_who_is_one_person_follows_from_the_pairs(tmp_path: Path) -> None:
    found = listed(tmp_path, "file_a,file_b,same\na.jpg,b.jpg,1\nb.jpg,c.jpg,1\na.jpg,d.jpg,0\n")
    people = {file.stem: name for file, name in found.people.items()}
    assert not found.people_known
    assert people["a"] == people["b"] == people["c"] != people["d"]


def test_who_is_who_can_be_said_in_the_list(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        "file_a,file_b,same,person_a,person_b\na.jpg,b.jpg,0,p1,p2\nc.jpg,d.jpg,0,p1,p3\n",
    )
    people = {file.stem: name for file, name in found.people.items()}
    assert found.people_known
    assert people["a"] == people["c"]
    assert len(set(people.values())) == 3


@pytest.mark.parametrize("column", ["person", "identity"])
def test_who_is_who_can_be_said_in_a_second_list(column: str, tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        "file_a,file_b,same\na.jpg,b.jpg,0\nc.jpg,d.jpg,0\n",
        people=f"file,{column}\na.jpg,p1\nc.jpg,p1\n",
    )
    people = {file.stem: name for file, name in found.people.items()}
    assert people["a"] == people["c"] != people["b"] != people["d"]


def test_other_columns_are_groups(tmp_path: Path) -> None:
    found = listed(tmp_path, "file_a,file_b,same,set,age\na.jpg,b.jpg,1,x,old\nc.jpg,d.jpg,0,y,\n")
    assert found.groups() == [("age", "old"), ("set", "x"), ("set", "y")]


def test_a_column_of_many_values_is_no_group(tmp_path: Path) -> None:
    rows = "".join(f"a.jpg,b.jpg,1,{number}\n" for number in range(60))
    assert listed(tmp_path, "file_a,file_b,same,note\n" + rows).groups() == []
