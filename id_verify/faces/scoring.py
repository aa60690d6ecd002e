"""Labelled pairs put through the very comparison a booth makes, each picture opened once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from id_verify.faces.engine import Embedding, FaceEngine
from id_verify.faces.errors import PictureRefused
from id_verify.faces.match import look_at
from id_verify.faces.pairs import PairList
from id_verify.faces.picture import decode_picture
from id_verify.faces.quality import RELIABLE
from id_verify.faces.rates import Trials
from id_verify.faces.words import FaceOutcome

Progress = Callable[[], None]
NOT_COMPARED = -np.inf


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenFile:
    """What became of one picture."""

    outcome: FaceOutcome | None
    """None: it was refused before it was decoded."""
    quality: float
    embedding: Embedding | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scores:
    """Comparisons with the truth about each."""

    trials: Trials
    reliable: NDArray[np.bool_]
    """Both pictures are good enough for an answer other than `unsure`."""
    member: Mapping[tuple[str, str], NDArray[np.bool_]]
    """Group → which comparisons belong to it."""

    @property
    def same(self) -> NDArray[np.bool_]:
        """Which comparisons are of one person."""
        return np.equal(self.trials.first, self.trials.second)

    @property
    def compared(self) -> NDArray[np.bool_]:
        """Which comparisons could be made."""
        return np.isfinite(self.trials.similarity)

    def chosen(self, which: NDArray[np.bool_]) -> Scores:
        """Return some of them."""
        return Scores(
            trials=self.trials.chosen(which),
            reliable=self.reliable[which],
            member={group: inside[which] for group, inside in self.member.items()},
        )


def see_files(
    engine: FaceEngine, listed: PairList, progress: Progress | None = None
) -> dict[Path, SeenFile]:
    """Open, judge and embed every picture of a list."""
    seen = {}
    for file in listed.files():
        seen[file] = _see(engine, file)
        if progress is not None:
            progress()
    return seen


def score_pairs(engine: FaceEngine, listed: PairList, seen: Mapping[Path, SeenFile]) -> Scores:
    """Compare the pairs that are listed."""
    couples = [(pair.first, pair.second) for pair in listed.pairs]
    member = {
        (column, value): np.array([pair.groups.get(column) == value for pair in listed.pairs])
        for column, value in listed.groups()
    }
    return _scored(engine, listed, seen, couples, member)


def score_all_strangers(
    engine: FaceEngine, listed: PairList, seen: Mapping[Path, SeenFile]
) -> Scores:
    """Compare each picture with every other person's; of a group are those with both in it."""
    couples = [
        (first, second)
        for first, second in combinations(listed.files(), 2)
        if listed.people[first] != listed.people[second]
    ]
    member = {}
    for column, value in listed.groups():
        inside = {
            file
            for pair in listed.pairs
            if pair.groups.get(column) == value
            for file in (pair.first, pair.second)
        }
        member[column, value] = np.array([a in inside and b in inside for a, b in couples])
    return _scored(engine, listed, seen, couples, member)


def _see(engine: FaceEngine, file: Path) -> SeenFile:
    try:
        picture = decode_picture(file.read_bytes())
    except PictureRefused:
        return SeenFile(outcome=None, quality=0.0, embedding=None)
    found = look_at(engine, picture)
    embedding = None
    if found.face is not None and found.quality.outcome is FaceOutcome.OK:
        embedding = engine.embed(picture, found.face)
    return SeenFile(outcome=found.quality.outcome, quality=found.quality.score, embedding=embedding)


def _scored(
    engine: FaceEngine,
    listed: PairList,
    seen: Mapping[Path, SeenFile],
    couples: list[tuple[Path, Path]],
    member: Mapping[tuple[str, str], NDArray[np.bool_]],
) -> Scores:
    numbers = {name: place for place, name in enumerate(sorted(set(listed.people.values())))}

    def similarity(first: SeenFile, second: SeenFile) -> float:
        if first.embedding is None or second.embedding is None:
            return NOT_COMPARED
        return engine.compare(first.embedding, second.embedding)

    return Scores(
        trials=Trials(
            similarity=np.array([similarity(seen[a], seen[b]) for a, b in couples], np.float64),
            first=np.array([numbers[listed.people[a]] for a, _ in couples], np.intp),
            second=np.array([numbers[listed.people[b]] for _, b in couples], np.intp),
        ),
        reliable=np.array(
            [min(seen[a].quality, seen[b].quality) >= RELIABLE for a, b in couples], np.bool_
        ),
        member=member,
    )
