"""Acts are read off figures, one frame after the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from id_verify.alive.acts import ActReader
from id_verify.alive.neutral import Neutral
from id_verify.alive.observation import Observation
from id_verify.alive.words import Act
from tests.support.observed import frames, nobody, observed

pytestmark = pytest.mark.unit

REST = Neutral(yaw=0.0, pitch=0.0, nose=0.0, mouth=0.04, eyes=0.3)


def acts_of(*observations: object, neutral: Neutral = REST) -> list[Act]:
    reader = ActReader(neutral)
    return [seen.act for one in observations for seen in reader.feed(one)]  # type: ignore[arg-type]  # rows of observations


def ramp(t_s: float, at_s: float, rise_s: float = 0.3) -> float:
    return min(max((t_s - at_s) / rise_s, 0.0), 1.0)


@pytest.mark.parametrize(
    ("yaw", "act"), [(30, Act.TURN_LEFT), (-30, Act.TURN_RIGHT)], ids=["left", "right"]
)
def test_a_turn_is_told_with_the_side_it_is_to(yaw: float, act: Act) -> None:
    assert acts_of(*(observed(t, yaw=yaw * ramp(t, 0.5)) for t in frames(1.5))) == [act]


def test_a_turn_whose_nose_stays_in_the_middle_is_none() -> None:
    assert acts_of(*(observed(t, yaw=30 * ramp(t, 0.5), nose=0.0) for t in frames(1.5))) == []


def test_a_camera_that_hangs_to_the_side_moves_the_middle() -> None:
    aside = Neutral(yaw=12.0, pitch=-9.0, nose=0.1, mouth=0.04, eyes=0.3)
    still = [observed(t, yaw=12, pitch=-9) for t in frames(1.0)]
    turned = [observed(t, yaw=12 + 20 * ramp(t, 1.0), pitch=-9) for t in frames(1.0, 1.0)]
    assert acts_of(*still, *turned, neutral=aside) == [Act.TURN_LEFT]


def test_a_turn_is_told_once_however_long_it_is_held() -> None:
    assert acts_of(*(observed(t, yaw=30 * ramp(t, 0.5)) for t in frames(6.0))) == [Act.TURN_LEFT]


def test_looking_up_and_down_are_told_apart() -> None:
    up = [observed(t, pitch=25 * ramp(t, 0.3)) for t in frames(1.0)]
    down = [observed(t, pitch=25 - 50 * ramp(t, 1.0)) for t in frames(1.5, 1.0)]
    assert acts_of(*up, *down) == [Act.LOOK_UP, Act.LOOK_DOWN]


def test_a_word_opens_the_mouth_too_shortly() -> None:
    word = [observed(t, mouth=0.5 if 0.5 < t < 0.65 else 0.04) for t in frames(1.5)]
    wide = [observed(t, mouth=0.5 if t > 2.0 else 0.04) for t in frames(1.5, 1.5)]
    assert acts_of(*word) == []
    assert acts_of(*word, *wide) == [Act.OPEN_MOUTH]


def test_two_blinks_are_two() -> None:
    shut = [(0.8, 1.0), (1.8, 2.0)]
    blinking = [
        observed(t, eyes=0.08 if any(a <= t < b for a, b in shut) else 0.3) for t in frames(3.0)
    ]
    assert acts_of(*blinking) == [Act.BLINK, Act.BLINK]


def test_a_blink_of_which_one_eye_shows_little_is_one() -> None:
    def one_eye_in_glare(t_s: float) -> Observation:
        shut = 0.8 < t_s < 1.0
        one = observed(t_s, eyes=0.1 if shut else 0.3)
        assert one.face is not None
        return replace(one, face=replace(one.face, open_left=0.24 if shut else 0.3))

    assert acts_of(*(one_eye_in_glare(t) for t in frames(2.0))) == [Act.BLINK]


def test_lids_that_sink_slowly_are_no_blink() -> None:
    sinking = [observed(t, eyes=0.3 - 0.2 * ramp(t, 0.5, 1.6)) for t in frames(2.5)]
    risen = [observed(t, eyes=0.3) for t in frames(1.0, 2.5)]
    assert acts_of(*sinking, *risen) == []


def test_lids_that_follow_a_nod_are_no_blink() -> None:
    nod = [observed(t, eyes=0.1, pitch=-12) if 1.0 <= t < 1.3 else observed(t) for t in frames(2.5)]
    assert Act.BLINK not in acts_of(*nod)


def test_eyes_that_stay_shut_are_no_blink() -> None:
    asleep = [observed(t, eyes=0.05 if t > 1.0 else 0.3) for t in frames(4.0)]
    assert acts_of(*asleep) == []


def test_a_face_that_was_gone_meanwhile_did_not_blink() -> None:
    gone = [
        observed(t) if t < 1.0 else observed(t, eyes=0.05) if t < 1.1 else nobody(t)
        for t in frames(1.3)
    ]
    assert acts_of(*gone, *(observed(t) for t in frames(1.0, 1.3))) == []


def test_a_face_that_was_found_anew_meanwhile_did_not_blink() -> None:
    swapped = [
        replace(observed(t, eyes=0.1 if 0.95 < t < 1.15 else 0.3), anew=abs(t - 1.0667) < 0.01)
        for t in frames(2.0)
    ]
    assert sum(one.anew for one in swapped) == 1
    assert acts_of(*swapped) == []
