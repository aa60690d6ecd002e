"""The line explains itself: who is before whom and why, and what a ticket waits for."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_queue.explain import Group, NotYet, Obstacle, Standing, explain
from service_queue.line_picture import LinePicture, LineView
from service_queue.matching import FreeSeat
from service_queue.policy import GreenPolicy, Policy, Ring, Scope, SeatPolicy
from service_queue.rank import WaitingTicket
from service_queue.sentences import (
    LANGUAGES,
    catalogue,
    say_ended,
    say_offered,
    say_parked,
    say_serving,
    say_standing,
)
from signaling.protocol.words import (
    GreenReason,
    Lane,
    Language,
    ParkReason,
    Precedence,
    TicketEndReason,
)

pytestmark = pytest.mark.unit

NOW = 10_000.0
ANY = frozenset({"*"})


def ticket(name: str, waited_s: float, **more: object) -> WaitingTicket:
    base = WaitingTicket(id=name, arrived_at=NOW - waited_s, location_id="L1", department="人社局")
    return replace(base, **more)  # type: ignore[arg-type]  # the fields' own types are checked there


def seat(name: str, **more: object) -> FreeSeat:
    base = FreeSeat(id=name, idle_since=0.0, departments=ANY, location_id="L1")
    return replace(base, **more)  # type: ignore[arg-type]  # as above


def view(
    *waiting: WaitingTicket,
    seats: tuple[FreeSeat, ...] = (),
    free: tuple[str, ...] = (),
    policy: Policy | None = None,
    declined_at: dict[tuple[str, str], float] | None = None,
) -> LineView:
    line = LinePicture(
        now=NOW,
        waiting=waiting,
        numbers={each.id: each.id for each in waiting},
        open_seats=seats,
        free=frozenset(free),
        declined_at=declined_at or {},
        starts_since_green=100,
        calls=(),
    )
    return LineView(line, policy or Policy())


def test_the_fourth_hears_of_two_earlier_ones_and_one_in_the_green_channel() -> None:
    line = view(
        ticket("a", 500.0),
        ticket("b", 400.0),
        ticket("c", 100.0, green=GreenReason.ELDERLY),
        ticket("mine", 300.0),
    )
    standing = explain(line, "mine")
    assert standing.position == 4
    english = say_standing(standing, Language.EN)
    assert english.startswith(
        "You are 4th: two came earlier, one is elderly and in the green channel."
    )
    chinese = say_standing(standing, Language.ZH)
    assert chinese.startswith("您排在第4位：2位比您来得早，1位是老年人，走绿色通道。")


def test_who_passes_others_is_told_so() -> None:
    line = view(ticket("a", 500.0), ticket("mine", 100.0, green=GreenReason.DISABLED))
    standing = explain(line, "mine")
    assert standing.passes == (Group(why=Precedence.GREEN, count=1, green=GreenReason.DISABLED),)
    assert "green channel for the disabled" in say_standing(standing, Language.EN)


RINGS = (Ring(after_s=0.0, scope=Scope.HOME), Ring(after_s=340.0, scope=Scope.ANYONE))


@pytest.mark.parametrize(
    ("mine", "windows", "rules", "expected", "said"),
    [
        ({"away": True}, ((seat("1"),), ("1",)), {}, NotYet(obstacle=Obstacle.AWAY), "booth"),
        ({}, ((), ()), {}, NotYet(obstacle=Obstacle.CLOSED), "No window is open just now."),
        (
            {},
            ((seat("1", departments=frozenset({"医保局"})),), ("1",)),
            {},
            NotYet(obstacle=Obstacle.DEPARTMENT, windows=1),
            "The one window that is open does not serve 人社局.",
        ),
        (
            {"language": Language.EN},
            ((seat("1", languages=frozenset({Language.ZH})),), ("1",)),
            {"match_languages": True},
            NotYet(obstacle=Obstacle.LANGUAGE, windows=1),
            "does not serve in English",
        ),
        (
            {},
            ((seat("1"), seat("2")), ()),
            {},
            NotYet(obstacle=Obstacle.BUSY, windows=2),
            "All two windows for it are with somebody else.",
        ),
        (
            {},
            ((seat("1", location_id="L2"), seat("2", location_id="L2")), ("1", "2")),
            {"rings": RINGS},
            NotYet(obstacle=Obstacle.RING, seconds=40.0, windows=2),
            "Two more windows are free and may take it in 40 s.",
        ),
        (
            {},
            ((seat("1", level=2),), ("1",)),
            {"level_after_s": 500.0},
            NotYet(obstacle=Obstacle.LEVEL, seconds=200.0, windows=1),
            "One reserve window is free and may take it in 4 min.",
        ),
        (
            {"last_seat_id": "9"},
            ((seat("1"), seat("9")), ("1",)),
            {"same_seat_s": 310.0},
            NotYet(obstacle=Obstacle.SAME_SEAT, seconds=10.0, windows=1),
            "It waits up to 10 s for the window that knows the matter.",
        ),
        (
            {"last_seat_id": "9", "wanted": True, "back_at": NOW - 20.0},
            ((seat("1"), seat("9")), ("1",)),
            {"same_seat_s": 0.0},
            NotYet(obstacle=Obstacle.WANTED_SEAT, seconds=40.0, windows=1),
            "It waits up to 40 s for the window it was handed on to.",
        ),
        ({}, ((seat("1"),), ("1",)), {}, NotYet(obstacle=Obstacle.NONE, windows=1), "any moment"),
    ],
)
def test_what_a_ticket_waits_for_is_the_one_thing_that_has_to_change(
    mine: dict[str, object],
    windows: tuple[tuple[FreeSeat, ...], tuple[str, ...]],
    rules: dict[str, object],
    expected: NotYet,
    said: str,
) -> None:
    policy = Policy(seats=replace(SeatPolicy(), **rules))  # type: ignore[arg-type]  # as above
    seats, free = windows
    line = view(ticket("mine", 300.0, **mine), seats=seats, free=free, policy=policy)
    standing = explain(line, "mine")
    assert standing.not_yet == expected
    words = say_standing(
        standing,
        Language.EN,
        department="人社局",
        spoken=line.order[0].language,
    )
    assert words.startswith("You are next. ")
    assert said in words


def test_who_is_before_is_called_first_at_a_free_window() -> None:
    line = view(ticket("a", 400.0), ticket("mine", 300.0), seats=(seat("1"),), free=("1",))
    assert explain(line, "mine").not_yet.obstacle is Obstacle.OTHERS_FIRST


def test_the_end_of_an_exclusion_is_told() -> None:
    line = view(
        ticket("mine", 300.0),
        seats=(seat("1"),),
        free=("1",),
        declined_at={("mine", "1"): NOW - 100.0},
    )
    assert explain(line, "mine").not_yet == NotYet(
        obstacle=Obstacle.EXCLUDED, seconds=20.0, windows=1
    )


tickets = st.lists(
    st.builds(
        lambda n, waited, lane, green: ticket(f"t{n}", waited, lane=lane, green=green),
        st.integers(0, 10_000),
        st.floats(0, 8000),
        st.sampled_from(Lane),
        st.none() | st.sampled_from(GreenReason),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda each: each.id,
)


@given(tickets, st.sampled_from([Policy(), Policy(green=GreenPolicy(head_start_s=0.0))]))
def test_who_is_before_adds_up_to_the_position(
    waiting: list[WaitingTicket], policy: Policy
) -> None:
    line = view(*waiting, policy=policy)
    for place, each in enumerate(line.order, start=1):
        standing = explain(line, each.id)
        assert standing.position == place
        assert sum(group.count for group in standing.before) == place - 1
        for language in LANGUAGES:
            assert "{" not in say_standing(standing, language)


REASONS = [
    (why, green)
    for why, green in product(Precedence, (None, *GreenReason))
    if (why is Precedence.GREEN) == (green is not None)
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("why", "green"), REASONS)
@pytest.mark.parametrize("count", [1, 2, 30])
def test_every_reason_has_its_words(
    language: Language, why: Precedence, green: GreenReason | None, count: int
) -> None:
    group = Group(why=why, count=count, green=green)
    for obstacle in Obstacle:
        not_yet = NotYet(obstacle=obstacle, seconds=100.0, windows=count)
        standing = Standing(position=count + 1, before=(group,), passes=(group,), not_yet=not_yet)
        words = say_standing(standing, language, department="人社局")
        assert "{" not in words
        assert words.endswith((".", "。"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_its_words(language: Language) -> None:
    said = {say_ended(why, language) for why in TicketEndReason}
    said |= {say_parked(why, "10:32", language) for why in ParkReason}
    said |= {say_offered("7号云窗口", language), say_serving("7号云窗口", language)}
    assert len(said) == len(TicketEndReason) + len(ParkReason) + 2
    assert not any("{" in words for words in said)


def test_the_catalogues_say_the_same_things() -> None:
    zh, en = catalogue(Language.ZH), catalogue(Language.EN)
    for part in ("before", "passes", "not_yet", "state", "languages", "wait"):
        assert set(zh[part]) == set(en[part]), part


def test_a_language_without_sentences_is_told_in_the_first() -> None:
    assert catalogue(Language.BO) == catalogue(Language.ZH)


@pytest.mark.parametrize(
    ("n", "ordinal"),
    [(2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
     (22, "22nd"), (111, "111th"), (101, "101st")],
)  # fmt: skip
def test_places_are_counted_as_people_count(n: int, ordinal: str) -> None:
    group = Group(why=Precedence.EARLIER, count=n - 1)
    standing = Standing(
        position=n, before=(group,), passes=(), not_yet=NotYet(obstacle=Obstacle.NONE)
    )
    assert say_standing(standing, Language.EN).startswith(f"You are {ordinal}: ")
