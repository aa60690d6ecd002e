"""`xiaowu identity engines|calibrate|evaluate`: how well faces are told apart."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from id_verify.faces.calibration import (
    BandRates,
    Calibration,
    MeasuredRate,
    read_calibration,
    shipped_calibration,
)
from id_verify.faces.curve_picture import draw_curve
from id_verify.faces.engine import DEFAULT_ENGINE, ENGINES, FaceEngine, open_engine
from id_verify.faces.errors import FaceError
from id_verify.faces.evaluation import Evaluation
from id_verify.faces.evaluation import calibrate as make_calibration
from id_verify.faces.evaluation import evaluate as make_evaluation
from id_verify.faces.pairs import PairList, read_pairs
from id_verify.faces.scoring import SeenFile, score_all_strangers, score_pairs, see_files
from id_verify.faces.thresholds import TARGET_FALSE_MATCH

words = Console(stderr=True, highlight=False)
sheet = Console(highlight=False, width=None if sys.stdout.isatty() else 132)

PairsArgument = Annotated[
    Path,
    typer.Argument(metavar="PAIRS.csv", help="file_a, file_b, same; other columns are groups."),
]
EngineOption = Annotated[str, typer.Option("--engine", help=" or ".join(ENGINES) + ".")]
PeopleOption = Annotated[
    Path | None,
    typer.Option("--people", metavar="FILE.csv", help="Who is in each file: file, person."),
]
CurveOption = Annotated[
    Path | None, typer.Option("--curve", metavar="FILE.svg", help="Draw the two errors here.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("engines")(engines)
    app.command("calibrate")(calibrate)
    app.command("evaluate")(evaluate)


def engines(*, as_json: JsonOption = False) -> None:
    """List the face engines, and what each is here: its version, its thresholds."""
    found: dict[str, dict[str, object]] = {}
    for name in ENGINES:
        try:
            engine, shipped = open_engine(name), shipped_calibration(name)
            shipped.require(engine.version)
        except FaceError as reason:
            found[name] = {"works": False, "reason": str(reason)}
        else:
            found[name] = {
                "works": True,
                "version": engine.version,
                "calibration": shipped.version,
                "match_at": shipped.match_at,
                "no_below": shipped.no_below,
            }
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for name, facts in found.items():
        told = ", ".join(f"{word} {fact}" for word, fact in facts.items() if word != "works")
        print(f"{name}: {told}")


def calibrate(
    pairs: PairsArgument,
    *,
    engine: EngineOption = DEFAULT_ENGINE,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.json", help="Write it here.")
    ] = None,
    target: Annotated[
        float, typer.Option(min=1e-6, max=0.1, help="Strangers in the band match, as a share.")
    ] = TARGET_FALSE_MATCH,
    people: PeopleOption = None,
    all_strangers: Annotated[
        bool,
        typer.Option(
            "--all-strangers",
            help="Compare each picture with every other person's. Needs --people or columns "
            "person_a, person_b.",
        ),
    ] = False,
    curve: CurveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the calibration of an engine from labelled pairs: where `match` and `no` begin.

    The thresholds are measured on what they were made from and, both ways, on the half of the
    people they were not made from. Exit code 1: too little to go by, or the files are amiss.
    """
    try:
        listed = read_pairs(pairs, people)
        if all_strangers and not listed.people_known:
            _fail("--all-strangers needs to know who is in each file: --people FILE.csv")
        opened = open_engine(engine)
        seen = _see(opened, listed)
        scores = score_pairs(opened, listed, seen)
        everybody = score_all_strangers(opened, listed, seen) if all_strangers else None
        made = make_calibration(
            opened,
            listed,
            scores,
            everybody,
            target=target,
            made_on=datetime.now(UTC).date(),
        )
        found = make_evaluation(made, listed, seen, scores)
    except FaceError as reason:
        _fail(str(reason))
    text = made.model_dump_json(indent=2) + "\n"
    _write(output, text)
    _write(curve, draw_curve(found))
    if as_json:
        print(json.dumps(made.model_dump(mode="json"), ensure_ascii=False))
    else:
        _print_calibration(made, found)
        if output is None:
            words.print("Not written: give -o FILE.json")


def evaluate(
    pairs: PairsArgument,
    *,
    engine: EngineOption = DEFAULT_ENGINE,
    calibration: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="A calibration; else the one that is shipped."),
    ] = None,
    people: PeopleOption = None,
    curve: CurveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure an engine and its calibration on labelled pairs, with 95 % bounds, group by group.

    Exit code 1: the files are amiss, or the calibration is another engine's.
    """
    try:
        opened = open_engine(engine)
        judged = read_calibration(calibration) if calibration else shipped_calibration(engine)
        judged.require(opened.version)
        listed = read_pairs(pairs, people)
        seen = _see(opened, listed)
        found = make_evaluation(judged, listed, seen, score_pairs(opened, listed, seen))
    except FaceError as reason:
        _fail(str(reason))
    _write(curve, draw_curve(found))
    if as_json:
        print(json.dumps(found.model_dump(mode="json"), ensure_ascii=False))
    else:
        _print_evaluation(found)


def _see(engine: FaceEngine, listed: PairList) -> dict[Path, SeenFile]:
    with Progress(console=words, transient=True, disable=not words.is_terminal) as progress:
        files = progress.add_task("Pictures", total=len(listed.files()))
        return see_files(engine, listed, lambda: progress.advance(files))


def _print_calibration(made: Calibration, found: Evaluation) -> None:
    print(f"calibration {made.version}: match from {made.match_at}, no below {made.no_below}")
    table = _table("measured on")
    _add(table, "what it was made from", made.on_itself)
    if made.held_out is None:
        table.add_row("other people", "insufficient data")
    else:
        _add(table, "other people", made.held_out)
    _add(table, "the pairs listed", found.rates)
    sheet.print(table)
    for remark in made.remarks:
        print(remark)


def _print_evaluation(found: Evaluation) -> None:
    print(
        f"{found.engine_version}, calibration {found.calibration_version}: "
        f"match from {found.match_at}, no below {found.no_below}"
    )
    print(
        f"{found.pairs} pairs of {found.people} people (who they are: from the {found.people_from})"
    )
    print("pictures: " + ", ".join(f"{word} {count}" for word, count in found.outcomes.items()))
    table = _table("pairs")
    _add(table, f"all {found.genuine} + {found.strangers}", found.rates, found.equal_error)
    for group in found.groups:
        name = f"{group.column} {group.value} {group.genuine} + {group.strangers}"
        _add(table, name, group.rates, group.equal_error)
    sheet.print(table)
    for remark in found.remarks:
        print(remark)


def _table(first: str) -> Table:
    table = Table(box=None, padding=(0, 1))
    table.add_column(first)
    for name in ("false match", "not matched", "unsure", "false no", "equal error"):
        table.add_column(name, no_wrap=True)
    return table


def _add(table: Table, name: str, rates: BandRates, equal_error: float | None = None) -> None:
    cells = (rates.false_match, rates.false_non_match, rates.unsure, rates.false_no)
    error = "" if equal_error is None else f"{equal_error:.2%}"
    table.add_row(name, *(_cell(rate) for rate in cells), error)


def _cell(rate: MeasuredRate) -> str:
    if rate.rate is None:
        return f"insufficient ({rate.events}/{rate.trials})"
    return f"{rate.rate:.2%} ({rate.low * 100:.2f}-{rate.high * 100:.2f})"


def _write(file: Path | None, text: str) -> None:
    if file is None:
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as reason:
        _fail(f"{file} cannot be written: {reason.strerror}")
    words.print(f"Written: {file}")


def _fail(reason: str) -> NoReturn:
    words.print(reason)
    sys.exit(1)
