"""Waits drawn: by hour as lines, by location and hour as a map of colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service_queue.simulation import Summary
from xiaowu.simulate.canvas import Canvas, open_canvas

WIDTH: Final = 1120
_LEFT, _RIGHT = 92.0, 28.0
_LINES_HEIGHT = 270.0
_ROW_HEIGHT = 21.0
_INK, _SOFT, _GRID = "#1f2933", "#6b7785", "#e3e8ee"
_BARS = "#e8eef6"
_COLOURS: Final = ("#1769aa", "#d1495b", "#2e8b57", "#8a5fbf", "#d98e04", "#4a5568")
_SCALE: Final = ("#f2f8ee", "#cfe8c1", "#f7e29c", "#f3b267", "#e2725b", "#a3254b")
"""From no wait to a long one; light to dark, so that it also reads in grey."""
_STEPS_MIN: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240)
_MOST_STEPS: Final = 6
_MOST_ROWS: Final = 24
_DARK: Final = 3
"""From this colour of the scale on, words are white."""

WORDS: Final = {
    "zh": {
        "title": "等候时间模拟",
        "by_hour": "各时段等候时间(分钟):实线为平均,虚线为 P90;底色柱为取号人数",
        "by_location": "各点位、各时段平均等候(分钟)",
        "tickets": "取号",
        "mean": "平均",
        "p90": "P90",
        "busy": "窗口忙碌",
        "others": "其余 {n} 个点位等候更短,未列出",
        "hour": "时",
    },
    "en": {
        "title": "Simulated waits",
        "by_hour": "Wait by hour of arrival, minutes: solid mean, dashed P90; bars are tickets",
        "by_location": "Mean wait by location and hour, minutes",
        "tickets": "tickets",
        "mean": "mean",
        "p90": "P90",
        "busy": "windows busy",
        "others": "{n} more locations with shorter waits are not listed",
        "hour": "h",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What is drawn."""

    names: Sequence[str]
    summaries: Sequence[Summary]
    places: Mapping[str, str]
    """Names of the locations."""
    language: str = "zh"

    @property
    def hours(self) -> list[int]:
        """From the first to the last in which anybody came."""
        seen = sorted({hour for one in self.summaries for hour in one.arrivals})
        return list(range(seen[0], seen[-1] + 1)) if seen else []


def draw_plot(plot: Plot, file: Path) -> None:
    """Draw it into a file, .svg or .png.

    Raises:
        CanvasUnavailable: by `open_canvas`.
        OSError: it cannot be written.
    """
    rows = _rows(plot)
    map_height = 62.0 + len(rows) * _ROW_HEIGHT + (18.0 if _left_out(plot, rows) else 0.0)
    top = 96.0 + 22.0 * len(plot.names)
    height = top + _LINES_HEIGHT + 78.0 + len(plot.names) * map_height + 30.0
    canvas = open_canvas(file, WIDTH, math.ceil(height))
    _head(canvas, plot)
    _lines(canvas, plot, top)
    at = top + _LINES_HEIGHT + 78.0
    for n in range(len(plot.names)):
        _map(canvas, plot, n, rows, at)
        at += map_height
    canvas.save(file)


def _head(canvas: Canvas, plot: Plot) -> None:
    words = WORDS[plot.language]
    canvas.text(_LEFT, 38, words["title"], size=22, fill=_INK, bold=True)
    for n, (name, one) in enumerate(zip(plot.names, plot.summaries, strict=True)):
        y = 66.0 + 22.0 * n
        canvas.line([(_LEFT, y - 5), (_LEFT + 26, y - 5)], _colour(n), 3)
        said = (
            f"{name}  ·  {words['tickets']} {one.tickets:,}  ·  "
            f"{words['mean']} {_minutes(one.waits.mean_s)}  ·  "
            f"{words['p90']} {_minutes(one.waits.p90_s)}  ·  "
            f"{words['busy']} {100 * one.seats.mean:.0f} %"
        )
        canvas.text(_LEFT + 36, y, said, size=14, fill=_INK)


def _lines(canvas: Canvas, plot: Plot, top: float) -> None:
    words, hours = WORDS[plot.language], plot.hours
    canvas.text(_LEFT, top - 14, words["by_hour"], size=14, fill=_SOFT)
    if not hours:
        return
    bottom, width = top + _LINES_HEIGHT, (WIDTH - _LEFT - _RIGHT) / len(hours)
    highest = max(
        (waits.p90_s for one in plot.summaries for waits in one.by_hour.values()), default=0.0
    )
    step = next(
        (step for step in _STEPS_MIN if highest / 60.0 / step <= _MOST_STEPS), _STEPS_MIN[-1]
    )
    scale = max(1, math.ceil(highest / 60.0 / step)) * step
    most = max(max(one.arrivals.values(), default=0) for one in plot.summaries) or 1
    for n, hour in enumerate(hours):
        tickets = max(one.arrivals.get(hour, 0) for one in plot.summaries)
        tall = _LINES_HEIGHT * 0.55 * tickets / most
        left = _LEFT + n * width
        canvas.rect(left + width * 0.12, bottom - tall, width * 0.76, tall, _BARS)
        canvas.text(
            left + width / 2,
            bottom + 37,
            f"{words['tickets']} {tickets:,}",
            size=11,
            fill=_SOFT,
            anchor="middle",
        )
        canvas.text(
            left + width / 2, bottom + 20, _hour(hour), size=13, fill=_SOFT, anchor="middle"
        )
    for minutes in range(0, scale + 1, step):
        y = bottom - _LINES_HEIGHT * minutes / scale
        canvas.line([(_LEFT, y), (WIDTH - _RIGHT, y)], _INK if minutes == 0 else _GRID, 1)
        canvas.text(_LEFT - 10, y + 5, str(minutes), size=13, fill=_SOFT, anchor="end")
    for n, one in enumerate(plot.summaries):
        for dashed in (True, False):
            points = [
                (
                    _LEFT + (hours.index(hour) + 0.5) * width,
                    bottom
                    - _LINES_HEIGHT * (waits.p90_s if dashed else waits.mean_s) / 60.0 / scale,
                )
                for hour, waits in sorted(one.by_hour.items())
                if waits.served
            ]
            canvas.line(points, _colour(n), 1.8 if dashed else 3.0, dashed=dashed)


def _map(canvas: Canvas, plot: Plot, n: int, rows: list[str], top: float) -> None:
    words, hours, one = WORDS[plot.language], plot.hours, plot.summaries[n]
    if not hours:
        return
    longest = max((one.cells.get((row, hour), 0.0) for row in rows for hour in hours), default=0.0)
    longest = max(
        longest, *(max(each.cells.values(), default=0.0) for each in plot.summaries), 60.0
    )
    canvas.text(_LEFT, top + 4, f"{words['by_location']}  ·  {plot.names[n]}", size=14, fill=_SOFT)
    _legend(canvas, longest, top - 8)
    width = (WIDTH - _LEFT - _RIGHT) / len(hours)
    for k, row in enumerate(rows):
        y = top + 16.0 + k * _ROW_HEIGHT
        canvas.text(_LEFT - 10, y + 15, plot.places.get(row, row), size=13, fill=_INK, anchor="end")
        for h, hour in enumerate(hours):
            mean = one.cells.get((row, hour))
            x = _LEFT + h * width
            if mean is None:
                canvas.rect(x + 1, y + 1, width - 2, _ROW_HEIGHT - 2, "#f4f5f7")
                continue
            level = _level(mean, longest)
            canvas.rect(x + 1, y + 1, width - 2, _ROW_HEIGHT - 2, _SCALE[level])
            canvas.text(
                x + width / 2,
                y + 15,
                f"{mean / 60.0:.1f}",
                size=12,
                fill="#ffffff" if level > _DARK else _INK,
                anchor="middle",
            )
    bottom = top + 16.0 + len(rows) * _ROW_HEIGHT
    for h, hour in enumerate(hours):
        canvas.text(
            _LEFT + (h + 0.5) * width,
            bottom + 17,
            _hour(hour),
            size=12,
            fill=_SOFT,
            anchor="middle",
        )
    left_out = _left_out(plot, rows)
    if left_out:
        canvas.text(_LEFT, bottom + 36, words["others"].format(n=left_out), size=12, fill=_SOFT)


def _legend(canvas: Canvas, longest: float, top: float) -> None:
    width = 44.0
    left = WIDTH - _RIGHT - width * len(_SCALE)
    for level, colour in enumerate(_SCALE):
        canvas.rect(left + level * width, top, width - 1, 12, colour)
        until = longest * ((level + 1) / len(_SCALE)) ** 2 / 60.0
        canvas.text(
            left + (level + 0.5) * width,
            top + 10,
            f"≤{until:.0f}" if until >= 1 else f"≤{until:.1f}",
            size=10,
            fill="#ffffff" if level > _DARK else _INK,
            anchor="middle",
        )


def _level(mean: float, longest: float) -> int:
    """Which colour; the square root gives short waits, where most are, more of the scale."""
    return min(len(_SCALE) - 1, int(len(_SCALE) * math.sqrt(mean / longest)))


def _rows(plot: Plot) -> list[str]:
    """The locations that are shown, in their order; of many, those who wait longest."""
    seen = {name for one in plot.summaries for name in one.by_location}
    order = {name: n for n, name in enumerate(plot.places)}
    listed = sorted(seen, key=lambda name: (order.get(name, len(order)), name))
    if len(listed) <= _MOST_ROWS:
        return listed

    def longest(name: str) -> float:
        return max(
            one.by_location[name].mean_s for one in plot.summaries if name in one.by_location
        )

    chosen = set(sorted(listed, key=longest, reverse=True)[:_MOST_ROWS])
    return [name for name in listed if name in chosen]


def _left_out(plot: Plot, rows: list[str]) -> int:
    return len({name for one in plot.summaries for name in one.by_location}) - len(rows)


def _hour(hour: int) -> str:
    return f"{hour:02d}:00"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60.0:.1f} min"


def _colour(n: int) -> str:
    return _COLOURS[n % len(_COLOURS)]
