"""What a check makes of what it saw."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from service_queue.tables import CallRow, TicketRow
from signaling.protocol.words import CallState, Party, TicketState
from xiaowu.demo.bot_report import CallHeard
from xiaowu.demo.hall_record import HallRecord
from xiaowu.demo.invariants import Rule, Violation
from xiaowu.demo.verdict import Verdict, judge

pytestmark = pytest.mark.unit


def ticket(n: int, state: TicketState = TicketState.COMPLETED) -> TicketRow:
    return TicketRow(
        id=f"t{n}", day="2026-01-05", prefix="A", n=n, location_id="L", kiosk_id=f"k{n}",
        item_code="i", state=state, arrived_at=100.0 * n, state_since=0.0,
    )  # fmt: skip


def call(n: int, *, connected: bool = True) -> CallRow:
    return CallRow(
        id=f"c{n}", ticket_id=f"t{n}", seat_id="s", kiosk_id=f"k{n}", agent_id="a",
        state=CallState.ENDED, state_since=0.0, started_at=100.0 * n + n,
        connected_at=1.0 if connected else None,
    )  # fmt: skip


def side(n: int, party: Party, **values: Any) -> CallHeard:
    fields: dict[str, Any] = {
        "bot": "b",
        "party": party,
        "call_id": f"c{n}",
        "video_frames": 20,
        "audio_frames": 100,
        "tone_hz": 440.0,
        "tone_share": 0.95,
        "accepted_at": 10.0 if party is Party.AGENT else None,
        "first_picture_at": 10.1 if party is Party.AGENT else 10.2,
    }
    return CallHeard(**(fields | values))


def verdict(**values: Any) -> Verdict:
    fields: dict[str, Any] = {
        "wanted": 2,
        "acknowledged": ["t1", "t2"],
        "heard": [side(n, party) for n in (1, 2) for party in Party],
        "errors": Counter(),
        "looked_at": Counter({Rule.ORDER: 3}),
        "violations": [],
        "server_kills": 0,
        "took_s": 12.34,
        "ended_early": None,
    }
    record = HallRecord(
        journal=(),
        locations=(),
        tickets=values.pop("tickets", (ticket(1), ticket(2))),
        seats=(),
        calls=values.pop("calls", (call(1), call(2))),
        ratings=(),
    )
    return judge(record, **(fields | values))


def test_two_good_calls_are_well() -> None:
    good = verdict()
    assert good.ok
    assert good.amiss == ()
    assert (good.calls_made, good.connected, good.two_way_media) == (2, 2, 2)
    assert (good.waits_s.p50, good.waits_s.max) == (1.5, 2.0)
    assert (good.setup_ms.p50, good.setup_ms.max) == (200.0, 200.0)
    assert good.invariants.checked[Rule.ORDER] == 3


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"acknowledged": ["t1"]}, "given out"),
        ({"tickets": (ticket(1), ticket(2, TicketState.ABANDONED))}, "served"),
        ({"calls": (call(1), call(2, connected=False))}, "connected"),
        ({"heard": [side(1, party) for party in Party]}, "media"),
        ({"errors": Counter({"malformed": 1})}, "malformed"),
        ({"violations": [Violation(Rule.ORDER, "x", 3)]}, "violations"),
        ({"ended_early": "too late"}, "too late"),
    ],
)
def test_what_is_amiss_is_said(values: dict[str, Any], word: str) -> None:
    bad = verdict(**values)
    assert not bad.ok
    assert any(word in what for what in bad.amiss)


@pytest.mark.parametrize("values", [{"video_frames": 0}, {"tone_share": 0.05}])
def test_media_counts_only_if_seen_and_heard_on_both_sides(values: dict[str, Any]) -> None:
    deaf = [
        side(1, Party.RESIDENT, **values),
        side(1, Party.AGENT),
        *(side(2, party) for party in Party),
    ]
    assert verdict(heard=deaf).two_way_media == 1
    assert not verdict(heard=deaf).ok


def test_a_race_between_honest_clients_is_counted_and_not_amiss() -> None:
    raced = verdict(errors=Counter({"offer_stale": 2}))
    assert raced.ok
    assert raced.errors == {"offer_stale": 2}


def test_nothing_measured_is_said_as_nothing() -> None:
    silent = verdict(heard=[], calls=())
    assert silent.setup_ms.p50 is None
    assert silent.waits_s.max is None
