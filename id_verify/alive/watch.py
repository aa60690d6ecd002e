"""One check as it goes: a face settles, cues open and close. Pure; time is the track's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from id_verify.alive.acts import LOOK_DEG, TURN_DEG, ActReader, Seen
from id_verify.alive.cue import Cue
from id_verify.alive.finding import CueFinding
from id_verify.alive.judge import ANSWERS, TIMES
from id_verify.alive.neutral import Neutral
from id_verify.alive.observation import Observation
from id_verify.alive.settling import Settling
from id_verify.alive.steps import Advised, CueClosed, CueOpened, Step, Watched
from id_verify.alive.words import Act, CueKind, CueOutcome
from id_verify.faces.words import Advice

REACTION_S: Final = 0.15
"""Nobody answers a picture faster; what began before was not an answer."""
RESTED_S: Final = 0.2
"""Straight for so long before a cue opens: who goes from one act right into the next is following
an order of their own."""
BACK_S: Final = 2.5
"""To look straight again before the next cue."""
OPEN_BEFORE_S: Final = 0.3
"""Of watching the eyes before a blink is asked for, to know how they are when open; no pause is
shorter."""
GONE_S: Final = 1.0
"""Out of sight for longer than any turn takes."""
LAST_LOOK_S: Final = 1.5
"""After the last cue: to look straight once more, for the face that is compared with the first."""

NOT_BY_CHANCE: Final = frozenset({Act.TURN_LEFT, Act.TURN_RIGHT, Act.LOOK_UP})
"""Acts that a person who was asked for something else does not do instead. A blink, a word or a
look at the hands happen to everybody."""


class Watch:
    """Leads one check. `draw` is called once, when a face has settled: nobody can know before."""

    def __init__(self, draw: Callable[[], Sequence[Cue]], *, settle_s: float = 20.0) -> None:
        self._draw = draw
        self._settle_s = settle_s
        self._from_s: float | None = None
        self._settling = Settling()
        self._cues: tuple[Cue, ...] = ()
        self._findings: list[CueFinding] = []
        self._reader: ActReader | None = None
        self._now_s = 0.0
        self._paused_since_s = 0.0
        self._resting_from_s: float | None = None
        self._opened_s: float | None = None
        self._answers: list[Seen] = []
        self._seen_s = 0.0
        self._advice: Advice | None = None
        self.done = False
        self.keep = False
        """Whether the picture just fed is one to compare: looking straight, first, middle, last."""

    @property
    def findings(self) -> tuple[CueFinding, ...]:
        """What became of every cue that was drawn."""
        rest = self._cues[len(self._findings) :]
        return (
            *self._findings,
            *(CueFinding(kind=cue.kind, outcome=CueOutcome.NOT_ASKED) for cue in rest),
        )

    @property
    def wants_eyes(self) -> bool:
        """Whether the lids have to be measured now: when a blink is asked, and shortly before."""
        cue = self._current
        if self._reader is None or cue is None or cue.kind is not CueKind.BLINK2:
            return False
        return self._now_s - self._paused_since_s >= cue.opens_at_s - OPEN_BEFORE_S

    def feed(self, observation: Observation) -> tuple[Step, ...]:
        """Return what follows from one frame."""
        self.keep = False
        if self.done:
            return ()
        self._now_s = observation.t_s
        if observation.face is not None:
            self._seen_s = observation.t_s
        if self._reader is None:
            return self._settle(observation)
        steps = self._cue_goes_on(observation, self._reader.feed(observation))
        if self.done:  # whether all was followed or not: was it the same face to the end?
            self.keep = self._straight(observation)
        return steps

    def _cue_goes_on(self, observation: Observation, acts: Sequence[Seen]) -> tuple[Step, ...]:
        if observation.t_s - self._seen_s > GONE_S:
            return self._close(observation.t_s, CueOutcome.MISSED)
        if self._opened_s is None:
            return self._pause(observation, acts)
        return self._listen(observation.t_s, acts)

    @property
    def _current(self) -> Cue | None:
        n = len(self._findings)
        return self._cues[n] if n < len(self._cues) else None

    def _settle(self, observation: Observation) -> tuple[Step, ...]:
        advice = self._settling.feed(observation)
        neutral = self._settling.neutral
        if neutral is None:
            if self._from_s is None:
                self._from_s = observation.t_s
            if observation.t_s - self._from_s > self._settle_s:
                self.done = True
                return (Watched(),)
            return self._advise(advice)
        self._begin(observation.t_s, neutral)
        return self._advise(None)

    def _begin(self, t_s: float, neutral: Neutral) -> None:
        self._cues = tuple(self._draw())
        self._reader = ActReader(neutral)
        self._paused_since_s = t_s
        self.keep = True

    def _pause(self, observation: Observation, acts: Sequence[Seen]) -> tuple[Step, ...]:
        """Between two cues: wait for its time to come, and for the face to look straight."""
        assert self._reader is not None  # feed() comes here only after it settled
        waited_s = observation.t_s - self._paused_since_s
        unasked = any(
            seen.act in NOT_BY_CHANCE and seen.began_s > self._paused_since_s for seen in acts
        )
        if unasked and self._current is not None:
            return self._close(observation.t_s, CueOutcome.ANOTHER)
        if observation.face is None or not self._reader.resting:
            self._resting_from_s = None
        elif self._resting_from_s is None:
            self._resting_from_s = observation.t_s
        cue = self._current
        if cue is None:
            return self._look_last(observation, waited_s)
        if waited_s < cue.opens_at_s:
            return ()
        if self._resting_from_s is None:
            if waited_s > cue.opens_at_s + BACK_S:
                return self._close(observation.t_s, CueOutcome.MISSED)
            return self._advise(Advice.LOOK_STRAIGHT)
        rested_s = observation.t_s - self._resting_from_s
        return () if rested_s < RESTED_S else self._open(observation.t_s, cue)

    def _open(self, t_s: float, cue: Cue) -> tuple[Step, ...]:
        self._opened_s = t_s
        self._answers = []
        n = len(self._findings)
        self.keep = n == len(self._cues) // 2
        return (
            *self._advise(None),
            CueOpened(n, cue.kind, round(cue.window_s, 2), len(self._cues) - n - 1),
        )

    def _look_last(self, observation: Observation, waited_s: float) -> tuple[Step, ...]:
        """After the last cue: take the face as soon as it can be compared once more."""
        if not self._straight(observation) and waited_s < LAST_LOOK_S:
            return ()
        self.done = True
        return (Watched(),)

    def _straight(self, observation: Observation) -> bool:
        face, neutral = observation.face, self._settling.neutral
        return (
            face is not None
            and neutral is not None
            and abs(face.pose.yaw - neutral.yaw) < TURN_DEG
            and abs(face.pose.pitch - neutral.pitch) < LOOK_DEG
        )

    def _listen(self, t_s: float, acts: Sequence[Seen]) -> tuple[Step, ...]:
        cue, opened_s = self._current, self._opened_s
        assert cue is not None  # a cue is open
        assert opened_s is not None
        wanted = ANSWERS[cue.kind]
        for seen in acts:
            if seen.act is not wanted:
                if seen.act in NOT_BY_CHANCE:
                    return self._close(t_s, CueOutcome.ANOTHER)
            elif seen.began_s >= opened_s + REACTION_S:
                self._answers.append(seen)
            elif wanted is not Act.BLINK:
                return self._close(t_s, CueOutcome.TOO_SOON)
        if len(self._answers) >= TIMES.get(cue.kind, 1):
            return self._close(t_s, CueOutcome.SEEN)
        if t_s - opened_s > cue.window_s:
            return self._close(t_s, CueOutcome.MISSED)
        return ()

    def _close(self, t_s: float, outcome: CueOutcome) -> tuple[Step, ...]:
        cue = self._current
        if cue is None:
            self.done = True
            return (Watched(),)
        seen = outcome is CueOutcome.SEEN
        n = len(self._findings)
        self._resting_from_s = None
        self._findings.append(
            CueFinding(
                kind=cue.kind,
                outcome=outcome,
                opened_at_s=None if self._opened_s is None else round(self._opened_s, 3),
                seen_at_s=round(t_s, 3) if seen else None,
            )
        )
        self._opened_s = None
        self._paused_since_s = t_s
        closed = CueClosed(n, cue.kind, outcome)
        if seen:
            return (closed,)
        self.done = True
        return (closed, Watched())

    def _advise(self, advice: Advice | None) -> tuple[Step, ...]:
        if advice is self._advice:
            return ()
        self._advice = advice
        return (Advised(advice),)
