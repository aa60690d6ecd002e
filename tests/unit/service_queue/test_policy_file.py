"""The policy file: what is written is what is read, and what is wrong is said with its line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_queue.errors import PolicyInvalid, PolicyProblem
from service_queue.policy import CapPolicy, FairnessPolicy, Policy, Ring, Scope
from service_queue.policy_check import BOUNDS, Known, KnownItem, KnownSeat, numbers_of
from service_queue.policy_file import SAMPLE_FILE, read_policy, sha256_of, write_policy
from service_queue.toml_lines import lines_of
from tests.support.policies import policies

pytestmark = pytest.mark.unit

KNOWN = Known(
    items={"sb001": KnownItem(department="人社局"), "help": KnownItem(department="")},
    seats=(KnownSeat(level=1, departments=frozenset({"*"})),),
    locations={"qinghe": "青河镇"},
)


def problems(text: str, known: Known | None = KNOWN) -> list[str]:
    with pytest.raises(PolicyInvalid) as refused:
        read_policy(text, known)
    return [str(problem) for problem in refused.value.problems]


@given(policies())
def test_what_is_written_is_read_again(policy: Policy) -> None:
    text = write_policy(policy)
    read = read_policy(text)
    assert read.policy == policy
    assert read.sha256 == sha256_of(text)


def test_the_sample_is_the_standard_policy() -> None:
    assert read_policy(SAMPLE_FILE.read_text("utf-8")).policy == Policy()


def test_a_policy_in_force_never_changes() -> None:
    ring = Ring(after_s=0.0, scope=Scope.ANYONE)
    parts = [getattr(Policy(), option.name) for option in fields(Policy)]
    for part in (Policy(), ring, *filter(is_dataclass, parts)):
        for option in fields(part):
            with pytest.raises(FrozenInstanceError):
                setattr(part, option.name, getattr(part, option.name))


def test_the_sample_lists_every_option_with_its_default() -> None:
    set_where_none = replace(
        Policy(),
        caps=CapPolicy(per_location=200),
        fairness=FairnessPolicy(max_behind_s=600.0),
    )
    sample = SAMPLE_FILE.read_text("utf-8")
    in_force = tomllib.loads(re.sub(r"^# (\w+ = .*)$", r"\1", sample, flags=re.MULTILINE))
    assert in_force == tomllib.loads(write_policy(set_where_none))
    assert set(_names(Policy())) == set(_keys(in_force))


def test_the_sample_says_why_before_each_option() -> None:
    for paragraph in SAMPLE_FILE.read_text("utf-8").split("\n\n"):
        lines = [line for line in paragraph.splitlines() if not line.startswith("[")]
        if any(re.match(r"# \w+ = ", line) for line in lines):
            assert not re.match(r"# \w+ = ", lines[0]), f"no reason before {lines[0]!r}"


def test_every_number_has_bounds_that_its_default_keeps() -> None:
    set_everywhere = replace(
        Policy(),
        caps=CapPolicy(per_location=1, items={"sb001": 1}),
        fairness=FairnessPolicy(max_behind_s=600.0),
        wrap_up_items={"sb001": 30.0},
    )
    for place, value in numbers_of(set_everywhere):
        names = [part for part in place if isinstance(part, str) and part != "sb001"]
        bounds = BOUNDS[".".join(names)]
        assert bounds.least <= value <= bounds.most, place


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "ceiling_s = 3_600.0\nceling_s = 1",
            "line 2, celing_s: there is no such option;",
        ),
        ("[green]\n\none_i = 3", "line 3, green.one_i: there is no such option; one_in is meant?"),
        ("[grren]\none_in = 3", "line 1, grren: there is no such option; green is meant?"),
        ("\noffer_timeout_s = '20'", "line 2, offer_timeout_s: should be a valid number"),
        ("max_declines_in_row = 1.5", "line 1, max_declines_in_row: should be a valid integer"),
        ("green = 3", "line 1, green: must be a table"),
        ("[green]\nby_word = ['old']", "line 2, green.by_word: should be 'elderly', "),
        (
            "[seats]\nmatch_departments = 1",
            "line 2, seats.match_departments: should be",
        ),
        ("[seats]\nstrategy = 'best'", "line 2, seats.strategy: should be 'longest_idle', "),
        ("[[seats.rings]]\nafter_s = 0", "line 1, seats.rings.scope: is missing"),
        ("offer_timeout_s = 2", "line 1, offer_timeout_s: must be at least 3"),
        ("offer_timeout_s = nan", "line 1, offer_timeout_s: must be at least 3"),
        ("ceiling_s = inf", "line 1, ceiling_s: must be at most 14400: who is overtaken again"),
        ("ceiling_s = 0", "line 1, ceiling_s: must be at least 60"),
        ("[green]\none_in = 1", "line 2, green.one_in: must be at least 2: with less every start"),
        (
            "[park]\nmax_recalls = 99",
            "line 2, park.max_recalls: must be at most 10: a ticket",
        ),
        ("[caps]\nper_location = 0", "line 2, caps.per_location: must be at least 1: with none"),
        ("[caps]\nitems = { sb001 = 0 }", "line 2, caps.items.sb001: must be at least 1"),
        ("[caps.items]\nzz9 = 3", "line 2, caps.items.zz9: there is no service item 'zz9'"),
        (
            '[wrap_up_items]\n"a b" = 3',
            "line 2, wrap_up_items.a b: 'a b' is not the form",
        ),
        ("name = ''", "line 1, name: is not 1 to 60 characters"),
        ("[hours]\nopens = '8:30'\ncloses = '17:00'", "line 2, hours.opens: is no time of the day"),
        (
            "[hours]\nopens = 08:30:00",
            "line 2, hours.opens: is no time of the day (HH",
        ),
        ("[hours]\nopens = '08:30'", "line 2, hours.opens: is set, but closes is not"),
        ("[hours]\ncloses = '17:30'", "line 2, hours.closes: is set, but opens is not"),
        ("[hours]\nlast_ticket = '17:30'", "line 2, hours.last_ticket: is set, but closes is not"),
        (
            "[hours]\nopens = '17:30'\ncloses = '08:30'",
            "line 3, hours.closes: is not after opens: nobody could take a ticket",
        ),
        (
            "[hours]\nopens = '08:30'\ncloses = '17:00'\nlast_ticket = '17:30'",
            "line 4, hours.last_ticket: is after closes",
        ),
        ("[hours]\ndays = []", "line 2, hours.days: the hall would never open"),
        ("[hours]\ndays = [0, 7]", "line 2, hours.days: 7 is no day"),
        ("ceiling_s = ", "line 1: is not TOML: Invalid value"),
        ("a = 1\na = 2", "line 2: is not TOML: Cannot overwrite a value"),
        ('name = "x"\nname2 = """', "line 2: is not TOML: Unterminated string"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    assert any(problem.startswith(said) for problem in problems(text)), problems(text)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = "ceiling_s = 'x'\nceling_s = 1\n[green]\none_in = 0\n[hours]\nopens = 'noon'\n"
    assert [problem.split(":")[0] for problem in problems(text)] == [
        "line 1, ceiling_s",
        "line 2, celing_s",
        "line 4, green.one_in",
        "line 6, hours.opens",
        "line 6, hours.opens",
    ]


def test_codes_are_not_asked_for_where_no_catalogue_is_known() -> None:
    assert read_policy("[caps]\nitems = { zz9 = 3 }").policy.caps.items == {"zz9": 3}


def test_a_file_of_any_length_is_not_read() -> None:
    assert problems("#" * 20_001) == ["line 1: is longer than 20000 characters"]


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    found: tuple[PolicyProblem, ...] = ()
    try:
        read_policy(text, KNOWN)
    except PolicyInvalid as refused:
        found = refused.problems
    assert all(1 <= problem.line <= text.count("\n") + 1 for problem in found)


def test_lines_are_found_in_every_form_toml_has() -> None:
    text = "\n".join(
        [
            'name = "a # b"  # c',
            "a . b = 1",
            '"q.r" = [1,',
            "  [2, 3], # two",
            "]",
            "s = '''",
            "t = 1''''",
            "[u.v]",
            "w = { x = [{ y = 1 }], z.a = 2 }",
            "[[k]]",
            "l = 1",
            "[[k]]",
            "l = 2",
            "[k.m]",
            "n = 1979-05-27 07:32:00",
            r'o = "\\\" ]"',
        ]
    )
    tomllib.loads(text)
    found = lines_of(text)
    assert found[("name",)] == 1
    assert found[("a", "b")] == 2
    assert found["q.r", 1, 0] == 4
    assert found[("s",)] == 6
    assert ("t",) not in found
    assert found["u", "v", "w", "x", 0, "y"] == 9
    assert found["u", "v", "w", "z", "a"] == 9
    assert (found["k", 0, "l"], found["k", 1, "l"]) == (11, 13)
    assert (found["k", 1, "m", "n"], found["k", 1, "m", "o"]) == (15, 16)


def _names(group: Any, inside: str = "") -> list[str]:
    names = []
    for option in fields(group):
        value = getattr(group, option.name)
        name = inside + option.name
        names += _names(value, f"{name}.") if is_dataclass(value) else [name]
    return names


def _keys(table: dict[str, Any], inside: str = "") -> list[str]:
    names = []
    for key, value in table.items():
        nested = isinstance(value, dict) and key not in {"items", "wrap_up_items"}
        names += _keys(value, f"{inside}{key}.") if nested else [inside + key]
    return names
