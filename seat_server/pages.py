"""The pages of the desk and the wall: built files, served with the right to be cached or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final

from aiohttp import web

STATIC_DIR: Final = Path(__file__).with_name("static")
"""Where `seat_server/web` is built to."""

PAGES: Final[Mapping[str, str]] = MappingProxyType({"/desk": "desk.html", "/wall": "wall.html"})

HASHED: Final = "assets"
"""Folder of files whose names change with their content."""

FOREVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"

_NOT_BUILT: Final = """<!doctype html>
<html lang="zh"><meta charset="utf-8"><title>晓屋</title>
<h1>页面尚未构建</h1>
<p>请在项目目录执行 <code>make setup</code>，再刷新本页。</p>
<h1 lang="en">The pages are not built yet</h1>
<p lang="en">Run <code>make setup</code> in the project's folder, then reload.</p>
</html>
"""


class Pages:
    """Serves the built front end of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    @property
    def are_built(self) -> bool:
        """True when every page is there."""
        return all((self._folder / name).is_file() for name in PAGES.values())

    def routes(self) -> list[web.RouteDef]:
        """What to add to an application."""
        return [
            web.get("/", self._home),
            *(web.get(path, self._page) for path in PAGES),
            web.get("/static/{path:.+}", self._file),
        ]

    async def _home(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/desk")

    async def _page(self, request: web.Request) -> web.StreamResponse:
        file = self._folder / PAGES[request.path]
        if not file.is_file():
            return web.Response(
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                text=_NOT_BUILT,
                content_type="text/html",
                headers={"Cache-Control": "no-store"},
            )
        return web.FileResponse(file, headers={"Cache-Control": ASK_AGAIN})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        try:
            file = (self._folder / request.match_info["path"]).resolve()
            is_ours = file.is_relative_to(self._folder) and file.is_file()
        except (OSError, ValueError):  # a NUL, or a name longer than names can be
            is_ours = False
        if not is_ours:
            raise web.HTTPNotFound
        hashed = file.relative_to(self._folder).parts[0] == HASHED
        return web.FileResponse(file, headers={"Cache-Control": FOREVER if hashed else ASK_AGAIN})


def security_headers(own_origins: Collection[str], *, tls: bool) -> Mapping[str, str]:
    """What every answer says about what a page may load, be framed by, and use."""
    # Older browsers do not count a socket to the same origin as 'self'. An IPv6 literal is no valid
    # source (CSP3 §2.3.1) and is left out: there 'self' has to do.
    sockets = sorted(o.replace("http", "ws", 1) for o in own_origins if "[" not in o)
    policy = {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob: mediastream:",
        "font-src": "'self'",
        "connect-src": " ".join(["'self'", *sockets]),
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), "
        "geolocation=(), payment=(), usb=()",
    }
    if tls:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return MappingProxyType(headers)
