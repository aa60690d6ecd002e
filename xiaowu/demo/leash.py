"""Start a program that ends when whoever started it ends: `python -m xiaowu.demo.leash PID ARGV…`.

Linux sends the program a SIGTERM when its parent dies, even of a SIGKILL; so nothing that a demo
started outlives it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""From linux/prctl.h; it stays set across exec."""


def leashed(argv: list[str]) -> list[str]:
    """Return the command that runs `argv` on a leash held by this process."""
    return [sys.executable, "-m", "xiaowu.demo.leash", str(os.getpid()), *argv]


def main(holder: int, argv: list[str]) -> None:
    """Become `argv`, on a leash held by process `holder`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != holder:  # it died before the leash was on
        sys.exit(f"process {holder}, which wanted this started, is gone")
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
