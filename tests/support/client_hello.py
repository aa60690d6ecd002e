"""The ClientHello race (OWASP ASVS 5.0, 17.2.6): a stranger greets first."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from typing import Self

from OpenSSL import SSL


def client_hello() -> bytes:
    """A genuine DTLS 1.2 ClientHello, as any TLS library makes it."""
    context = SSL.Context(SSL.DTLS_METHOD)
    connection = SSL.Connection(context)
    connection.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(4096)


class OffPathAttacker:
    """Sends ClientHellos from an unrelated UDP port to every address it is told of."""

    def __init__(self, *, every_s: float = 0.001) -> None:
        self._hello = client_hello()
        self._every_s = every_s
        self._targets: set[tuple[str, int]] = set()
        self.sent = 0

    async def __aenter__(self) -> Self:
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
        self._task = asyncio.create_task(self._attack())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for each in self._sockets:
            each.close()

    def aim(self, sdp: str) -> None:
        """Attack every IPv4 host candidate in `sdp` from now on."""
        for host, port in re.findall(r"a=candidate:.* udp \d+ ([\d.]+) (\d+) typ host", sdp):
            self._targets.add((host, int(port)))
        self._fire()

    def _fire(self) -> None:
        for target in self._targets:
            self._sockets[0].sendto(self._hello, target)
            self.sent += 1

    async def _attack(self) -> None:
        while True:
            self._fire()
            await asyncio.sleep(self._every_s)
