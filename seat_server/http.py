"""What holds for every HTTP answer: its headers, its line in the log, its shape when it fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from seat_server.api.problem import problem_response

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SOCKET_PREFIX: Final = "/socket.io"
QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines; logged only when they fail."""


@web.middleware
async def write_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log one line for each answer: the route, never the query or who asked."""
    begun = time.monotonic()
    status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        status = answer.status
        raise
    else:
        status = response.status
        return response
    finally:
        _log_answer(request, status, time.monotonic() - begun)


@web.middleware
async def answer_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give failures under /api the shape of a problem; say nothing of what went wrong inside."""
    try:
        return await handler(request)
    except web.HTTPException as answer:
        if answer.status < HTTPStatus.BAD_REQUEST or not request.path.startswith("/api"):
            raise
        status = HTTPStatus(answer.status)
        allow = {"Allow": answer.headers["Allow"]} if "Allow" in answer.headers else None
        return problem_response(status, _code(status), headers=allow)
    except Exception as failure:
        # Its text may quote the request; the kind and the place are enough to find it.
        log.exception("request failed", extra={"route": _route(request)}, exc_info=failure)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return problem_response(status, "internal_error")


def stamp_headers(
    headers: Mapping[str, str],
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """A signal handler that puts `headers` on every answer."""

    async def stamp(_request: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        # What runs here is nobody's business (aiohttp names itself and its version).
        response.headers["Server"] = "xiaowu"

    return stamp


def _code(status: HTTPStatus) -> str:
    return status.name.lower()


def _route(request: web.Request) -> str:
    """The pattern of the route; what a stranger typed instead of a path stays out of the log."""
    resource = request.match_info.route.resource
    return "unknown" if resource is None else resource.canonical


def _log_answer(request: web.Request, status: int, seconds: float) -> None:
    if request.path.startswith(SOCKET_PREFIX):
        return
    failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if request.path in QUIET and not failed:
        return
    log.log(
        logging.WARNING if failed else logging.INFO,
        "answered",
        extra={
            "method": request.method,
            "route": _route(request),
            "status": status,
            "took_ms": round(seconds * 1000, 1),
        },
    )
