"""Booths: enrolled with a one-time code, proven by a signature ever after."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, update

from seat_server.errors import CodeRefused, DeviceUnknown, OriginNotLoopback, ProofRefused
from seat_server.ledger import Ledger, Part, mark_changed
from seat_server.settings import DeviceSettings
from seat_server.tables import EnrolmentCodeRow, KioskDeviceRow
from service_queue.errors import KioskUnknown
from service_queue.tables import KioskRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.devices import (
    DeviceChallenge,
    EnrolDevice,
    ProveDevice,
    proof_text,
)

_device = table_of(KioskDeviceRow)
_code = table_of(EnrolmentCodeRow)
_kiosk = table_of(KioskRow)

CODE_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O, U, so it survives being read out over the telephone."""

CODE_MISREADINGS: Final = str.maketrans("ILO", "110")
LABEL_LENGTH: Final = 4
SECRET_LENGTH: Final = 8
"""40 bits, and only a few tries."""

GROUP_LENGTH: Final = 4
NONCES_REMEMBERED: Final = 20_000
"""Used nonces kept until they are past their time anyway; a district needs a few a minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnrolmentCode:
    """A code to type at one kiosk."""

    kiosk_id: str
    code: str = field(repr=False)
    expires_at: float


class Devices:
    """Makes codes, enrols keys, and checks proofs."""

    def __init__(self, ledger: Ledger, settings: DeviceSettings, key: bytes) -> None:
        """`key`: the server's, the same after a restart."""
        self._ledger = ledger
        self._settings = settings
        self._key = key
        self._used: OrderedDict[str, float] = OrderedDict()

    async def make_code(self, kiosk_id: str, *, actor: str) -> EnrolmentCode:
        """Make a code for a kiosk; an older one that was not used ends.

        Raises:
            KioskUnknown: there is no such kiosk, or it was retired.
        """
        label = "".join(secrets.choice(CODE_ALPHABET) for _ in range(LABEL_LENGTH))
        secret = "".join(secrets.choice(CODE_ALPHABET) for _ in range(SECRET_LENGTH))

        def unit(tx: Transaction) -> float:
            kiosk = tx.find(KioskRow, id=kiosk_id)
            if kiosk is None or kiosk.retired:
                raise KioskUnknown(f"there is no kiosk {kiosk_id!r}")
            tx.connection.execute(_code.delete().where(_code.c.kiosk_id == kiosk_id))
            tx.connection.execute(_code.delete().where(_code.c.label == label))
            expires_at = tx.now + self._settings.code_minutes * 60.0
            tx.add(
                EnrolmentCodeRow(
                    label=label,
                    kiosk_id=kiosk_id,
                    secret_mac=self._mac("code", label, secret),
                    made_at=tx.now,
                    expires_at=expires_at,
                    tries_left=self._settings.code_tries,
                )
            )
            tx.note("kiosk.code_made", kiosk_id=kiosk_id)
            return expires_at

        expires_at = await self._ledger.write(actor, unit)
        whole = label + secret
        groups = [whole[at : at + GROUP_LENGTH] for at in range(0, len(whole), GROUP_LENGTH)]
        return EnrolmentCode(kiosk_id=kiosk_id, code="-".join(groups), expires_at=expires_at)

    async def enrol(self, request: EnrolDevice) -> str:
        """Bind the key to the kiosk the code was made for; the key before it is revoked.

        Raises:
            OriginNotLoopback: the page would not live in the booth.
            ProofRefused: the public key is none.
            CodeRefused: the code is wrong, used, or past its time.
        """
        origin = loopback_origin(request.page_origin)
        public_key = _from_base64url(request.public_key)
        label, secret = code_parts(request.code)

        def unit(tx: Transaction) -> str | None:
            row = tx.find(EnrolmentCodeRow, label=label)
            if row is None or row.used_at is not None or tx.now >= row.expires_at:
                return None
            if row.tries_left < 1:
                return None
            if not hmac.compare_digest(row.secret_mac, self._mac("code", label, secret)):
                values: dict[str, object] = {"tries_left": row.tries_left - 1}
                tx.connection.execute(update(_code).where(_code.c.label == label).values(**values))
                tx.note("kiosk.code_refused", kiosk_id=row.kiosk_id, left=row.tries_left - 1)
                return None
            tx.connection.execute(
                update(_code).where(_code.c.label == label).values(used_at=tx.now)
            )
            revoke_device(tx, row.kiosk_id, "enrolled_anew")
            device = KioskDeviceRow(
                id=f"d.{secrets.token_hex(8)}",
                kiosk_id=row.kiosk_id,
                public_key=public_key,
                page_origin=origin,
                enrolled_at=tx.now,
            )
            tx.add(device)
            mark_changed(tx.connection, Part.ACCESS)
            tx.note("kiosk.enrolled", kiosk_id=row.kiosk_id, device_id=device.id)
            return row.kiosk_id

        kiosk_id = await self._ledger.write("enrolment", unit)
        if kiosk_id is None:
            raise CodeRefused
        return kiosk_id

    def challenge(self, kiosk_id: str) -> DeviceChallenge:
        """Something to sign. Nothing is kept: the nonce carries its own proof of make."""
        now = self._ledger.clock.now()
        expires_at = int(now + self._settings.challenge_s)
        stem = f"{secrets.token_hex(16)}.{expires_at}"
        nonce = f"{stem}.{self._mac('nonce', kiosk_id, stem).hex()}"
        return DeviceChallenge(nonce=_to_base64url(nonce.encode()), expires_at=expires_at)

    async def prove(self, request: ProveDevice) -> KioskDeviceRow:
        """Whose signature this is.

        Raises:
            DeviceUnknown: no device of this kiosk counts.
            ProofRefused: the nonce is foreign, used or past its time, or the signature is wrong.
        """
        self._require_fresh(request.kiosk_id, request.nonce)
        device = await self.of_kiosk(request.kiosk_id)
        text = proof_text(kiosk_id=request.kiosk_id, nonce=request.nonce, purpose=request.purpose)
        try:
            key = Ed25519PublicKey.from_public_bytes(device.public_key)
            key.verify(_from_base64url(request.signature), text)
        except InvalidSignature:
            raise ProofRefused from None
        self._use_up(request.nonce)
        return device

    async def of_kiosk(self, kiosk_id: str) -> KioskDeviceRow:
        """The device that counts for a kiosk.

        Raises:
            DeviceUnknown: there is none.
        """
        device = await self._ledger.read(
            lambda tx: tx.find(KioskDeviceRow, kiosk_id=kiosk_id, revoked_at=None)
        )
        if device is None:
            raise DeviceUnknown
        return device

    async def standing(self) -> dict[str, KioskDeviceRow]:
        """All devices that count, by id."""
        rows = await self._ledger.read(
            lambda tx: tx.every(
                KioskDeviceRow,
                select(_device)
                .join(_kiosk, _kiosk.c.id == _device.c.kiosk_id)
                .where(_device.c.revoked_at.is_(None), _kiosk.c.retired.is_(False)),
            )
        )
        return {row.id: row for row in rows}

    async def every(self) -> list[tuple[KioskRow, KioskDeviceRow | None]]:
        """All kiosks, each with the device that counts."""

        def unit(tx: Transaction) -> list[tuple[KioskRow, KioskDeviceRow | None]]:
            live = select(_device).where(_device.c.revoked_at.is_(None))
            devices = {row.kiosk_id: row for row in tx.every(KioskDeviceRow, live)}
            kiosks = tx.every(KioskRow, select(_kiosk).order_by(_kiosk.c.id))
            return [(kiosk, devices.get(kiosk.id)) for kiosk in kiosks]

        return await self._ledger.read(unit)

    async def revoke(self, kiosk_id: str, *, actor: str, because: str = "revoked") -> None:
        """End a kiosk's device; its sockets are closed by the gate that watches.

        Raises:
            DeviceUnknown: it has none.
        """

        def unit(tx: Transaction) -> None:
            tx.connection.execute(_code.delete().where(_code.c.kiosk_id == kiosk_id))
            if not revoke_device(tx, kiosk_id, because):
                raise DeviceUnknown(f"no device is enrolled for {kiosk_id!r}")

        await self._ledger.write(actor, unit)

    def _mac(self, use: str, *parts: str) -> bytes:
        return hmac.digest(self._key, "\n".join((use, *parts)).encode(), "sha256")

    def _require_fresh(self, kiosk_id: str, nonce: str) -> None:
        """Refuse a nonce that is foreign, past its time, or used."""
        try:
            stem, mac = _from_base64url(nonce).decode("ascii").rsplit(".", 1)
            fits = hmac.compare_digest(mac, self._mac("nonce", kiosk_id, stem).hex())
            expires_at = float(stem.rsplit(".", 1)[1]) if fits else 0.0
        except (ValueError, IndexError):
            raise ProofRefused from None
        if expires_at <= self._ledger.clock.now() or nonce in self._used:
            raise ProofRefused

    def _use_up(self, nonce: str) -> None:
        """Once is enough. Of two requests at once the second is refused here."""
        if nonce in self._used:
            raise ProofRefused
        now = self._ledger.clock.now()
        self._used[nonce] = now + self._settings.challenge_s
        while self._used:
            oldest = next(iter(self._used))
            if self._used[oldest] > now and len(self._used) <= NONCES_REMEMBERED:
                break
            del self._used[oldest]


def revoke_device(tx: Transaction, kiosk_id: str, because: str) -> bool:
    """End the device of a kiosk in a transaction of the caller's; False when there is none."""
    device = tx.find(KioskDeviceRow, kiosk_id=kiosk_id, revoked_at=None)
    if device is None:
        return False
    tx.connection.execute(
        update(_device)
        .where(_device.c.id == device.id)
        .values(revoked_at=tx.now, revoked_because=because)
    )
    mark_changed(tx.connection, Part.ACCESS)
    tx.note("kiosk.device_revoked", kiosk_id=kiosk_id, reason=because, device_id=device.id)
    return True


def loopback_origin(origin: str) -> str:
    """`origin` in its one spelling, when it is a plain HTTP one on this machine.

    Raises:
        OriginNotLoopback: it is something else.
    """
    try:
        parts = urlsplit(origin)
        port = parts.port
        host = parts.hostname or ""
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise OriginNotLoopback from None
    shown = f"[{host}]" if ":" in host else host
    plain = f"http://{shown}" + (f":{port}" if port is not None else "")
    if not local or origin.rstrip("/").lower() != plain:
        raise OriginNotLoopback
    return plain


def code_parts(code: str) -> tuple[str, str]:
    """Label and secret of a code as somebody typed it."""
    typed = "".join(letter for letter in code.upper() if letter.isalnum())
    whole = typed.translate(CODE_MISREADINGS)
    return whole[:LABEL_LENGTH], whole[LABEL_LENGTH:]


def _to_base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _from_base64url(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise ProofRefused from None
