"""The verifier that stands alone: an export, an empty folder, `python -I`, and nothing of ours."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection

from service_queue.journal_export import export_journal
from service_queue.store import Store
from tests.support.sealed_journal import SealedJournal, live_and_seal

pytestmark = pytest.mark.integration

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verify_journal.py"
Line = dict[str, Any]


class Told(NamedTuple):
    """What the verifier said."""

    code: int
    words: str


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> SealedJournal:
    return asyncio.run(live_and_seal(tmp_path_factory.mktemp("sealed")))


def exported(sealed: SealedJournal, file: Path, first: int = 1) -> Path:
    def work(connection: Connection) -> None:
        export_journal(connection, file, now=0.0, first=first)

    async def whole() -> None:
        store = Store.open(sealed.url)
        try:
            await store.read(work)
        finally:
            await store.close()

    asyncio.run(whole())
    return file


@pytest.fixture(scope="module")
def lines(sealed: SealedJournal, tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """Return the lines of an export, header first."""
    file = exported(sealed, tmp_path_factory.mktemp("export") / "journal.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """Return a folder that has the verifier and nothing else."""
    folder = tmp_path / "alone"
    folder.mkdir()
    shutil.copy(VERIFIER, folder)
    return folder


def verify(alone: Path, file: Path, *options: str) -> Told:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify_journal.py", str(file), *options],
        cwd=alone,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return Told(done.returncode, done.stdout + done.stderr)


def of_lines(alone: Path, lines: list[Line]) -> Path:
    file = alone / "journal.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@pytest.mark.parametrize("name", ["journal.jsonl", "journal.jsonl.gz"])
def test_a_sound_export_is_sound(sealed: SealedJournal, alone: Path, name: str) -> None:
    told = verify(alone, exported(sealed, alone / name))
    assert told.code == 0
    assert f"Sound: {sealed.rows} rows, 1 to {sealed.rows}." in told.words


def changed(seq: int, **values: object) -> Callable[[list[Line]], None]:
    return lambda lines: lines[seq].update(values)


def without(seq: int, to: int | None = None) -> Callable[[list[Line]], None]:
    def corrupt(lines: list[Line]) -> None:
        del lines[seq : (to or seq) + 1]

    return corrupt


def places_swapped(lines: list[Line]) -> None:
    lines[20], lines[21] = lines[21], lines[20]


def contents_swapped(lines: list[Line]) -> None:
    lines[20], lines[21] = {**lines[21], "seq": 20}, {**lines[20], "seq": 21}


def cut_off(lines: list[Line]) -> None:
    del lines[-3:]


def cut_off_before_the_trailer(lines: list[Line]) -> None:
    del lines[-4:-1]


def twice(lines: list[Line]) -> None:
    lines.insert(21, lines[20])


def put_in_and_renumbered(lines: list[Line]) -> None:
    lines.insert(20, {**lines[20], "reason": "x"})
    for line in lines[21:-1]:
        line["seq"] += 1
    lines[-1]["seq"] += 1
    lines[-1]["count"] += 1


def after_the_end(lines: list[Line]) -> None:
    lines.append(lines[5])


TAMPERINGS: dict[str, tuple[Callable[[list[Line]], None], str]] = {
    "a changed word": (changed(20, reason="x"), "row 20 is not what was sealed: it was changed"),
    "a changed time": (changed(20, at=1.0), "row 20 is not what was sealed"),
    "a changed detail": (changed(20, detail='{"x":1}'), "row 20 is not what was sealed"),
    "a changed last row": (changed(-2, actor="x"), "is not what was sealed"),
    "a changed first row": (changed(1, kind="x"), "row 1 is not what was sealed"),
    "a value of another kind": (changed(20, kind=7), "row 20 is not what was sealed"),
    "a field too many": (changed(20, more=1), "row 20 has other fields than a row has"),
    "a missing row": (without(20), "row 20 is missing"),
    "missing rows": (without(20, 24), "rows 20 to 24 are missing"),
    "a missing first row": (without(1), "row 1 is missing"),
    "lines that changed places": (places_swapped, "row 20 stands in the wrong place, after row 21"),
    "rows that changed contents": (contents_swapped, "row 20 is not what was sealed"),
    "an end cut off": (cut_off, "the file has no end"),
    "an end cut off before the trailer": (cut_off_before_the_trailer, "names row"),
    "a forged hash": (changed(20, hash="0" * 64), "row 20: the hash was changed, the row was not"),
    "no hash": (changed(20, hash=None), "row 20 has no hash"),
    "a row twice": (twice, "row 20 stands here a second time"),
    "a row put in": (put_in_and_renumbered, "row 20 is not what was sealed"),
    "a row after the end": (after_the_end, "there is something after the end"),
    "a forged end": (changed(-1, hash="0" * 64), "the end has another hash"),
    "a wrong count": (changed(-1, count=1), "the end counts 1 rows"),
    "another beginning": (
        changed(0, after={"seq": 0, "hash": "0" * 64}),
        "a journal does not begin with this hash",
    ),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("what", TAMPERINGS)
def test_what_was_done_to_it_is_found(
    lines: list[Line], alone: Path, what: str, packed: bool
) -> None:
    corrupt, words = TAMPERINGS[what]
    own = [dict(line) for line in lines]
    corrupt(own)
    file = of_lines(alone, own)
    if packed:
        file.with_suffix(".jsonl.gz").write_bytes(gzip.compress(file.read_bytes()))
        file = file.with_suffix(".jsonl.gz")
    told = verify(alone, file)
    assert told.code == 1
    assert words in told.words
    assert "NOT SOUND" in told.words


def test_a_journal_written_anew_is_found_by_a_hash_that_was_kept(
    lines: list[Line], alone: Path
) -> None:
    file = of_lines(alone, lines)
    assert verify(alone, file, "--checkpoint", lines[20]["hash"]).code == 0
    told = verify(alone, file, "--checkpoint", "0" * 64)
    assert told.code == 1
    assert "written anew, or cut off before it" in told.words


def test_a_part_says_what_it_follows_and_can_be_held_against_it(
    sealed: SealedJournal, lines: list[Line], alone: Path
) -> None:
    part = exported(sealed, alone / "part.jsonl", first=21)
    told = verify(alone, part)
    assert told.code == 0
    assert "It begins after row 20" in told.words
    assert lines[20]["hash"] in told.words
    assert verify(alone, part, "--after", lines[20]["hash"]).code == 0
    assert verify(alone, part, "--after", lines[19]["hash"]).code == 1


@pytest.mark.parametrize(
    "damage",
    [lambda raw: raw[: len(raw) // 2], lambda raw: raw[:-300] + bytes(20) + raw[-280:]],
    ids=["half of it", "zeros in it"],
)
def test_a_damaged_packed_file_is_found(
    sealed: SealedJournal, alone: Path, damage: Callable[[bytes], bytes]
) -> None:
    file = exported(sealed, alone / "journal.jsonl.gz")
    file.write_bytes(damage(file.read_bytes()))
    told = verify(alone, file)
    assert told.code == 1
    assert "the file has no end" in told.words


def test_a_name_that_stands_twice_in_a_line_is_refused(lines: list[Line], alone: Path) -> None:
    file = of_lines(alone, lines)
    text = file.read_text()
    file.write_text(text.replace('"seq": 20,', '"seq": 20, "reason": "what a reader saw",', 1))
    told = verify(alone, file)
    assert told.code == 1
    assert "line 21 cannot be read" in told.words


@pytest.mark.parametrize("content", [b"", b"{}\n", b"hello\n", b"[1]\n", b"\x1f\x8bxx"])
def test_what_is_no_export_is_no_verdict(alone: Path, content: bytes) -> None:
    (alone / "letter").write_bytes(content)
    told = verify(alone, alone / "letter")
    assert told.code == 2
    assert "header" in told.words


def test_a_file_that_is_not_there_is_no_verdict(alone: Path) -> None:
    assert verify(alone, alone / "nothing").code == 2
