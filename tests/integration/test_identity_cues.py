"""`xiaowu identity cues` on real recordings: turns and blinks seen, prints and stills refused."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from id_verify.alive.recording import recordings_in
from id_verify.alive.review import Review, review
from id_verify.alive.words import Act, CueKind, CueOutcome
from id_verify.faces.engine import FaceEngine, open_engine
from xiaowu.commands.identity import app

pytestmark = [pytest.mark.integration, pytest.mark.data]

FPS = 12.5
"""Half of what a camera gives: enough for turns, and quick."""


@pytest.fixture(scope="module")
def engine() -> FaceEngine:
    return open_engine()


def told(path: Path, *options: str) -> dict[str, object]:
    result = CliRunner().invoke(app, ["cues", str(path), "--json", *options])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def looked_through(
    engine: FaceEngine, path: Path, asked: tuple[CueKind, ...] = (), fps: float = FPS
) -> Review:
    return review(recordings_in(path)[0], engine, asked=asked, at_most_fps=fps)


@pytest.mark.parametrize(
    "name", ["td_live_621f73fc7c3ae23005b89f74.mov", "td_live_62421a6b74c10315675b9eb3.mov"]
)
def test_turns_are_seen_to_the_side_they_are_to_and_in_their_order(
    engine: FaceEngine, data_folder: Path, name: str
) -> None:
    asked = (CueKind.TURN_LEFT, CueKind.TURN_RIGHT, CueKind.LOOK_UP)
    seen = looked_through(engine, data_folder / "videos" / name, asked)
    assert [cue.outcome for cue in seen.finding.cues] == [CueOutcome.SEEN] * 3
    turns = [one.act for one in seen.acts if one.act in (Act.TURN_LEFT, Act.TURN_RIGHT)]
    assert turns == [Act.TURN_LEFT, Act.TURN_RIGHT]


@pytest.mark.parametrize(
    "name",
    [
        "td_live_621f73fc7c3ae23005b89f74.mov",
        "td_live_621f74a85af9d379642ce38f.mov",
        "td_live_62421a6b74c10315675b9eb3.mov",
    ],
)
def test_whoever_follows_is_one_living_person_however_far_they_look_up(
    data_folder: Path, name: str
) -> None:
    found = told(data_folder / "videos" / name, "--expect", "turn_left,turn_right,look_up")
    assert (found["outcome"], found["refused"]) == ("live", False)


def test_somebody_who_takes_anothers_place_in_a_recording_is_not_taken_for_them(
    data_folder: Path, tmp_path: Path
) -> None:
    spliced = tmp_path / "spliced.avi"
    people = ("621ea6b1e2c5d221d5131267", "621f73fc7c3ae23005b89f74")
    code = cv2.VideoWriter_fourcc(*"MJPG")  # type: ignore[attr-defined]  # not in OpenCV's types
    film = cv2.VideoWriter(str(spliced), code, 25.0, (360, 480))
    for person in people:
        recording = recordings_in(data_folder / "videos" / f"td_live_{person}.mov")[0]
        for _, picture in itertools.islice(recording.frames(), 125):
            film.write(cv2.resize(picture, (360, 480)))
    film.release()
    found = told(spliced)
    assert (found["outcome"], found["refused"]) == ("another_face", True)


def test_labelled_blinks_are_seen_and_no_others(engine: FaceEngine, data_folder: Path) -> None:
    name = "liveportrait_d13.mp4"
    with (data_folder / "labels" / "ear_dips_checked.csv").open() as file:
        labelled = [
            (int(row["first_frame"]) / 30, int(row["last_frame"]) / 30)
            for row in csv.DictReader(file)
            if row["file"].endswith(name) and row["checked_by_eye"] == "blink"
        ]
    seen = looked_through(engine, data_folder / "videos" / name, fps=15)
    blinks = [(one.began_s, one.told_s) for one in seen.acts if one.act is Act.BLINK]
    assert len(blinks) == len(labelled) > 3
    assert all(a[0] <= b[1] and b[0] <= a[1] for a, b in zip(blinks, labelled, strict=True))


@pytest.mark.parametrize("name", ["nuaa_print_0001_p04_s03", "nuaa_print_0005_p01_s03"])
def test_a_print_that_is_moved_and_bent_does_nothing_a_face_does(
    data_folder: Path, name: str
) -> None:
    found = told(data_folder / "sequences" / name, "--expect", "turn_left,look_up")
    assert found["refused"] is True
    assert found["followed"] is False
    assert found["acts"] == []
    assert found["fps_is_assumed"] is True


def test_a_single_picture_is_refused(data_folder: Path) -> None:
    found = told(data_folder / "spoof" / "stills" / "kby_3.jpg")
    assert found["refused"] is True
    assert found["outcome"] == "attack"


def test_a_file_that_is_no_recording_is_an_error_with_a_code(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"nothing")
    result = CliRunner().invoke(app, ["cues", str(tmp_path / "clip.mp4"), "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "recording_unreadable"


def test_a_cue_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["cues", str(tmp_path), "--expect", "jump"])
    assert result.exit_code == 2
    assert "open_mouth" in result.output
