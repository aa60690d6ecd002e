"""The house keeps its shape: no name shadows another, and nothing machine-bound is committed."""

from __future__ import annotations

import queue
import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 500


def tracked_files() -> list[Path]:
    """Return the files under version control that exist."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_queue_is_the_standard_librarys() -> None:
    assert Path(queue.__file__).parent == Path(sysconfig.get_path("stdlib"))
    assert hasattr(queue, "SimpleQueue")


def test_the_source_root_queue_is_no_package() -> None:
    assert not (ROOT / "queue" / "__init__.py").exists()
    assert [path.name for path in (ROOT / "queue").iterdir() if path.is_dir()] == ["service_queue"]


def test_no_test_folder_is_a_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
    assert not (ROOT / "tests" / "queue").exists()


def test_the_protocol_pulls_in_no_server() -> None:
    assert "import" not in (ROOT / "signaling" / "__init__.py").read_text(encoding="utf-8")


def test_no_file_has_a_name_that_explains_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert [path for path in tracked_files() if path.stem in vague] == []


def test_no_source_file_is_longer_than_can_be_read() -> None:
    sources = [path for path in tracked_files() if path.suffix in {".py", ".ts", ".vue", ".css"}]
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources
        if ".gen." not in path.name
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_the_pins_name_no_registry() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert re.findall(r'"resolved": "http[^"]*"', lock) == []


def test_every_requirement_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    declared = {
        re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
        for group in groups
        for requirement in group
    }
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {line.split("==")[0] for line in lines}
    # dlib is the stand-in of vendor/dlib: a path in a constraints file stops pip.
    assert declared - pins == {"dlib"}


def test_the_six_libraries_the_house_stands_on_are_declared() -> None:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = ("aiortc", "aiohttp", "python-socketio", "opencv-python-headless")
    for name in (*named, "face_recognition", "sqlmodel"):
        assert f'"{name}' in declared


def test_no_dependency_reports_home() -> None:
    # mediapipe after 0.10.21 sends usage figures to its maker; a government hall must not.
    assert "mediapipe" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")
