"""Verdicts are signed with the key of the kiosk that made them (Ed25519, RFC 8032)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from id_verify.evidence.errors import HolderForeign, SignatureWrong
from id_verify.evidence.holder import holder_digest
from id_verify.evidence.verdict import Verdict, canonical, read_verdict
from signaling.protocol.identity import CardHolder, SubmitVerdict

PREFIX: Final = b"xiaowu identity verdict\n"
"""Binds the signature to this use: the same key also proves a kiosk to the server."""


def signed(
    verdict: Verdict, sign: Callable[[bytes], str], holder: CardHolder | None = None
) -> SubmitVerdict:
    """The verdict as it goes to the server. `sign` is the device key's: bytes to base64url.

    Raises:
        HolderForeign: the verdict was made for somebody else.
    """
    _require_holder(verdict, holder)
    text = canonical(verdict)
    return SubmitVerdict(
        kiosk_id=verdict.kiosk_id,
        verdict=text,
        signature=sign(PREFIX + text.encode()),
        holder=holder,
    )


def verified(submitted: SubmitVerdict, public_key: bytes) -> Verdict:
    """The verdict, if this kiosk's key signed it; nothing of it is looked at before that is sure.

    Raises:
        SignatureWrong, VerdictMalformed, HolderForeign; what a consent is refused for.
    """
    text = submitted.verdict
    padded = submitted.signature + "=" * (-len(submitted.signature) % 4)
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(base64.urlsafe_b64decode(padded), PREFIX + text.encode())
    except (InvalidSignature, ValueError):
        raise SignatureWrong from None
    verdict = read_verdict(text)
    if verdict.kiosk_id != submitted.kiosk_id:
        raise SignatureWrong("the verdict names another kiosk")
    _require_holder(verdict, submitted.holder)
    return verdict


def _require_holder(verdict: Verdict, holder: CardHolder | None) -> None:
    if (None if holder is None else holder_digest(holder)) != verdict.holder_sha256:
        raise HolderForeign
