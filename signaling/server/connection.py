"""One admitted connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from signaling.protocol.events import Hello
from signaling.protocol.message import Message
from signaling.protocol.words import Role
from signaling.server.principal import Principal
from signaling.server.rate import TokenBucket


class Place(NamedTuple):
    """What only one connection at a time is attached to: a kiosk's page, its program, a desk."""

    role: Role
    subject: str


@dataclass(slots=True, eq=False)
class Connection:
    """Who is at the other end, and how it behaves."""

    sid: str
    principal: Principal
    bucket: TokenBucket
    client: str = ""
    restarts_ice: bool = True
    welcomed: bool = False
    """True once views may be sent."""
    ending: bool = False
    """True once it was told to go: nothing it sends counts any more."""
    seat_id: str | None = None
    """The seat a desk showed last."""
    last_view: Message | None = field(default=None, repr=False)
    """The last event with a view, without its times, so that an equal one is not sent again."""

    last_key: tuple[object, ...] | None = field(default=None, repr=False)
    """What that view depended on, while its kiosk waits: as long as it is the same, nothing new."""

    @classmethod
    def open(cls, sid: str, principal: Principal, hello: Hello, bucket: TokenBucket) -> Connection:
        """The connection of `principal`, as it introduced itself."""
        return cls(
            sid=sid,
            principal=principal,
            bucket=bucket,
            client=hello.client,
            restarts_ice=hello.restarts_ice,
        )

    @property
    def role(self) -> Role:
        """What it may do."""
        return self.principal.role

    @property
    def place(self) -> Place | None:
        """What it is attached to; None for a wall, of which there may be many."""
        if self.role in (Role.SUPERVISOR, Role.ADMIN):
            return None
        return Place(self.role, self.principal.subject)
