"""Everybody drops and comes back at once: the project's server against stock python-socketio.

    python benchmarks/reconnect_storm.py            9,000 clients, prints one JSON line
    python benchmarks/reconnect_storm.py --n 2000 --waiting 50

Each client opens a WebSocket, introduces itself with its token, and counts as there when it has
its view. Then all are cut off by RST and return at the same moment. The server runs on one core,
the clients on another. What both servers get: uvloop and a listen backlog of 4096. What only the
project's has to do: verify the token, look up hall and ticket, build and compare the view, write
who went away and came back, replace older attachments.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import psutil
import uvloop

HERE: Final = Path(__file__).resolve().parent
SERVERS: Final = {"stock": "stock_relay", "ours": "storm_hall"}
HOST: Final = "127.0.0.1"
UPGRADE: Final = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
RESET: Final = struct.pack("ii", 1, 0)
ROUND_LIMIT_S: Final = 180.0
TEXT, PING, PONG = 1, 9, 10
SHORT, MEDIUM, LONG = 125, 126, 127


def masked(text: bytes) -> bytes:
    """A client's text frame; a mask of zeros leaves the text as it is."""
    size = len(text)
    if size <= SHORT:
        return struct.pack("!BBI", 0x80 | TEXT, 0x80 | size, 0) + text
    return struct.pack("!BBHI", 0x80 | TEXT, 0x80 | MEDIUM, size, 0) + text


class Booth(asyncio.Protocol):
    """One client: no library, so that the generator is never what is measured."""

    def __init__(self, hello: bytes, there: asyncio.Future[None]) -> None:
        self._hello = hello
        self._there = there
        self._buffer = b""
        self._upgraded = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods only
        self.transport.write(UPGRADE)

    def connection_lost(self, _failure: Exception | None) -> None:
        """Lost before it had its view: the round tries again."""
        self._fail(ConnectionError("lost"))

    def _fail(self, failure: Exception) -> None:
        if not self._there.done():
            self._there.set_exception(failure)

    def data_received(self, chunk: bytes) -> None:
        """Cut the stream into frames."""
        self._buffer += chunk
        if not self._upgraded:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head[:16]:
                self._fail(ConnectionError("no upgrade"))
                return
            self._upgraded, self._buffer = True, rest
        while (frame := self._next_frame()) is not None:
            self._heard(*frame)

    def _next_frame(self) -> tuple[int, bytes] | None:
        data = self._buffer
        if len(data) < 2:
            return None
        size, start = data[1] & 0x7F, 2
        if size == MEDIUM and len(data) >= 4:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == LONG and len(data) >= 10:
            size, start = int.from_bytes(data[2:10], "big"), 10
        elif size >= MEDIUM:
            return None
        if len(data) < start + size:
            return None
        self._buffer = data[start + size :]
        return data[0] & 0x0F, data[start : start + size]

    def _heard(self, kind: int, text: bytes) -> None:
        assert self.transport is not None
        if kind != TEXT:
            return
        if text[:1] == b"0":
            self.transport.write(self._hello)
        elif text == b"2":
            self.transport.write(masked(b"3"))
        elif text[:2] == b"44":
            self._fail(PermissionError(text.decode()))
        elif b'"kiosk.updated"' in text[:60] and not self._there.done():
            self._there.set_result(None)

    def reset(self) -> None:
        """Vanish as a power cut does to everything behind one router: by RST."""
        assert self.transport is not None
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()


@dataclass
class Round:
    """One time that all connected."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    retries: int = 0

    def report(self, server_cpu_s: float) -> dict[str, float]:
        """Figures for the JSON line."""
        waits = sorted(self.waits)
        return {
            "s": round(self.seconds, 3),
            "there": len(waits),
            "retries": self.retries,
            "p50_ms": round(waits[len(waits) // 2] * 1e3, 1),
            "p99_ms": round(waits[int(len(waits) * 0.99)] * 1e3, 1),
            "server_cpu_us_each": round(server_cpu_s / max(1, len(waits)) * 1e6, 1),
        }


class Crowd:
    """All clients."""

    def __init__(self, port: int, tokens: list[str]) -> None:
        self._port = port
        self._hellos = [
            masked(b"40" + json.dumps({"token": token, "protocol": 1, "client": "storm"}).encode())
            for token in tokens
        ]
        self._booths: list[Booth] = []

    async def connect(self, at_once: int) -> Round:
        """Let all connect, so many at a time; whoever is turned away tries again."""
        done, gate = Round(), asyncio.Semaphore(at_once)
        loop = asyncio.get_running_loop()

        async def one(hello: bytes) -> None:
            async with gate:
                began = time.perf_counter()
                for attempt in range(8):
                    there: asyncio.Future[None] = loop.create_future()
                    try:
                        _, booth = await loop.create_connection(
                            partial(Booth, hello, there), HOST, self._port
                        )
                        await asyncio.wait_for(there, ROUND_LIMIT_S)
                    except (OSError, TimeoutError):
                        done.retries += 1
                        await asyncio.sleep(0.05 * 2**attempt)
                        continue
                    self._booths.append(booth)
                    done.waits.append(time.perf_counter() - began)
                    return

        began = time.perf_counter()
        await asyncio.gather(*(one(hello) for hello in self._hellos))
        done.seconds = time.perf_counter() - began
        return done

    def reset(self) -> None:
        """Cut everybody off at once."""
        booths, self._booths = self._booths, []
        for booth in booths:
            booth.reset()


def cpu_s(process: psutil.Process) -> float:
    """Processor time a server has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def memory_mib(process: psutil.Process) -> float:
    """Memory that is a server's own."""
    return float(process.memory_full_info().uss) / 2**20


def read(file: Path) -> Any:
    """What a server left in a file; None when it left none."""
    return json.loads(file.read_text()) if file.exists() else None


async def until_listening(port: int, process: subprocess.Popen[bytes], ready: Path | None) -> None:
    """Wait until a server accepts, and has left the file that says it is `ready`."""
    for _ in range(1200):
        if process.poll() is not None:
            raise RuntimeError("the server ended before it listened")
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        if ready is None or read(ready):
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("the server does not listen")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def storm(name: str, n: int, waiting: int, core: int) -> dict[str, Any]:
    """Start a server, let the storm pass over it, stop it; the figures."""
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        port, files = free_port(), Path(folder)
        command = [sys.executable, str(HERE / f"{name}.py"), str(port)]
        ready = None
        if name == "storm_hall":
            command += [folder, str(n), str(waiting)]
            ready = files / "ready.json"
        path = f"{HERE.parent}:{HERE.parent / 'queue'}"
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})  # noqa: ASYNC220  starts before anything is measured
        try:
            os.sched_setaffinity(process.pid, {core})
            await until_listening(port, process, ready)
            crowd = Crowd(port, read(files / "tokens.json") or ["t"] * n)
            figures = await pass_over(crowd, psutil.Process(process.pid), n)
            if ready is not None:
                began = time.perf_counter()
                process.terminate()
                await asyncio.to_thread(process.wait, 60)
                figures["stop_s"] = round(time.perf_counter() - began, 2)
                figures |= read(files / "hall.json")
        finally:
            process.kill()
            process.wait()
        return figures


async def pass_over(crowd: Crowd, server: psutil.Process, n: int) -> dict[str, Any]:
    """All connect, all are cut off, all return."""
    empty, began = memory_mib(server), cpu_s(server)
    cold = await crowd.connect(at_once=128)
    cold_cpu_s, full = cpu_s(server) - began, memory_mib(server)
    began = cpu_s(server)
    crowd.reset()
    returned = await crowd.connect(at_once=n)
    return {
        "cold": cold.report(cold_cpu_s),
        "kib_per_client": round((full - empty) * 1024 / n, 1),
        "storm": returned.report(cpu_s(server) - began),
    }


async def main() -> int:
    """Both servers, one JSON line; non-zero when somebody did not come back."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--n", type=int, default=9_000, help="clients")
    parser.add_argument("--waiting", type=int, default=100, help="of them, who hold a ticket")
    parser.add_argument("--only", choices=["stock", "ours"], help="leave the other server out")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    line: dict[str, Any] = {"bench": "reconnect_storm", "n": options.n, "cores": len(cores)}
    for label, name in SERVERS.items():
        if options.only in (None, label):
            line[label] = await storm(name, options.n, options.waiting, cores[0])
    ran = [line[label] for label in SERVERS if label in line]
    if len(ran) == len(SERVERS):
        ours, stock = line["ours"]["storm"], line["stock"]["storm"]
        line["ratio"] = round(ours["s"] / stock["s"], 3)
        line["cpu_ratio"] = round(ours["server_cpu_us_each"] / stock["server_cpu_us_each"], 3)
    line["load_average"] = round(os.getloadavg()[0], 2)
    print(json.dumps(line))
    return 0 if all(figures["storm"]["there"] == options.n for figures in ran) else 1


if __name__ == "__main__":
    uvloop.install()
    sys.exit(asyncio.run(main()))
