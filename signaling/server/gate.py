"""Who may come in: protocol version, token, and the page it comes from.

A browser sends cookies and opens WebSockets for any page, so the Origin header is checked against
an exact list before anything else. No header that a proxy or a page can invent has a say.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from pydantic import ValidationError

from signaling.protocol.errors import MessageMalformed, OriginRefused, VersionUnsupported
from signaling.protocol.events import Hello
from signaling.protocol.version import OLDEST_SUPPORTED, PROTOCOL_VERSION
from signaling.server.principal import KIOSK_ROLES, Principal, TokenVerifier


class Gate:
    """Lets connections in, or says why not."""

    def __init__(self, verifier: TokenVerifier, own_origins: Collection[str]) -> None:
        self._verifier = verifier
        self._own_origins = frozenset(own_origins)

    def may_knock(self, origin: str | None) -> bool:
        """True when a socket from `origin` may be opened at all.

        Own pages, loopback pages (a kiosk's; `admit` makes sure which one) and programs.
        """
        return origin is None or origin in self._own_origins or is_loopback_origin(origin)

    async def admit(self, auth: object, origin: str | None) -> tuple[Hello, Principal]:
        """Who a CONNECT with `auth` from `origin` is.

        Raises:
            MessageMalformed, VersionUnsupported, TokenInvalid, TokenExpired, OriginRefused.
        """
        hello = _read_hello(auth)
        principal = await self._verifier.verify(hello.token)
        self._check_origin(principal, origin)
        return hello, principal

    def _check_origin(self, principal: Principal, origin: str | None) -> None:
        if principal.role in KIOSK_ROLES:
            if origin is None or origin == principal.page_origin:
                return
            raise OriginRefused("a kiosk's browser comes from the origin it was enrolled with")
        if origin is None or origin not in self._own_origins:
            raise OriginRefused("people's connections come from this server's own pages")


def _read_hello(auth: object) -> Hello:
    """Read what came with CONNECT; the version first, as the rest depends on it."""
    if not isinstance(auth, dict):
        raise MessageMalformed("CONNECT without a hello")
    version = auth.get("protocol")
    if isinstance(version, int) and not OLDEST_SUPPORTED <= version <= PROTOCOL_VERSION:
        raise VersionUnsupported(f"this build speaks {OLDEST_SUPPORTED} to {PROTOCOL_VERSION}")
    try:
        return Hello.model_validate(auth)
    except ValidationError:
        # `from None`: pydantic's message quotes what was sent, and that holds a token.
        raise MessageMalformed("CONNECT with a hello that does not fit") from None


def is_loopback_origin(origin: str) -> bool:
    """True for `http://127.0.0.1:7180` and the like: a page served by the same machine."""
    try:
        parts = urlsplit(origin)
        port = parts.port
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return False
    host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004  IPv6
    return address.is_loopback and port is not None and origin == f"{parts.scheme}://{host}:{port}"
