"""From observations to one word: planes, heads, gaps, others."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from id_verify.alive.acts import Seen
from id_verify.alive.continuity import continuity_of
from id_verify.alive.finding import CueFinding
from id_verify.alive.judge import Likeness, in_order, judge
from id_verify.alive.observation import Observation
from id_verify.alive.passive import score_of, signs_of
from id_verify.alive.words import Act, CueKind, CueOutcome, LivenessOutcome, PassiveSign
from tests.support.observed import frames, nobody, observed

pytestmark = pytest.mark.unit

FOLLOWED = tuple(
    CueFinding(kind=kind, outcome=CueOutcome.SEEN)
    for kind in (CueKind.TURN_LEFT, CueKind.BLINK2, CueKind.LOOK_UP)
)


def turning(*, flat: bool = False) -> list[Observation]:
    return [
        observed(t, yaw=35 * np.sin(2 * t), flat=flat, nose=0.0 if flat else None)
        for t in frames(4)
    ]


def test_a_head_that_follows_is_alive() -> None:
    assert judge(turning(), FOLLOWED).outcome is LivenessOutcome.LIVE


def test_a_sheet_is_an_attack_whatever_it_was_seen_to_do() -> None:
    found = judge(turning(flat=True), FOLLOWED)
    assert found.outcome is LivenessOutcome.ATTACK
    assert found.signs[PassiveSign.FLAT] == 1.0


def test_one_picture_is_an_attack() -> None:
    assert judge([observed(0.0)], ()).outcome is LivenessOutcome.ATTACK


def test_a_picture_that_is_shown_for_long_is_an_attack() -> None:
    one = observed(0.0)
    held = [dataclasses.replace(one, t_s=t) for t in frames(4)]
    assert judge(held, ()).outcome is LivenessOutcome.ATTACK


def test_a_grid_in_the_picture_is_a_sign() -> None:
    signs = signs_of(
        [dataclasses.replace(one) for one in (observed(t, moire=22) for t in frames(2))]
    )
    assert signs[PassiveSign.MOIRE] == 1.0


def test_what_is_carried_about_and_never_changes_asks_for_an_agent() -> None:
    one = observed(0.0)
    assert one.face is not None
    carried = []
    for t in frames(4):
        by = 150 * np.sin(1.5 * t)
        face = dataclasses.replace(
            one.face,
            centre=(320 + by, 240.0),
            points=one.face.points + np.array([by, 0], np.float32),
            pose=dataclasses.replace(one.face.pose, yaw=float(np.sin(3 * t))),
        )
        carried.append(dataclasses.replace(one, t_s=t, face=face))
    found = judge(carried, FOLLOWED)
    assert found.signs[PassiveSign.CARRIED] > 0.6
    assert found.outcome is LivenessOutcome.UNSURE


def test_a_score_grows_with_every_sign() -> None:
    assert score_of({}) == 0.0
    assert score_of({PassiveSign.FLAT: 0.5}) == 0.5
    assert score_of({PassiveSign.FLAT: 0.5, PassiveSign.MOIRE: 0.5}) == 0.75


def test_cues_that_were_not_followed_are_no_life() -> None:
    missed = (*FOLLOWED[:2], CueFinding(kind=CueKind.LOOK_UP, outcome=CueOutcome.MISSED))
    assert judge(turning(), missed).outcome is LivenessOutcome.CUES_MISSED


def test_without_cues_nobody_is_declared_alive() -> None:
    assert judge(turning(), ()).outcome is LivenessOutcome.UNSURE


def test_nobody_is_nobody() -> None:
    assert judge([nobody(t) for t in frames(2)], ()).outcome is LivenessOutcome.NO_FACE
    assert judge([], ()).outcome is LivenessOutcome.NO_FACE


def test_a_second_face_is_told() -> None:
    two = [observed(t, yaw=35 * np.sin(2 * t), faces=2 if t > 2 else 1) for t in frames(4)]
    assert judge(two, FOLLOWED).outcome is LivenessOutcome.SEVERAL_FACES


def test_a_face_that_was_away_may_be_another() -> None:
    gap = [nobody(t) if 1.5 < t < 2.5 else one for t, one in ((o.t_s, o) for o in turning())]
    assert judge(gap, FOLLOWED).outcome is LivenessOutcome.BROKEN


def test_a_face_that_is_suddenly_elsewhere_is_another() -> None:
    jumped = [
        observed(t, yaw=35 * np.sin(2 * t), centre=(320.0, 240.0) if t < 2 else (520.0, 240.0))
        for t in frames(4)
    ]
    assert continuity_of(jumped).jumps == 1
    assert judge(jumped, FOLLOWED).outcome is LivenessOutcome.ANOTHER_FACE


def test_of_two_people_the_larger_may_change() -> None:
    """Whoever helps comes nearer, and is the face that is looked at: two, but no other's."""
    helped = [
        observed(
            t,
            yaw=35 * np.sin(2 * t),
            centre=(320.0, 240.0) if t < 2 else (520.0, 240.0),
            faces=2 if 1 < t < 3 else 1,
        )
        for t in frames(4)
    ]
    assert continuity_of(helped).jumps == 0
    assert judge(helped, FOLLOWED).outcome is LivenessOutcome.SEVERAL_FACES


def test_faces_that_are_not_alike_are_two_people() -> None:
    found = judge(turning(), FOLLOWED, Likeness(values=[0.8, 0.1], least=0.3))
    assert found.outcome is LivenessOutcome.ANOTHER_FACE
    assert found.continuity is not None
    assert found.continuity.least_likeness == 0.1


def seen(*acts: tuple[Act, float]) -> list[Seen]:
    return [Seen(act=act, began_s=at_s, told_s=at_s + 0.2, extent=1.0) for act, at_s in acts]


def test_what_was_asked_must_come_in_its_order() -> None:
    acts = seen((Act.TURN_LEFT, 1.0), (Act.TURN_RIGHT, 3.0))
    forth = in_order(acts, (CueKind.TURN_LEFT, CueKind.TURN_RIGHT))
    back = in_order(acts, (CueKind.TURN_RIGHT, CueKind.TURN_LEFT, CueKind.LOOK_UP))
    assert [cue.outcome for cue in forth] == [CueOutcome.SEEN] * 2
    assert [cue.outcome for cue in back] == [
        CueOutcome.SEEN,
        CueOutcome.MISSED,
        CueOutcome.NOT_ASKED,
    ]


def test_two_blinks_answer_when_they_are_near_each_other() -> None:
    near = seen((Act.BLINK, 1.0), (Act.BLINK, 2.0))
    far = seen((Act.BLINK, 1.0), (Act.BLINK, 9.0))
    assert in_order(near, (CueKind.BLINK2,))[0].outcome is CueOutcome.SEEN
    assert in_order(far, (CueKind.BLINK2,))[0].outcome is CueOutcome.MISSED
