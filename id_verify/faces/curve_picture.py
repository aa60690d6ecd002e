"""The trade between two errors, drawn: a file every browser opens, made of nothing but text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from id_verify.faces.evaluation import CurvePoint, Evaluation

WIDTH: Final = 720
HEIGHT: Final = 480
_LEFT, _TOP, _RIGHT, _BOTTOM = 80, 56, 24, 64
_DECADES: Final = (-4, -3, -2, -1, 0)
"""Both axes run from 0.01 % to 100 %; what is less lies on the edge."""
_STYLE: Final = (
    "text{font:13px sans-serif;fill:#222}.faint{stroke:#ddd}.frame{fill:none;stroke:#555}"
    ".curve{fill:none;stroke:#0a5bc4;stroke-width:2}.match{stroke:#13823b;stroke-dasharray:6 4}"
    ".no{stroke:#b3261e;stroke-dasharray:2 4}.title{font-size:16px;font-weight:600}"
)


def draw_curve(found: Evaluation) -> str:
    """Return an SVG of the false non-match rate over the false match rate."""
    shapes = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(found.engine)}: false non-match over false match</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_grid(),
        *_threshold("match", found.match_at, found.curve),
        *_threshold("no", found.no_below, found.curve),
        f'<polyline class="curve" points="{_steps(found.curve)}"/>',
        _text(WIDTH / 2, 26, "middle", _headline(found), "title"),
        _text(WIDTH / 2, 44, "middle", f"{found.engine_version}"),
        _text(WIDTH / 2, HEIGHT - 14, "middle", "false match rate (of strangers)"),
        f'<g transform="translate(18 {HEIGHT / 2}) rotate(-90)">'
        + _text(0, 0, "middle", "false non-match rate (of the same person)")
        + "</g>",
        "</svg>",
    ]
    return "\n".join(shapes) + "\n"


def _headline(found: Evaluation) -> str:
    error = "insufficient data" if found.equal_error is None else f"{found.equal_error:.2%}"
    return f"{found.genuine} genuine, {found.strangers} stranger pairs; equal error {error}"


def _grid() -> Iterable[str]:
    for decade in _DECADES:
        share = 10.0**decade
        x, y = _across(share), _down(share)
        yield f'<path class="faint" d="M{x:.1f} {_TOP}V{HEIGHT - _BOTTOM}"/>'
        yield f'<path class="faint" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>'
        yield _text(x, HEIGHT - _BOTTOM + 20, "middle", f"{share:.4g}")
        yield _text(_LEFT - 8, y + 4, "end", f"{share:.4g}")
    inner = f'width="{WIDTH - _LEFT - _RIGHT}" height="{HEIGHT - _TOP - _BOTTOM}"'
    yield f'<rect class="frame" x="{_LEFT}" y="{_TOP}" {inner}/>'


def _threshold(name: str, threshold: float, curve: Sequence[CurvePoint]) -> Iterable[str]:
    """Mark how many strangers reach a threshold."""
    reached = [point.false_match for point in curve if point.threshold >= threshold]
    x = _across(max(reached, default=0.0))
    yield f'<path class="{name}" d="M{x:.1f} {_TOP}V{HEIGHT - _BOTTOM}"/>'
    yield _text(x + 5, _TOP + (16 if name == "match" else 32), "start", f"{name} {threshold:.3f}")


def _steps(curve: Sequence[CurvePoint]) -> str:
    return " ".join(
        f"{_across(point.false_match):.1f},{_down(point.false_non_match):.1f}" for point in curve
    )


def _across(share: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * _along(share)


def _down(share: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * _along(share)


def _along(share: float) -> float:
    low, high = _DECADES[0], _DECADES[-1]
    return (max(math.log10(share), low) - low) / (high - low) if share > 0 else 0.0


def _text(x: float, y: float, anchor: str, words: str, kind: str = "") -> str:
    name = f' class="{kind}"' if kind else ""
    return f'<text{name} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
