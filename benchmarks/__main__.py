"""`python -m benchmarks`: every benchmark in turn, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

BENCHMARKS: Final = (
    "call_setup",
    "reconnect_storm",
    "assign_service",
    "matching",
    "estimates",
    "skill_price",
    "simulate_province",
    "witness",
    "portrait_quality",
    "papers",
)
"""Each prints one JSON object a line; see README.md beside this file."""


def main() -> int:
    """Run them all; the number of those that failed is the exit code."""
    failed = 0
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        failed += (
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
            != 0
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
