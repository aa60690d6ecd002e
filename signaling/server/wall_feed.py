"""The wall as rows: what changed since it was last told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from service_queue.mirror import HallMirror
from service_queue.view_parts import Surroundings
from service_queue.wall_views import WallRows, wall_view
from signaling.protocol.events import Ticked, WallReset, WallUpdated
from signaling.protocol.views import WallView


class _Row(Protocol):
    @property
    def id(self) -> str: ...


_R = TypeVar("_R", bound=_Row)


class WallFeed:
    """One picture that all walls of this process share, and the steps between its versions."""

    def __init__(self) -> None:
        self._view: WallView | None = None
        self._rows = WallRows()

    def advance(self, mirror: HallMirror, now: float, around: Surroundings) -> WallUpdated | None:
        """Take a new picture; the step from the one before, or None when nothing changed."""
        before, after = self._view, wall_view(mirror, now, around, self._rows)
        self._view = after
        if before is None:
            return None
        step = WallUpdated(
            seq=after.seq,
            prev_seq=before.seq,
            server_time=now,
            locations=_changed(before.locations, after.locations),
            seats=_changed(before.seats, after.seats),
            tickets=_changed(before.tickets, after.tickets),
            tickets_gone=_gone(before.tickets, after.tickets),
            today=after.today if after.today != before.today else None,
        )
        return step if _says_something(step) else None

    def reset(self, now: float) -> WallReset:
        """The whole picture; `advance` must have been called before."""
        assert self._view is not None
        return WallReset(view=self._view.model_copy(update={"server_time": now}))

    def tick(self, now: float) -> Ticked:
        """What a wall must have seen by now."""
        return Ticked(seq=0 if self._view is None else self._view.seq, server_time=now)


def _says_something(step: WallUpdated) -> bool:
    moved = step.seq != step.prev_seq
    rows = step.locations or step.seats or step.tickets or step.tickets_gone
    return moved or bool(rows) or step.today is not None


def _changed(before: Iterable[_R], after: Iterable[_R]) -> tuple[_R, ...]:
    known = {row.id: row for row in before}
    # Most rows are the very same as before, which is quicker to see than that they are equal.
    others = (row for row in after if known.get(row.id) is not row)
    return tuple(row for row in others if known.get(row.id) != row)


def _gone(before: Iterable[_R], after: Iterable[_R]) -> tuple[str, ...]:
    left = {row.id for row in after}
    return tuple(row.id for row in before if row.id not in left)
