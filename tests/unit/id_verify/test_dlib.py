"""Each test runs in a process of its own: what fails there would end this one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_engine_loads_without_setuptools() -> None:
    done = run(
        "import sys\n"
        "sys.modules['setuptools'] = None\n"
        "from id_verify.backends import dlib\n"
        "engine = dlib.load()\n"
        "assert 'pkg_resources' not in sys.modules\n"
        "print(engine.__name__)\n"
    )
    assert done.stdout == "face_recognition\n", done.stderr


def test_a_missing_engine_is_told_and_ends_nothing() -> None:
    done = run(
        "import sys\n"
        "sys.modules['face_recognition_models'] = None\n"
        "from id_verify.backends import dlib\n"
        "try:\n"
        "    dlib.load()\n"
        "except dlib.FaceEngineMissing:\n"
        "    print('told')\n"
    )
    assert done.stdout.splitlines()[-1] == "told", done.stderr


@pytest.mark.data
def test_the_engine_tells_one_person_from_another(data_folder: Path) -> None:
    faces = data_folder / "faces" / "face_recognition"
    done = run(
        "import sys\n"
        "from id_verify.backends import dlib\n"
        "engine = dlib.load()\n"
        "first, same, other = (\n"
        "    engine.face_encodings(engine.load_image_file(file))[0] for file in sys.argv[1:]\n"
        ")\n"
        "near, far = engine.face_distance([same, other], first)\n"
        "print(near < 0.45 < far)\n",
        *(str(faces / name) for name in ("obama_obama.jpg", "obama_obama2.jpg", "biden_biden.jpg")),
    )
    assert done.stdout == "True\n", done.stderr
