"""One check as it goes, with a person made of figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from id_verify.alive.cue import Cue
from id_verify.alive.observation import Observation
from id_verify.alive.steps import Advised, CueClosed, CueOpened, Step, Watched
from id_verify.alive.watch import OPEN_BEFORE_S, Watch
from id_verify.alive.words import CueKind, CueOutcome
from id_verify.faces.words import Advice
from tests.support.observed import FPS, nobody, observed

pytestmark = pytest.mark.unit

HOW: dict[CueKind, dict[str, float]] = {
    CueKind.TURN_LEFT: {"yaw": 30.0},
    CueKind.TURN_RIGHT: {"yaw": -30.0},
    CueKind.LOOK_UP: {"pitch": 25.0},
    CueKind.OPEN_MOUTH: {"mouth": 0.6},
}
THREE = (CueKind.TURN_LEFT, CueKind.BLINK2, CueKind.LOOK_UP)


class Resident:
    """Does what is asked, or what a test has them do instead."""

    def __init__(self, answers: dict[CueKind, CueKind] | None = None, delay_s: float = 0.5) -> None:
        self._answers = answers or {}
        self._delay_s = delay_s
        self._cue: tuple[CueKind, float] | None = None

    def hear(self, t_s: float, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step, CueOpened):
                self._cue = (self._answers.get(step.kind, step.kind), t_s)
            elif isinstance(step, CueClosed):
                self._cue = None

    def show(self, t_s: float) -> Observation:
        if self._cue is None:
            return observed(t_s)
        kind, asked_s = self._cue
        since = t_s - asked_s - self._delay_s
        if since < 0:
            return observed(t_s)
        if kind is CueKind.BLINK2:
            return observed(t_s, eyes=0.06 if since % 0.6 < 0.2 else 0.3)
        reached = min(since / 0.3, 1.0)
        return observed(t_s, **{name: value * reached for name, value in HOW[kind].items()})  # type: ignore[arg-type]  # figures only


def cues(kinds: Sequence[CueKind] = THREE) -> tuple[Cue, ...]:
    return tuple(Cue(kind=kind, opens_at_s=0.5, window_s=3.0) for kind in kinds)


def watched(resident: Resident, watch: Watch, longest_s: float = 40.0) -> list[Step]:
    told: list[Step] = []
    for n in range(round(longest_s * FPS)):
        steps = watch.feed(resident.show(n / FPS))
        resident.hear(n / FPS, steps)
        told += steps
        if watch.done:
            break
    return told


def outcomes(watch: Watch) -> list[CueOutcome]:
    return [cue.outcome for cue in watch.findings]


def test_who_follows_is_through_in_less_than_eight_seconds() -> None:
    watch = Watch(cues)
    told = watched(Resident(), watch, longest_s=8.0)
    assert outcomes(watch) == [CueOutcome.SEEN] * 3
    assert isinstance(told[-1], Watched)
    assert [step.left for step in told if isinstance(step, CueOpened)] == [2, 1, 0]


@pytest.mark.parametrize("kind", list(CueKind))
def test_every_kind_of_cue_can_be_followed(kind: CueKind) -> None:
    watch = Watch(lambda: cues((kind,)))
    watched(Resident(), watch)
    assert outcomes(watch) == [CueOutcome.SEEN]


def test_nothing_is_drawn_before_a_face_has_settled() -> None:
    drawn: list[int] = []

    def draw() -> tuple[Cue, ...]:
        drawn.append(1)
        return cues()

    watch = Watch(draw)
    for n in range(30):
        watch.feed(nobody(n / FPS))
    assert drawn == []
    for n in range(30, 60):
        watch.feed(observed(n / FPS))
    assert drawn == [1]


def test_who_does_nothing_has_missed_the_first_cue() -> None:
    watch = Watch(cues)
    watched(Resident(delay_s=99), watch)
    assert outcomes(watch) == [CueOutcome.MISSED, CueOutcome.NOT_ASKED, CueOutcome.NOT_ASKED]


def test_who_turns_to_the_other_side_has_not_followed() -> None:
    watch = Watch(cues)
    watched(Resident({CueKind.TURN_LEFT: CueKind.TURN_RIGHT}), watch)
    assert outcomes(watch)[0] is CueOutcome.ANOTHER


def test_who_begins_with_the_cue_knew_of_it_before() -> None:
    watch = Watch(cues)
    watched(Resident(delay_s=0.0), watch)
    assert outcomes(watch)[0] is CueOutcome.TOO_SOON


def test_who_turns_between_two_cues_plays_a_recording() -> None:
    watch = Watch(lambda: cues((CueKind.OPEN_MOUTH, CueKind.BLINK2)))
    resident = Resident()
    for n in range(300):
        t_s = n / FPS
        between = watch.findings and watch.findings[0].outcome is CueOutcome.SEEN
        steps = watch.feed(observed(t_s, yaw=30) if between else resident.show(t_s))
        resident.hear(t_s, steps)
        if watch.done:
            break
    assert outcomes(watch) == [CueOutcome.SEEN, CueOutcome.ANOTHER]


def test_who_goes_from_one_turn_right_into_the_next_plays_a_recording() -> None:
    watch = Watch(lambda: cues((CueKind.TURN_LEFT, CueKind.TURN_RIGHT)))
    resident = Resident()
    turned_s = 0.0
    for n in range(300):
        t_s = n / FPS
        if turned_s:  # held for a second, then across to the other side without a rest
            yaw = float(np.clip(30 - 40 * (t_s - turned_s - 1.0), -30, 30))
            steps = watch.feed(observed(t_s, yaw=yaw))
        else:
            steps = watch.feed(resident.show(t_s))
            resident.hear(t_s, steps)
            turned_s = t_s if any(isinstance(step, CueClosed) for step in steps) else 0.0
        if watch.done:
            break
    first, second = outcomes(watch)
    assert first is CueOutcome.SEEN
    assert second in {CueOutcome.TOO_SOON, CueOutcome.ANOTHER}


def test_a_face_that_goes_away_ends_the_check() -> None:
    watch = Watch(cues)
    resident = Resident()
    for n in range(300):
        t_s = n / FPS
        steps = watch.feed(resident.show(t_s) if t_s < 1.8 else nobody(t_s))
        resident.hear(t_s, steps)
        if watch.done:
            break
    assert outcomes(watch)[0] is CueOutcome.MISSED
    assert t_s < 4.0


def test_without_a_face_the_check_ends_by_itself() -> None:
    watch = Watch(cues, settle_s=5.0)
    steps = [step for n in range(200) for step in watch.feed(nobody(n / FPS))]
    assert steps == [Advised(Advice.LOOK_HERE), Watched()]
    assert watch.findings == ()


@pytest.mark.parametrize(
    ("seen", "advice"),
    [
        ({"faces": 2}, Advice.ONE_PERSON),
        ({"size": 20.0}, Advice.COME_CLOSER),
        ({"yaw": 40.0}, Advice.LOOK_STRAIGHT),
        ({"brightness": 10.0}, Advice.MORE_LIGHT),
        ({"brightness": 250.0}, Advice.LESS_LIGHT),
    ],
    ids=str,
)
def test_what_would_help_is_told_once(seen: dict[str, float], advice: Advice) -> None:
    watch = Watch(cues)
    steps = [step for n in range(20) for step in watch.feed(observed(n / FPS, **seen))]  # type: ignore[arg-type]  # figures only
    assert steps == [Advised(advice)]


@pytest.mark.parametrize(
    ("pitch", "kept"), [(0.0, True), (-30.0, False)], ids=["straight", "looking down"]
)
def test_who_misses_a_cue_is_compared_once_more_if_they_look_straight(
    pitch: float, kept: bool
) -> None:
    watch = Watch(lambda: cues((CueKind.OPEN_MOUTH,)))
    asked = False
    for n in range(300):
        steps = watch.feed(observed(n / FPS, pitch=pitch if asked else 0.0))
        asked = asked or any(isinstance(step, CueOpened) for step in steps)
        if watch.done:
            break
    assert outcomes(watch) == [CueOutcome.MISSED]
    assert bool(watch.keep) is kept


def test_lids_are_measured_only_when_they_matter() -> None:
    late = Cue(kind=CueKind.BLINK2, opens_at_s=1.2, window_s=3.0)
    watch = Watch(lambda: (*cues((CueKind.TURN_LEFT,)), late))
    resident = Resident()
    wanted: dict[str, set[bool]] = {
        phase: set() for phase in ("settling", "turn", "long before", "just before", "blink")
    }
    phase = "settling"
    turned_s = 0.0
    for n in range(400):
        t_s = n / FPS
        if phase == "long before" and t_s - turned_s > 1.2 - OPEN_BEFORE_S + 2 / FPS:
            phase = "just before"
        wanted[phase].add(watch.wants_eyes)
        steps = watch.feed(resident.show(t_s))
        resident.hear(t_s, steps)
        for step in steps:
            if isinstance(step, CueOpened):
                phase = "turn" if step.kind is CueKind.TURN_LEFT else "blink"
            elif isinstance(step, CueClosed):
                phase, turned_s = "long before", t_s
        if watch.findings and watch.findings[-1].outcome is CueOutcome.SEEN:
            break
    assert wanted == {
        "settling": {False},
        "turn": {False},
        "long before": {False, True},  # it becomes true when the time has come
        "just before": {True},
        "blink": {True},
    }
