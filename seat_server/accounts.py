"""Accounts of agents, supervisors and administrators."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Final

from sqlalchemy import select, update

from seat_server.errors import (
    AgentUnknown,
    DepartmentUnknown,
    LastAdministrator,
    LoginTaken,
    SignInFailed,
)
from seat_server.ledger import Ledger, Part, mark_changed
from seat_server.passwords import Passwords, require_strong
from seat_server.sessions import end_sessions
from seat_server.tables import AgentRow
from service_queue.matching import ANY_DEPARTMENT
from service_queue.tables import ServiceItemRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.words import Language, Role

_agent = table_of(AgentRow)
_item = table_of(ServiceItemRow)

PERSON_ROLES: Final = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
"""Roles that belong to somebody with a password."""


class Accounts:
    """Adds, changes and checks accounts."""

    def __init__(self, ledger: Ledger, passwords: Passwords) -> None:
        self._ledger = ledger
        self._passwords = passwords

    async def every(self) -> list[AgentRow]:
        """All accounts, by login."""
        return await self._ledger.read(
            lambda tx: tx.every(AgentRow, select(_agent).order_by(_agent.c.login))
        )

    async def get(self, agent_id: str) -> AgentRow:
        """One account.

        Raises:
            AgentUnknown: there is none.
        """
        return await self._ledger.read(lambda tx: _by_id(tx, agent_id))

    async def find_login(self, login: str) -> AgentRow:
        """One account by what its owner types.

        Raises:
            AgentUnknown: there is none.
        """
        found = await self._ledger.read(lambda tx: tx.find(AgentRow, login=login.lower()))
        if found is None:
            raise AgentUnknown(f"nobody has the login {login.lower()!r}")
        return found

    async def add(
        self, *, login: str, name: str, role: Role, password: str, actor: str
    ) -> AgentRow:
        """Add an account.

        Raises:
            PasswordWeak, LoginTaken.
        """
        require_strong(password, login=login)
        password_hash = await self._passwords.hash(password)
        return await self._ledger.write(
            actor,
            lambda tx: add_agent(
                tx, login=login, name=name, role=role, password_hash=password_hash
            ),
        )

    async def check(self, login: str, password: str) -> AgentRow:
        """Whose login and password these are.

        Raises:
            SignInFailed: nobody's, or a disabled account's; it does not say which.
        """
        agent = await self._ledger.read(lambda tx: tx.find(AgentRow, login=login.lower()))
        kept = None if agent is None else agent.password_hash
        if not await self._passwords.matches(kept, password):
            raise SignInFailed
        if agent is None or agent.disabled_at is not None:
            raise SignInFailed
        if self._passwords.is_outdated(agent.password_hash):
            await self._keep(agent.id, await self._passwords.hash(password))
        return agent

    async def set_password(
        self, agent_id: str, password: str, *, actor: str, keep_session: str | None = None
    ) -> None:
        """Give an account a new password and end its sessions, but for `keep_session`.

        Raises:
            AgentUnknown, PasswordWeak.
        """
        agent = await self.get(agent_id)
        require_strong(password, login=agent.login)
        password_hash = await self._passwords.hash(password)

        def unit(tx: Transaction) -> None:
            _set(tx, agent_id, password_hash=password_hash, password_set_at=tx.now)
            end_sessions(tx, "password_changed", agent_id=agent_id, keep=keep_session)
            tx.note("agent.password_set", agent_id=agent_id)

        await self._ledger.write(actor, unit)

    async def change(
        self,
        agent_id: str,
        *,
        actor: str,
        name: str | None = None,
        role: Role | None = None,
        disabled: bool | None = None,
        departments: Collection[str] | None = None,
        languages: Collection[Language] | None = None,
    ) -> AgentRow:
        """Rename an account, give it another role or other skills, disable or enable it.

        Another role or an end of the account ends its sessions. Skills hold from the next time the
        agent sits down at a seat; `*` as the only department is all of them.

        Raises:
            AgentUnknown, LastAdministrator, DepartmentUnknown.
        """

        def unit(tx: Transaction) -> AgentRow:
            agent = _by_id(tx, agent_id)
            values: dict[str, object] = {}
            if name is not None and name != agent.name:
                values["name"] = name
            if role is not None and role is not agent.role:
                values["role"] = role
            if disabled is not None and disabled != (agent.disabled_at is not None):
                values["disabled_at"] = tx.now if disabled else None
            if departments is not None:
                _require_departments(tx, departments)
                values["departments"] = "|".join(sorted(set(departments)))
            if languages is not None:
                values["languages"] = "|".join(sorted(set(languages)))
            if not values:
                return agent
            _set(tx, agent_id, **values)
            if agent.role == Role.ADMIN and agent.disabled_at is None:
                _require_administrator(tx)
            if {"role", "disabled_at"} & values.keys():
                end_sessions(tx, "account_changed", agent_id=agent_id)
            mark_changed(tx.connection, Part.ACCESS)
            tx.note("agent.changed", agent_id=agent_id, what=sorted(values))
            return _by_id(tx, agent_id)

        return await self._ledger.write(actor, unit)

    async def _keep(self, agent_id: str, password_hash: str) -> None:
        await self._ledger.write(
            f"agent:{agent_id}", lambda tx: _set(tx, agent_id, password_hash=password_hash)
        )


def add_agent(
    tx: Transaction,
    *,
    login: str,
    name: str,
    role: Role,
    password_hash: str,
    agent_id: str | None = None,
    departments: str = "*",
    languages: str = "zh",
) -> AgentRow:
    """Insert an account in a transaction of the caller's.

    Raises:
        LoginTaken: somebody has the login.
    """
    if tx.find(AgentRow, login=login.lower()) is not None:
        raise LoginTaken
    agent = AgentRow(
        id=agent_id or f"a.{secrets.token_hex(6)}",
        login=login.lower(),
        name=name,
        role=role,
        departments=departments,
        languages=languages,
        password_hash=password_hash,
        created_at=tx.now,
        password_set_at=tx.now,
    )
    tx.add(agent)
    mark_changed(tx.connection, Part.ACCESS)
    tx.note("agent.added", agent_id=agent.id, role=role)
    return agent


def _require_departments(tx: Transaction, departments: Collection[str]) -> None:
    known = set(tx.connection.execute(select(_item.c.department).distinct()).scalars())
    strays = sorted(set(departments) - known)
    if strays and set(departments) != {ANY_DEPARTMENT}:
        raise DepartmentUnknown(", ".join(strays))


def _by_id(tx: Transaction, agent_id: str) -> AgentRow:
    agent = tx.find(AgentRow, id=agent_id)
    if agent is None:
        raise AgentUnknown
    return agent


def _set(tx: Transaction, agent_id: str, **values: object) -> None:
    tx.connection.execute(update(_agent).where(_agent.c.id == agent_id).values(**values))


def _require_administrator(tx: Transaction) -> None:
    """Refuse a change after which no administrator could sign in."""
    left = tx.connection.execute(
        select(_agent.c.id).where(_agent.c.role == Role.ADMIN, _agent.c.disabled_at.is_(None))
    ).first()
    if left is None:
        raise LastAdministrator
