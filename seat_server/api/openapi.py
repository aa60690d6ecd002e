"""The OpenAPI 3.1 document of the endpoints, made from what the router itself checks by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from seat_server.api.endpoint import Endpoint
from seat_server.api.problem import PROBLEM_JSON, Problem, status_of
from seat_server.api.visit import CSRF_HEADER, CookieStyle
from seat_server.errors import CsrfMissing, NotSignedIn
from signaling.protocol.errors import NotAllowed, OriginRefused, Refusal

OPENAPI_VERSION: Final = "3.1.0"
_REF: Final = "#/components/schemas/{model}"

Schemas = Mapping[Any, dict[str, Any]]
"""(model, "validation" or "serialization") → a reference to its schema."""


def openapi_document(
    endpoints: Iterable[Endpoint], *, version: str, cookie: CookieStyle
) -> dict[str, Any]:
    """Describe `endpoints`; `cookie` is where the session is looked for."""
    endpoints = list(endpoints)
    schemas, definitions = models_json_schema(list(_models(endpoints)), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, schemas, definitions.get("$defs", {}))
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "晓屋 Xiaowu",
            "version": version,
            "description": "What is not live. The live part is Socket.IO under /socket.io/.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": cookie.name},
                "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
            },
        },
    }


def _models(
    endpoints: Iterable[Endpoint],
) -> Iterable[tuple[type[BaseModel], Literal["validation", "serialization"]]]:
    yield Problem, "serialization"
    for endpoint in endpoints:
        if endpoint.query is not None:
            yield endpoint.query, "validation"
        if endpoint.body is not None:
            yield endpoint.body, "validation"
        if endpoint.answer is not None:
            yield endpoint.answer, "serialization"


def _operation(
    endpoint: Endpoint, schemas: Schemas, definitions: Mapping[str, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.operation_id,
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint, definitions)],
        "responses": _responses(endpoint, schemas),
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.body is not None:
        body = schemas[endpoint.body, "validation"]
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body}},
        }
    if endpoint.roles:
        needed: dict[str, list[str]] = {"session": []}
        if endpoint.csrf:
            needed["csrf"] = []
        operation["security"] = [needed]
        operation["x-roles"] = sorted(endpoint.roles)
    return operation


def _path_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name, adapter in endpoint.path_types.items():
        yield {"name": name, "in": "path", "required": True, "schema": adapter.json_schema()}


def _query_parameters(
    endpoint: Endpoint, definitions: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    if endpoint.query is None:
        return
    schema = definitions[endpoint.query.__name__]
    required = set(schema.get("required", ()))
    for name, described in schema["properties"].items():
        parameter = {"name": name, "in": "query", "required": name in required}
        if "description" in described:
            parameter["description"] = described["description"]
        yield parameter | {"schema": _not_null(described)}


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: an optional parameter is one that may be left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    plain: dict[str, Any] = rest | kinds[0]
    return plain


def _responses(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    headers = {"Cache-Control": {"schema": {"type": "string"}}}
    if endpoint.conditional:
        headers["ETag"] = {"schema": {"type": "string"}}
    success: dict[str, Any] = {"description": endpoint.status.phrase, "headers": headers}
    if endpoint.answer is not None:
        answer = schemas[endpoint.answer, "serialization"]
        success["content"] = {"application/json": {"schema": answer}}
    responses = {str(endpoint.status.value): success}
    if endpoint.conditional:
        responses["304"] = {"description": "What you have is what there is."}
    problem = schemas[Problem, "serialization"]
    for status, codes in sorted(_problems(endpoint).items()):
        responses[str(status.value)] = {
            "description": f"{status.phrase}: {', '.join(sorted(codes))}",
            "content": {PROBLEM_JSON: {"schema": problem}},
        }
    return responses


def _problems(endpoint: Endpoint) -> dict[HTTPStatus, set[str]]:
    """Every status an endpoint may refuse with, and the codes under it."""
    kinds: set[type[Refusal]] = set(endpoint.refusals)
    if endpoint.method != "GET":
        kinds.add(OriginRefused)
    if endpoint.roles:
        kinds |= {NotSignedIn, NotAllowed}
    if endpoint.csrf:
        kinds.add(CsrfMissing)
    found: dict[HTTPStatus, set[str]] = {HTTPStatus.UNPROCESSABLE_ENTITY: {"malformed"}}
    if endpoint.body is not None:
        found[HTTPStatus.UNSUPPORTED_MEDIA_TYPE] = {"not_json"}
        found[HTTPStatus.REQUEST_ENTITY_TOO_LARGE] = {"too_large"}
        found[HTTPStatus.REQUEST_TIMEOUT] = {"too_slow"}
    found[HTTPStatus.SERVICE_UNAVAILABLE] = {"store_unavailable", "store_closed"}
    for kind in kinds:
        found.setdefault(status_of(kind), set()).add(kind.code)
    return found
