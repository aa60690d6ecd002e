"""What can go wrong on this side of the wire.

ClientError               base
├── LinkUnavailable       no answer before the deadline
└── LinkStopped           the link ended for good: closed, replaced or revoked
"""

from __future__ import annotations


class ClientError(Exception):
    """The client could not do what it was asked."""


class LinkUnavailable(ClientError):
    """The server did not answer before the deadline; whether it acted is not known."""


class LinkStopped(ClientError):
    """The link has ended for good and will not come back."""
