from dataclasses import replace
from math import log

import pytest

from service_queue.estimate import flat_s, waits
from service_queue.matching import FreeSeat
from service_queue.pace import Pace
from service_queue.policy import GreenPolicy, Policy, Ring, Scope, SeatPolicy
from service_queue.prospect import Doing, OpenSeat, Outlook, Standing
from service_queue.rank import LineState, WaitingTicket
from service_queue.service_times import USUAL_ANSWER, Fit, LogNormal, Visit
from signaling.protocol.words import GreenReason

pytestmark = pytest.mark.unit

NOW = 1_750_000_000.0
VISIT = Visit.of(Fit(log(300.0), 0.25, 0.0), Fit(log(30.0), 0.25, 0.0), "pension")
HOPELESS = LogNormal.around(3.0 * 3600.0, 0.1)


def waiting(n: int, *, department: str = "", green: bool = False, visit: Visit = VISIT) -> Standing:
    ticket = WaitingTicket(
        id=f"t{n:03d}",
        arrived_at=NOW - 600.0 + n,
        department=department,
        green=GreenReason.ELDERLY if green else None,
    )
    return Standing(ticket=ticket, visit=visit)


def busy(n: int, *, for_s: float = 100.0, departments: str = "*") -> OpenSeat:
    seat = FreeSeat(id=f"s{n}", idle_since=NOW, departments=frozenset(departments.split("|")))
    return OpenSeat(seat=seat, doing=Doing.TALKING, since=NOW - for_s, visit=VISIT)


def outlook(line: list[Standing], seats: list[OpenSeat], policy: Policy | None = None) -> Outlook:
    return Outlook(
        now=NOW,
        policy=policy or Policy(),
        state=LineState(),
        line=line,
        seats=seats,
        answer=USUAL_ANSWER,
    )


def test_without_a_window_nobody_is_told_anything() -> None:
    assert waits(outlook([waiting(1)], [])) == {}


def test_with_all_windows_on_break_nobody_is_told_anything() -> None:
    resting = replace(busy(1), doing=Doing.PAUSED, visit=None, pause=LogNormal.around(600.0, 0.5))
    assert waits(outlook([waiting(1)], [resting])) == {}


def test_who_no_open_window_may_serve_is_told_nothing() -> None:
    line = [waiting(1, department="tax"), waiting(2, department="civil")]
    assert set(waits(outlook(line, [busy(1, departments="civil")]))) == {"t002"}


def test_a_free_window_means_about_no_wait() -> None:
    free = replace(busy(1), doing=Doing.NOTHING, visit=None)
    wait = waits(outlook([waiting(1)], [free]))["t001"]
    assert wait.high_s < 15.0


def test_a_range_is_in_order_and_begins_now() -> None:
    for wait in waits(outlook([waiting(n) for n in range(20)], [busy(1), busy(2)])).values():
        assert 0.0 <= wait.least_s <= wait.low_s <= wait.high_s
        assert wait.at == NOW


def test_who_stands_further_back_waits_longer() -> None:
    told = waits(outlook([waiting(n) for n in range(30)], [busy(n) for n in range(4)]))
    lows = [told[f"t{n:03d}"].low_s for n in range(30)]
    assert lows == sorted(lows)
    assert lows[29] > 4 * lows[0]


@pytest.mark.parametrize("seats", [1, 2, 3, 5, 8, 13])
def test_one_more_window_never_makes_it_longer(seats: int) -> None:
    line = [waiting(n) for n in range(12)]
    fewer = waits(outlook(line, [busy(n) for n in range(seats)]))
    more = waits(outlook(line, [busy(n) for n in range(seats + 1)]))
    for ticket_id, wait in fewer.items():
        assert more[ticket_id].low_s <= wait.low_s
        assert more[ticket_id].high_s <= wait.high_s


def test_nothing_happened_so_nothing_else_is_told() -> None:
    picture = outlook([waiting(n) for n in range(9)], [busy(1), busy(2)])
    assert waits(picture) == waits(picture)


def test_one_window_after_another_takes_as_long_as_their_visits() -> None:
    told = waits(outlook([waiting(n) for n in range(40)], [busy(1)]))
    between = (told["t039"].low_s - told["t009"].low_s) / 30
    assert between == pytest.approx(VISIT.whole.mean_s + USUAL_ANSWER.mean_s, rel=0.08)


def test_a_line_for_another_department_is_not_in_the_way() -> None:
    crowd = [waiting(n, department="civil") for n in range(20)]
    alone = waiting(30, department="tax")
    seats = [busy(1, departments="civil"), busy(2, departments="tax")]
    told = waits(outlook([*crowd, alone], seats))
    assert told["t030"].low_s < told["t003"].low_s


def test_the_green_channel_comes_first_as_often_as_its_quota_allows() -> None:
    line = [waiting(n) for n in range(12)] + [waiting(n, green=True) for n in range(12, 15)]
    told = waits(outlook(line, [busy(1)], Policy(green=GreenPolicy(one_in=3))))
    plain = [told[f"t{n:03d}"].low_s for n in range(12)]
    green = [told[f"t{n:03d}"].low_s for n in range(12, 15)]
    assert green[0] < plain[0]
    assert plain[1] < green[1] < plain[2]
    assert plain[3] < green[2] < plain[4]


def test_a_ring_that_opens_later_lets_a_resident_wait_for_it() -> None:
    rings = (Ring(after_s=0.0, scope=Scope.HOME), Ring(after_s=900.0, scope=Scope.ANYONE))
    policy = Policy(seats=SeatPolicy(rings=rings))
    free = replace(busy(1), doing=Doing.NOTHING, visit=None)
    far = replace(free, seat=replace(free.seat, location_id="L2"))
    near = replace(free, seat=replace(free.seat, location_id="L1"))
    one = waiting(1)
    one = replace(one, ticket=replace(one.ticket, location_id="L1"))
    assert waits(outlook([one], [near], policy))["t001"].high_s < 15.0
    # It came 599 s ago, so the ring opens in 301 s.
    assert waits(outlook([one], [far], policy))["t001"].low_s == pytest.approx(305.0, abs=5.0)


def test_a_call_that_went_on_for_long_is_likely_to_go_on() -> None:
    young = waits(outlook([waiting(1)], [busy(1, for_s=10.0)]))["t001"]
    old = waits(outlook([waiting(1)], [busy(1, for_s=3_000.0)]))["t001"]
    middle = waits(outlook([waiting(1)], [busy(1, for_s=250.0)]))["t001"]
    assert middle.low_s < young.low_s
    assert old.low_s > middle.low_s


def test_a_window_whose_shift_ends_is_not_counted_after_it() -> None:
    line = [waiting(n) for n in range(10)]
    ending = replace(busy(2), shift_ends_at=NOW + 60.0)
    with_two = waits(outlook(line, [busy(1), busy(2)]))["t009"]
    with_ending = waits(outlook(line, [busy(1), ending]))["t009"]
    alone = waits(outlook(line, [busy(1)]))["t009"]
    assert with_two.low_s < with_ending.low_s
    assert with_ending.low_s == pytest.approx(alone.low_s, rel=0.2)


def test_who_is_parked_is_told_nothing_and_counts_when_back() -> None:
    parked = replace(waiting(0), back_at=NOW + 1.0)
    told = waits(outlook([parked, waiting(1)], [busy(1)]))
    without = waits(outlook([waiting(1)], [busy(1)]))
    assert set(told) == {"t001"}
    assert told["t001"].low_s > without["t001"].low_s + 200.0


def test_arrivals_that_may_overtake_make_it_longer() -> None:
    line = [waiting(n) for n in range(15)]
    calm = outlook(line, [busy(1)])
    green = [waiting(100 + n, green=True) for n in range(12)]
    # The last came 586 s ago: of twelve an hour about one comes within its head start of 900 s.
    later = waits(replace(calm, overtakers=green))["t014"].low_s - waits(calm)["t014"].low_s
    assert 0.5 * VISIT.whole.mean_s < later < 2.0 * VISIT.whole.mean_s


def test_a_slow_agent_makes_it_longer() -> None:
    line = [waiting(n) for n in range(10)]
    usual = waits(outlook(line, [busy(1)]))
    slow = waits(outlook(line, [replace(busy(1), pace=Pace(log(1.5), 0.0))]))
    between = [told["t009"].low_s - told["t002"].low_s for told in (usual, slow)]
    assert between[1] == pytest.approx(1.5 * between[0], rel=0.05)


def test_what_is_not_known_of_an_agent_or_an_item_makes_the_range_wider() -> None:
    def width(seat: OpenSeat, visit: Visit) -> float:
        told = waits(outlook([waiting(n, visit=visit) for n in range(40)], [seat]))["t039"]
        return told.high_s - told.least_s

    doubted = replace(VISIT, doubt=0.3)
    known = width(busy(1), VISIT)
    assert width(replace(busy(1), pace=Pace(0.0, 0.3)), VISIT) > 1.5 * known
    # Each by itself would even itself out over forty visits; together they do not.
    assert width(busy(1), doubted) > 1.5 * known


def test_who_gives_up_makes_room() -> None:
    line = [waiting(n) for n in range(15)]
    calm = outlook(line, [busy(1)])
    leaving = replace(calm, leaving_rate=1.0 / 1200.0)
    assert waits(leaving)["t014"].low_s < 0.7 * waits(calm)["t014"].low_s


def test_windows_take_breaks() -> None:
    calm = outlook([waiting(n) for n in range(15)], [busy(1), busy(2)])
    tired = replace(calm, pausing_rate=1.0 / 900.0, pause=LogNormal.around(900.0, 0.3))
    assert waits(tired)["t014"].high_s > waits(calm)["t014"].high_s + 200.0


def test_a_window_on_break_comes_back() -> None:
    resting = replace(busy(2), doing=Doing.PAUSED, visit=None, pause=LogNormal.around(300.0, 0.3))
    gone = replace(resting, pause=HOPELESS, since=NOW)
    line = [waiting(n) for n in range(10)]
    back = waits(outlook(line, [busy(1), resting]))["t009"]
    away = waits(outlook(line, [busy(1), gone]))["t009"]
    assert back.low_s < 0.8 * away.low_s


def test_thousands_are_told_in_one_sweep() -> None:
    line = [waiting(n, department=f"d{n % 8}") for n in range(3_000)]
    told = waits(outlook(line, [busy(n) for n in range(1_000)]))
    assert len(told) == 3_000
    assert told["t2999"].low_s > told["t010"].low_s


@pytest.mark.parametrize(
    ("ahead", "windows", "flat"), [(0, 4, 0.0), (6, 4, 450.0), (6, 1, 1800.0), (3, 0, None)]
)
def test_the_flat_formula(ahead: int, windows: int, flat: float | None) -> None:
    assert flat_s(ahead, windows, 300.0) == flat
