"""Draws the state tables into queue/README.md. `python -m service_queue.charts [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from service_queue.call import CALL
from service_queue.consult import CONSULT
from service_queue.seat import SEAT, SEAT_STATUS
from service_queue.ticket import TICKET
from service_queue.transitions import Transitions

README: Final = Path(__file__).resolve().parent.parent / "README.md"
BEGIN: Final = "<!-- charts: made by `python -m service_queue.charts`; do not edit below -->\n"
MACHINES: Final[tuple[Transitions[Any, Any], ...]] = (TICKET, SEAT, SEAT_STATUS, CALL, CONSULT)


def charts() -> str:
    """All state tables as Markdown with Mermaid charts."""
    parts = []
    for machine in MACHINES:
        title = machine.noun[0].upper() + machine.noun[1:]
        lines = "\n".join(machine.chart())
        parts.append(f"### {title}\n\n```mermaid\n{lines}\n```\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the charts, or with `--check` say whether they are up to date."""
    text = README.read_text(encoding="utf-8")
    head, marker, _ = text.partition(BEGIN)
    if not marker:
        print(f"{README} has no line {BEGIN!r}")
        return 1
    wanted = head + BEGIN + "\n" + charts()
    if "--check" in arguments:
        if wanted != text:
            print("queue/README.md is stale: run python -m service_queue.charts")
        return int(wanted != text)
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
