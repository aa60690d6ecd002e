"""How a kiosk program shows the server who it is: over HTTP, before it has a token.

`POST /api/devices/enrol`      EnrolDevice → DeviceEnrolled       with an administrator's code
`POST /api/devices/challenge`  ChallengeDevice → DeviceChallenge  a nonce: once, within a minute
`POST /api/devices/token`      ProveDevice → DeviceToken          a token for a Socket.IO `Hello`
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from signaling.protocol.message import Id, Message, Moment

Base64Url = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=1024)]
"""Bytes as base64url without padding (RFC 4648 §5)."""

TokenPurpose = Literal["device", "page"]
"""`device`: the kiosk program's own connection; `page`: its touch page, or the headless kiosk."""


class EnrolDevice(Message):
    """Kiosk → server: bind this key to the kiosk the code was made for."""

    code: Annotated[str, Field(min_length=8, max_length=40, repr=False)]
    """As an administrator read it out; case, spaces and dashes do not matter."""
    public_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    """The raw 32 bytes of an Ed25519 public key, base64url without padding."""
    page_origin: Annotated[str, Field(max_length=60, pattern=r"^http://")]
    """Where the kiosk's page lives; a loopback origin such as `http://127.0.0.1:7180`."""


class DeviceEnrolled(Message):
    """Server → kiosk: which kiosk you are."""

    kiosk_id: Id


class ChallengeDevice(Message):
    """Kiosk → server: give me something to sign."""

    kiosk_id: Id


class DeviceChallenge(Message):
    """Server → kiosk: sign `proof_text` with this nonce."""

    nonce: Base64Url
    expires_at: Moment


class ProveDevice(Message):
    """Kiosk → server: the nonce, signed with the device key."""

    model_config = ConfigDict(validate_by_name=True)

    kiosk_id: Id
    nonce: Base64Url
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$", repr=False)]
    """Ed25519 over `proof_text`, base64url without padding."""
    purpose: Annotated[TokenPurpose, Field(alias="for")]


class DeviceToken(Message):
    """Server → kiosk: what a Socket.IO `Hello` needs."""

    token: Annotated[str, Field(repr=False)]
    expires_at: Moment


def proof_text(*, kiosk_id: str, nonce: str, purpose: TokenPurpose) -> bytes:
    """What a kiosk signs: bound to this use, this kiosk and this purpose, so it fits no other."""
    return f"xiaowu device token\n{kiosk_id}\n{nonce}\n{purpose}".encode()
