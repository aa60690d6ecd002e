"""A calibration is bound to its engine, and says what it must or is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from id_verify.faces.calibration import Calibration, read_calibration, shipped_calibration
from id_verify.faces.engine import ENGINES, open_engine
from id_verify.faces.errors import CalibrationForeign, CalibrationInvalid, FaceEngineUnknown
from id_verify.faces.words import Band

pytestmark = pytest.mark.unit


@pytest.fixture
def facts() -> dict[str, Any]:
    shipped: dict[str, Any] = shipped_calibration("sface").model_dump(mode="json")
    return shipped


@pytest.mark.parametrize(
    ("threshold", "above", "band"),
    [
        ("match_at", 0.5, Band.MATCH),
        ("match_at", 0.0, Band.MATCH),
        ("match_at", -0.001, Band.UNSURE),
        ("no_below", 0.0, Band.UNSURE),
        ("no_below", -0.001, Band.NO),
        ("no_below", -1.0, Band.NO),
    ],
)
def test_a_band_begins_at_its_threshold(threshold: str, above: float, band: Band) -> None:
    shipped = shipped_calibration("sface")
    assert shipped.band(getattr(shipped, threshold) + above) is band


@pytest.mark.parametrize("name", ENGINES)
def test_the_shipped_calibration_is_that_of_the_engine(name: str) -> None:
    shipped = shipped_calibration(name)
    shipped.require(open_engine(name).version)
    assert shipped.engine == name
    assert shipped.held_out is not None


def test_a_calibration_of_other_models_is_refused(facts: dict[str, Any]) -> None:
    foreign = Calibration.model_validate({**facts, "engine_version": "sface-1+000000000000"})
    with pytest.raises(CalibrationForeign):
        foreign.require(open_engine("sface").version)


def test_a_calibration_of_the_other_engine_is_refused() -> None:
    with pytest.raises(CalibrationForeign):
        shipped_calibration("dlib").require(open_engine("sface").version)


def test_one_changed_number_is_another_version(facts: dict[str, Any]) -> None:
    changed = Calibration.model_validate({**facts, "match_at": facts["match_at"] + 0.001})
    assert changed.version != shipped_calibration("sface").version


@pytest.mark.parametrize(
    "change",
    [
        {"match_at": None},
        {"match_at": "NaN"},
        {"match_at": 0.1, "no_below": 0.2},
        {"format": 2},
        {"target_false_match": 1.5},
        {"surprise": 1},
    ],
    ids=str,
)
def test_a_file_that_does_not_say_what_it_must_is_refused(
    change: dict[str, Any], facts: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps({**facts, **change}), encoding="utf-8")
    with pytest.raises(CalibrationInvalid):
        read_calibration(file)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]"])
def test_a_file_that_is_no_calibration_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    file.write_bytes(content)
    with pytest.raises(CalibrationInvalid):
        read_calibration(file)


def test_a_file_written_is_the_calibration_that_is_read(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    shipped = shipped_calibration("sface")
    file.write_text(shipped.model_dump_json(indent=2), encoding="utf-8")
    assert read_calibration(file).version == shipped.version


def test_nothing_is_shipped_for_an_engine_that_is_not() -> None:
    with pytest.raises(CalibrationInvalid):
        shipped_calibration("phrenology")
    with pytest.raises(FaceEngineUnknown):
        open_engine("phrenology")
