"""Whether the camera may be a program: what the system tells, which an attacker may have taught it.

It is one component of the evidence, never the only one: who owns the machine can rename a device.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from id_verify.alive.words import CaptureSuspicion

VIRTUAL: Final = re.compile(
    r"virtual|fake|dummy|loopback|\bobs\b|manycam|droidcam|e2esoft|splitcam|xsplit|snap camera"
    r"|iriun|epoccam|ndi|\.(?:y4m|mjpe?g)\b",
    re.IGNORECASE,
)
"""How programs that play a file or a screen as a camera call themselves."""

DEVICES: Final = Path("/sys/class/video4linux")


def suspect(label: str, devices: Path = DEVICES) -> CaptureSuspicion:
    """What is to be thought of the camera that the browser calls `label`."""
    if VIRTUAL.search(label):
        return CaptureSuspicion.VIRTUAL
    if not label:
        return CaptureSuspicion.UNKNOWN
    named = {_name(device): device for device in _devices(devices)}
    # Chromium adds the USB ids: "USB Camera (046d:0825)".
    plain = re.sub(r"\s*\([0-9a-f]{4}:[0-9a-f]{4}\)$", "", label)
    device = named.get(plain)
    if device is None:
        return CaptureSuspicion.UNKNOWN
    # A device that hangs on no bus is made by a driver, not by a lens.
    is_virtual = "/devices/virtual/" in device.resolve().as_posix()
    return CaptureSuspicion.VIRTUAL if is_virtual else CaptureSuspicion.NONE


def _devices(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _name(device: Path) -> str:
    try:
        return (device / "name").read_text("utf-8", "replace").strip()
    except OSError:
        return ""
