"""Whether the camera may be a program."""

from __future__ import annotations

from pathlib import Path

import pytest

from id_verify.alive.words import CaptureSuspicion
from kiosk_client.identity.capture import suspect

pytestmark = pytest.mark.unit


def a_device(root: Path, name: str, where: str) -> Path:
    device = root / "devices" / where / "video4linux" / "video0"
    device.mkdir(parents=True)
    (device / "name").write_text(f"{name}\n")
    listed = root / "class"
    listed.mkdir()
    (listed / "video0").symlink_to(device)
    return listed


@pytest.mark.parametrize(
    "label",
    ["OBS Virtual Camera", "Dummy video device (0x0000)", "fake_device_0", "face.y4m", "ManyCam"],
)
def test_a_program_that_says_so_is_suspected(label: str, tmp_path: Path) -> None:
    assert suspect(label, tmp_path) is CaptureSuspicion.VIRTUAL


def test_a_camera_on_a_bus_is_not_suspected(tmp_path: Path) -> None:
    devices = a_device(tmp_path, "USB Camera", "pci0000:00/usb1/1-1")
    assert suspect("USB Camera (046d:0825)", devices) is CaptureSuspicion.NONE


def test_a_device_that_hangs_on_no_bus_is_suspected_whatever_it_is_called(tmp_path: Path) -> None:
    devices = a_device(tmp_path, "USB Camera", "virtual")
    assert suspect("USB Camera", devices) is CaptureSuspicion.VIRTUAL


@pytest.mark.parametrize("label", ["", "Integrated Webcam"])
def test_what_the_system_does_not_tell_is_not_known(label: str, tmp_path: Path) -> None:
    assert suspect(label, tmp_path / "nothing") is CaptureSuspicion.UNKNOWN
