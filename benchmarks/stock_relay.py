"""The baseline of the reconnect storm: python-socketio as its documentation shows it.

No database, no check of the token, nobody replaced: it greets and sends one small view. It gets
what cannot be laid at the library's door: uvloop and a listen backlog of 4096.
"""

from __future__ import annotations

import sys
from typing import Any

import socketio
import uvloop
from aiohttp import web

VIEW = {
    "type": "kiosk.updated",
    "view": {
        "seq": 1,
        "server_time": 0.0,
        "kiosk_id": "K00001",
        "kiosk_name": "晓屋",
        "location": {"id": "L001", "name": "点位1", "name_en": "Place 1"},
        "phase": "idle",
        "ticket": None,
        "seat_name": None,
        "link": None,
        "call": None,
        "rating": None,
        "last_end": None,
        "last_end_at": None,
    },
}


def main() -> None:
    """Serve on the port in argv."""
    sio: Any = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")
    clients: dict[str, str] = {}

    async def connect(sid: str, _environ: object, auth: dict[str, str]) -> None:
        clients[sid] = auth["token"]
        await sio.emit("event", VIEW, to=sid)

    async def disconnect(sid: str, _reason: str) -> None:
        clients.pop(sid, None)

    sio.on("connect", connect)
    sio.on("disconnect", disconnect)
    app = web.Application()
    sio.attach(app)
    uvloop.install()
    web.run_app(
        app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None, backlog=4096
    )


if __name__ == "__main__":
    main()
