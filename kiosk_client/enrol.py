"""Enrolment: a one-time code, read out by an administrator, binds a key made here to a kiosk."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_client.device_key import DeviceKey, base64url
from kiosk_client.hall_api import HallApi
from kiosk_client.settings import KioskSettings
from signaling.protocol.devices import DeviceEnrolled, EnrolDevice


async def enrol(settings: KioskSettings, api: HallApi, code: str) -> DeviceKey:
    """Make a key, bind it, keep it; raises the server's Refusal, HallUnreachable, OSError."""
    key = Ed25519PrivateKey.generate()
    told = await api.post(
        "/api/devices/enrol",
        EnrolDevice(
            code=code.strip(),
            public_key=base64url(key.public_key().public_bytes_raw()),
            page_origin=settings.page_origin,
        ),
        DeviceEnrolled,
    )
    device = DeviceKey(kiosk_id=told.answer.kiosk_id, server_url=settings.server_url, key=key)
    device.save(settings.data_dir)
    return device
