"""The simulation against queueing theory: pooled, first come first served, exponential times.

In two steps, because a line at 95 % forgets slowly and millions of residents are needed to pin its
mean. The simulation, with the server's rules, gives every resident the very wait that the simplest
possible line gives (wait by wait, so without any error of chance); and that line, run 12 to 36
million residents long, is within 3 % of Erlang C.
"""

from __future__ import annotations

import numpy as np
import pytest

from service_queue.policy import Policy
from service_queue.simulation import LoadImpossible, PooledLine, SeatPlan, simulate
from service_queue.simulation.erlang import erlang_b
from service_queue.simulation.resident import Resident
from tests.support.pooled_line import pooled, waits_of

pytestmark = pytest.mark.unit

WINDOWS, SERVICE_S = 20, 480.0
FIFO = Policy(name="fifo", ceiling_s=1e12)


@pytest.mark.parametrize(
    ("load", "must_wait", "mean_s", "p95_s", "within_20_s"),
    [
        (0.5, 0.0037, 0.2, 0, 0.998),
        (0.7, 0.0936, 7.5, 50, 0.927),
        (0.8, 0.2561, 30.7, 196, 0.783),
        (0.9, 0.5508, 132.2, 576, 0.493),
        (0.95, 0.7554, 362.6, 1303, 0.275),
        (0.98, 0.8973, 1076.8, 3465, 0.118),
    ],
)
def test_erlang_c_has_the_published_values(
    load: float, must_wait: float, mean_s: float, p95_s: float, within_20_s: float
) -> None:
    line = PooledLine(windows=WINDOWS, load=load, service_s=SERVICE_S)
    assert line.must_wait == pytest.approx(must_wait, abs=5e-5)
    assert line.mean_s == pytest.approx(mean_s, abs=0.05)
    assert line.quantile_s(0.95) == pytest.approx(p95_s, abs=0.5)
    assert line.within(20.0) == pytest.approx(within_20_s, abs=6e-4)


def test_two_windows_have_the_closed_form_of_the_books() -> None:
    # M/M/2: the wait's mean is s * rho^2 / (1 - rho^2).
    line = PooledLine(windows=2, load=0.8, service_s=SERVICE_S)
    assert line.mean_s == pytest.approx(SERVICE_S * 0.64 / 0.36)


@pytest.mark.parametrize("load", [0.5, 0.8, 0.95])
def test_the_chance_of_a_simulated_mean_has_the_closed_form_of_one_window(load: float) -> None:
    # Daley 1968, of M/M/1, in waits that follow each other.
    waits = 1_000_000
    variance = (2 + 5 * load - 4 * load**2 + load**3) / (load * (1 - load) ** 2 * waits)
    line = PooledLine(windows=1, load=load, service_s=SERVICE_S)
    assert line.chance_of_mean(waits) == pytest.approx(variance**0.5, rel=0.15)


def test_two_million_residents_at_95_percent_pin_the_mean_to_four_percent() -> None:
    line = PooledLine(windows=WINDOWS, load=0.95, service_s=SERVICE_S)
    assert line.chance_of_mean(2_000_000) == pytest.approx(0.036, abs=0.001)
    assert line.chance_of_mean(8_000_000) == pytest.approx(0.018, abs=0.001)


def test_a_province_does_not_overflow() -> None:
    assert PooledLine(windows=2000, load=0.989, service_s=SERVICE_S).within(20.0) > 0.79
    assert erlang_b(100_000, 50.0) == 0.0


@pytest.mark.parametrize("load", [0.0, 1.0, 1.2, -0.5])
def test_a_load_without_a_steady_state_is_refused(load: float) -> None:
    with pytest.raises(LoadImpossible):
        PooledLine(windows=WINDOWS, load=load, service_s=SERVICE_S)


@pytest.mark.parametrize("load", [0.7, 0.8, 0.9, 0.95])
def test_the_simulation_gives_everybody_the_wait_of_the_simplest_line(load: float) -> None:
    count = 8000
    numbers = np.random.default_rng(round(load * 100))
    gaps = numbers.exponential(SERVICE_S / WINDOWS / load, count)
    services = numbers.exponential(SERVICE_S, count)
    moments = np.cumsum(gaps)
    residents = [
        Resident(
            id=f"{n:06d}",
            at=float(moments[n]),
            location_id="here",
            item_code="any",
            service_s=float(services[n]),
        )
        for n in range(count)
    ]
    seats = [SeatPlan(id=f"seat-{n:02d}", position=n) for n in range(WINDOWS)]
    record = simulate(residents, seats, FIFO)
    simulated = np.array([passage.waited_s for passage in record.passages])
    expected = waits_of(gaps[:, None], services[:, None], WINDOWS)[:, 0]
    assert float(expected.max()) > SERVICE_S / 10
    np.testing.assert_allclose(simulated, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("load", "warm", "steps", "lines"),
    [
        (0.7, 500, 3000, 2000),
        (0.8, 1000, 4000, 2000),
        (0.9, 3000, 6000, 2000),
        # It forgets its empty start over some 1,500 residents.
        (0.95, 10000, 12000, 2000),
    ],
)
def test_the_simplest_line_is_within_three_percent_of_erlang_c(
    load: float, warm: int, steps: int, lines: int
) -> None:
    line = pooled(
        windows=WINDOWS,
        load=load,
        service_s=SERVICE_S,
        lines=lines,
        steps=steps,
        warm=warm,
        seed=7,
    )
    theory = PooledLine(windows=WINDOWS, load=load, service_s=SERVICE_S)
    assert line.must_wait == pytest.approx(theory.must_wait, rel=0.03)
    assert line.mean_s == pytest.approx(theory.mean_s, rel=0.03)
    assert line.p95_s == pytest.approx(theory.quantile_s(0.95), rel=0.03)
