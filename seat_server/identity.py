"""Checks of identity, from kiosk programs and desks: proven, then carried out in the hall."""

from __future__ import annotations

import secrets
from typing import Final

from id_verify.evidence.consent import Consent
from id_verify.evidence.errors import ConsentMissing
from id_verify.evidence.grade import RULE
from id_verify.evidence.signature import verified
from seat_server.admission import Admission
from seat_server.devices import Devices
from seat_server.sessions import SignedIn
from seat_server.tables import AgentRow
from service_queue import deciding, identifying
from service_queue.actor import Actor
from service_queue.deciding import SecondPerson
from service_queue.errors import SecondRefused
from service_queue.hall import Hall
from service_queue.identifying import GradedVerdict
from signaling.protocol.commands import DecideIdentity
from signaling.protocol.errors import NotAllowed
from signaling.protocol.identity import (
    BeginIdentity,
    CardHolder,
    EndIdentity,
    IdentityNonce,
    IdentityWay,
    SubmitVerdict,
    UnmaskReason,
    VerdictStored,
)
from signaling.protocol.words import Role

NONCE_BYTES: Final = 24

SECOND_ROLES: Final = frozenset({Role.AGENT, Role.SUPERVISOR})
"""Who may stand by a decision: people of the hall, not its technicians."""


class IdentityChecks:
    """Takes what kiosks found, and what agents decide with a second person."""

    def __init__(self, hall: Hall, devices: Devices, admission: Admission) -> None:
        self._hall = hall
        self._devices = devices
        self._admission = admission

    async def begin(self, request: BeginIdentity) -> IdentityNonce:
        """A kiosk begins a check.

        Raises:
            TokenInvalid, TokenExpired, NotAllowed: the token is not one of a kiosk's program.
            ConsentMissing, ConsentTextUnknown, GuardianMissing: no face may be looked at so.
            TicketUnknown, TicketOver, AlreadyDecided, TriesSpent.
        """
        kiosk_id = await self._kiosk_of(request.token)
        consent = None if request.consent is None else Consent.of(request.consent)
        if request.way is IdentityWay.FACE and consent is None:
            raise ConsentMissing
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        until = await self._hall.carry(
            f"kiosk:{kiosk_id}",
            lambda tx: identifying.begin(
                tx,
                kiosk_id=kiosk_id,
                ticket_id=request.ticket_id,
                way=request.way,
                consent=consent,
                nonce=nonce,
            ),
        )
        return IdentityNonce(nonce=nonce, expires_at=until)

    async def keep(self, request: SubmitVerdict) -> VerdictStored:
        """Keep a verdict, if the kiosk that it names signed it.

        Raises:
            DeviceUnknown, SignatureWrong, VerdictMalformed, HolderForeign.
            ConsentMissing, ConsentTextUnknown, GuardianMissing.
            TicketUnknown, TicketOver, NonceRefused.
        """
        device = await self._devices.of_kiosk(request.kiosk_id)
        verdict = verified(request, device.public_key)
        grade = verdict.grade
        graded = GradedVerdict(
            kiosk_id=device.kiosk_id,
            ticket_id=verdict.ticket_id,
            nonce=verdict.nonce,
            device_id=device.id,
            way=verdict.way,
            grade=grade,
            marks=verdict.marks,
            evidence=verdict.evidence,
            proven_age=verdict.proven_age,
            text=request.verdict,
            signature=request.signature,
            holder=None if request.holder is None else request.holder.model_dump_json(),
            wiped=verdict.wiped,
            rule=RULE,
        )
        verdict_id = await self._hall.carry(
            f"kiosk:{device.kiosk_id}", lambda tx: identifying.keep_verdict(tx, graded)
        )
        return VerdictStored(verdict_id=verdict_id, grade=grade)

    async def end(self, request: EndIdentity) -> None:
        """A kiosk's check ended without a verdict.

        Raises:
            TokenInvalid, TokenExpired, NotAllowed, NonceRefused.
        """
        kiosk_id = await self._kiosk_of(request.token)
        await self._hall.carry(
            f"kiosk:{kiosk_id}",
            lambda tx: identifying.end(
                tx,
                kiosk_id=kiosk_id,
                nonce=request.nonce,
                reason=request.reason,
                wiped=request.wiped,
            ),
        )

    async def decide_with(self, who: SignedIn, second: AgentRow, command: DecideIdentity) -> None:
        """The agent decides against the evidence, and `second`, whose password was checked, too.

        Raises:
            SecondRefused, CallUnknown, CallClosed, ReasonUnfit, NoteMissing.
        """
        if second.role not in SECOND_ROLES or second.id == who.agent_id:
            raise SecondRefused
        person = SecondPerson(agent_id=second.id, name=second.name)
        actor = _actor(who)
        await self._hall.carry(
            actor.subject, lambda tx: deciding.decide(tx, actor, command, person)
        )

    async def read_holder(self, who: SignedIn, call_id: str, reason: UnmaskReason) -> CardHolder:
        """Name and number of the resident whom the agent serves, or whose call they wrap up.

        The journal says who read them, and why.

        Raises:
            CallUnknown, CallClosed, NothingToRead.
        """
        actor = _actor(who)
        holder = await self._hall.carry(
            actor.subject, lambda tx: deciding.read_holder(tx, actor, call_id, reason)
        )
        return CardHolder.model_validate_json(holder)

    async def _kiosk_of(self, token: str) -> str:
        principal = await self._admission.verify(token)
        if principal.role is not Role.KIOSK_DEVICE or principal.kiosk_id is None:
            raise NotAllowed
        return principal.kiosk_id


def _actor(who: SignedIn) -> Actor:
    return Actor(role=who.role, agent_id=who.agent_id, agent_name=who.name)
