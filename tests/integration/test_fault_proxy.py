"""The network that misbehaves on demand does what it says, so that tests may believe it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.fault_proxy import TcpFaultProxy, UdpFaultProxy
from tests.support.media_pair import until

pytestmark = pytest.mark.integration


@asynccontextmanager
async def tcp_echo() -> AsyncIterator[int]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionResetError):
            while data := await reader.read(1024):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data, addr)  # type: ignore[attr-defined]  # a datagram transport


class Ear(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.put_nowait(data)


@asynccontextmanager
async def udp_through(
    proxy: UdpFaultProxy,
) -> AsyncIterator[tuple[asyncio.DatagramTransport, Ear]]:
    ear = Ear()
    async with proxy:
        mouth, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: ear, remote_addr=("127.0.0.1", proxy.port)
        )
        try:
            yield mouth, ear
        finally:
            mouth.close()


@asynccontextmanager
async def udp_echo() -> AsyncIterator[tuple[str, int]]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Echo, local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")
    finally:
        transport.close()


async def test_a_healthy_line_passes_everything() -> None:
    async with tcp_echo() as port, TcpFaultProxy(port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.close()
        await writer.wait_closed()


async def test_a_half_open_line_swallows_and_stays_open() -> None:
    async with tcp_echo() as port, TcpFaultProxy(port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        proxy.faults.half_open()
        writer.write(b"lost")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(4), 0.3)
        proxy.faults.heal()
        writer.write(b"heard")
        assert await asyncio.wait_for(reader.readexactly(5), 10) == b"heard"
        writer.close()
        await writer.wait_closed()


async def test_cutting_ends_every_connection() -> None:
    async with tcp_echo() as port, TcpFaultProxy(port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"x")
        await reader.readexactly(1)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.readexactly(1), 10)
        writer.close()
        with pytest.raises(ConnectionResetError):
            await writer.wait_closed()


async def test_udp_passes_and_loses_what_it_is_told_to() -> None:
    async with udp_echo() as target, udp_through(proxy := UdpFaultProxy(target)) as (mouth, ear):
        mouth.sendto(b"through")
        assert await asyncio.wait_for(ear.heard.get(), 10) == b"through"
        proxy.faults.blackhole_up = True
        mouth.sendto(b"lost")
        await until(lambda: proxy.dropped == 1)
        proxy.faults.heal()
        mouth.sendto(b"again")
        assert await asyncio.wait_for(ear.heard.get(), 10) == b"again"


async def test_the_same_seed_loses_the_same_datagrams() -> None:
    async def lost(seed: int) -> list[int]:
        proxy = UdpFaultProxy(("127.0.0.1", 9), seed=seed)
        proxy.faults.loss = 0.3
        async with proxy:
            return [n for n in range(200) if not await proxy._survives(False)]

    first = await lost(7)
    assert first == await lost(7)
    assert first != await lost(8)
    assert 30 < len(first) < 90
