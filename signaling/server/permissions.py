"""Which role may send what. A role can do what it must and no more."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args

from signaling.protocol.commands import (
    CallCommand,
    KioskCommand,
    ReportHealth,
    SeatCommand,
    SendSignal,
    SyncView,
)
from signaling.protocol.errors import NotAllowed
from signaling.protocol.message import Message
from signaling.protocol.words import Role

_CALL: Final[frozenset[type[Message]]] = frozenset({*get_args(CallCommand), SendSignal})

MAY_SEND: Final[Mapping[Role, frozenset[type[Message]]]] = MappingProxyType(
    {
        Role.KIOSK_PAGE: frozenset({*get_args(KioskCommand), *_CALL, SyncView}),
        Role.KIOSK_DEVICE: frozenset({ReportHealth, SyncView}),
        Role.AGENT: frozenset({*get_args(SeatCommand), *_CALL, SyncView}),
        Role.SUPERVISOR: frozenset({SyncView}),
        Role.ADMIN: frozenset({SyncView}),
    }
)
"""Supervisors and administrators watch the wall; what they change, they change over REST."""


def require_allowed(role: Role, message: Message) -> None:
    """Raise NotAllowed when `role` may not send `message`."""
    if type(message) not in MAY_SEND[role]:
        raise NotAllowed(f"{role} may not send {type(message).__name__}")
