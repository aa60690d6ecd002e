"""The rules that hold for every test hold: kinds are declared, and absent data is never silent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, module: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on one module, under our configuration and our conftest."""
    (folder / "test_it.py").write_text(
        f"import pytest\n{module}\ndef test_it() -> None:\n    pass\n", encoding="utf-8"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("XIAOWU_")}
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider"),
            *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), str(folder)),
        ],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(ROOT / "tests")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_module_with_one_kind_runs(tmp_path: Path) -> None:
    done = run(tmp_path, "pytestmark = pytest.mark.unit")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    "module", ["", "pytestmark = [pytest.mark.unit, pytest.mark.integration]"], ids=["none", "two"]
)
def test_a_module_without_one_kind_fails_collection(tmp_path: Path, module: str) -> None:
    done = run(tmp_path, module)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_it.py" in done.stderr


@pytest.mark.parametrize(
    ("demanded", "code", "says"),
    [
        ("0", pytest.ExitCode.OK, "1 skipped"),
        ("1", pytest.ExitCode.USAGE_ERROR, "there is no folder"),
    ],
)
def test_absent_data_is_skipped_with_a_reason_or_refused(
    tmp_path: Path, demanded: str, code: pytest.ExitCode, says: str
) -> None:
    done = run(
        tmp_path,
        "pytestmark = [pytest.mark.unit, pytest.mark.data]",
        XIAOWU_DATA=str(tmp_path / "absent"),
        XIAOWU_DEMAND_DATA=demanded,
    )
    assert done.returncode == code
    assert says in done.stdout + done.stderr
    assert str(tmp_path / "absent") in done.stdout + done.stderr
