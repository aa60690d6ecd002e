"""What the wire can be told from outside."""

from __future__ import annotations

from dataclasses import dataclass, field

from signaling.server.ice import TurnSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalingSettings:
    """Settings of the hall's end of the wire. Seconds and bytes, as the names say."""

    own_origins: frozenset[str]
    """Where this server's own pages are reached, exactly as a browser writes it
    (`https://hall.example:8443`). People's browsers are let in from nowhere else."""
    server_version: str = "0"
    stun_urls: tuple[str, ...] = ()
    """Empty on a closed network: naming a server nobody answers at costs every call seconds."""
    turn: TurnSecret | None = field(default=None, repr=False)
    allow_loopback_media: bool = False
    """True where both ends of a call may be one machine: a demo, tests."""
    ping_interval_s: float = 5.0
    ping_timeout_s: float = 5.0
    """Together: who is gone is known within about ten seconds."""
    connect_deadline_s: float = 5.0
    """How long a socket may stay open without saying who it is."""
    max_connections: int = 20_000
    messages_per_s: float = 50.0
    message_burst: int = 200
    """A call's set-up is about forty messages in half a second."""
    send_queue_bytes: int = 512 * 1024
    """What may wait for a slow client before it is dropped; it finds a fresh view on its return."""
    wall_interval_s: float = 0.2
    """The wall is told of changes at most this often."""
    closing_spread_s: float = 5.0
    """After a stop clients come back spread over this time."""

    def __post_init__(self) -> None:
        """Refuse what would open the door to any page."""
        if not self.own_origins:
            raise ValueError("own_origins is empty: no browser could ever connect")
        for origin in self.own_origins:
            scheme, separator, rest = origin.partition("://")
            if scheme not in ("http", "https") or not separator or not rest:
                raise ValueError(f"not an origin: {origin!r}")
            if "*" in rest or "/" in rest or "@" in rest or rest != rest.lower():
                raise ValueError(f"not an exact origin as browsers write it: {origin!r}")
