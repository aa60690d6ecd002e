"""Accounts and booths, for administrators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import Field

from seat_server.accounts import Accounts
from seat_server.api.endpoint import ADMINISTRATORS, Call, endpoint
from seat_server.devices import Devices
from seat_server.errors import (
    AgentUnknown,
    DepartmentUnknown,
    DeviceUnknown,
    LastAdministrator,
    LoginTaken,
    PasswordWeak,
)
from seat_server.sessions import Sessions
from seat_server.tables import AgentRow
from service_queue.errors import KioskUnknown
from signaling.protocol.message import Id, Message, Moment
from signaling.protocol.words import Language, Role

Login = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,31}$")]
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        # Words with single spaces; ranges instead of \s, which not every engine reads alike.
        pattern=r"^[^\u0000-\u0020\u007f-\u00a0]+( [^\u0000-\u0020\u007f-\u00a0]+)*$",
    ),
]
Department = Annotated[
    str, Field(min_length=1, max_length=60, pattern=r"^[^\u0000-\u001f\u007f|]+$")
]
PersonRole = Literal[Role.AGENT, Role.SUPERVISOR, Role.ADMIN]
NewPassword = Annotated[str, Field(min_length=8, max_length=128, repr=False)]


class Account(Message):
    """Somebody who may sign in."""

    id: Id
    login: str
    name: str
    role: Role
    disabled: bool
    departments: tuple[str, ...]
    """Whose items they may serve; `*` alone: all."""
    languages: tuple[str, ...]
    created_at: Moment
    password_set_at: Moment


class Agents(Message):
    """All accounts, by login."""

    agents: tuple[Account, ...]


class NewAccount(Message):
    """An account to add."""

    login: Login
    name: Name
    role: PersonRole
    password: NewPassword


class AccountChange(Message):
    """What to change; what is left out or null stays."""

    name: Name | None = None
    role: PersonRole | None = None
    disabled: bool | None = None
    departments: Annotated[tuple[Department, ...], Field(min_length=1, max_length=100)] | None = (
        None
    )
    """Skills: whose items they may serve from the next time they sit down; `*` alone: all."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] | None = None


class PasswordSet(Message):
    """A new password for somebody else."""

    password: NewPassword


class SessionsEnded(Message):
    """How many sessions were ended."""

    ended: int


class KioskEnrolment(Message):
    """A kiosk, and whether a device stands for it."""

    id: Id
    name: str
    location_id: Id
    retired: bool
    page_origin: str | None
    enrolled_at: Moment | None
    """Null when no device is enrolled."""


class Kiosks(Message):
    """All kiosks."""

    kiosks: tuple[KioskEnrolment, ...]


class CodeMade(Message):
    """A code to type at the kiosk."""

    kiosk_id: Id
    code: str
    expires_at: Moment


class AdministrationApi:
    """Administration."""

    def __init__(self, accounts: Accounts, sessions: Sessions, devices: Devices) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._devices = devices

    @endpoint("GET", "/api/agents", roles=ADMINISTRATORS)
    async def list_agents(self, call: Call) -> Agents:
        """List the accounts."""
        return Agents(agents=tuple(_account(row) for row in await self._accounts.every()))

    @endpoint(
        "POST",
        "/api/agents",
        roles=ADMINISTRATORS,
        csrf=True,
        status=HTTPStatus.CREATED,
        refusals=(LoginTaken, PasswordWeak),
    )
    async def add_agent(self, call: Call, body: NewAccount) -> Account:
        """Add an account."""
        row = await self._accounts.add(
            login=body.login,
            name=body.name,
            role=Role(body.role),
            password=body.password,
            actor=_actor(call),
        )
        return _account(row)

    @endpoint(
        "PATCH",
        "/api/agents/{agent_id}",
        roles=ADMINISTRATORS,
        csrf=True,
        refusals=(AgentUnknown, LastAdministrator, DepartmentUnknown),
    )
    async def change_agent(self, call: Call, agent_id: Id, body: AccountChange) -> Account:
        """Rename an account, give it another role or other skills, disable or enable it."""
        row = await self._accounts.change(
            agent_id,
            actor=_actor(call),
            name=body.name,
            role=None if body.role is None else Role(body.role),
            disabled=body.disabled,
            departments=body.departments,
            languages=body.languages,
        )
        return _account(row)

    @endpoint(
        "PUT",
        "/api/agents/{agent_id}/password",
        roles=ADMINISTRATORS,
        csrf=True,
        status=HTTPStatus.NO_CONTENT,
        refusals=(AgentUnknown, PasswordWeak),
    )
    async def set_agent_password(self, call: Call, agent_id: Id, body: PasswordSet) -> None:
        """Give an account a new password; its sessions end."""
        await self._accounts.set_password(agent_id, body.password, actor=_actor(call))

    @endpoint(
        "DELETE",
        "/api/agents/{agent_id}/sessions",
        roles=ADMINISTRATORS,
        csrf=True,
        refusals=(AgentUnknown,),
    )
    async def end_agent_sessions(self, call: Call, agent_id: Id) -> SessionsEnded:
        """Sign an account out everywhere, at once."""
        agent = await self._accounts.get(agent_id)
        ended = await self._sessions.end_all(agent.id, actor=_actor(call))
        return SessionsEnded(ended=ended)

    @endpoint("GET", "/api/kiosks", roles=ADMINISTRATORS)
    async def list_kiosks(self, call: Call) -> Kiosks:
        """List the kiosks and their devices."""
        return Kiosks(
            kiosks=tuple(
                KioskEnrolment(
                    id=kiosk.id,
                    name=kiosk.name,
                    location_id=kiosk.location_id,
                    retired=kiosk.retired,
                    page_origin=None if device is None else device.page_origin,
                    enrolled_at=None if device is None else device.enrolled_at,
                )
                for kiosk, device in await self._devices.every()
            )
        )

    @endpoint(
        "POST",
        "/api/kiosks/{kiosk_id}/enrolment-code",
        roles=ADMINISTRATORS,
        csrf=True,
        refusals=(KioskUnknown,),
    )
    async def make_enrolment_code(self, call: Call, kiosk_id: Id) -> CodeMade:
        """Make a code with which this kiosk may enrol, once, within minutes."""
        made = await self._devices.make_code(kiosk_id, actor=_actor(call))
        return CodeMade(kiosk_id=made.kiosk_id, code=made.code, expires_at=made.expires_at)

    @endpoint(
        "DELETE",
        "/api/kiosks/{kiosk_id}/device",
        roles=ADMINISTRATORS,
        csrf=True,
        status=HTTPStatus.NO_CONTENT,
        refusals=(DeviceUnknown,),
    )
    async def revoke_device(self, call: Call, kiosk_id: Id) -> None:
        """Revoke a kiosk's device; its connections end at once."""
        await self._devices.revoke(kiosk_id, actor=_actor(call))


def _actor(call: Call) -> str:
    return f"agent:{call.person.agent_id}"


def _account(row: AgentRow) -> Account:
    return Account(
        id=row.id,
        login=row.login,
        name=row.name,
        role=row.role,
        disabled=row.disabled_at is not None,
        departments=tuple(word for word in row.departments.split("|") if word),
        languages=tuple(word for word in row.languages.split("|") if word),
        created_at=row.created_at,
        password_set_at=row.password_set_at,
    )
