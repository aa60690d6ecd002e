"""A typed endpoint: what it takes and gives is read off the function's own annotations."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeVar, get_type_hints

from pydantic import BaseModel, TypeAdapter

from seat_server.errors import NotSignedIn
from seat_server.sessions import SignedIn
from signaling.protocol.errors import Refusal
from signaling.protocol.words import Role

Method = Callable[..., Awaitable[Any]]
M = TypeVar("M", bound=Method)

_MARK: Final = "__endpoint__"

PERSONS: Final = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})
OVERSEERS: Final = frozenset({Role.SUPERVISOR, Role.ADMIN})
ADMINISTRATORS: Final = frozenset({Role.ADMIN})


@dataclass(kw_only=True, slots=True)
class Call:
    """One request as an endpoint sees it, and what it wants said beside the body."""

    address: str
    """Where it comes from, for counting wrong tries."""
    who: SignedIn | None
    session_token: str | None = field(repr=False)
    etag: str | None = None
    """Set by a conditional endpoint: names what it gives; the body is left out if it is known."""
    new_session_token: str | None = field(default=None, repr=False)
    """Put into the session cookie; empty takes the cookie away."""

    @property
    def person(self) -> SignedIn:
        """Who is signed in.

        Raises:
            NotSignedIn: nobody is.
        """
        if self.who is None:
            raise NotSignedIn
        return self.who


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """What the router and the OpenAPI document know of an endpoint."""

    method: str
    path: str
    handler: Method
    operation_id: str
    summary: str
    description: str
    tag: str
    roles: frozenset[Role]
    """Who may; empty means everybody, signed in or not."""
    csrf: bool
    """True when it changes something in the name of who is signed in."""
    status: HTTPStatus
    refusals: tuple[type[Refusal], ...]
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    path_types: Mapping[str, TypeAdapter[Any]]
    answer: type[BaseModel] | None
    conditional: bool
    """True when it sends an ETag and answers `If-None-Match` with 304."""
    shared: bool
    """True when pages of enrolled kiosks may read it from their own origin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mark:
    method: str
    path: str
    options: dict[str, Any]


def endpoint(
    method: str,
    path: str,
    *,
    roles: frozenset[Role] = frozenset(),
    csrf: bool = False,
    status: HTTPStatus = HTTPStatus.OK,
    refusals: tuple[type[Refusal], ...] = (),
    conditional: bool = False,
    shared: bool = False,
) -> Callable[[M], M]:
    """Mark a method as an endpoint.

    Its parameters say what it takes: `call: Call`, `body: Model`, `query: Model`, and one for each
    name in the path; its return annotation says what it gives (a model, `None` for no content).
    The first line of its docstring is its summary.
    """
    options = {
        "roles": roles,
        "csrf": csrf,
        "status": status,
        "refusals": refusals,
        "conditional": conditional,
        "shared": shared,
    }

    def mark(function: M) -> M:
        setattr(function, _MARK, _Mark(method=method, path=path, options=options))
        return function

    return mark


def endpoints_of(group: object) -> list[Endpoint]:
    """The endpoints among the methods of `group`, in the order they are written."""
    tag = (inspect.getdoc(type(group)) or "").splitlines()[0].rstrip(".")
    found = []
    for name, function in vars(type(group)).items():
        mark = getattr(function, _MARK, None)
        if isinstance(mark, _Mark):
            found.append(_endpoint(mark, name, function, getattr(group, name), tag))
    return found


def _endpoint(mark: _Mark, name: str, function: Any, bound: Method, tag: str) -> Endpoint:
    hints = get_type_hints(function, include_extras=True)
    answer = hints.pop("return")
    hints.pop("call", None)
    body, query = hints.pop("body", None), hints.pop("query", None)
    named = {part[1:-1] for part in mark.path.split("/") if part.startswith("{")}
    if named != hints.keys():
        raise TypeError(f"{mark.path} names {sorted(named)}, {name} takes {sorted(hints)}")
    summary, _, description = (inspect.getdoc(function) or "").partition("\n")
    return Endpoint(
        method=mark.method,
        path=mark.path,
        handler=bound,
        operation_id=name,
        summary=summary.rstrip("."),
        description=description.partition("Raises:")[0].strip(),
        tag=tag,
        body=body,
        query=query,
        path_types={name: TypeAdapter(kind) for name, kind in hints.items()},
        answer=None if answer is type(None) else answer,
        **mark.options,
    )
