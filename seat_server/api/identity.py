"""Identity: verdicts from kiosks, and what agents do about them beyond the socket."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from pydantic import Field

from id_verify.evidence.errors import (
    ConsentMissing,
    ConsentTextUnknown,
    GuardianMissing,
    HolderForeign,
    SignatureWrong,
    VerdictMalformed,
)
from seat_server.accounts import Accounts
from seat_server.api.endpoint import Call, endpoint
from seat_server.api.session import Password
from seat_server.attempts import Attempts
from seat_server.errors import DeviceUnknown, PasswordWrong, SignInFailed, TooManyTries
from seat_server.identity import IdentityChecks
from service_queue.errors import (
    AlreadyDecided,
    CallClosed,
    CallUnknown,
    NonceRefused,
    NoteMissing,
    NothingToRead,
    NotSeated,
    ReasonUnfit,
    SecondRefused,
    TicketOver,
    TicketUnknown,
    TriesSpent,
)
from signaling.protocol.commands import DecideIdentity
from signaling.protocol.errors import NotAllowed, TokenExpired, TokenInvalid
from signaling.protocol.identity import (
    BeginIdentity,
    DecisionReason,
    EndIdentity,
    IdentityDecision,
    IdentityNonce,
    SubmitVerdict,
    UnmaskReason,
    VerdictStored,
)
from signaling.protocol.message import Id, Message
from signaling.protocol.words import Role

AGENTS: Final = frozenset({Role.AGENT})

_TOKEN: Final = (TokenInvalid, TokenExpired, NotAllowed)
_CONSENT: Final = (ConsentMissing, ConsentTextUnknown, GuardianMissing)


class Override(Message):
    """The resident is accepted against the evidence; a second person stands by it."""

    call_id: Id
    reason: DecisionReason
    note: Annotated[str, Field(min_length=1, max_length=400, repr=False)]
    login: Annotated[str, Field(min_length=1, max_length=64, repr=False)]
    """The second person's."""
    password: Password


class Unmask(Message):
    """Show me the whole name and number."""

    call_id: Id
    reason: UnmaskReason


class Unmasked(Message):
    """The whole name and number; nobody keeps this answer."""

    name: Annotated[str, Field(repr=False)]
    number: Annotated[str, Field(repr=False)]


class IdentityApi:
    """Identity."""

    def __init__(self, checks: IdentityChecks, accounts: Accounts, attempts: Attempts) -> None:
        """`attempts`: those of signing in, so that the two doors cannot be tried in turn."""
        self._checks = checks
        self._accounts = accounts
        self._attempts = attempts

    @endpoint(
        "POST",
        "/api/identity/nonce",
        refusals=(*_TOKEN, *_CONSENT, TicketUnknown, TicketOver, AlreadyDecided, TriesSpent),
    )
    async def begin_identity(self, call: Call, body: BeginIdentity) -> IdentityNonce:
        """Begin a check: a nonce for its verdict, good once."""
        return await self._checks.begin(body)

    @endpoint(
        "POST",
        "/api/identity/verdicts",
        status=HTTPStatus.CREATED,
        refusals=(
            *(DeviceUnknown, SignatureWrong, VerdictMalformed, HolderForeign, *_CONSENT),
            *(TicketUnknown, TicketOver, NonceRefused),
        ),
    )
    async def submit_verdict(self, call: Call, body: SubmitVerdict) -> VerdictStored:
        """Hand in a verdict signed with the kiosk's key."""
        return await self._checks.keep(body)

    @endpoint(
        "POST",
        "/api/identity/endings",
        status=HTTPStatus.NO_CONTENT,
        refusals=(*_TOKEN, NonceRefused),
    )
    async def end_identity(self, call: Call, body: EndIdentity) -> None:
        """Say that a check ended without a verdict, with the deletion receipt."""
        await self._checks.end(body)

    @endpoint(
        "POST",
        "/api/identity/overrides",
        roles=AGENTS,
        csrf=True,
        status=HTTPStatus.NO_CONTENT,
        refusals=(
            *(PasswordWrong, TooManyTries, SecondRefused),
            *(CallUnknown, CallClosed, NotSeated, ReasonUnfit, NoteMissing),
        ),
    )
    async def override_identity(self, call: Call, body: Override) -> None:
        """Accept the resident of one's call or wrap-up against the evidence, with a colleague."""
        login = body.login.lower()
        await self._attempts.begin(name=login, address=call.address)
        try:
            second = await self._accounts.check(login, body.password)
        except SignInFailed:
            await self._attempts.failed(address=call.address)
            raise PasswordWrong from None
        await self._attempts.succeeded(name=login, address=call.address)
        command = DecideIdentity(
            op_id="override",
            call_id=body.call_id,
            decision=IdentityDecision.CONFIRMED,
            reason=body.reason,
            note=body.note,
        )
        await self._checks.decide_with(call.person, second, command)

    @endpoint(
        "POST",
        "/api/identity/unmask",
        roles=AGENTS,
        csrf=True,
        refusals=(CallUnknown, CallClosed, NotSeated, NothingToRead),
    )
    async def unmask_identity(self, call: Call, body: Unmask) -> Unmasked:
        """Read the resident's whole name and number, in one's call or wrap-up; it is journalled."""
        holder = await self._checks.read_holder(call.person, body.call_id, body.reason)
        return Unmasked(name=holder.name, number=holder.number)
