"""`python -m benchmarks.attacks` (`make attacks`): what gets past the witness, species by species.

APCER: the share of attacks of one species that is taken for a living person who followed the cues.
BPCER: the share of living people who are not. Both with the bounds that hold 95 times of a hundred;
what was not seen in n attempts may still happen in 1 of n/3.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.attack_people import Cuttings, Person, cut
from benchmarks.attack_players import FPS, Loop, Player, Relay, Sheet
from id_verify.alive.cue import draw_sequence
from id_verify.alive.frame_witness import FrameWitness
from id_verify.alive.observation import Observation
from id_verify.alive.recording import Recording, recordings_in
from id_verify.alive.review import review
from id_verify.alive.steps import Watched
from id_verify.alive.watch import Watch
from id_verify.alive.words import CueKind, CueOutcome, LivenessOutcome
from id_verify.alive.worker import Check
from id_verify.alive.worker_messages import Begin
from id_verify.faces.calibration import Calibration, read_calibration, shipped_calibration
from id_verify.faces.engine import FaceEngine, Picture, open_engine
from id_verify.faces.picture import decode_picture
from id_verify.faces.rates import clopper_pearson

DATA: Final = Path(__file__).resolve().parents[2] / "shared" / "data"
LONGEST_S: Final = 45.0
SHEETS: Final = 20
LARGEST_SIDE: Final = 640
FEWEST_KINDS: Final = 2
CONDITIONS: Final = {
    "as recorded": (0.0, 1.0),
    "camera askew by 20 degrees": (20.0, 1.0),
    "camera on its side": (90.0, 1.0),
    "half of the light": (0.0, 0.5),
}
"""Name → how far the camera is turned, how much of the light there is."""


@dataclass(slots=True)
class Species:
    """One kind of attack, or of living people, and how each attempt ended."""

    name: str
    sources: int
    """How many different recordings, photographs or people it was made from."""
    ends: list[LivenessOutcome] = field(default_factory=list)
    passes: Counter[str] = field(default_factory=Counter)
    """By source, how often it got through."""
    lasted_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def figures(self, *, living: bool) -> dict[str, object]:
        """What is printed: the share of wrong ends, and its bounds."""
        n = len(self.ends)
        wrong = sum((end is LivenessOutcome.LIVE) is not living for end in self.ends)
        bounds = clopper_pearson(wrong, n)
        by_source = clopper_pearson(min(wrong, self.sources), self.sources)
        return {
            "species": self.name,
            "sources": self.sources,
            "attempts": n,
            "wrong": wrong,
            "rate": round(wrong / n, 5) if n else None,
            "upper_95": round(bounds.high, 4),
            "upper_95_by_source": round(by_source.high, 3),
            "ends": dict(Counter(end.value for end in self.ends)),
        }


class Range:
    """Where attacks are made: the engine, its calibration, the data."""

    def __init__(self, data: Path, calibration: Calibration | None, seed: int) -> None:
        self.data = data
        self.engine: FaceEngine = open_engine()
        self.calibration = calibration or shipped_calibration(self.engine.name)
        self.rng = random.Random(seed)

    def attempt(self, player: Player, kinds: Sequence[CueKind] = tuple(CueKind)) -> Attempt:
        """Let somebody stand before the witness until it asks nothing more."""
        check = Check(self.engine, self.calibration)
        check.begin(Begin(self.rng.getrandbits(128), slow=False, kinds=tuple(kinds)))
        for n in range(round(LONGEST_S * FPS)):
            t_s = n / FPS
            steps = check.look(t_s, player.show(t_s))
            for step in steps:
                player.hear(step)
            if any(isinstance(step, Watched) for step in steps):
                break
        judged = check.finish(None)
        return Attempt(judged.liveness.outcome, n / FPS, judged.cpu_s)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended."""

    outcome: LivenessOutcome
    lasted_s: float
    cpu_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted:
    """A recording and what the witness notes of it, at the rate of a check."""

    name: str
    frames: Sequence[Picture]
    observations: Sequence[Observation]


def watched(engine: FaceEngine, recording: Recording) -> Noted:
    """Look a recording through once; replays of it need no second look."""
    timed = [(t_s, _as_in_a_booth(one)) for t_s, one in recording.frames(at_most_fps=FPS)]
    witness = FrameWitness(engine)
    return Noted(
        name=recording.path.name,
        frames=[picture for _, picture in timed],
        observations=[witness.feed(t_s, picture) for t_s, picture in timed],
    )


def _as_in_a_booth(picture: Picture) -> Picture:
    """No larger than what the page sends."""
    scale = LARGEST_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def replays(of: Sequence[Noted], name: str, draws: int, rng: random.Random) -> Species:
    """Play each recording from a random place, over and over, to freshly drawn cues."""
    species = Species(name, len(of))
    for one in of:
        for _ in range(draws):
            watch = Watch(lambda: draw_sequence(rng))
            start = rng.randrange(len(one.observations))
            from_s = one.observations[start].t_s
            for n in range(start, start + round(LONGEST_S * FPS)):
                rounds, place = divmod(n, len(one.observations))
                noted = one.observations[place]
                t_s = noted.t_s - from_s + rounds * (one.observations[-1].t_s + 1 / FPS)
                watch.feed(_as_asked(noted, t_s, eyes=watch.wants_eyes))
                if watch.done:
                    break
            found = watch.findings
            passed = bool(found) and all(cue.outcome is CueOutcome.SEEN for cue in found)
            species.ends.append(LivenessOutcome.LIVE if passed else LivenessOutcome.CUES_MISSED)
            species.passes[one.name] += passed
    return species


def _as_asked(noted: Observation, t_s: float, *, eyes: bool) -> Observation:
    """The same frame at another time, with the lids if they are measured at that time."""
    face = noted.face
    if face is not None and not eyes:
        face = dataclasses.replace(face, open_right=None, open_left=None)
    return dataclasses.replace(noted, t_s=t_s, face=face)


def photographs(data: Path, engine: FaceEngine) -> list[Picture]:
    """Heads and shoulders of different people, to be held before the camera."""
    folders = [data / "faces" / "td_selfie"]
    folders += sorted((data / "faces" / "nuaa_live").iterdir())
    files = [*sorted(folders[0].iterdir()), *(sorted(one.iterdir())[0] for one in folders[1:])]
    photos = []
    for file in files[:SHEETS]:
        picture = decode_picture(file.read_bytes())
        faces = engine.detect(picture)
        if not faces:
            continue
        x, y, width, height = faces[0].box
        top, left = max(0, int(y - 0.6 * height)), max(0, int(x - 0.7 * width))
        cropped = picture[top : int(y + 1.6 * height), left : int(x + 1.7 * width)]
        scale = 480 / cropped.shape[0]
        photos.append(
            np.asarray(
                cv2.resize(cropped, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA),
                np.uint8,
            )
        )
    return photos


def sheets(place: Range, name: str, make: Callable[[Picture], Sheet]) -> Species:
    """Each photograph once, held as `make` says."""
    photos = photographs(place.data, place.engine)
    species = Species(name, len(photos))
    species.ends = [place.attempt(make(photo)).outcome for photo in photos]
    return species


def single_pictures(place: Range, name: str, files: Iterable[Path]) -> Species:
    """Each picture as a recording of its own."""
    species = Species(name, 0)
    for file in files:
        for recording in recordings_in(file):
            species.ends.append(review(recording, place.engine).finding.outcome)
    species.sources = len(species.ends)
    return species


def moved_prints(place: Range, prints: Sequence[Noted], draws: int) -> Species:
    """Recorded prints in somebody's hands, to and fro, to freshly drawn cues."""
    species = Species("print moved and bent by hand (recorded)", len(prints))
    for one in prints:
        there_and_back = [*one.frames, *reversed(one.frames)]
        for _ in range(draws):
            player = Loop(there_and_back, place.rng.randrange(len(there_and_back)))
            species.ends.append(place.attempt(player).outcome)
    return species


def takeovers(place: Range, people: Sequence[Cuttings]) -> Species:
    """Somebody follows the first cue, somebody else the others."""
    species = Species("another person takes over after a cue (cut together)", len(people))
    for first in people:
        for second in people:
            kinds = [kind for kind in first.acts if kind in second.acts]
            if first is second or len(kinds) < FEWEST_KINDS:
                continue
            relay = Relay(Person(first, place.rng), Person(second, place.rng))
            species.ends.append(place.attempt(relay, kinds).outcome)
    return species


def living(place: Range, people: Sequence[Cuttings], draws: int) -> list[Species]:
    """Obliging people, before cameras that hang and light that is as it is in booths."""
    found = []
    for name, (roll_deg, gain) in CONDITIONS.items():
        species = Species(name, len(people))
        for one in people:
            for _ in range(draws):
                person = Person(one, place.rng, roll_deg=roll_deg, gain=gain)
                attempt = place.attempt(person, tuple(one.acts))
                species.ends.append(attempt.outcome)
                if attempt.outcome is LivenessOutcome.LIVE:
                    species.lasted_s.append(attempt.lasted_s)
                    species.cpu_s.append(attempt.cpu_s)
        found.append(species)
    return found


def recorded(place: Range, draws: int, tries: int) -> dict[str, object]:
    """Attacks of which there are recordings, and recordings as attacks."""
    data = place.data
    videos = [watched(place.engine, one) for one in recordings_in(data / "videos")]
    screens = [watched(place.engine, one) for one in recordings_in(data / "spoof" / "replay_video")]
    prints = [
        watched(place.engine, one)
        for folder in sorted((data / "sequences").glob("*print*"))
        for one in recordings_in(folder)
    ]
    folders = [data / "spoof" / "stills", *sorted((data / "spoof" / "nuaa_print").iterdir())]
    stills = [file for folder in folders for file in sorted(folder.iterdir())]
    fed_in = replays(videos, "recording of the person fed in (recorded)", draws, place.rng)
    attacks = [
        moved_prints(place, prints, tries),
        single_pictures(place, "single picture of a print, screen or mask (recorded)", stills),
        fed_in,
        replays(screens, "recording shown on a telephone (recorded)", draws, place.rng),
    ]
    name, passes = fed_in.passes.most_common(1)[0]
    return {
        "apcer": [one.figures(living=False) for one in attacks],
        "worst_recording": {"name": name, "passes": passes, "draws": draws},
    }


def drawn(place: Range, draws: int, tries: int) -> dict[str, object]:
    """Attacks with photographs that are drawn as somebody would hold them."""
    rng = place.rng
    attacks = [
        sheets(place, "photograph turned and tilted to the cues (drawn)", lambda p: Sheet(p, rng)),
        sheets(place, "photograph bent to the cues (drawn)", lambda p: Sheet(p, rng, bent=True)),
        sheets(place, "photograph on a stand (drawn)", lambda p: Sheet(p, rng, still=True)),
    ]
    return {"apcer": [one.figures(living=False) for one in attacks]}


def people(place: Range, draws: int, tries: int) -> dict[str, object]:
    """Living people, alone, and relieving each other."""
    found = people_in(place.data, place.engine)
    alive = living(place, found, tries)
    lasted = [value for one in alive for value in one.lasted_s]
    cpu = [value for one in alive for value in one.cpu_s]
    told: dict[str, object] = {
        "apcer": [takeovers(place, found).figures(living=False)],
        "bpcer": [one.figures(living=True) for one in alive],
    }
    if lasted:
        told["to_the_last_cue_s"] = {"median": statistics.median(lasted), "longest": max(lasted)}
        told["cpu_s"] = {"median": statistics.median(cpu), "most": max(cpu)}
    return told


def people_in(data: Path, engine: FaceEngine) -> list[Cuttings]:
    """Who can follow at least two kinds of cues."""
    noted = (watched(engine, one) for one in recordings_in(data / "videos"))
    cuttings = (cut(one.name, one.frames, one.observations) for one in noted)
    return [one for one in cuttings if one is not None and len(one.acts) >= FEWEST_KINDS]


PARTS: Final = {"recorded": recorded, "drawn": drawn, "people": people}


def _print_table(told: dict[str, object]) -> None:
    table = Table(title="What is taken for a living person, and who is not")
    for column in ("species", "sources", "attempts", "wrong", "rate", "95 % bound", "by source"):
        table.add_column(column)
    for part in ("apcer", "bpcer"):
        rows = told.get(part, [])
        assert isinstance(rows, list)
        for row in rows:
            table.add_row(
                f"{part.upper()} {row['species']}",
                *(str(row[key]) for key in ("sources", "attempts", "wrong", "rate")),
                f"{row['upper_95']:.2%}",
                f"{row['upper_95_by_source']:.0%}",
            )
        table.add_section()
    Console(stderr=True).print(table)


def main() -> int:
    """Make the attacks, print the table for people and one JSON object for programs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--draws", type=int, default=1000, help="replays of each recording")
    parser.add_argument("--tries", type=int, default=4, help="of each person and recorded print")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=list(PARTS), action="append", help="default: all")
    parser.add_argument("--calibration", type=Path)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"no recordings at {options.data}: name them with --data", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    calibration = read_calibration(options.calibration) if options.calibration else None
    place = Range(options.data, calibration, options.seed)
    told: dict[str, object] = {"engine": place.engine.version}
    attacks: list[object] = []
    for part in options.part or PARTS:
        found = PARTS[part](place, options.draws, options.tries)
        attacks += cast("list[object]", found.pop("apcer"))
        told |= found
    told["apcer"] = attacks
    _print_table(told)
    print(json.dumps(told, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
