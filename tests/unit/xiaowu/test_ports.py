"""Ports that are free."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from xiaowu.demo.ports import PortTaken, choose_port

pytestmark = pytest.mark.unit


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_that_was_asked_for_and_is_in_use_is_refused(taken: int) -> None:
    with pytest.raises(PortTaken, match=str(taken)):
        choose_port(taken, 1)


def test_the_next_free_port_stands_in_for_the_usual_one(taken: int) -> None:
    assert choose_port(None, taken) > taken


def test_one_port_is_not_given_to_two_programs() -> None:
    first = choose_port(None, 29_100)
    assert choose_port(None, first, taken={first}) != first
    with pytest.raises(PortTaken):
        choose_port(first, 1, taken={first})
