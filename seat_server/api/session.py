"""Signing in and out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from seat_server.accounts import Accounts
from seat_server.api.endpoint import PERSONS, Call, endpoint
from seat_server.attempts import Attempts
from seat_server.errors import PasswordWeak, PasswordWrong, SignInFailed, TooManyTries
from seat_server.sessions import Sessions, SignedIn
from seat_server.tokens import TokenMint
from signaling.protocol.message import Id, Message, Moment
from signaling.protocol.words import Role

Password = Annotated[str, Field(min_length=1, max_length=128, repr=False)]


class SignInRequest(Message):
    """What somebody types."""

    login: Annotated[str, Field(min_length=1, max_length=64, repr=False)]
    password: Password


class PasswordChange(Message):
    """The present password, and the one to come."""

    current: Password
    new: Password


class Person(Message):
    """Somebody with an account."""

    id: Id
    name: str
    role: Role


class Whoami(Message):
    """Who is signed in at this browser."""

    agent: Person
    csrf: str
    """To be sent as `X-CSRF` with everything that writes."""
    started_at: Moment
    expires_at: Moment
    """The end of the session, whatever is done with it."""


class SocketTokenGiven(Message):
    """A token for one Socket.IO `Hello`."""

    token: str
    expires_at: Moment


class SessionApi:
    """Session."""

    def __init__(
        self,
        accounts: Accounts,
        sessions: Sessions,
        mint: TokenMint,
        attempts: Attempts,
        *,
        socket_token_s: float,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._mint = mint
        self._attempts = attempts
        self._socket_token_s = socket_token_s

    @endpoint("POST", "/api/session", refusals=(SignInFailed, TooManyTries))
    async def sign_in(self, call: Call, body: SignInRequest) -> Whoami:
        """Sign in; sets the session cookie."""
        login = body.login.lower()
        await self._attempts.begin(name=login, address=call.address)
        try:
            agent = await self._accounts.check(login, body.password)
        except SignInFailed:
            await self._attempts.failed(address=call.address)
            raise
        await self._attempts.succeeded(name=login, address=call.address)
        if call.who is not None:
            await self._sessions.end(call.who, "signed_in_again")
        started = await self._sessions.start(agent)
        call.new_session_token = started.token
        return _whoami(started.who)

    @endpoint("GET", "/api/session", roles=PERSONS)
    async def who_am_i(self, call: Call) -> Whoami:
        """Say who is signed in."""
        return _whoami(call.person)

    @endpoint("DELETE", "/api/session", roles=PERSONS, csrf=True, status=HTTPStatus.NO_CONTENT)
    async def sign_out(self, call: Call) -> None:
        """Sign out; the session's sockets are closed."""
        await self._sessions.end(call.person)
        call.new_session_token = ""

    @endpoint("POST", "/api/session/token", roles=PERSONS, csrf=True)
    async def socket_token(self, call: Call) -> SocketTokenGiven:
        """Get a token for one Socket.IO connection, good for about a minute."""
        who = call.person
        made = self._mint.issue(
            subject=who.agent_id,
            role=who.role,
            grant=who.session_id,
            lifetime_s=self._socket_token_s,
        )
        return SocketTokenGiven(token=made.token, expires_at=made.expires_at)

    @endpoint(
        "PUT",
        "/api/session/password",
        roles=PERSONS,
        csrf=True,
        status=HTTPStatus.NO_CONTENT,
        refusals=(PasswordWrong, PasswordWeak, TooManyTries),
    )
    async def change_password(self, call: Call, body: PasswordChange) -> None:
        """Change one's own password; one's other sessions end."""
        who = call.person
        await self._attempts.begin(name=who.login, address=call.address)
        try:
            await self._accounts.check(who.login, body.current)
        except SignInFailed:
            await self._attempts.failed(address=call.address)
            raise PasswordWrong from None
        await self._attempts.succeeded(name=who.login, address=call.address)
        await self._accounts.set_password(
            who.agent_id, body.new, actor=f"agent:{who.agent_id}", keep_session=who.session_id
        )


def _whoami(who: SignedIn) -> Whoami:
    return Whoami(
        agent=Person(id=who.agent_id, name=who.name, role=who.role),
        csrf=who.csrf,
        started_at=who.started_at,
        expires_at=who.expires_at,
    )
