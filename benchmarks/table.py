"""Tables of results in the README, between two marks, so that a run can renew its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown; the columns are the rows' keys, in the order they first appear."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, ["---"] * len(columns)]
    lines += [[str(row.get(column, "")) for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def replace_table(file: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put the table of `rows` between `<!-- name -->` and `<!-- /name -->` in `file`."""
    text = file.read_text("utf-8")
    marks = rf"(<!-- {re.escape(name)} -->\n).*?(\n<!-- /{re.escape(name)} -->)"
    if not re.search(marks, text, re.DOTALL):
        raise ValueError(f"{file} has no marks for {name}")
    made = table(rows)
    file.write_text(
        re.sub(marks, lambda found: found[1] + made + found[2], text, flags=re.DOTALL), "utf-8"
    )
