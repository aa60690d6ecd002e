"""Ports that are free on this machine."""

from __future__ import annotations

import socket
from collections.abc import Collection
from typing import Final

TRIES: Final = 50


class PortTaken(Exception):
    """The port that was asked for is in use; the message says so."""


def is_free(port: int) -> bool:
    """Tell whether a program could listen on `port` of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(asked: int | None, usual: int, *, taken: Collection[int] = ()) -> int:
    """Return the port `asked` for, else the `usual` one or the next that is free.

    Raises:
        PortTaken: the one asked for is in use, or all near the usual one are.
    """
    if asked is not None:
        if asked in taken or not is_free(asked):
            raise PortTaken(f"Port {asked} of this machine is in use. Name another, or none.")
        return asked
    for port in range(usual, usual + TRIES):
        if port not in taken and is_free(port):
            return port
    raise PortTaken(f"The ports {usual} to {usual + TRIES - 1} of this machine are all in use.")
