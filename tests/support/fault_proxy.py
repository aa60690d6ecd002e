"""A network that misbehaves on demand, in user space: TCP and UDP proxies with faults.

`TcpFaultProxy` stands between a client and a server; `UdpFaultProxy` between two media ends.
Both can drop, delay and go silent; TCP can also hang (accept and never answer), go half-open
(swallow everything in both directions while the sockets stay open) and cut every connection.
Faults are attributes, changed while traffic flows.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Faults:
    """What the network does to what passes through it."""

    delay_s: float = 0.0
    """Added to everything, each way."""
    loss: float = 0.0
    """Share of UDP datagrams that vanish, 0 to 1; TCP has none (the kernel would mend it)."""
    blackhole_up: bool = False
    """Nothing from the client reaches the server; the sockets stay open."""
    blackhole_down: bool = False
    """Nothing from the server reaches the client; the sockets stay open."""

    def half_open(self) -> None:
        """Swallow everything both ways."""
        self.blackhole_up = self.blackhole_down = True

    def heal(self) -> None:
        """Let everything through at once."""
        self.delay_s = self.loss = 0.0
        self.blackhole_up = self.blackhole_down = False


class TcpFaultProxy:
    """Listens on 127.0.0.1 and passes TCP to one target, with faults."""

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        """Pass to `target_host:target_port`; the port to connect to is `port`, once entered."""
        self.target_host = target_host
        self.target_port = target_port
        self.faults = Faults()
        self.refuse_new = False
        """New connections are closed at once (a server that is down)."""
        self.hang_new = False
        """New connections are accepted and never answered (a frozen server)."""
        self.garbage: bytes | None = None
        """New connections get these bytes instead of the target (a captive portal, a 502)."""
        self.accepted = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._client, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Reset every open connection."""
        for writer in list(self._writers):
            under = writer.get_extra_info("socket")
            if under.fileno() >= 0:
                # With no time to linger the kernel sends a reset instead of a polite end.
                under.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.accepted += 1
        try:
            await self._pass(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse_new:
            return
        if self.garbage is not None:
            await reader.read(1024)
            writer.write(self.garbage)
            await writer.drain()
            return
        if self.hang_new:
            await asyncio.Event().wait()
        up_reader, up_writer = await asyncio.open_connection(self.target_host, self.target_port)
        self._writers.add(up_writer)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, up_writer, up=True))
                both.create_task(self._pump(up_reader, writer, up=False))
        except* (OSError, _EndOfStreamError):
            pass
        finally:
            self._writers.discard(up_writer)
            up_writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool
    ) -> None:
        """Pass everything on when it is due: what follows closely is not delayed twice."""
        clock = asyncio.get_running_loop().time
        line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, chunk = await line.get()
                if (left_s := due - clock()) > 0:
                    await asyncio.sleep(left_s)
                if not chunk:
                    raise _EndOfStreamError
                if self.faults.blackhole_up if up else self.faults.blackhole_down:
                    continue
                writer.write(chunk)
                await writer.drain()

        async with asyncio.TaskGroup() as both:
            both.create_task(deliver())
            while True:
                chunk = await reader.read(64 * 1024)
                line.put_nowait((clock() + self.faults.delay_s, chunk))
                if not chunk:
                    return


class _EndOfStreamError(Exception):
    """One side closed; the other is closed with it."""


@dataclass
class UdpFaultProxy:
    """Passes datagrams between one client and one target, with faults.

    `loss` is drawn from a seeded generator, so a test sees the same losses every time.
    """

    target: tuple[str, int]
    host: str = "127.0.0.1"
    seed: int = 1
    faults: Faults = field(default_factory=Faults)
    port: int = 0
    passed: int = 0
    dropped: int = 0

    async def __aenter__(self) -> Self:
        self._random = random.Random(self.seed)
        self._clients: dict[tuple[str, int], asyncio.DatagramTransport] = {}
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(self._from_client), local_addr=(self.host, self.port)
        )
        self.port = self._front.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._front.close()
        for transport in self._clients.values():
            transport.close()

    def _from_client(self, data: bytes, client: tuple[str, int]) -> None:
        asyncio.get_running_loop().create_task(self._up(data, client))

    async def _up(self, data: bytes, client: tuple[str, int]) -> None:
        if not await self._survives(self.faults.blackhole_up):
            return
        if client not in self._clients:
            back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            back.setblocking(False)
            back.bind((self.host, 0))
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Receiver(lambda answer, _: self._from_target(answer, client)), sock=back
            )
            self._clients.setdefault(client, transport)
        self._clients[client].sendto(data, self.target)

    def _from_target(self, data: bytes, client: tuple[str, int]) -> None:
        asyncio.get_running_loop().create_task(self._down(data, client))

    async def _down(self, data: bytes, client: tuple[str, int]) -> None:
        if await self._survives(self.faults.blackhole_down) and not self._front.is_closing():
            self._front.sendto(data, client)

    async def _survives(self, blackhole: bool) -> bool:
        if blackhole or (self.faults.loss and self._random.random() < self.faults.loss):
            self.dropped += 1
            return False
        if self.faults.delay_s:
            await asyncio.sleep(self.faults.delay_s)
        self.passed += 1
        return True


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, on_datagram: object) -> None:
        self._on_datagram = on_datagram

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert callable(self._on_datagram)
        self._on_datagram(data, addr)
