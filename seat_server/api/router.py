"""From an HTTP request to a typed endpoint and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from multidict import MultiMapping
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel, ValidationError

from seat_server.api.endpoint import Call, Endpoint, endpoints_of
from seat_server.api.problem import Fault, faults_of, problem_response, refused
from seat_server.api.visit import Reception
from signaling.protocol.errors import Refusal

MAX_BODY_BYTES: Final = 64 * 1024
"""The application's `client_max_size`; nothing anybody sends us is near it."""

BODY_WITHIN_S: Final = 10.0
"""Who dribbles a body byte by byte does not hold a connection for ever."""

JSON: Final = "application/json"


class _Unfit(Exception):
    """The request does not fit the endpoint; carries the answer."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


class ApiRouter:
    """Serves groups of endpoints."""

    def __init__(
        self,
        groups: Iterable[object],
        *,
        reception: Reception,
        kiosk_origins: Callable[[], Collection[str]],
        registry: CollectorRegistry,
    ) -> None:
        """`kiosk_origins`: where pages of enrolled kiosks live, asked anew for each request."""
        self.endpoints = [endpoint for group in groups for endpoint in endpoints_of(group)]
        self._reception = reception
        self._kiosk_origins = kiosk_origins
        self._refusals = Counter(
            "xiaowu_api_refusals",
            "REST requests refused, by stable code",
            ["code"],
            registry=registry,
        )

    def routes(self) -> list[web.RouteDef]:
        """What to add to an application; answers under /api to unknown paths included."""
        routes = [
            web.route(endpoint.method, endpoint.path, self._handler(endpoint))
            for endpoint in self.endpoints
        ]
        routes += [
            web.route("OPTIONS", endpoint.path, self._preflight)
            for endpoint in self.endpoints
            if endpoint.shared
        ]
        return routes

    def _handler(self, endpoint: Endpoint) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            response = await self._answer(request, endpoint)
            if endpoint.shared:
                self._share(request, response)
            return response

        return handle

    async def _answer(self, request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
        try:
            call = await self._reception.admit(request, endpoint)
            arguments = await _arguments(request, endpoint)
            result = await endpoint.handler(call=call, **arguments)
        except Refusal as refusal:
            self._refusals.labels(code=refusal.code).inc()
            return refused(refusal)
        except _Unfit as unfit:
            self._refusals.labels(code="malformed").inc()
            return unfit.response
        response = _success(request, endpoint, call, result)
        self._reception.set_cookie(response, call)
        return response

    async def _preflight(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        self._share(request, response)
        if "Access-Control-Allow-Origin" in response.headers:
            response.headers["Access-Control-Allow-Methods"] = "GET"
            response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
            response.headers["Access-Control-Max-Age"] = "600"
        return response

    def _share(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let the page of an enrolled kiosk read the answer (Fetch standard, CORS)."""
        response.headers["Vary"] = "Origin"
        origin = request.headers.get("Origin")
        if origin is not None and origin in self._kiosk_origins():
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "ETag"


def _success(
    request: web.Request, endpoint: Endpoint, call: Call, result: BaseModel | None
) -> web.Response:
    headers = {"Cache-Control": "no-cache" if endpoint.conditional else "no-store"}
    if call.etag is not None:
        headers["ETag"] = f'"{call.etag}"'
        known = request.if_none_match or ()
        if any(tag.value in {call.etag, "*"} for tag in known):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    if result is None:
        return web.Response(status=endpoint.status, headers=headers)
    body = result.model_dump_json(by_alias=True).encode()
    return web.Response(status=endpoint.status, body=body, content_type=JSON, headers=headers)


async def _arguments(request: web.Request, endpoint: Endpoint) -> dict[str, Any]:
    """What the endpoint takes, read and checked."""
    arguments: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, adapter in endpoint.path_types.items():
        try:
            arguments[name] = adapter.validate_python(request.match_info[name])
        except ValidationError as invalid:
            faults += faults_of(invalid, f"path.{name}")
    if endpoint.query is not None:
        try:
            arguments["query"] = endpoint.query.model_validate(_flat(request.query))
        except ValidationError as invalid:
            faults += faults_of(invalid, "query")
    elif request.query:
        faults += [Fault(where="query", message="takes no parameters")]
    if endpoint.body is not None:
        content = await _read(request)
        try:
            # Strict: "5" is not a number and 1 is not true, in JSON.
            arguments["body"] = endpoint.body.model_validate_json(content, strict=True)
        except ValidationError as invalid:
            faults += faults_of(invalid, "body")
    if faults:
        raise _Unfit(
            problem_response(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "malformed",
                detail="The request does not fit this endpoint.",
                faults=tuple(faults),
            )
        )
    return arguments


def _flat(query: MultiMapping[str]) -> Mapping[str, object]:
    """The query; a name that comes twice becomes a list, which no parameter of ours is."""
    return {name: values[0] if len(values := query.getall(name)) == 1 else values for name in query}


async def _read(request: web.Request) -> bytes:
    """The body of a request, which must be JSON, of a decent size, and arrive in time."""
    if request.content_type != JSON:
        raise _Unfit(
            problem_response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", detail=f"send {JSON}")
        )
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _Unfit(
            problem_response(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too_large",
                detail=f"at most {MAX_BODY_BYTES} bytes",
            )
        ) from None
    except TimeoutError:
        raise _Unfit(
            problem_response(
                HTTPStatus.REQUEST_TIMEOUT, "too_slow", headers={"Connection": "close"}
            )
        ) from None
