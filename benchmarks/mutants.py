"""`python -m benchmarks.mutants`: which small changes to the rules does no unit test notice?

    python -m benchmarks.mutants                    all files of rules, some minutes
    python -m benchmarks.mutants lease rank         these

Every change that `mutations` knows is made, one at a time, none is drawn by lot; the tests of the
file run against it, and one that all of them pass has survived. It runs in a copy of what git
knows, with the same examples of hypothesis each time. What takes long to import is imported once,
and each mutant gets a fork of that process: 0.3 s instead of 3.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, is_hypothesis_test, settings

from benchmarks.mutations import Mutation, mutations

ROOT: Final = Path(__file__).resolve().parent.parent
RULES: Final = {
    "lease": ("lease",),
    "transitions": ("states",),
    "ticket": ("states",),
    "seat": ("states",),
    "call": ("states",),
    "policy": ("policy_file",),
    "policy_check": ("policy_file",),
    "rank": ("rank",),
    "matching": ("matching",),
}
"""By file of rules: the unit tests that speak of it."""

PLUGINS: Final = ("-ppytest_asyncio.plugin", "-p_hypothesis_pytestplugin")
"""Those named in pyproject.toml; to look for others takes longer than most tests."""
PYTEST: Final = ("-qx", "--noconftest", "--assert=plain", "-pno:cacheprovider", *PLUGINS)
SLOW_TO_IMPORT: Final = ("pydantic", "sortedcontainers", "hypothesis.strategies", "pytest_asyncio")
TIMEOUT_S: Final = 60
"""CPU; a mutant that goes round for ever is noticed."""
MEMORY_BYTES: Final = 4 << 30
LEAST_SCORE: Final = 0.9


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed_out"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class _Source(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives a module another source."""

    name: str
    source: str

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, f"<{self.name}, mutated>", "exec"), module.__dict__)


class _TablesFirst:
    """Runs what looks at one case before what looks at hundreds."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: is_hypothesis_test(getattr(item, "obj", None)))


def outcomes(
    name: str, mutants: Iterable[Mutation], at_once: int
) -> Iterator[tuple[Mutation, Outcome]]:
    """What became of each, as it becomes known. The copy is the current folder."""
    todo = iter(mutants)
    running: dict[int, Mutation] = {}
    while True:
        while len(running) < at_once and (mutant := next(todo, None)) is not None:
            running[_start(name, mutant.source)] = mutant
        if not running:
            return
        pid, status = os.wait()
        yield running.pop(pid), _outcome(status)


def _start(name: str, source: str) -> int:
    """Run the tests against a source in a process of its own; returns its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT_S, TIMEOUT_S + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        sys.meta_path.insert(0, _Source(f"service_queue.{name}", source))
        tests = [f"tests/unit/service_queue/test_{test}.py" for test in RULES[name]]
        code = pytest.main([*PYTEST, *tests], plugins=[_TablesFirst()])
    finally:
        os._exit(code)


def _outcome(status: int) -> Outcome:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return Outcome.TIMED_OUT
    return Outcome.SURVIVED if status == 0 else Outcome.KILLED


def judge(name: str, at_once: int) -> tuple[dict[str, object], float]:
    """The figures of one file, and its score; prints what survives."""
    source = Path(f"queue/service_queue/{name}.py").read_text("utf-8")
    began = time.monotonic()
    if _outcome(os.waitpid(_start(name, source), 0)[1]) is not Outcome.SURVIVED:
        raise SystemExit(f"the tests of {name} fail without any change")
    found: Counter[Outcome] = Counter()
    for mutant, outcome in outcomes(name, mutations(source), at_once):
        found[outcome] += 1
        if outcome is Outcome.SURVIVED:
            print(f"{name}.py, {mutant.told(source)}", file=sys.stderr, flush=True)
    count = found.total()
    score = 1.0 - found[Outcome.SURVIVED] / count
    row = {
        "rules": name,
        "mutants": count,
        **{str(outcome): found[outcome] for outcome in Outcome},
        "score": round(score, 3),
        "wall_s": round(time.monotonic() - began),
    }
    return row, score


def copy_to(folder: Path) -> None:
    """Everything git knows of, as it stands; compiled."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    packed = subprocess.run(
        ["tar", "--null", "-T", "-", "--ignore-failed-read", "-cf", "-"],
        cwd=ROOT,
        input=listed.stdout,
        check=True,
        stdout=subprocess.PIPE,
    )
    subprocess.run(["tar", "-xf", "-"], cwd=folder, input=packed.stdout, check=True)
    compiled = [sys.executable, "-m", "compileall", "-q", "queue", "signaling", "tests/support"]
    subprocess.run(compiled, cwd=folder, check=True)


def main() -> int:
    """One JSON object a file of rules; the exit code says whether each reached the least score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="*", default=list(RULES), help=f"of {', '.join(RULES)}")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    unknown = set(options.rules) - set(RULES)
    if unknown:
        parser.error(f"no rules of ours: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as folder:
        copy_to(Path(folder))
        os.chdir(folder)
        _make_ready(folder)
        scores = []
        for name in options.rules:
            row, score = judge(name, options.at_once)
            scores.append(score)
            print(json.dumps(row), flush=True)
    return int(min(scores) < LEAST_SCORE)


def _make_ready(folder: str) -> None:
    sys.path[:] = [folder, f"{folder}/queue", *(p for p in sys.path if not _is_ours(p))]
    sys.dont_write_bytecode = True
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for module in SLOW_TO_IMPORT:
        importlib.import_module(module)
    # No shrinking: that a test fails is enough. The same examples each time.
    settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutants")


def _is_ours(path: str) -> bool:
    return Path(path or ".").resolve() in (ROOT, ROOT / "queue")


if __name__ == "__main__":
    sys.exit(main())
