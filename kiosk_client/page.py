"""The touch page on loopback: its files, what booth it is in, and a token when it needs one.

Only the page itself may ask. A web page from elsewhere can reach a loopback port (DNS rebinding,
a plain cross-site request), so the Host must be ours, an Origin must be ours, and the browser's own
word on where a request comes from (Sec-Fetch-Site) must not be another site.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from aiohttp import web

from kiosk_client.device_key import DeviceKey
from kiosk_client.errors import HallUnreachable, KioskError
from kiosk_client.identity.door import IdentityDoor
from kiosk_client.settings import KioskSettings
from kiosk_client.tokens import Tokens
from signaling.protocol.errors import Refusal, code_of

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NOT_BUILT: Final = """<!doctype html><meta charset="utf-8"><title>晓屋</title>
<h1>触摸页面尚未构建 · The touch page is not built</h1>
<p>请在项目目录运行 <code>make setup</code>，然后重新打开本页。</p>
<p>Run <code>make setup</code> in the project's folder, then open this page again.</p>
"""


class Page:
    """The loopback site of one kiosk; an async context manager."""

    def __init__(
        self,
        settings: KioskSettings,
        device: DeviceKey,
        tokens: Tokens,
        identity: IdentityDoor,
    ) -> None:
        """Serve for `device`; the page gets its tokens from `tokens`."""
        self._settings = settings
        self._device = device
        self._tokens = tokens
        self._identity = identity
        self._site_dir = settings.page_dir.resolve()
        self._runner: web.AppRunner | None = None
        self._policy = content_security_policy(settings.server_url, settings.page_origin)
        self.opened = asyncio.Event()
        """Set when a page has asked what booth it is in."""

    async def __aenter__(self) -> Self:
        """Listen; raises KioskError if the port is taken."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/booth.json", self._booth)
        app.router.add_get("/token", self._token)
        app.router.add_get("/identity", self._identity.serve)
        app.on_shutdown.append(self._identity.close)
        app.router.add_get("/{path:.*}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._settings.port).start()
        except OSError as taken:
            await self._runner.cleanup()
            raise KioskError(
                f"port {self._settings.port} is taken: is another kiosk running here?"
            ) from taken
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        why_not = self._why_not(request)
        if why_not is not None:
            log.warning("a request to the kiosk's page was refused", extra={"why": why_not})
            response: web.StreamResponse = problem(HTTPStatus.FORBIDDEN, why_not)
        else:
            try:
                response = await handler(request)
            except web.HTTPException as stated:
                response = web.Response(status=stated.status, text=stated.reason)
        if response.prepared:  # a WebSocket that is over
            return response
        response.headers.update(
            {
                "Content-Security-Policy": self._policy,
                "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), usb=()",
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            }
        )
        return response

    def _why_not(self, request: web.Request) -> str | None:
        own = self._settings.page_origin
        if request.host != urlsplit(own).netloc:
            return "host_refused"
        if request.headers.get("Origin", own) != own:
            return "origin_refused"
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return "site_refused"
        return None

    async def _booth(self, _request: web.Request) -> web.Response:
        self.opened.set()
        return web.json_response(
            {
                "server_url": self._settings.server_url,
                "kiosk_id": self._device.kiosk_id,
                "languages": [str(language) for language in self._settings.languages],
                "idle_reset_s": self._settings.idle_reset_s,
                "card": self._identity.reader,
            }
        )

    async def _token(self, request: web.Request) -> web.Response:
        if request.headers.get("Sec-Fetch-Site") != "same-origin":
            # A navigation, or a program: nobody but the page's own script has a use for a token.
            return problem(HTTPStatus.FORBIDDEN, "site_refused")
        try:
            given = await self._tokens.device_token()
        except HallUnreachable:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "hall_unreachable")
        except Refusal as refusal:
            return problem(HTTPStatus.FORBIDDEN, code_of(refusal))
        return web.json_response(given.model_dump(mode="json", exclude={"type"}))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["path"] or "index.html"
        wanted = self._site_dir / name
        found = await asyncio.to_thread(_inside, wanted, self._site_dir)
        if found is not None:
            return web.FileResponse(found)
        if name == "index.html":
            return web.Response(
                status=HTTPStatus.SERVICE_UNAVAILABLE, text=NOT_BUILT, content_type="text/html"
            )
        raise web.HTTPNotFound


def content_security_policy(server_url: str, page_origin: str) -> str:
    """What the page may do: its own files, this program, and the one server."""
    own, server = _socket_of(page_origin), _socket_of(server_url)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "media-src 'self' blob: mediastream:",
            "manifest-src 'self'",
            "worker-src 'self'",
            f"connect-src 'self' {own} {server_url} {server}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _socket_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"


def problem(status: HTTPStatus, code: str) -> web.Response:
    """An answer that says why not, by code."""
    return web.json_response({"code": code}, status=status)


def _inside(wanted: Path, folder: Path) -> Path | None:
    try:
        found = wanted.resolve()
        return found if found.is_relative_to(folder) and found.is_file() else None
    except (OSError, ValueError):
        return None
