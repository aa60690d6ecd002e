"""`xiaowu identity calibrate` and `evaluate`, as an administrator calls them, on real faces."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.data]

SETS = ("face_recognition", "td_selfie_liveframe")
ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "xiaowu", "identity", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def pairs(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a list of the two smallest sets."""
    file = tmp_path_factory.mktemp("pairs") / "pairs.csv"
    with (data_folder / "pairs.csv").open(encoding="utf-8") as source:
        rows = [row for row in csv.DictReader(source) if row["set"] in SETS]
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(("file_a", "file_b", "same", "set"))
        for row in rows:
            paths = (data_folder / row["file_a"], data_folder / row["file_b"])
            writer.writerow((*paths, row["same"], row["set"]))
    return file


@pytest.fixture(scope="module")
def evaluated(pairs: Path) -> dict[str, Any]:
    done = run("evaluate", pairs, "--engine", "sface", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_shipped_calibration_holds_on_the_smallest_sets(evaluated: dict[str, Any]) -> None:
    assert evaluated["genuine"] == 24
    assert evaluated["strangers"] == 55
    assert evaluated["rates"]["false_match"]["events"] == 0
    assert evaluated["rates"]["false_non_match"]["events"] <= 1


def test_what_so_few_pairs_do_not_show_is_said(evaluated: dict[str, Any]) -> None:
    assert evaluated["rates"]["false_non_match"]["rate"] is None
    assert all("insufficient data" in remark for remark in evaluated["remarks"])
    assert {group["value"] for group in evaluated["groups"]} == set(SETS)
    selfies = next(group for group in evaluated["groups"] if group["value"] == SETS[1])
    assert selfies["rates"]["false_non_match"]["rate"] is None
    assert selfies["rates"]["false_match"]["rate"] == 0
    assert selfies["rates"]["false_match"]["high"] > 0.05


def test_a_calibration_made_here_is_the_one_that_judges_here(pairs: Path, tmp_path: Path) -> None:
    made, curve = tmp_path / "site.json", tmp_path / "curve.svg"
    done = run("calibrate", pairs, "-o", made, "--curve", curve, "--target", "0.01", "--json")
    assert done.returncode == 0, done.stderr
    calibration = json.loads(done.stdout)
    assert calibration == json.loads(made.read_text(encoding="utf-8"))
    assert calibration["no_below"] <= calibration["match_at"]
    assert any("insufficient data" in remark for remark in calibration["remarks"])
    assert ET.parse(curve).getroot().tag.endswith("svg")

    judged = run("evaluate", pairs, "--calibration", made, "--json")
    assert judged.returncode == 0, judged.stderr
    assert json.loads(judged.stdout)["match_at"] == calibration["match_at"]

    foreign = run("evaluate", pairs, "--calibration", made, "--engine", "dlib")
    assert foreign.returncode == 1
    assert "not for dlib" in " ".join(foreign.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "nothing.csv"], "cannot be read"),
        (["evaluate", "pyproject.toml"], "no column"),
        (["evaluate", "{pairs}", "--engine", "phrenology"], "no face engine"),
        (["evaluate", "{pairs}", "--calibration", "pyproject.toml"], "calibration"),
        (["calibrate", "{pairs}", "--all-strangers"], "--people"),
    ],
)
def test_what_is_amiss_is_said_in_one_line(pairs: Path, arguments: list[str], words: str) -> None:
    done = run(*(argument.format(pairs=pairs) for argument in arguments))
    assert done.returncode == 1
    assert done.stdout == ""
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
