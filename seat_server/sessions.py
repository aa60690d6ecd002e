"""Sign-ins of people: kept by the server, so that they can be listed, ended and revoked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, select, update

from seat_server.ledger import Ledger, Part, mark_changed
from seat_server.settings import SessionSettings
from seat_server.tables import AgentRow, AgentSessionRow
from service_queue.tables import table_of
from service_queue.transaction import Transaction
from signaling.protocol.words import Role

_agent = table_of(AgentRow)
_session = table_of(AgentSessionRow)

TOKEN_BYTES: Final = 32

TOUCH_EVERY_S: Final = 60.0
"""`last_used_at` is written at most this often, so that reading pages writes little."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """Somebody with a session that stands."""

    session_id: str
    agent_id: str
    login: str
    name: str
    role: Role
    departments: str
    """What they may serve, joined by `|`; `*` is all."""
    languages: str
    started_at: float
    expires_at: float
    csrf: str = field(repr=False)
    """What their page must send as X-CSRF with everything that writes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionStarted:
    """A new session and the only copy of its token."""

    token: str = field(repr=False)
    who: SignedIn


class Sessions:
    """Starts, finds and ends sessions."""

    def __init__(self, ledger: Ledger, settings: SessionSettings, key: bytes) -> None:
        """`key` makes the CSRF values."""
        self._ledger = ledger
        self._idle_s = settings.idle_minutes * 60.0
        self._absolute_s = settings.absolute_hours * 3600.0
        self._key = key

    async def start(self, agent: AgentRow) -> SessionStarted:
        """Sign `agent` in, whose password was checked."""
        token = secrets.token_urlsafe(TOKEN_BYTES)

        def unit(tx: Transaction) -> AgentSessionRow:
            row = AgentSessionRow(
                id=f"s.{secrets.token_hex(8)}",
                agent_id=agent.id,
                token_sha256=_sha256(token),
                started_at=tx.now,
                last_used_at=tx.now,
                expires_at=tx.now + self._absolute_s,
            )
            tx.add(row)
            mark_changed(tx.connection, Part.ACCESS)
            tx.note("session.started", session_id=row.id)
            return row

        row = await self._ledger.write(f"agent:{agent.id}", unit)
        return SessionStarted(token=token, who=self._signed_in(row, agent))

    async def find(self, token: str) -> SignedIn | None:
        """Whose token this is; None when it stands no longer."""
        found = await self._ledger.read(lambda tx: self._standing(tx, token))
        if found is None:
            return None
        row, agent = found
        if self._ledger.clock.now() - row.last_used_at > TOUCH_EVERY_S:
            await self.touch([row.id])
        return self._signed_in(row, agent)

    async def standing(self) -> dict[str, SignedIn]:
        """All sessions that stand, by id."""

        def unit(tx: Transaction) -> dict[str, SignedIn]:
            rows = tx.every(AgentSessionRow, select(_session).where(_session.c.ended_at.is_(None)))
            agents = {agent.id: agent for agent in tx.every(AgentRow, select(_agent))}
            return {
                row.id: self._signed_in(row, agents[row.agent_id])
                for row in rows
                if self._stands(row, agents[row.agent_id], tx.now)
            }

        return await self._ledger.read(unit)

    async def touch(self, session_ids: list[str]) -> None:
        """These are in use: a desk is attached, or a page was read."""

        def unit(tx: Transaction) -> None:
            tx.connection.execute(
                update(_session).where(_session.c.id.in_(session_ids)).values(last_used_at=tx.now)
            )

        if session_ids:
            await self._ledger.write("system", unit)

    async def end(self, who: SignedIn, because: str = "signed_out") -> None:
        """Sign somebody out; their sockets are closed by the gate that watches."""
        await self._ledger.write(
            f"agent:{who.agent_id}",
            lambda tx: end_sessions(tx, because, session_id=who.session_id),
        )

    async def end_all(self, agent_id: str, *, actor: str, because: str = "revoked") -> int:
        """Sign an account out everywhere; how many sessions that were."""
        return await self._ledger.write(
            actor, lambda tx: end_sessions(tx, because, agent_id=agent_id)
        )

    def _standing(self, tx: Transaction, token: str) -> tuple[AgentSessionRow, AgentRow] | None:
        row = tx.find(AgentSessionRow, token_sha256=_sha256(token))
        if row is None:
            return None
        agent = tx.need(AgentRow, id=row.agent_id)
        return (row, agent) if self._stands(row, agent, tx.now) else None

    def _stands(self, row: AgentSessionRow, agent: AgentRow, now: float) -> bool:
        return (
            row.ended_at is None
            and agent.disabled_at is None
            and now < row.expires_at
            and now < row.last_used_at + self._idle_s
        )

    def _signed_in(self, row: AgentSessionRow, agent: AgentRow) -> SignedIn:
        mac = hmac.digest(self._key, f"csrf {row.id}".encode(), "sha256")
        return SignedIn(
            session_id=row.id,
            agent_id=agent.id,
            login=agent.login,
            name=agent.name,
            role=Role(agent.role),
            departments=agent.departments,
            languages=agent.languages,
            started_at=row.started_at,
            expires_at=row.expires_at,
            csrf=base64.urlsafe_b64encode(mac).decode().rstrip("="),
        )


def end_sessions(
    tx: Transaction,
    because: str,
    *,
    session_id: str | None = None,
    agent_id: str | None = None,
    keep: str | None = None,
) -> int:
    """End one session, or an account's but for `keep`; how many that were."""
    chosen: list[ColumnElement[bool]] = [_session.c.ended_at.is_(None)]
    if session_id is not None:
        chosen.append(_session.c.id == session_id)
    if agent_id is not None:
        chosen.append(_session.c.agent_id == agent_id)
    if keep is not None:
        chosen.append(_session.c.id != keep)
    ended = tx.connection.execute(
        update(_session)
        .where(*chosen)
        .values(ended_at=tx.now, ended_because=because)
        .returning(_session.c.id, _session.c.agent_id)
    ).all()
    for row in ended:
        tx.note("session.ended", reason=because, session_id=row.id, agent_id=row.agent_id)
    if ended:
        mark_changed(tx.connection, Part.ACCESS)
    return len(ended)


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
