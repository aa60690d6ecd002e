"""Who plays whom."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from seat_server.district import sample_district
from xiaowu.demo.bot_plan import kiosk_tone_hz, seat_tone_hz
from xiaowu.demo.cast import cast
from xiaowu.demo.check import BRISK
from xiaowu.demo.folder import DemoFolder

pytestmark = pytest.mark.unit


def test_the_person_gets_one_kiosk_and_one_seat_and_bots_the_others() -> None:
    parts = cast(sample_district(), with_person=True)
    assert parts.person_kiosk is not None
    assert parts.person_seat is not None
    assert len(parts.bot_kiosks) == 9
    assert len(parts.bot_seats) == 19
    assert parts.person_kiosk not in parts.bot_kiosks
    assert parts.person_seat not in [seat for seat, _ in parts.bot_seats]
    assert len({kiosk.location_id for kiosk in (parts.person_kiosk, *parts.bot_kiosks)}) == 10
    assert len(set(parts.logins)) == 21


def test_a_check_has_no_person() -> None:
    parts = cast(sample_district(), with_person=False)
    assert parts.person_kiosk is None
    assert len(parts.bot_kiosks) == 10
    assert len(parts.bot_seats) == 20


def test_everybody_has_a_tone_of_their_own(tmp_path: Path) -> None:
    parts = cast(sample_district(), with_person=True)
    accounts = dict.fromkeys(parts.logins, "secret-word")
    plan = parts.bot_plan(
        server_url="http://127.0.0.1:1", seed=1, manners=BRISK, accounts=accounts,
        first_port=7180, codes={}, folder=DemoFolder(tmp_path),
    )  # fmt: skip
    tones = [kiosk_tone_hz(kiosk.number) for kiosk in plan.kiosks]
    tones += [seat_tone_hz(seat.number) for seat in plan.seats]
    assert len(set(tones)) == len(tones) == 28
    ordered = sorted(tones)
    assert min(b - a for a, b in itertools.pairwise(ordered)) >= 20
    assert len({kiosk.port for kiosk in plan.kiosks} | {7180}) == 10
    assert "secret-word" not in repr(plan)
