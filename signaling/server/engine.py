"""The Engine.IO layer: the library's handshake and checks over our sockets."""

from __future__ import annotations

from typing import Any

import engineio
from engineio.packet import OPEN, Packet

from signaling.server.client_socket import ClientSocket
from signaling.server.metrics import WireMetrics


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """The Engine.IO server, for WebSocket only."""

    sockets: dict[str, ClientSocket]

    def __init__(self, *, metrics: WireMetrics, send_queue_bytes: int, **options: Any) -> None:
        super().__init__(async_mode="aiohttp", **options)
        self.metrics = metrics
        self.send_queue_bytes = send_queue_bytes

    async def _handle_connect(
        self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None
    ) -> Any:
        """Open a client's socket and stay with it to its end."""
        client = ClientSocket(self, self.generate_id())
        self.sockets[client.sid] = client
        opened = {
            "sid": client.sid,
            "upgrades": [],
            "pingInterval": int(self.ping_interval * 1000),
            "pingTimeout": int(self.ping_timeout * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        await client.send(Packet(OPEN, opened))
        welcome = await self._trigger_event("connect", client.sid, environ, run_async=False)
        if welcome is False:
            del self.sockets[client.sid]
            return self._unauthorized()
        return await client.handle_get_request(environ)
