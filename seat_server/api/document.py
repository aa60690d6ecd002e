"""The description of the API: for programs as OpenAPI, for people as one plain page."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable

from aiohttp import web

from seat_server.api.endpoint import Endpoint
from seat_server.api.openapi import openapi_document
from seat_server.api.visit import CookieStyle

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>晓屋 API</title>
<h1>晓屋 Xiaowu: REST</h1>
<p>For programs: <a href="/api/openapi.json">OpenAPI 3.1</a>. What is live goes over Socket.IO.
Refusals are <code>application/problem+json</code> with a stable <code>code</code>.</p>
{groups}
</html>
"""


class DocumentApi:
    """Serves the description of the endpoints."""

    def __init__(self, *, version: str, cookie: CookieStyle) -> None:
        self._version = version
        self._cookie = cookie

    def routes(self, endpoints: Iterable[Endpoint]) -> list[web.RouteDef]:
        """What to add to an application that serves `endpoints`."""
        endpoints = list(endpoints)
        described = openapi_document(endpoints, version=self._version, cookie=self._cookie)
        document = json.dumps(described, ensure_ascii=False).encode()
        page = _PAGE.format(groups=_groups(endpoints))

        async def give_document(_request: web.Request) -> web.Response:
            return web.Response(body=document, content_type="application/json")

        async def give_page(_request: web.Request) -> web.Response:
            return web.Response(text=page, content_type="text/html")

        return [web.get("/api/openapi.json", give_document), web.get("/api/", give_page)]


def _groups(endpoints: list[Endpoint]) -> str:
    parts = []
    for tag in dict.fromkeys(endpoint.tag for endpoint in endpoints):
        rows = "".join(_row(endpoint) for endpoint in endpoints if endpoint.tag == tag)
        parts.append(f"<h2>{html.escape(tag)}</h2>\n<table>{rows}</table>")
    return "\n".join(parts)


def _row(endpoint: Endpoint) -> str:
    who = ", ".join(sorted(endpoint.roles)) or "everybody"
    cells = (f"{endpoint.method} {endpoint.path}", endpoint.summary, who)
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>\n"
