"""The parts of WebRTC call set-up that cross our wire (RFC 8829, RFC 8839)."""

from typing import Annotated, Literal

from pydantic import Field

from signaling.protocol.message import Shape


class Description(Shape):
    """An SDP offer or answer. Never logged."""

    type: Literal["offer", "answer", "rollback"]
    sdp: Annotated[str, Field(max_length=48 * 1024, repr=False)] = ""


class Candidate(Shape):
    """One ICE candidate as `RTCIceCandidateInit`. Never logged."""

    candidate: Annotated[str, Field(max_length=1024, repr=False)]
    sdp_mid: Annotated[str, Field(max_length=32)] | None = None
    sdp_m_line_index: Annotated[int, Field(ge=0, le=16)] | None = None


class IceServer(Shape):
    """A STUN or TURN server, as RTCIceServer wants it."""

    urls: tuple[str, ...]
    username: Annotated[str | None, Field(repr=False)] = None
    credential: Annotated[str | None, Field(repr=False)] = None
