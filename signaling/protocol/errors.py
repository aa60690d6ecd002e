"""Refusals that cross the wire.

Refusal                       base: has a stable `code`
├── WireError                 the message itself
│   ├── MessageMalformed      malformed
│   ├── MessageTooLarge       too_large
│   ├── VersionUnsupported    version_unsupported
│   └── TooManyMessages       too_many_messages
├── AccessError               who sends it
│   ├── TokenInvalid          token_invalid
│   ├── TokenExpired          token_expired
│   ├── OriginRefused         origin_refused
│   └── NotAllowed            not_allowed
├── (service_queue.errors.QueueError …)
└── RefusedByPeer             a code this build does not know
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar


class Refusal(Exception):
    """A command was refused and changed nothing."""

    code: ClassVar[str] = "refused"

    def __init__(self, detail: str = "") -> None:
        """`detail` states the fact in English, for logs; it never holds personal data."""
        super().__init__(detail or (type(self).__doc__ or "").strip())
        self.detail = str(self)


class WireError(Refusal):
    """The message cannot be understood."""

    code = "wire_error"


class MessageMalformed(WireError):
    """The message does not fit the protocol."""

    code = "malformed"


class MessageTooLarge(WireError):
    """The message is larger than the protocol allows."""

    code = "too_large"


class VersionUnsupported(WireError):
    """The peer speaks a version of the protocol this build does not."""

    code = "version_unsupported"


class TooManyMessages(WireError):
    """The peer sends faster than the limit."""

    code = "too_many_messages"


class AccessError(Refusal):
    """The sender may not do this."""

    code = "access_error"


class TokenInvalid(AccessError):
    """The token is missing, forged, or belongs to somebody revoked."""

    code = "token_invalid"


class TokenExpired(AccessError):
    """The token is past its time; fetch a fresh one."""

    code = "token_expired"


class OriginRefused(AccessError):
    """The page comes from an origin that is not on the list."""

    code = "origin_refused"


class NotAllowed(AccessError):
    """The role of this connection does not include this command."""

    code = "not_allowed"


class RefusedByPeer(Refusal):
    """The server refused with a code this build does not know."""

    def __init__(self, code: str, detail: str = "") -> None:
        """Keep the unknown `code` so that callers can still show and count it."""
        super().__init__(detail)
        self.peer_code = code


def code_of(refusal: Refusal) -> str:
    """The code that crosses the wire, known to this build or not."""
    return refusal.peer_code if isinstance(refusal, RefusedByPeer) else refusal.code


def all_refusals(root: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every refusal class loaded in this process, the base first."""
    yield root
    for leaf in root.__subclasses__():
        yield from all_refusals(leaf)


def rebuild(code: str, detail: str = "") -> Refusal:
    """The exception for a `code` read from the wire; RefusedByPeer when the code is unknown."""
    for kind in all_refusals():
        if kind.code == code and kind is not RefusedByPeer:
            return kind(detail)
    return RefusedByPeer(code, detail)
