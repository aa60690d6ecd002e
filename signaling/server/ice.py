"""ICE servers for a call: an explicit list, and TURN passwords that soon expire."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from signaling.protocol.signals import IceServer


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSecret:
    """A coturn server run with `use-auth-secret`."""

    urls: tuple[str, ...]
    """Such as `turn:10.1.2.3:3478?transport=udp`."""
    secret: str = field(repr=False)
    """coturn's `static-auth-secret`. Never leaves the server."""
    lifetime_s: int = 600
    """How long a password opens new allocations. A rebuild of the media gets a fresh one."""


def turn_server(turn: TurnSecret, subject: str, now: float) -> IceServer:
    """Credentials for `subject`, good for about `lifetime_s`, as coturn computes them itself.

    The end is rounded up to a quarter of the lifetime, so that a view that is built again says the
    same and is not sent again.
    """
    step = max(1, turn.lifetime_s // 4)
    expires = (int(now) // step + 5) * step
    username = f"{expires}:{subject}"
    digest = hmac.new(turn.secret.encode(), username.encode(), hashlib.sha1).digest()
    return IceServer(
        urls=turn.urls, username=username, credential=base64.b64encode(digest).decode()
    )


def ice_servers(
    stun_urls: tuple[str, ...], turn: TurnSecret | None, subject: str, now: float
) -> tuple[IceServer, ...]:
    """What `subject` puts into its RTCPeerConnection; empty means: this network needs none."""
    servers = []
    if stun_urls:
        servers.append(IceServer(urls=stun_urls))
    if turn is not None:
        servers.append(turn_server(turn, subject, now))
    return tuple(servers)
