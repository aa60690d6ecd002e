"""ICE candidates (RFC 8839, RFC 6544, mDNS names): parsed, judged, written anew.

Whoever may send a candidate may make the other side's machine knock at an address. So only what
an ICE agent can really have bound passes, and nothing of the sender's text is passed through.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Literal

from signaling.protocol.errors import MessageMalformed, NotAllowed

_GRAMMAR: Final = re.compile(
    r"candidate:(?P<foundation>[A-Za-z0-9+/]{1,32})"
    r" (?P<component>[12])"
    r" (?P<transport>udp|tcp)"
    r" (?P<priority>[0-9]{1,10})"
    r" (?P<address>[A-Za-z0-9.:-]{1,64})"
    r" (?P<port>[0-9]{1,5})"
    r" typ (?P<kind>host|srflx|prflx|relay)"
    r"(?: raddr [A-Za-z0-9.:-]{1,64})?(?: rport [0-9]{1,5})?"
    r"(?P<extensions>(?: [A-Za-z0-9-]{1,32} [A-Za-z0-9+/-]{1,256}){0,8})",
    re.IGNORECASE,
)
_MDNS_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,63}\.local", re.IGNORECASE)

_LOWEST_PORT: Final = 1024
"""Agents bind ephemeral ports; a lower one would be somebody's service."""

_ACTIVE_TCP_PORT: Final = 9
"""What an active TCP candidate quotes, as it listens nowhere (RFC 6544 §4.5)."""

_HIGHEST_PRIORITY: Final = 2**31 - 1

_METADATA: Final = frozenset(
    {ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("fd00:ec2::254")}
)
"""Cloud machines ask these addresses for their own credentials."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which addresses a candidate may name."""

    allow_loopback: bool = False
    """For a demo and tests, where both ends are one machine."""

    def admits(self, address: str) -> bool:
        """True when the other side may be asked to send to `address`."""
        if _MDNS_NAME.fullmatch(address):
            return True
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if ip.is_loopback:
            return self.allow_loopback
        if ip.is_unspecified or ip.is_multicast or ip in _METADATA:
            return False
        return not (isinstance(ip, ipaddress.IPv4Address) and ip.is_reserved)


@dataclass(frozen=True, slots=True)
class IceCandidate:
    """One candidate, as parsed. Addresses stay out of `repr`, and so out of logs."""

    foundation: str
    component: int
    transport: Literal["udp", "tcp"]
    priority: int
    address: str
    port: int
    kind: str
    tcp_type: str | None = None
    generation: int | None = None
    ufrag: str | None = None
    network_id: int | None = None
    network_cost: int | None = None

    def __repr__(self) -> str:
        return f"IceCandidate({self.transport}, {self.kind})"

    def render(self) -> str:
        """The candidate attribute in our own words.

        The related address is a diagnostic that tells about the sender's network, so it is blank.
        """
        parts = [
            f"candidate:{self.foundation} {self.component} {self.transport} {self.priority}",
            f"{self.address} {self.port} typ {self.kind}",
        ]
        if self.kind != "host":
            parts.append("raddr 0.0.0.0 rport 0")
        for name, value in (
            ("tcptype", self.tcp_type),
            ("generation", self.generation),
            ("ufrag", self.ufrag),
            ("network-id", self.network_id),
            ("network-cost", self.network_cost),
        ):
            if value is not None:
                parts.append(f"{name} {value}")
        return " ".join(parts)


def parse_candidate(text: str, policy: AddressPolicy) -> IceCandidate:
    """Read `candidate:…`.

    Raises:
        MessageMalformed: it is not a candidate.
        NotAllowed: it names an address or a port that no peer may be sent to.
    """
    found = _GRAMMAR.fullmatch(text.removeprefix("a="))
    if found is None:
        raise MessageMalformed("not an ICE candidate")
    transport: Literal["udp", "tcp"] = "udp" if found["transport"].lower() == "udp" else "tcp"
    extensions = _extensions(found["extensions"])
    tcp_type = extensions.get("tcptype") if transport == "tcp" else None
    if transport == "tcp" and tcp_type not in ("active", "passive", "so"):
        raise MessageMalformed("a TCP candidate without its type")
    priority = int(found["priority"])
    if not 0 < priority <= _HIGHEST_PRIORITY:
        raise MessageMalformed("a candidate priority out of range")
    port = int(found["port"])
    if not _port_admitted(port, tcp_type):
        raise NotAllowed("a candidate with a port no peer may be sent to")
    if not policy.admits(found["address"]):
        raise NotAllowed("a candidate with an address no peer may be sent to")
    return IceCandidate(
        foundation=found["foundation"],
        component=int(found["component"]),
        transport=transport,
        priority=priority,
        address=found["address"],
        port=port,
        kind=found["kind"].lower(),
        tcp_type=tcp_type,
        generation=_number(extensions, "generation"),
        ufrag=extensions.get("ufrag"),
        network_id=_number(extensions, "network-id"),
        network_cost=_number(extensions, "network-cost"),
    )


def _port_admitted(port: int, tcp_type: str | None) -> bool:
    if tcp_type == "active" and port == _ACTIVE_TCP_PORT:
        return True
    return _LOWEST_PORT <= port <= 65535  # noqa: PLR2004  the largest port there is


def _extensions(text: str) -> dict[str, str]:
    words = text.split()
    return {name.lower(): value for name, value in zip(words[::2], words[1::2], strict=True)}


def _number(extensions: dict[str, str], name: str) -> int | None:
    value = extensions.get(name)
    if value is None:
        return None
    if not (value.isdecimal() and len(value) <= 5):  # noqa: PLR2004  ids and costs are 16 bits
        raise MessageMalformed("a candidate extension that is not a small number")
    return int(value)
