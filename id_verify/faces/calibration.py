"""Where a similarity begins to mean something: measured, written to a file, bound to its engine."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from id_verify.faces.errors import CalibrationForeign, CalibrationInvalid
from id_verify.faces.words import Band

Share = Annotated[float, Field(ge=0, le=1)]
SHIPPED: Final = "calibrations"


class Shape(BaseModel):
    """What holds for everything in a calibration file: no field is ignored, none is changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MeasuredRate(Shape):
    """How often something happened, with the bounds that hold 95 times of a hundred."""

    events: int = Field(ge=0)
    trials: int = Field(ge=0)
    rate: Share | None
    """None: insufficient data."""
    low: Share
    high: Share


class BandRates(Shape):
    """What two thresholds do to pairs of people whose answer is known."""

    false_match: MeasuredRate
    """Of strangers, those in the band `match`."""
    false_non_match: MeasuredRate
    """Of the same person, those not in the band `match`, whatever the reason."""
    unsure: MeasuredRate
    """Of all, those in the band `unsure`."""
    false_no: MeasuredRate
    """Of the same person, those in the band `no`."""


class Origin(Shape):
    """What a calibration was made from, so that another can make it again."""

    sets: tuple[str, ...]
    files: int = Field(ge=1)
    people: int = Field(ge=2)
    genuine: int = Field(ge=1)
    strangers: int = Field(ge=1)
    all_strangers: bool
    """Every picture was compared with every other person's, not only the pairs listed."""
    digest: str
    """SHA-256 of the list of pairs."""


class Calibration(Shape):
    """Two thresholds on an engine's similarity, and what is known of them."""

    format: Literal[1] = 1
    engine: str
    engine_version: str
    match_at: float
    """From here on: `match`."""
    no_below: float
    """Below: `no`; between the two the machine does not know."""
    target_false_match: Share
    made_on: str
    origin: Origin
    on_itself: BandRates
    """Measured on what it was made from: rather too good."""
    held_out: BandRates | None
    """Measured on halves of the people that the thresholds were not made from."""
    remarks: tuple[str, ...] = ()
    """What the data could not show."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.no_below > self.match_at:
            raise ValueError("no_below lies above match_at")
        return self

    @property
    def version(self) -> str:
        """Return the engine's version and a digest of every number in here."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()
        return f"{self.engine_version}/{digest[:8]}"

    def band(self, similarity: float) -> Band:
        """Return what this similarity means."""
        if similarity >= self.match_at:
            return Band.MATCH
        return Band.UNSURE if similarity >= self.no_below else Band.NO

    def require(self, engine_version: str) -> None:
        """Refuse to judge the similarities of another engine.

        Raises:
            CalibrationForeign: it was made for another engine, revision or model.
        """
        if engine_version != self.engine_version:
            raise CalibrationForeign(
                f"the calibration was made for {self.engine_version}, not for {engine_version}"
            )


def read_calibration(file: Path) -> Calibration:
    """Return the calibration in a file.

    Raises:
        CalibrationInvalid: it cannot be read, or does not say what it must.
    """
    try:
        return _parse(file.read_bytes())
    except OSError as reason:
        raise CalibrationInvalid(f"{file} cannot be read") from reason


def shipped_calibration(engine: str) -> Calibration:
    """Return the calibration that comes with the program, for sites that have not made their own.

    Raises:
        CalibrationInvalid: none is shipped for this engine.
    """
    file = resources.files("id_verify.faces") / SHIPPED / f"{engine}.json"
    try:
        return _parse(file.read_bytes())
    except OSError as reason:
        raise CalibrationInvalid(f"no calibration is shipped for the engine {engine!r}") from reason


def _parse(content: bytes) -> Calibration:
    try:
        return Calibration.model_validate_json(content)
    except ValidationError as reason:
        first = reason.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "file"
        raise CalibrationInvalid(f"calibration: {place}: {first['msg']}") from reason
