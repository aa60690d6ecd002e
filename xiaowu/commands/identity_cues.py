"""`xiaowu identity cues`: what the witness sees in a recording."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from id_verify.alive.errors import AliveError, RecordingUnreadable
from id_verify.alive.recording import Recording, recordings_in
from id_verify.alive.review import Review, review
from id_verify.alive.words import Act, CueKind, LivenessOutcome
from id_verify.faces.calibration import shipped_calibration
from id_verify.faces.engine import DEFAULT_ENGINE, ENGINES, FaceEngine, open_engine
from id_verify.faces.errors import CalibrationInvalid, FaceError

words = Console(stderr=True, highlight=False)

BLINKS_SEEN_FPS = 10.0
"""A blink lasts 0.1 to 0.4 s; with fewer frames it falls between two of them."""


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("cues")(cues)


def cues(
    path: Annotated[
        Path, typer.Argument(metavar="VIDEO|FOLDER", help="A video, a picture, or a folder.")
    ],
    *,
    expect: Annotated[
        str | None,
        typer.Option(metavar="CUE,…", help=f"Judge this sequence: {', '.join(CueKind)}."),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(min=1, max=240, help="Of pictures in a folder; overrules what a video says."),
    ] = None,
    engine: Annotated[str, typer.Option(help=" or ".join(ENGINES) + ".")] = DEFAULT_ENGINE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List poses, cues, blinks, continuity and signs of a picture, with their times."""
    asked = _asked(expect)
    try:
        face_engine = open_engine(engine)
        found = [
            _described(one, _review(one, face_engine, asked), asked)
            for one in recordings_in(path, fps=fps)
        ]
    except (AliveError, FaceError) as reason:
        if as_json:
            print(json.dumps({"error": {"code": reason.code, "message": str(reason)}}))
        words.print(f"[red]{reason}[/]")
        sys.exit(2)
    if as_json:
        whole = found[0] if len(found) == 1 else {"recordings": found}
        print(json.dumps(whole, ensure_ascii=False))
        return
    for one in found:
        _show(one)


def _asked(expect: str | None) -> tuple[CueKind, ...]:
    if expect is None:
        return ()
    try:
        return tuple(CueKind(word.strip()) for word in expect.split(","))
    except ValueError as reason:
        raise typer.BadParameter(
            f"{reason}; there are: {', '.join(CueKind)}", param_hint="--expect"
        ) from reason


def _review(recording: Recording, engine: FaceEngine, asked: tuple[CueKind, ...]) -> Review:
    try:
        least = shipped_calibration(engine.name).no_below
    except CalibrationInvalid:
        least = 0.0
    try:
        return review(recording, engine, asked=asked, least_likeness=least)
    except RecordingUnreadable:
        raise
    except MemoryError as reason:
        raise RecordingUnreadable(f"{recording.path.name}: too large") from reason


def _described(recording: Recording, seen: Review, asked: tuple[CueKind, ...]) -> dict[str, object]:
    """Everything, as it is printed."""
    frames, finding = seen.observations, seen.finding
    span_s = frames[-1].t_s - frames[0].t_s
    fps = (len(frames) - 1) / span_s if span_s > 0 else 0.0
    return {
        "recording": recording.path.name,
        "frames": len(frames),
        "fps": round(fps, 2),
        "fps_is_assumed": bool(recording.pictures) and recording.fps is None,
        "outcome": finding.outcome.value,
        "refused": finding.outcome is not LivenessOutcome.LIVE,
        "asked": [kind.value for kind in asked],
        "cues": [
            {"kind": cue.kind.value, "outcome": cue.outcome.value, "seen_at_s": cue.seen_at_s}
            for cue in finding.cues
        ],
        "followed": finding.followed == len(asked) if asked else None,
        "acts": [
            {
                "act": one.act.value,
                "began_s": round(one.began_s, 3),
                "told_s": round(one.told_s, 3),
                "extent": round(one.extent, 2),
            }
            for one in seen.acts
        ],
        "blinks": [
            {"began_s": round(one.began_s, 3), "ended_s": round(one.told_s, 3)}
            for one in seen.acts
            if one.act is Act.BLINK
        ],
        "blinks_can_be_seen": fps >= BLINKS_SEEN_FPS
        and not (recording.pictures and recording.fps is None),
        "continuity": None if finding.continuity is None else asdict(finding.continuity),
        "passive": {
            "score": finding.passive,
            "signs": {sign.value: round(value, 3) for sign, value in finding.signs.items()},
        },
        "poses": [
            {"t_s": round(one.t_s, 3), "faces": one.faces}
            if one.face is None
            else {
                "t_s": round(one.t_s, 3),
                "faces": one.faces,
                "yaw": round(one.face.pose.yaw, 1),
                "pitch": round(one.face.pose.pitch, 1),
                "roll": round(one.face.pose.roll, 1),
                "eyes": None if one.face.eyes is None else round(one.face.eyes, 3),
                "mouth": round(one.face.mouth, 3),
            }
            for one in frames
        ],
    }


def _show(one: dict[str, object]) -> None:
    """Print one recording for people."""
    table = Table(title=f"{one['recording']}: {one['outcome']}", title_justify="left")
    for column in ("second", "what", "extent"):
        table.add_column(column)
    acts = one["acts"]
    assert isinstance(acts, list)  # as _described made it
    for act in acts:
        table.add_row(f"{act['told_s']:.2f}", act["act"], f"{act['extent']}")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"passive {one['passive']}\ncontinuity {one['continuity']}")
    if one["asked"]:
        console.print(f"cues {one['cues']}")
