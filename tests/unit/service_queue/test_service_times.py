import math
import random

import pytest

from service_queue.draws import normals, shares
from service_queue.service_times import (
    USUAL_ANSWER,
    USUAL_LEAVING,
    USUAL_PAUSING,
    USUAL_TALK,
    Fit,
    LogNormal,
    ServiceTimes,
    Visit,
)

pytestmark = pytest.mark.unit


def learn(times: ServiceTimes, item: str, department: str, truth: LogNormal, calls: int) -> None:
    rng = random.Random(f"{item}/{calls}")
    for _ in range(calls):
        times.talked(item, department, rng.lognormvariate(truth.mu, truth.sigma))


def test_before_the_first_call_it_is_what_is_usual() -> None:
    times = ServiceTimes(usual_wrap_up_s=20.0)
    visit = times.visit("pension", "social")
    assert visit.talk.mu == pytest.approx(USUAL_TALK.mu)
    assert visit.wrap_up.mean_s > 20.0
    assert times.answer.mu == pytest.approx(USUAL_ANSWER.mu)
    assert times.leaving_rate == pytest.approx(USUAL_LEAVING)
    assert times.pausing_rate == pytest.approx(USUAL_PAUSING)


def test_many_calls_say_it_themselves() -> None:
    times, truth = ServiceTimes(), LogNormal.around(120.0, 0.4)
    learn(times, "pension", "social", truth, 300)
    learn(times, "permit", "housing", LogNormal.around(1200.0, 0.5), 300)
    talk = times.visit("pension", "social").talk
    assert talk.mu == pytest.approx(truth.mu, abs=0.1)
    assert talk.sigma == pytest.approx(truth.sigma, abs=0.08)


def test_an_item_without_calls_is_taken_for_one_of_its_department() -> None:
    times = ServiceTimes()
    learn(times, "pension", "social", LogNormal.around(120.0, 0.3), 200)
    learn(times, "permit", "housing", LogNormal.around(1200.0, 0.3), 200)
    unknown = times.visit("another", "housing").talk
    assert math.exp(unknown.mu) == pytest.approx(1200.0, rel=0.2)


def test_one_odd_call_does_not_turn_the_mean() -> None:
    times = ServiceTimes()
    learn(times, "pension", "social", LogNormal.around(120.0, 0.3), 200)
    times.talked("rare", "social", 7200.0)
    assert math.exp(times.visit("rare", "social").talk.mu) < 1200.0


def test_a_changed_item_is_soon_known() -> None:
    times = ServiceTimes()
    learn(times, "pension", "social", LogNormal.around(120.0, 0.3), 5_000)
    learn(times, "pension", "social", LogNormal.around(600.0, 0.3), 1_000)
    assert math.exp(times.visit("pension", "social").talk.mu) > 480.0


def test_the_flat_mean_is_that_of_all_visits() -> None:
    times = ServiceTimes()
    learn(times, "pension", "social", LogNormal.around(120.0, 0.3), 400)
    for _ in range(400):
        times.wrapped_up("pension", "social", 30.0)
    assert times.mean_visit_s == pytest.approx(156.0, rel=0.1)


def test_a_visit_has_the_mean_and_the_spread_of_its_parts() -> None:
    visit = Visit.of(Fit(math.log(300.0), 0.25, 0.0), Fit(math.log(30.0), 0.25, 0.0))
    assert visit.whole.mean_s == pytest.approx(visit.talk.mean_s + visit.wrap_up.mean_s)
    assert visit.whole.variance == pytest.approx(visit.talk.variance + visit.wrap_up.variance)
    assert visit.doubt == 0.0


def test_what_is_not_known_of_an_item_is_doubted_of_all_its_visits_at_once() -> None:
    times = ServiceTimes()
    rare = times.visit("rare", "social")
    learn(times, "pension", "social", LogNormal.around(120.0, 0.3), 200)
    often = times.visit("pension", "social")
    assert often.doubt < 0.1 < rare.doubt
    assert (rare.item, often.item) == ("rare", "pension")


def test_an_agents_pace_is_taken_out_of_what_is_learnt_of_an_item() -> None:
    times, rng = ServiceTimes(), random.Random(7)
    for n in range(400):
        slow = n % 2 == 0
        pace = 1.3 if slow else 1.0 / 1.3
        took = rng.lognormvariate(math.log(300.0), 0.2) * pace
        times.talked("pension", "social", took, "slow" if slow else "quick")
    talk = times.visit("pension", "social").talk
    assert math.exp(talk.mu) == pytest.approx(300.0, rel=0.05)
    assert talk.sigma == pytest.approx(0.2, abs=0.05)
    assert math.exp(times.paces.of("slow").mu) == pytest.approx(1.3, rel=0.07)
    assert math.exp(times.paces.of("quick").mu) == pytest.approx(1.0 / 1.3, rel=0.07)


def test_how_often_people_give_up_and_windows_pause_is_counted() -> None:
    times = ServiceTimes()
    for _ in range(200):
        times.waited(600.0, left=False)
        times.waited(600.0, left=True)
        times.was_open(1800.0, then_paused=True)
        times.was_on_break("meal", 2400.0)
    assert times.leaving_rate == pytest.approx(1.0 / 1200.0, rel=0.1)
    assert times.pausing_rate == pytest.approx(1.0 / 1800.0, rel=0.15)
    assert math.exp(times.break_for("meal").mu) == pytest.approx(2400.0, rel=0.05)


@pytest.mark.parametrize("count", [16, 64])
def test_draws_belong_to_their_name_and_are_evenly_spread(count: int) -> None:
    assert normals("t1", count) == normals("t1", count)
    assert normals("t1", count) != normals("t2", count)
    assert sorted(shares("t1", count)) == sorted(shares("t2", count))
    assert sum(normals("t1", count)) == pytest.approx(0.0, abs=1e-9)
