"""Lines of text put in order: rows from above to below, in each from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from id_verify.card.variants import mainland
from id_verify.documents.text import TextLine

SAME_ROW = 0.55
"""Of a line's height: lines whose middles are nearer stand beside each other."""


@dataclass(frozen=True, slots=True)
class Row:
    """Lines that stand beside each other."""

    lines: tuple[TextLine, ...] = field(repr=False)

    @property
    def text(self) -> str:
        """Return the whole row, in mainland forms, without spaces."""
        return "".join(mainland(line.text) for line in self.lines)

    @property
    def score(self) -> float:
        """Return the certainty of its least certain line."""
        return min(line.score for line in self.lines)

    @property
    def middle(self) -> float:
        """Return how far down it stands."""
        return sum(line.middle[1] for line in self.lines) / len(self.lines)

    @property
    def height(self) -> float:
        """Return how tall it is."""
        return max(line.height for line in self.lines)

    @property
    def left(self) -> float:
        """Return where it begins."""
        return min(float(line.box[:, 0].min()) for line in self.lines)

    @property
    def right(self) -> float:
        """Return where it ends."""
        return max(float(line.box[:, 0].max()) for line in self.lines)


def rows_of(lines: Sequence[TextLine]) -> list[Row]:
    """Return the rows that lines form, from above to below."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda each: each.middle[1]):
        if rows and _beside(rows[-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [Row(tuple(sorted(row, key=lambda each: each.middle[0]))) for row in rows]


def _beside(row: list[TextLine], line: TextLine) -> bool:
    middle = sum(each.middle[1] for each in row) / len(row)
    height = min(line.height, *(each.height for each in row))
    return abs(line.middle[1] - middle) < SAME_ROW * height
