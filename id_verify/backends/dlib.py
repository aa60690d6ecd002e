"""The engine face_recognition (dlib): loaded late, because it is heavy and imports rudely."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from id_verify.faces.errors import FaceEngineMissing


def load() -> ModuleType:
    """Return the module face_recognition, ready to use.

    Raises:
        FaceEngineMissing: it, its models or dlib are not installed.
    """
    # Its models package asks pkg_resources, which setuptools 82 dropped, for the paths of its
    # files; without it face_recognition prints advice and ends the whole process with code 0.
    # Only while it is imported does a stand-in answer for what may be missing here.
    before = sys.modules.get("pkg_resources")
    sys.modules["pkg_resources"] = _resource_paths()
    try:
        return importlib.import_module("face_recognition")
    except (ImportError, SystemExit) as reason:
        raise FaceEngineMissing("face_recognition, its models or dlib are missing") from reason
    finally:
        if before is None:
            del sys.modules["pkg_resources"]
        else:
            sys.modules["pkg_resources"] = before


def _resource_paths() -> ModuleType:
    """Return a module with the one function of pkg_resources that the models call."""
    module = ModuleType("pkg_resources")

    def resource_filename(package: str, name: str) -> str:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(package, name=package)
        return str(Path(spec.origin).parent / name)

    module.__dict__["resource_filename"] = resource_filename
    return module
