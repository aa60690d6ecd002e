"""`xiaowu simulate` and `xiaowu queue skills` at the command line."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service_queue.policy import Scope
from service_queue.policy_file import write_policy
from xiaowu.commands import queue, simulate
from xiaowu.simulate.runs import run_variants
from xiaowu.simulate.sample import sample_hall
from xiaowu.simulate.variants import (
    WhatIfInvalid,
    named_policy,
    parse_extra_seats,
    plan_variants,
)

pytestmark = pytest.mark.unit

SVG = "{http://www.w3.org/2000/svg}"


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(simulate.app, list(arguments))


def answered(*arguments: str) -> dict[str, Any]:
    result = ran(*arguments, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_the_same_seed_prints_the_same_figures_and_another_seed_others() -> None:
    first = answered("--seed", "4", "--seats", "6", "--locations", "3")
    assert answered("--seed", "4", "--seats", "6", "--locations", "3") == first
    assert answered("--seed", "5", "--seats", "6", "--locations", "3") != first


def test_policies_stand_side_by_side_and_dedicated_windows_wait_longest() -> None:
    answer = answered("--policy", "pooled", "--policy", "dedicated", "--ring-after", "300")
    names = [run["name"] for run in answer["runs"]]
    assert names == ["pooled", "dedicated", "dedicated overflow after 300 s"]
    pooled, dedicated, overflow = (run["waits"]["mean_s"] for run in answer["runs"])
    assert pooled < overflow < dedicated


def test_more_windows_in_the_morning_shorten_the_morning() -> None:
    before, after = answered("--extra-seats", "4@9-11:30", "--days", "3")["runs"]
    assert after["name"] == "pooled +4@9-11:30"
    assert after["by_hour"]["10"]["mean_s"] < before["by_hour"]["10"]["mean_s"]
    assert after["seats"]["open_h"] == pytest.approx(before["seats"]["open_h"] + 30.0, rel=0.05)


def test_a_policy_file_is_simulated_and_a_faulty_one_refused_with_its_line(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(write_policy(named_policy("pooled")), "utf-8")
    assert len(answered("--policy", str(good))["runs"]) == 1
    bad.write_text("ceiling_s = -5\n", "utf-8")
    refused = ran("--policy", str(bad))
    assert refused.exit_code == 1
    assert "line 1" in refused.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--policy", "nowhere.toml"),
        ("--extra-seats", "2@11-9"),
        ("--extra-seats", "0@9-11"),
        ("--extra-seats", "two"),
        ("--extra-seats", "2@9-25"),
        ("--journal", "nowhere.jsonl"),
        ("--journal", "sqlite:///nowhere.db"),
        ("--plot", "waits.gif"),
        ("--agents", "nowhere.csv"),
        ("--language", "de"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(arguments: tuple[str, ...]) -> None:
    result = ran("--seats", "2", "--locations", "1", *arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.output.strip()


def test_a_file_that_is_no_journal_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_text('{"type":"header"}\n{"type":"row","seq":1}\n', "utf-8")
    result = ran("--journal", str(file))
    assert result.exit_code == 1
    assert "line 2" in result.output


def test_the_plot_has_its_words_as_text_and_a_cell_for_each_location_and_hour(
    tmp_path: Path,
) -> None:
    file = tmp_path / "waits.svg"
    assert ran("--plot", str(file), "--policy", "pooled", "--policy", "dedicated").exit_code == 0
    words = [node.text or "" for node in ET.parse(file).iter(f"{SVG}text")]
    assert "等候时间模拟" in words
    assert words.count("青河镇") == 2
    assert sum(word.endswith(":00") for word in words) == 3 * 8
    lines = list(ET.parse(file).iter(f"{SVG}polyline"))
    assert sum(line.get("stroke-dasharray") is not None for line in lines) == 2


def test_the_plot_is_a_picture_too_and_speaks_english(tmp_path: Path) -> None:
    picture, text = tmp_path / "waits.png", tmp_path / "waits.svg"
    assert ran("--plot", str(picture)).exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert ran("--plot", str(text), "--language", "en").exit_code == 0
    assert "Simulated waits" in text.read_text("utf-8")


def test_of_many_locations_those_who_wait_longest_are_drawn(tmp_path: Path) -> None:
    file = tmp_path / "waits.svg"
    arguments = ("--seats", "80", "--locations", "40", "--tickets", "20", "--plot", str(file))
    assert ran(*arguments).exit_code == 0
    assert "其余 16 个点位" in file.read_text("utf-8")


def test_the_price_of_fairness_is_a_line_for_each_bound() -> None:
    answer = answered("--fairness-price", "--ring-after", "60")
    assert [run["name"] for run in answer["runs"]][:3] == ["no bound", "600 s", "300 s"]
    result = ran("--fairness-price")
    assert "no bound" in result.output


def test_several_processes_give_the_figures_of_one() -> None:
    scenario = sample_hall(seats=4, locations=2, days=2, tickets_a_day=60.0)
    variants = plan_variants(scenario.seats, [named_policy("pooled")])
    alone = run_variants(scenario, variants, seed=2)
    # Enough tickets for a second process to be worth it.
    together = run_variants(scenario, variants, seed=2, processes=2, worth_a_process=0)
    assert alone == together


def test_extra_windows_stand_at_locations_and_overflow_keeps_own_windows_first() -> None:
    scenario = sample_hall(seats=20, locations=10, days=1)
    extra = [parse_extra_seats("2@9-11")]
    _, after = plan_variants(
        scenario.seats, [named_policy("pooled")], extra=extra, ring_after_s=300.0
    )
    added = after.seats[20:]
    assert len({plan.location_id for plan in added}) == 2
    assert [(ring.after_s, ring.scope) for ring in after.policy.seats.rings] == [
        (0.0, Scope.HOME),
        (300.0, Scope.ANYONE),
    ]
    with pytest.raises(WhatIfInvalid):
        named_policy("nothing of the kind")


def test_every_location_of_the_sample_has_two_windows_open_at_ten() -> None:
    scenario = sample_hall(seats=20, locations=10, days=1)
    homes = [plan.location_id for plan in scenario.seats]
    assert {homes.count(location.id) for location in scenario.locations} == {2}
    assert 0.6 < scenario.load < 0.9


def test_the_skill_planner_names_parts_and_a_training(tmp_path: Path) -> None:
    sheet = tmp_path / "agents.csv"
    rows = ["人社局|医保局"] * 5 + ["税务局|公安局"] * 4
    lines = [f"a{n:02d},{departments}" for n, departments in enumerate(rows)]
    sheet.write_text("\n".join(["login,departments", *lines]), "utf-8")
    arguments = ["skills", "--agents", str(sheet), "--tickets", "2000", "--candidates", "3"]
    result = CliRunner().invoke(queue.app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["parts"] == [["人社局", "医保局"], ["公安局", "税务局"]]
    assert not answer["closed"]
    assert "民政局" in answer["unserved"]
    assert answer["price"] > 1.0
    assert answer["trainings"][0]["saved_s"] > 0.0
    # The same agents at the windows of a hall: what nobody serves waits until it closes.
    hall = answered("--agents", str(sheet), "--seats", "9", "--locations", "2")
    assert hall["runs"][0]["ends"]["served"] < 0.95 * hall["runs"][0]["tickets"]
    shown = CliRunner().invoke(queue.app, arguments)
    assert "In 2 parts" in shown.output
    broken = CliRunner().invoke(queue.app, ["skills", "--agents", str(tmp_path / "none.csv")])
    assert broken.exit_code == 1
