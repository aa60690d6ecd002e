"""What aioice leaves open, closed: whose datagrams we read, how many wait, where we listen.

aioice hands every datagram that is not STUN to DTLS, whoever sent it. A stranger who sends a
ClientHello to the right UDP port while a call is being set up then wins the race, and the call
fails (OWASP ASVS 5.0, 17.2.6). Here a datagram is read only if its source is one of the other
side's candidates: signalled by it, or proved by a STUN check with our password.

aioice also queues datagrams without bound, and gathers no loopback candidate, so that two
programs on a machine without a network could not talk.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import aioice.ice
import aiortc.rtcicetransport
from aioice import stun

from signaling.client.gathering import TricklingConnection

log = logging.getLogger(__name__)

QUEUE_LIMIT: Final = 512
"""Datagrams that may wait for DTLS and SRTP: half a second of a 6 Mbit/s picture."""

LAST_STUN_BYTE: Final = 3
"""RFC 7983: a first byte of 0 to 3 is STUN, 20 to 63 DTLS, 128 to 191 RTP."""

_gather_hosts = aioice.ice.get_host_addresses
_StunProtocol = aioice.ice.StunProtocol


class IceGuard:
    """Counts what was kept out, for the health page and the tests."""

    strangers: int = 0
    """Datagrams from an address that is no candidate of the other side."""
    overflow: int = 0
    """Datagrams for which there was no room."""


counts: Final = IceGuard()


class GuardedProtocol(aioice.ice.StunProtocol):
    """A STUN socket that passes on data of the other side only."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        """Drop what is neither STUN nor from a candidate of the other side."""
        assert isinstance(data, bytes)
        if _may_be_stun(data):
            super().datagram_received(data, addr)
        elif not _is_other_side(self.receiver, addr):
            counts.strangers += 1
        elif self.receiver._queue.qsize() >= QUEUE_LIMIT:
            counts.overflow += 1
        else:
            self.receiver.data_received(data, self.local_candidate.component)


def _may_be_stun(data: bytes) -> bool:
    """True if aioice would read `data` as STUN; anything else it would pass to DTLS."""
    if not data or data[0] > LAST_STUN_BYTE:
        return False
    try:
        stun.parse_message(data)
    except ValueError:
        return False
    return True


def _is_other_side(connection: aioice.ice.Connection, addr: tuple[Any, ...]) -> bool:
    host, port = addr[0], addr[1]
    if any(c._network_host == host and c.port == port for c in connection._remote_candidates):
        return True
    # The other side may finish its checks before we begin ours: its check came with our password.
    return any(early[0] == host and early[1] == port for _, early, _ in connection._early_checks)


def _host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    found = _gather_hosts(use_ipv4, use_ipv6)
    return found or (["127.0.0.1"] if use_ipv4 else [])


def install() -> None:
    """Guard every ICE connection made from now on in this process; idempotent."""
    aioice.ice.StunProtocol = GuardedProtocol  # type: ignore[misc]  # the seam aioice gives us
    aioice.ice.get_host_addresses = _host_addresses
    aiortc.rtcicetransport.Connection = TricklingConnection  # type: ignore[attr-defined]  # same


def uninstall() -> None:
    """Give aioice its own classes back; for the test that shows what the guard is for."""
    aioice.ice.StunProtocol = _StunProtocol  # type: ignore[misc]  # as above
    aioice.ice.get_host_addresses = _gather_hosts
    aiortc.rtcicetransport.Connection = aioice.Connection  # type: ignore[attr-defined]  # same
