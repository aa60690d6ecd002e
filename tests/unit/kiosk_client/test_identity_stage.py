"""The stages of a check of identity: what may follow what."""

from __future__ import annotations

from itertools import product

import pytest

from kiosk_client.identity.stage import (
    TRANSITIONS,
    Stage,
    StageEvent,
    StageRefused,
    next_stage,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("stage", "event"), list(product(Stage, StageEvent)), ids=str)
def test_only_listed_moves_are_allowed(stage: Stage, event: StageEvent) -> None:
    if (stage, event) in TRANSITIONS:
        assert next_stage(stage, event) is TRANSITIONS[stage, event]
    else:
        with pytest.raises(StageRefused) as refused:
            next_stage(stage, event)
        assert (refused.value.stage, refused.value.event) == (stage, event)


def test_the_camera_is_reached_through_consent_alone() -> None:
    reached = {Stage.CARD}
    before = None
    without_consent = {
        move: to for move, to in TRANSITIONS.items() if move[1] is not StageEvent.AGREED
    }
    while reached != before:
        before = set(reached)
        reached |= {to for (stage, _), to in without_consent.items() if stage in reached}
    assert not reached & {Stage.CAMERA, Stage.CUES, Stage.JUDGING, Stage.TROUBLE}


def test_nothing_follows_the_end() -> None:
    assert not [move for move in TRANSITIONS if move[0] in (Stage.DONE, Stage.OVER)]


def test_the_way_without_face_is_open_wherever_nothing_was_decided() -> None:
    closed = (Stage.REPORTING, Stage.UNSENT, Stage.DONE, Stage.OVER)
    for stage in Stage:
        assert ((stage, StageEvent.WITHOUT_FACE) in TRANSITIONS) is (stage not in closed)
