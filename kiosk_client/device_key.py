"""Who this kiosk is: an Ed25519 key made here at enrolment, which never leaves the machine."""

from __future__ import annotations

import base64
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_client.errors import KeyUnreadable, NotEnrolled

FILE_NAME: Final = "device_key.json"


@dataclass(frozen=True, kw_only=True)
class DeviceKey:
    """The key, whose kiosk it is, and the server that knows it."""

    kiosk_id: str
    server_url: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> str:
        """The public key as the protocol wants it."""
        return base64url(self.key.public_key().public_bytes_raw())

    def sign(self, text: bytes) -> str:
        """The signature over `text` as the protocol wants it."""
        return base64url(self.key.sign(text))

    def save(self, data_dir: Path) -> None:
        """Keep the key in `data_dir`, readable by this user alone, whole or not at all."""
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        raw = json.dumps(
            {
                "kiosk_id": self.kiosk_id,
                "server_url": self.server_url,
                "private_key": base64url(self.key.private_bytes_raw()),
            }
        )
        fresh = data_dir / f"{FILE_NAME}.new"
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(data_dir / FILE_NAME)

    @classmethod
    def load(cls, data_dir: Path) -> Self:
        """The key kept in `data_dir`; raises NotEnrolled, KeyUnreadable."""
        path = data_dir / FILE_NAME
        try:
            if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KeyUnreadable(f"{path} can be read by others; run: chmod 600 {path}")
            kept = json.loads(path.read_text())
            return cls(
                kiosk_id=kept["kiosk_id"],
                server_url=kept["server_url"],
                key=Ed25519PrivateKey.from_private_bytes(_from_base64url(kept["private_key"])),
            )
        except FileNotFoundError:
            raise NotEnrolled(f"there is no device key in {data_dir}; enrol this kiosk") from None
        except (OSError, ValueError, KeyError, TypeError) as damaged:
            raise KeyUnreadable(f"{path} cannot be read; move it away and enrol again") from damaged


def base64url(raw: bytes) -> str:
    """`raw` as base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
