"""What is asked cannot be known beforehand."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from id_verify.alive.cue import SLOW, USUAL, draw_sequence
from id_verify.alive.words import CueKind

pytestmark = pytest.mark.unit


def test_every_one_of_80_sequences_is_drawn_about_as_often() -> None:
    rng = random.Random(1)
    drawn = [tuple(cue.kind for cue in draw_sequence(rng)) for _ in range(8000)]
    counts = {sequence: drawn.count(sequence) for sequence in set(drawn)}
    assert len(counts) == 80
    assert max(counts.values()) < 200  # 100 are expected


def test_no_cue_comes_twice_running() -> None:
    rng = random.Random(2)
    for _ in range(500):
        assert all(a.kind is not b.kind for a, b in pairwise(draw_sequence(rng, 6)))


@pytest.mark.parametrize("pace", [USUAL, SLOW], ids=["usual", "slow"])
def test_windows_and_pauses_are_drawn_anew_within_the_pace(pace: object) -> None:
    assert pace in (USUAL, SLOW)
    chosen = SLOW if pace is SLOW else USUAL
    cues = [cue for n in range(200) for cue in draw_sequence(random.Random(n), pace=chosen)]
    assert all(chosen.window_low_s <= cue.window_s <= chosen.window_high_s for cue in cues)
    assert all(chosen.pause_low_s <= cue.opens_at_s <= chosen.pause_high_s for cue in cues)
    assert len({cue.window_s for cue in cues}) > 500


def test_a_kind_that_somebody_cannot_do_is_left_out() -> None:
    kinds = [CueKind.TURN_LEFT, CueKind.BLINK2]
    assert {cue.kind for cue in draw_sequence(random.Random(3), 4, kinds=kinds)} == set(kinds)
