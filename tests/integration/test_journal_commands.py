"""`xiaowu journal` on a database, with no server beside."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.support.program import Program, free_port, run_to_end
from tests.support.running_hall import answers
from tests.support.sealed_journal import SealedJournal, live_and_seal
from xiaowu.commands import journal

pytestmark = pytest.mark.integration

UNSEALED = 2


class Console:
    """A shell on the server."""

    def __init__(self, data_dir: Path) -> None:
        self._environment = {"XIAOWU_DATA_DIR": str(data_dir), "COLUMNS": "160"}

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(journal.app, arguments, env=self._environment)

    def json(self, *arguments: str, exit_code: int = 0) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)


@pytest.fixture
def sealed(tmp_path: Path) -> SealedJournal:
    return asyncio.run(live_and_seal(tmp_path, unsealed=UNSEALED))


@pytest.fixture
def console(sealed: SealedJournal) -> Console:
    return Console(sealed.data_dir)


def test_a_sound_journal_is_said_to_be_sound(console: Console, sealed: SealedJournal) -> None:
    found = console.json("verify")
    assert found["ok"]
    assert (found["rows"], found["unsealed"]) == (sealed.rows, UNSEALED)
    result = console.run("verify")
    assert result.exit_code == 0
    assert f"Sound: {sealed.rows} rows, 1 to {sealed.rows}." in result.stdout
    assert found["hash"] in result.stdout
    assert f"Newer rows that are not sealed yet: {UNSEALED}." in result.stdout


def test_a_journal_that_was_tampered_with_fails_with_the_row(
    console: Console, sealed: SealedJournal
) -> None:
    sealed.run("UPDATE journal SET reason = 'x' WHERE seq = 12")
    sealed.run("DELETE FROM journal WHERE seq = 20")
    found = console.json("verify", exit_code=1)
    assert [(one["fault"], one["first"]) for one in found["findings"]] == [
        ("changed", 12),
        ("missing", 20),
    ]
    result = console.run("verify")
    assert result.exit_code == 1
    assert "row 12 is not what was sealed\nrow 20 is gone\nNOT SOUND: 2 findings." in result.stdout


@pytest.mark.parametrize("kept_as", ["hash", "checkpoint", "export", "packed export"])
def test_an_end_cut_off_with_its_seals_is_found_by_what_was_kept_elsewhere(
    console: Console, sealed: SealedJournal, tmp_path: Path, kept_as: str
) -> None:
    match kept_as:
        case "hash":
            given = console.json("checkpoint")["hash"]
        case "checkpoint":
            given = str(tmp_path / "kept.json")
            Path(given).write_text(console.run("checkpoint", "--json").stdout)
        case _:
            given = str(tmp_path / ("kept.jsonl.gz" if "packed" in kept_as else "kept.jsonl"))
            assert console.run("export", given).exit_code == 0
    assert console.json("verify", "--checkpoint", given)["checkpoints"] >= 1
    for table in ("journal", "journal_seal", "journal_checkpoint"):
        sealed.run(f"DELETE FROM {table} WHERE seq > {sealed.rows - 3}")
    assert console.json("verify")["ok"]
    found = console.json("verify", "--checkpoint", given, exit_code=1)
    assert found["findings"][0]["fault"] == "truncated"
    assert found["findings"][0]["first"] == sealed.rows - 2


def test_an_export_has_the_sealed_rows_between_a_header_and_a_trailer(
    console: Console, sealed: SealedJournal, tmp_path: Path
) -> None:
    file = tmp_path / "journal.jsonl.gz"
    made = console.json("export", str(file))
    assert (made["first"], made["last"], made["count"]) == (1, sealed.rows, sealed.rows)
    assert made["unsealed"] == UNSEALED
    header, *rows, trailer = map(json.loads, gzip.decompress(file.read_bytes()).splitlines())
    assert header["after"]["seq"] == 0
    assert [row["seq"] for row in rows] == list(range(1, sealed.rows + 1))
    assert (trailer["count"], trailer["hash"]) == (sealed.rows, rows[-1]["hash"])
    assert not file.stat().st_mode & 0o077


def test_an_export_of_a_part_joins_the_one_before(
    console: Console, sealed: SealedJournal, tmp_path: Path
) -> None:
    first = console.json("export", str(tmp_path / "a.jsonl"), "--to", "20")
    second = console.json("export", str(tmp_path / "b.jsonl"), "--from", "21")
    header = json.loads((tmp_path / "b.jsonl").read_text().splitlines()[0])
    assert header["after"] == {"seq": 20, "hash": first["hash"]}
    assert first["count"] + second["count"] == sealed.rows
    ((at,),) = sealed.run("SELECT at FROM journal WHERE seq = 30")
    ((upto,),) = sealed.run(f"SELECT max(seq) FROM journal WHERE at <= {at + 1}")
    moment = console.json("export", str(tmp_path / "c.jsonl"), "--to", iso(at + 1))
    assert moment["last"] == upto


def test_a_replay_to_the_end_shows_the_line_as_it_is(
    console: Console, sealed: SealedJournal
) -> None:
    shown = console.json("replay", "--at", iso(sealed.ended_at))
    assert tuple(shown["line"]) == sealed.line
    assert shown["oddities"] == []
    result = console.run("replay", "--at", iso(sealed.ended_at))
    assert result.exit_code == 0
    assert f"after row {sealed.rows + UNSEALED}" in result.stdout
    for ticket in shown["tickets"]:
        assert ticket["number"] in result.stdout


def test_a_replay_to_a_moment_before_shows_less(console: Console, sealed: SealedJournal) -> None:
    ((at,),) = sealed.run("SELECT at FROM journal WHERE kind = 'ticket.taken' ORDER BY seq LIMIT 1")
    shown = console.json("replay", "--at", iso(at))
    assert len(shown["tickets"]) == 1
    assert shown["ended"] == {}
    before = console.run("replay", "--at", "1999-12-31")
    assert "Nothing had happened yet." in before.stdout


def test_the_tail_is_the_last_rows(console: Console, sealed: SealedJournal) -> None:
    result = console.run("tail", "-n", "3")
    assert result.exit_code == 0
    last = sealed.rows + UNSEALED
    assert [int(line.split()[0]) for line in result.stdout.splitlines()] == [
        last - 2,
        last - 1,
        last,
    ]
    rows = [json.loads(line) for line in console.run("tail", "--json").stdout.splitlines()]
    assert len(rows) == 20
    assert rows[-1]["kind"] == "test.noted"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "--checkpoint", "/nonexistent"), "No such file"),
        (("verify", "--checkpoint", __file__), "no checkpoint in it"),
        (("verify", "--database", "sqlite:////nonexistent/x.sqlite3"), "no database at"),
        (("replay", "--at", "yesterday"), "is no moment"),
        (("export", "/tmp/never.jsonl", "--from", "soon"), "is no moment"),
        (("export", "/tmp/never.jsonl", "--from", "100000"), "no sealed rows"),
        (("export", __file__), "is there already"),
        (("export", "/nonexistent/x.jsonl"), "No such file"),
    ],
)
def test_what_cannot_be_done_is_said_and_fails(
    console: Console, arguments: tuple[str, ...], words: str
) -> None:
    result = console.run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert not Path("/tmp/never.jsonl").exists()


def test_another_database_is_looked_at_when_it_is_named(
    sealed: SealedJournal, tmp_path: Path
) -> None:
    result = Console(tmp_path / "elsewhere").run("verify", "--database", sealed.url)
    assert result.exit_code == 0, result.output


async def test_a_server_that_was_killed_seals_what_it_had_committed(tmp_path: Path) -> None:
    """Killed again and again, at once after it wrote: the chain has no hole and no second start."""
    environment = {"XIAOWU_DATA_DIR": str(tmp_path / "data")}
    port = free_port()
    program = Program(
        "serve", log=tmp_path / "log", environment={**environment, "XIAOWU_PORT": str(port)}
    )
    for _ in range(3):
        program.start()
        await program.until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "it is ready")
        added = ("add-agent", f"agent{program.pid}", "--name", "坐席90", "--json")
        code, _ = await run_to_end("admin", *added, environment=environment)
        assert code == 0
        await asyncio.to_thread(program.kill)
    program.start()
    await program.until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "it is ready again")
    assert await asyncio.to_thread(program.stop) == 0
    code, out = await run_to_end("journal", "verify", "--json", environment=environment)
    found = json.loads(out)
    assert code == 0
    assert found["ok"]
    assert found["unsealed"] == 0
    with closing(sqlite3.connect(tmp_path / "data" / "xiaowu.sqlite3")) as connection:
        kinds = [kind for (kind,) in connection.execute("SELECT kind FROM journal")]
    assert kinds.count("server.started") == 4
    assert found["rows"] == len(kinds)
    assert '"journal checkpoint"' in program.log_text()


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
