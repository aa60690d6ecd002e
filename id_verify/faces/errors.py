"""What may go wrong with faces that is no judgement of a face.

FaceError
├── PictureRefused
├── FaceEngineUnknown
├── FaceEngineMissing
├── ModelTampered
├── CalibrationInvalid
├── CalibrationForeign
└── PairsInvalid
"""

from __future__ import annotations

from id_verify.faces.words import PictureFault


class FaceError(Exception):
    """Faces cannot be compared here."""

    code = "face_error"


class PictureRefused(FaceError):
    """These bytes are not decoded: they are no picture, or not one that is safe to open."""

    code = "picture_refused"

    def __init__(self, fault: PictureFault) -> None:
        super().__init__(f"picture refused: {fault.value}")
        self.fault = fault


class FaceEngineUnknown(FaceError):
    """There is no engine of this name."""

    code = "face_engine_unknown"


class FaceEngineMissing(FaceError):
    """The packages or models of an engine are not installed: pip install 'xiaowu[kiosk,face]'."""

    code = "face_engine_missing"


class ModelTampered(FaceError):
    """A model file is not the one whose digest is written in the code."""

    code = "model_tampered"


class CalibrationInvalid(FaceError):
    """A calibration file does not say what it must."""

    code = "calibration_invalid"


class CalibrationForeign(FaceError):
    """A calibration was made for another engine, or for other models of it."""

    code = "calibration_foreign"


class PairsInvalid(FaceError):
    """A file of labelled pairs cannot be used."""

    code = "pairs_invalid"
