"""A person's sign-in over HTTP, and the tokens it gives for connections."""

from __future__ import annotations

import asyncio
from typing import Final, Self, TypeVar

import aiohttp
from pydantic import ValidationError

from seat_server.api.session import SocketTokenGiven, Whoami
from seat_server.api.visit import CSRF_HEADER
from signaling.protocol.errors import Refusal, rebuild
from signaling.protocol.message import Message

M = TypeVar("M", bound=Message)

DEADLINE_S: Final = 15.0
"""Twenty at once sign in; each password costs the server a moment."""


class ServerUnreachable(Exception):
    """The server does not answer, or answers something that is not ours."""


class AgentSession:
    """Signs in when it must, and gets a token for each connection. An async context manager."""

    def __init__(self, server_url: str, login: str, password: str) -> None:
        """Nothing happens before the first token is wanted."""
        self._url = server_url
        self._login = login
        self._password = password
        self._csrf: str | None = None
        self._one_at_a_time = asyncio.Lock()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open."""
        # The cookie jar refuses cookies of bare addresses unless it is told that they are safe.
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=DEADLINE_S),
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close; the session ends by its idle time."""
        if self._http is not None:
            await self._http.close()

    async def token(self) -> str:
        """Return a token for one connection.

        Raises:
            Refusal: the server's, when sign-in fails.
            ServerUnreachable.
        """
        async with self._one_at_a_time:
            if self._csrf is not None:
                try:
                    return await self._fresh_token(self._csrf)
                except Refusal:
                    self._csrf = None  # the session ended: sign in again
            self._csrf = await self._sign_in()
            return await self._fresh_token(self._csrf)

    async def _sign_in(self) -> str:
        said = await self._post(
            "/api/session", {"login": self._login, "password": self._password}, {}
        )
        return _parsed(Whoami, said).csrf

    async def _fresh_token(self, csrf: str) -> str:
        said = await self._post("/api/session/token", None, {CSRF_HEADER: csrf})
        return _parsed(SocketTokenGiven, said).token

    async def _post(self, path: str, body: object, headers: dict[str, str]) -> object:
        assert self._http is not None, "AgentSession is not open"
        try:
            async with self._http.post(
                self._url + path, json=body, headers={"Origin": self._url, **headers}
            ) as response:
                said = await response.json(content_type=None)
                ok = response.ok
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as failure:
            raise ServerUnreachable(type(failure).__name__) from failure
        if ok:
            return said
        code = said.get("code") if isinstance(said, dict) else None
        raise rebuild(code) if isinstance(code, str) else Refusal(f"status {response.status}")


def _parsed(kind: type[M], said: object) -> M:
    try:
        return kind.model_validate(said)
    except ValidationError:
        raise ServerUnreachable("an answer of another version") from None
