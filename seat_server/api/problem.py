"""Refusals as HTTP answers (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from id_verify.evidence import errors as evidence
from seat_server import errors as server
from service_queue import errors as queue
from signaling.protocol import errors as wire
from signaling.protocol.errors import Refusal

PROBLEM_JSON: Final = "application/problem+json"

STATUS: Final[Mapping[type[Refusal], HTTPStatus]] = MappingProxyType(
    {
        Refusal: HTTPStatus.CONFLICT,
        wire.WireError: HTTPStatus.UNPROCESSABLE_ENTITY,
        wire.MessageTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        wire.TooManyMessages: HTTPStatus.TOO_MANY_REQUESTS,
        wire.AccessError: HTTPStatus.FORBIDDEN,
        wire.TokenInvalid: HTTPStatus.UNAUTHORIZED,
        wire.TokenExpired: HTTPStatus.UNAUTHORIZED,
        queue.StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
        queue.ItemUnknown: HTTPStatus.NOT_FOUND,
        queue.KioskUnknown: HTTPStatus.NOT_FOUND,
        queue.LocationUnknown: HTTPStatus.NOT_FOUND,
        queue.AppointmentUnknown: HTTPStatus.NOT_FOUND,
        queue.SeatUnknown: HTTPStatus.NOT_FOUND,
        queue.TicketUnknown: HTTPStatus.NOT_FOUND,
        queue.PolicyVersionUnknown: HTTPStatus.NOT_FOUND,
        server.NotSignedIn: HTTPStatus.UNAUTHORIZED,
        server.SignInFailed: HTTPStatus.UNAUTHORIZED,
        server.CsrfMissing: HTTPStatus.FORBIDDEN,
        server.TooManyTries: HTTPStatus.TOO_MANY_REQUESTS,
        server.PasswordWrong: HTTPStatus.FORBIDDEN,
        server.AgentUnknown: HTTPStatus.NOT_FOUND,
        server.CodeRefused: HTTPStatus.FORBIDDEN,
        server.DeviceUnknown: HTTPStatus.NOT_FOUND,
        server.ProofRefused: HTTPStatus.FORBIDDEN,
        queue.NonceRefused: HTTPStatus.FORBIDDEN,
        queue.CallUnknown: HTTPStatus.NOT_FOUND,
        queue.CallClosed: HTTPStatus.CONFLICT,
        queue.NothingToRead: HTTPStatus.NOT_FOUND,
        queue.SecondRefused: HTTPStatus.FORBIDDEN,
        evidence.EvidenceError: HTTPStatus.FORBIDDEN,
        evidence.VerdictMalformed: HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""The status of a refusal is that of its nearest class here.

422 means that the request does not fit the OpenAPI document; what fits, but a rule is against, is
409 unless a better word exists.
"""


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(frozen=True)

    where: str
    message: str


class Problem(BaseModel):
    """Why a request was refused; nothing was changed."""

    model_config = ConfigDict(frozen=True)

    type: str
    """`urn:xiaowu:` and the code."""
    title: str
    status: int
    code: str
    """Stable: programs look at this one."""
    detail: str = ""
    faults: tuple[Fault, ...] = ()


def status_of(kind: type[Refusal]) -> HTTPStatus:
    """The HTTP status a refusal of this class is answered with."""
    return next(STATUS[base] for base in kind.__mro__ if base in STATUS)


def refused(refusal: Refusal) -> web.Response:
    """The answer to a request that was refused."""
    headers = {}
    faults: tuple[Fault, ...] = ()
    if isinstance(refusal, server.TooManyTries):
        headers["Retry-After"] = str(refusal.retry_after_s)
    if isinstance(refusal, queue.PolicyInvalid):
        faults = tuple(
            Fault(where=f"line {problem.line} {problem.option}".rstrip(), message=problem.reason)
            for problem in refusal.problems
        )
    return problem_response(
        status_of(type(refusal)),
        refusal.code,
        detail=refusal.detail,
        faults=faults,
        headers=headers,
    )


def problem_response(
    status: HTTPStatus,
    code: str,
    *,
    detail: str = "",
    faults: tuple[Fault, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """An answer with a problem as its body."""
    problem = Problem(
        type=f"urn:xiaowu:{code}",
        title=status.phrase,
        status=status.value,
        code=code,
        detail=detail,
        faults=faults,
    )
    return web.Response(
        status=status.value,
        body=problem.model_dump_json().encode(),
        content_type=PROBLEM_JSON,
        headers=headers,
    )


def faults_of(invalid: ValidationError, part: str) -> tuple[Fault, ...]:
    """What was wrong, without the values: they may be a password or somebody's name."""
    errors = invalid.errors(include_input=False, include_context=False, include_url=False)
    return tuple(
        Fault(where=".".join((part, *map(str, error["loc"]))), message=error["msg"])
        for error in errors
    )
