"""What can keep a kiosk from working.

KioskError                 base; its text is for the person at the machine
├── NotEnrolled            there is no device key
├── KeyUnreadable          the key file is damaged or open to others
├── HallUnreachable        the server does not answer
├── SourceUnusable         the camera or the file gives nothing
└── BrowserMissing         no Chromium on this machine
"""

from __future__ import annotations


class KioskError(Exception):
    """The kiosk cannot work."""


class NotEnrolled(KioskError):
    """This kiosk has no device key yet; enrol it with a one-time code."""


class KeyUnreadable(KioskError):
    """The device key cannot be used."""


class HallUnreachable(KioskError):
    """The server does not answer, or answers something that is not ours."""


class SourceUnusable(KioskError):
    """The camera or the file gives no picture or no sound."""


class BrowserMissing(KioskError):
    """There is no Chromium on this machine."""
