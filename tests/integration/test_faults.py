"""Thousands of runs under faults, each from its seed; and that the runs find what is wrong."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service_queue.lease import Lease
from service_queue.transaction import Transaction
from xiaowu.faults.run import run_seed, run_seeds
from xiaowu.faults.site import template

pytestmark = pytest.mark.integration

SEEDS = int(os.environ.get("XIAOWU_FAULT_SEEDS", "2000"))


def test_thousands_of_seeds_break_nothing() -> None:
    faults: Counter[str] = Counter()
    tickets = 0
    for outcome in run_seeds(range(SEEDS)):
        replay = f"xiaowu simulate --faults --seed {outcome.seed}"
        assert outcome.broken == [], f"{replay}: {outcome.broken}"
        faults += outcome.faults
        tickets += outcome.tickets
    assert tickets > SEEDS
    assert all(faults[kind] > SEEDS / 20 for kind in ("server lost", "answer lost", "clock set"))


def test_a_seed_makes_the_same_history_again(tmp_path: Path) -> None:
    source = template(tmp_path)
    assert run_seed(7, source) == run_seed(7, source)


def _keeps_a_move_out_of_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    note = Transaction.note

    def silent(tx: Transaction, kind: str, **facts: Any) -> None:
        if kind != "ticket.returned":
            note(tx, kind, **facts)

    monkeypatch.setattr(Transaction, "note", silent)


def _lets_late_accepts_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lease, "check", lambda *_args, **_kwargs: None)


def _forgets_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service_queue.hall._answered", lambda *_args: None)


@pytest.mark.parametrize(
    "fault", [_keeps_a_move_out_of_the_journal, _lets_late_accepts_pass, _forgets_operations]
)
def test_the_runs_find_a_service_that_is_broken(
    fault: Callable[[pytest.MonkeyPatch], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = template(tmp_path)
    fault(monkeypatch)
    assert any(_breaks(seed, source) for seed in range(60))


def _breaks(seed: int, source: Path) -> bool:
    try:
        return run_seed(seed, source).broken != []
    except Exception:
        # A broken service may also trip over its own indexes: found as well.
        return True
