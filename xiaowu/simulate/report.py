"""Simulated figures side by side: tables for people, one object for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from service_queue.simulation import Summary, Waits

MOST_LOCATIONS: Final = 20
"""More are not listed one by one; the worst are."""

Line = tuple[str, Callable[[Summary], str]]

_MINUTE: Final = 60

_LINES: Final[tuple[Line, ...]] = (
    ("tickets", lambda one: f"{one.tickets:,}"),
    ("served", lambda one: f"{one.waits.served:,}"),
    ("wait, mean", lambda one: clock(one.waits.mean_s)),
    ("wait, P50", lambda one: clock(one.waits.p50_s)),
    ("wait, P90", lambda one: clock(one.waits.p90_s)),
    ("wait, P95", lambda one: clock(one.waits.p95_s)),
    ("wait, longest", lambda one: clock(one.waits.max_s)),
    ("had to wait", lambda one: share(one.waits.must_wait)),
    ("called within 20 s", lambda one: share(one.waits.prompt)),
    ("gave up", lambda one: share(one.abandoned)),
    ("sent home at closing", lambda one: str(one.ends.get("service_closed", 0))),
    ("called in vain, again", lambda one: str(one.recalls)),
    ("no ticket (hours, caps)", lambda one: str(one.turned_away)),
    ("overtook an earlier one", lambda one: share(one.overtook)),
    ("Gini over locations", lambda one: f"{one.gini:.3f}"),
    ("worst location, mean", lambda one: clock(worst(one.by_location).mean_s)),
    ("windows busy", lambda one: share(one.seats.mean)),
    ("busiest / idlest window", lambda one: _pair(one.seats.busiest, one.seats.idlest)),
    ("window hours", lambda one: f"{one.seats.open_h:,.0f}"),
    ("offers declined / rang out", lambda one: f"{one.declined} / {one.rang_out}"),
)


def clock(seconds: float) -> str:
    """Minutes and seconds, as people read waits."""
    whole = round(seconds)
    return f"{whole // _MINUTE}:{whole % _MINUTE:02d}"


def share(part: float) -> str:
    """A share in percent."""
    return f"{100.0 * part:.1f} %"


def worst(by_name: Mapping[str, Waits]) -> Waits:
    """Where the mean wait is longest."""
    return max(by_name.values(), key=lambda waits: waits.mean_s, default=Waits())


def _pair(first: float, second: float) -> str:
    return f"{100.0 * first:.0f} / {100.0 * second:.0f} %"


def print_report(
    console: Console, names: Sequence[str], summaries: Sequence[Summary], places: Mapping[str, str]
) -> None:
    """The figures, then waits by hour and by location. `places`: names of the locations."""
    console.print(_figures(names, summaries))
    console.print(_by_hour(names, summaries))
    console.print(_by_location(names, summaries, places))


def print_prices(console: Console, bounds: Sequence[str], summaries: Sequence[Summary]) -> None:
    """What each bound on falling behind costs everybody, and what it brings the worst location."""
    table = Table(title="A location may fall behind the mean by at most …", title_justify="left")
    for column in ("bound", "mean", "P95", "longest", "worst location", "best", "Gini", "overtook"):
        table.add_column(column, justify="left" if column == "bound" else "right")
    for bound, one in zip(bounds, summaries, strict=True):
        means = [waits.mean_s for waits in one.by_location.values() if waits.served]
        table.add_row(
            bound,
            *(clock(each) for each in (one.waits.mean_s, one.waits.p95_s, one.waits.max_s)),
            clock(max(means, default=0.0)),
            clock(min(means, default=0.0)),
            f"{one.gini:.3f}",
            share(one.overtook),
        )
    console.print(table)


def _figures(names: Sequence[str], summaries: Sequence[Summary]) -> Table:
    table = _table("", names)
    for label, value in _LINES:
        table.add_row(label, *(value(one) for one in summaries))
    return table


def _by_hour(names: Sequence[str], summaries: Sequence[Summary]) -> Table:
    table = Table(title="By hour of arrival: tickets · mean wait · P90", title_justify="left")
    table.add_column("hour")
    table.add_column("tickets", justify="right")
    for name in names:
        table.add_column(name, justify="right")
    for hour in sorted({hour for one in summaries for hour in one.by_hour}):
        tickets = max(one.arrivals.get(hour, 0) for one in summaries)
        cells = (one.by_hour.get(hour, Waits()) for one in summaries)
        table.add_row(f"{hour:02d}:00", f"{tickets:,}", *(_waits(each) for each in cells))
    return table


def _by_location(
    names: Sequence[str], summaries: Sequence[Summary], places: Mapping[str, str]
) -> Table:
    first = summaries[0].by_location
    listed = sorted({name for one in summaries for name in one.by_location})
    title = "By location: mean wait · P90"
    if len(listed) > MOST_LOCATIONS:
        title += f" (the {MOST_LOCATIONS} with the longest waits of {len(listed)})"
        listed.sort(key=lambda name: -first.get(name, Waits()).mean_s)
        listed = listed[:MOST_LOCATIONS]
    elif set(listed) <= set(places):
        order = list(places)
        listed.sort(key=order.index)
    table = Table(title=title, title_justify="left")
    table.add_column("location")
    for name in names:
        table.add_column(name, justify="right")
    for location in listed:
        waits = (one.by_location.get(location, Waits()) for one in summaries)
        table.add_row(places.get(location, location), *(_waits(each) for each in waits))
    return table


def _waits(waits: Waits) -> str:
    return f"{clock(waits.mean_s)} · {clock(waits.p90_s)}" if waits.served else "–"


def _table(first: str, names: Sequence[str]) -> Table:
    table = Table()
    table.add_column(first)
    for name in names:
        table.add_column(name, justify="right")
    return table


def as_json(summary: Summary) -> dict[str, Any]:
    """A summary with keys that JSON has; moments in seconds."""
    shown = dataclasses.asdict(summary)
    shown["abandoned"] = summary.abandoned
    shown["cells"] = [
        {"location": location, "hour": hour, "mean_s": round(mean, 3)}
        for (location, hour), mean in summary.cells.items()
    ]
    rounded: dict[str, Any] = _rounded(shown)
    return rounded


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 4)
        case dict():
            return {str(key): _rounded(each) for key, each in value.items()}
        case _:
            return value
