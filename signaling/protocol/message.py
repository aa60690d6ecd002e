"""What every message has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
"""An id made by us: letters, digits and `_.:-` only, so it is safe in logs and paths."""

Moment = Annotated[float, Field(allow_inf_nan=False)]
"""Seconds since the Unix epoch, UTC, by the server's clock."""


class Message(BaseModel):
    """Base of all messages: frozen, and nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Shape(BaseModel):
    """Base of the parts messages are made of."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)
