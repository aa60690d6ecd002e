"""The policy the line is run by: the file in force, its history, what another would change."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from seat_server.api.endpoint import ADMINISTRATORS, OVERSEERS, PERSONS, Call, endpoint
from seat_server.ledger import Ledger
from service_queue.errors import PolicyInvalid, PolicyVersionUnknown, TicketUnknown
from service_queue.explain import Group, NotYet
from service_queue.explanation import explain_ticket, find_ticket
from service_queue.hall import Hall
from service_queue.line_reader import read_line
from service_queue.policy_file import MAX_CHARACTERS, read_policy, write_policy
from service_queue.policy_store import (
    Applied,
    apply_policy,
    find_version,
    history,
    known_in,
    newest_version,
    roll_back,
)
from service_queue.preview import ChangedOption, Move, Offer, Reach, preview
from service_queue.starvation import longest_wait_s
from service_queue.transaction import Transaction
from signaling.protocol.message import Id, Message, Moment
from signaling.protocol.words import Language, TicketState

PolicyText = Annotated[str, Field(max_length=MAX_CHARACTERS)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class PolicyFile(Message):
    """A policy as a file."""

    text: PolicyText
    """TOML; `xiaowu queue policy sample` prints one with every option."""


class PolicyVersion(Message):
    """A policy as it was applied."""

    version: int
    """0: none was applied yet, the settings' numbers count."""
    name: str
    sha256: str
    """Of the file; empty for the settings' numbers."""
    applied_at: Moment | None
    applied_by: str
    text: str


class PolicyHistory(Message):
    """The policies that were applied, the newest first; without their files."""

    versions: tuple[PolicyVersion, ...]


class PolicyNote(Message):
    """Something of note in a policy that may be applied."""

    line: int
    option: str
    reason: str


class PolicyApplied(Message):
    """What applying came to."""

    version: int
    name: str
    sha256: str
    is_new: bool
    """False when just this file was in force already."""
    warnings: tuple[PolicyNote, ...]


class PolicyPreview(Message):
    """What a policy would do to the line as it stands; nothing was applied."""

    options: tuple[ChangedOption, ...]
    waiting: int
    moves: tuple[Move, ...]
    reaches: tuple[Reach, ...]
    reaches_looked_at: int
    """`reaches` are of so many tickets, from the front."""
    offers: tuple[Offer, ...]
    longest_wait_s: float
    """After this nobody overtakes a ticket, and every window with the skill may take it."""
    warnings: tuple[PolicyNote, ...]


class TicketExplanation(Message):
    """Why a ticket stands where it stands."""

    ticket_id: Id
    number: str
    state: TicketState
    at: Moment
    position: int | None
    """From 1; null when it is not in the line."""
    before: tuple[Group, ...]
    """Who stands before it, by reason."""
    passes: tuple[Group, ...]
    """Who came earlier and stands behind it, by reason."""
    not_yet: NotYet | None
    zh: str
    en: str


class PolicyApi:
    """Queue."""

    def __init__(self, ledger: Ledger, hall: Hall) -> None:
        self._ledger = ledger
        self._hall = hall

    @endpoint("GET", "/api/queue/policy", roles=OVERSEERS)
    async def show_policy(self, call: Call) -> PolicyVersion:
        """Show the policy in force."""
        return await self._ledger.read(self._in_force)

    @endpoint("GET", "/api/queue/policies", roles=OVERSEERS)
    async def list_policies(self, call: Call) -> PolicyHistory:
        """List the policies that were applied, the last hundred."""
        rows = await self._ledger.read(lambda tx: history(tx.connection))
        return PolicyHistory(
            versions=tuple(
                PolicyVersion(
                    version=row.id or 0,
                    name=row.name,
                    sha256=row.sha256,
                    applied_at=row.applied_at,
                    applied_by=row.applied_by,
                    text="",
                )
                for row in rows
            )
        )

    @endpoint(
        "GET",
        "/api/queue/policies/{version}",
        roles=OVERSEERS,
        refusals=(PolicyVersionUnknown,),
    )
    async def show_version(self, call: Call, version: Version) -> PolicyVersion:
        """Show a policy that was applied, with its file."""
        return await self._ledger.read(lambda tx: _shown(tx, version))

    @endpoint(
        "POST",
        "/api/queue/policy",
        roles=ADMINISTRATORS,
        csrf=True,
        status=HTTPStatus.CREATED,
        refusals=(PolicyInvalid,),
    )
    async def apply_policy(self, call: Call, body: PolicyFile) -> PolicyApplied:
        """Put a policy in force, from the next event on.

        It is refused with every fault by line, also when it could starve somebody.
        """
        return await self._apply(call, body.text)

    @endpoint(
        "POST",
        "/api/queue/policies/{version}/rollback",
        roles=ADMINISTRATORS,
        csrf=True,
        status=HTTPStatus.CREATED,
        refusals=(PolicyInvalid, PolicyVersionUnknown),
    )
    async def roll_back(self, call: Call, version: Version) -> PolicyApplied:
        """Put an earlier policy in force again, as a new version."""
        applied = await self._hall.apply_policy(_actor(call), lambda tx: roll_back(tx, version))
        return _applied(applied)

    @endpoint("POST", "/api/queue/preview", roles=OVERSEERS, csrf=True, refusals=(PolicyInvalid,))
    async def preview_policy(self, call: Call, body: PolicyFile) -> PolicyPreview:
        """Show who in the line as it stands would move under a policy, and why."""
        return await self._ledger.read(lambda tx: self._preview(tx, body.text))

    @endpoint(
        "GET",
        "/api/queue/tickets/{ticket_id}/explanation",
        roles=PERSONS,
        refusals=(TicketUnknown,),
    )
    async def explain_ticket(self, call: Call, ticket_id: Id) -> TicketExplanation:
        """Say why a ticket stands where it stands, and why it is not called yet.

        By its id, or by the number on its slip today.
        """
        policy = self._hall.policy
        explained = await self._ledger.read(
            lambda tx: explain_ticket(
                tx.connection, find_ticket(tx.connection, ticket_id, tx.now), policy, tx.now
            )
        )
        standing = explained.standing
        return TicketExplanation(
            ticket_id=explained.ticket_id,
            number=explained.number,
            state=explained.state,
            at=explained.at,
            position=None if standing is None else standing.position,
            before=() if standing is None else standing.before,
            passes=() if standing is None else standing.passes,
            not_yet=None if standing is None else standing.not_yet,
            zh=explained.text[Language.ZH],
            en=explained.text[Language.EN],
        )

    async def _apply(self, call: Call, text: str) -> PolicyApplied:
        return _applied(
            await self._hall.apply_policy(_actor(call), lambda tx: apply_policy(tx, text))
        )

    def _in_force(self, tx: Transaction) -> PolicyVersion:
        newest = newest_version(tx.connection)
        if newest:
            return _shown(tx, newest)
        policy = self._hall.policy
        return PolicyVersion(
            version=0,
            name=policy.name,
            sha256="",
            applied_at=None,
            applied_by="settings",
            text=write_policy(policy),
        )

    def _preview(self, tx: Transaction, text: str) -> PolicyPreview:
        known = known_in(tx.connection)
        read = read_policy(text, known)
        old = self._hall.policy
        line = read_line(tx.connection, tx.now, old, read.policy)
        found = preview(line, old, read.policy)
        return PolicyPreview(
            options=found.options,
            waiting=found.waiting,
            moves=found.moves,
            reaches=found.reaches,
            reaches_looked_at=found.reaches_looked_at,
            offers=found.offers,
            longest_wait_s=longest_wait_s(read.policy, known),
            warnings=tuple(
                PolicyNote(line=note.line, option=note.option, reason=note.reason)
                for note in read.warnings
            ),
        )


def _shown(tx: Transaction, version: int) -> PolicyVersion:
    row = find_version(tx.connection, version)
    return PolicyVersion(
        version=version,
        name=row.name,
        sha256=row.sha256,
        applied_at=row.applied_at,
        applied_by=row.applied_by,
        text=row.text,
    )


def _applied(applied: Applied) -> PolicyApplied:
    return PolicyApplied(
        version=applied.version.id or 0,
        name=applied.version.name,
        sha256=applied.version.sha256,
        is_new=applied.is_new,
        warnings=tuple(
            PolicyNote(line=note.line, option=note.option, reason=note.reason)
            for note in applied.read.warnings
        ),
    )


def _actor(call: Call) -> str:
    return f"agent:{call.person.agent_id}"
