"""A hall on a virtual clock, by the server's own rules of order and seats."""

from service_queue.simulation.drawing import draw_day, draw_residents
from service_queue.simulation.engine import Hall, History
from service_queue.simulation.erlang import LoadImpossible, PooledLine
from service_queue.simulation.record import Record, joined, simulate, simulate_day
from service_queue.simulation.resident import Resident
from service_queue.simulation.scenario import (
    QUIET,
    ItemPlan,
    LocationPlan,
    Manners,
    Scenario,
    SeatPlan,
    Span,
)
from service_queue.simulation.summary import Summary, Waits, summarise

__all__ = [
    "QUIET",
    "Hall",
    "History",
    "ItemPlan",
    "LoadImpossible",
    "LocationPlan",
    "Manners",
    "PooledLine",
    "Record",
    "Resident",
    "Scenario",
    "SeatPlan",
    "Span",
    "Summary",
    "Waits",
    "draw_day",
    "draw_residents",
    "joined",
    "simulate",
    "simulate_day",
    "summarise",
]
