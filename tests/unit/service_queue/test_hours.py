import datetime
from zoneinfo import ZoneInfo

import pytest

from service_queue.hours import ALWAYS, NEVER, closes_on, hours_at, local_day
from service_queue.policy import HoursPolicy
from signaling.protocol.views import ServiceHours

pytestmark = pytest.mark.unit

SHANGHAI = "Asia/Shanghai"
OFFICE = HoursPolicy(
    opens="09:00", closes="17:00", last_ticket="16:30", days=frozenset({0, 1, 2, 3, 4})
)
MONDAY = "2025-06-16"


def at(time: str, day: str = MONDAY, zone: str = SHANGHAI) -> float:
    moment = datetime.datetime.fromisoformat(f"{day}T{time}")
    return moment.replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("time", "is_open", "gives"),
    [
        ("00:00:00", False, False),
        ("08:59:59", False, False),
        ("09:00:00", True, True),
        ("16:30:00", True, True),
        ("16:30:01", True, False),
        ("16:59:59", True, False),
        ("17:00:00", False, False),
        ("23:59:59", False, False),
    ],
)
def test_a_working_day(time: str, is_open: bool, gives: bool) -> None:
    hours = hours_at(OFFICE, SHANGHAI, at(time))
    assert (hours.is_open(at(time)), hours.gives_tickets(at(time))) == (is_open, gives)
    assert hours.as_shown(at(time)) == ServiceHours(
        open=gives, opens_at=at("09:00"), last_ticket_at=at("16:30"), closes_at=at("17:00")
    )


def test_a_day_off_is_closed_from_its_first_moment() -> None:
    sunday = at("12:00", "2025-06-15")
    hours = hours_at(OFFICE, SHANGHAI, sunday)
    assert not hours.is_open(sunday)
    assert hours.as_shown(sunday) == ServiceHours(open=False)
    assert closes_on(OFFICE, "2025-06-15", SHANGHAI) == at("00:00", "2025-06-15")


def test_without_hours_it_is_always_open() -> None:
    assert hours_at(HoursPolicy(), SHANGHAI, at("03:00")) is ALWAYS
    assert closes_on(HoursPolicy(), MONDAY, SHANGHAI) == NEVER
    assert ALWAYS.as_shown(at("03:00")) == ServiceHours(open=True)


def test_days_alone_close_at_midnight() -> None:
    weekdays = HoursPolicy(days=frozenset({0}))
    assert hours_at(weekdays, SHANGHAI, at("23:59:59")).gives_tickets(at("23:59:59"))
    assert closes_on(weekdays, MONDAY, SHANGHAI) == at("00:00", "2025-06-17")


def test_each_place_has_its_own_morning() -> None:
    urumqi = "Asia/Urumqi"
    moment = at("09:00", zone=SHANGHAI)
    assert hours_at(OFFICE, SHANGHAI, moment).is_open(moment)
    assert not hours_at(OFFICE, urumqi, moment).is_open(moment)
    assert local_day(at("00:30"), urumqi) == "2025-06-15"


def test_the_hour_that_is_lost_or_doubled_moves_no_opening_time() -> None:
    night = HoursPolicy(opens="01:00", closes="05:00")
    zone = "Europe/Berlin"
    for day, length_h in (("2025-03-30", 3), ("2025-10-26", 5), ("2025-06-16", 4)):
        hours = hours_at(night, zone, at("04:00", day, zone))
        assert (hours.closes_at - hours.opens_at) / 3600 == length_h
