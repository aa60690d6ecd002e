"""Whose request it is, and whether they may."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from seat_server.api.endpoint import Call, Endpoint
from seat_server.errors import CsrfMissing, NotSignedIn
from seat_server.sessions import Sessions
from signaling.protocol.errors import NotAllowed, OriginRefused

CSRF_HEADER: Final = "X-CSRF"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_COOKIE: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class CookieStyle:
    """How the session cookie is sent."""

    name: str
    secure: bool


TLS_COOKIE: Final = CookieStyle(name="__Host-xiaowu", secure=True)
"""The prefix makes browsers refuse it from a subdomain or a plain page (RFC 6265bis §4.1.3.2)."""

LOOPBACK_COOKIE: Final = CookieStyle(name="xiaowu_session", secure=False)


class Reception:
    """Looks at every request to the API before its endpoint does."""

    def __init__(
        self, sessions: Sessions, *, own_origins: Collection[str], cookie: CookieStyle
    ) -> None:
        self._sessions = sessions
        self._own_origins = frozenset(own_origins)
        self._cookie = cookie

    async def admit(self, request: web.Request, endpoint: Endpoint) -> Call:
        """Let a request through to `endpoint`.

        Raises:
            OriginRefused: another site's page sent it.
            NotSignedIn: it needs somebody, and nobody is signed in.
            NotAllowed: who is signed in has another role.
            CsrfMissing: it changes something, and does not show that our own page sent it.
        """
        if request.method not in SAFE_METHODS:
            self._require_own_page(request)
        token = request.cookies.get(self._cookie.name, "")[:MAX_COOKIE]
        call = Call(address=request.remote or "", who=None, session_token=token or None)
        if token:
            call.who = await self._sessions.find(token)
        if endpoint.roles:
            if call.person.role not in endpoint.roles:
                raise NotAllowed
            if endpoint.csrf:
                _require_csrf(request, call)
        return call

    def set_cookie(self, response: web.StreamResponse, call: Call) -> None:
        """Give or take the session cookie, if the endpoint said so."""
        if call.new_session_token is None:
            return
        common = {
            "path": "/",
            "httponly": True,
            "secure": self._cookie.secure,
            "samesite": "Strict",
        }
        if call.new_session_token:
            response.set_cookie(self._cookie.name, call.new_session_token, **common)  # type: ignore[arg-type]
        else:
            response.del_cookie(self._cookie.name, **common)  # type: ignore[arg-type]

    def _require_own_page(self, request: web.Request) -> None:
        """Browsers name the page that writes; programs name none."""
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._own_origins:
            raise OriginRefused


def _require_csrf(request: web.Request, call: Call) -> None:
    if call.who is None:
        raise NotSignedIn
    shown = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(shown.encode(), call.who.csrf.encode()):
        raise CsrfMissing
