"""The client's line to a real Socket.IO server, through a network that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from signaling.client.errors import LinkStopped, LinkUnavailable
from signaling.client.link import Link, LinkStatus, op_id
from signaling.protocol.commands import ClientMessage, LeaveTicket, SyncView, TakeTicket
from signaling.protocol.errors import NotAllowed, RefusedByPeer
from signaling.protocol.events import (
    AccessRevoked,
    Answer,
    AttachmentReplaced,
    Done,
    Refused,
    ServerClosing,
    ServerEvent,
    Ticked,
    TicketTaken,
)
from tests.support.awake import awake_watch
from tests.support.fault_proxy import TcpFaultProxy
from tests.support.wire_server import WireServer, refuse, say_done

pytestmark = pytest.mark.integration

DEADLINE_S = 30.0


class Ear:
    """Collects events and statuses, and lets a test wait for them."""

    def __init__(self) -> None:
        self.events: list[ServerEvent] = []
        self.statuses: list[LinkStatus] = []
        self.codes: list[str | None] = []
        self._news = asyncio.Event()

    async def on_event(self, event: ServerEvent) -> None:
        self.events.append(event)
        self._news.set()

    def on_status(self, status: LinkStatus, code: str | None) -> None:
        self.statuses.append(status)
        self.codes.append(code)
        self._news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not true():
                self._news.clear()
                await self._news.wait()


async def a_token() -> str:
    return "token"


def link_to(
    url: str,
    ear: Ear,
    *,
    token: Callable[[], Awaitable[str]] = a_token,
    connect_deadline_s: float = 8.0,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Link:
    return Link(
        url=url,
        token=token,
        client="test",
        on_event=ear.on_event,
        on_status=ear.on_status,
        connect_deadline_s=connect_deadline_s,
        random=lambda: 0.1,
        sleep=sleep,
    )


def take(op: str | None = None) -> TakeTicket:
    return TakeTicket(op_id=op or op_id(), item_code="A-1")


async def test_a_command_is_answered() -> None:
    async def answer(_token: str, message: ClientMessage) -> Answer:
        assert isinstance(message, TakeTicket)
        return TicketTaken(op_id=message.op_id, ticket_id="t1", number="A001")

    async with WireServer(answer=answer) as server, link_to(server.url, Ear()) as link:
        said = await link.send(take())
        assert isinstance(said, TicketTaken)
        assert said.number == "A001"
        assert server.hellos[0].restarts_ice is False


async def test_a_refusal_is_raised_as_the_fact_it_is() -> None:
    server = WireServer(answer=refuse("not_allowed"))
    async with server, link_to(server.url, Ear()) as link:
        with pytest.raises(NotAllowed):
            await link.send(take())
        server.answer = refuse("something_of_next_year")
        with pytest.raises(RefusedByPeer) as unknown:
            await link.send(take())
        assert unknown.value.peer_code == "something_of_next_year"


async def test_events_arrive_in_the_order_they_were_sent() -> None:
    ear = Ear()
    async with WireServer() as server, link_to(server.url, ear) as link:
        await link.online()
        for seq in range(300):
            await server.push(Ticked(seq=seq, server_time=0.0))
        await ear.until(lambda: len(ear.events) == 300)
        assert [e.seq for e in ear.events if isinstance(e, Ticked)] == list(range(300))


async def test_a_command_survives_the_loss_of_its_answer() -> None:
    """Committed, and the line cut before the answer: the same op_id is sent again."""
    answered = 0

    async def answer(_token: str, message: ClientMessage) -> Answer | None:
        nonlocal answered
        answered += 1
        if answered == 1:
            proxy.cut()
            return None
        return await say_done(_token, message)

    async with WireServer(answer=answer) as server, TcpFaultProxy(server.port) as proxy:
        async with link_to(f"http://127.0.0.1:{proxy.port}", Ear()) as link:
            said = await link.send(take("op-1"))
    assert said == Done(op_id="op-1")
    assert [m.op_id for m in server.heard if isinstance(m, TakeTicket)] == ["op-1", "op-1"]


async def test_a_message_without_op_id_is_never_sent_twice() -> None:
    async def answer(_token: str, _message: ClientMessage) -> Answer | None:
        proxy.cut()
        return None

    async with WireServer(answer=answer) as server, TcpFaultProxy(server.port) as proxy:
        async with link_to(f"http://127.0.0.1:{proxy.port}", Ear()) as link:
            with pytest.raises(LinkUnavailable):
                await link.send(SyncView())
            await link.online()
            assert len(server.heard) == 1


async def test_the_link_returns_when_the_server_does() -> None:
    ear = Ear()
    async with WireServer() as server, link_to(server.url, ear) as link:
        await link.online()
        await server.stop()
        await ear.until(lambda: LinkStatus.OFFLINE in ear.statuses)
        sending = asyncio.create_task(link.send(take()))
        await server.start()
        assert isinstance(await sending, Done)
        assert link.connections == 2


async def test_a_command_without_a_server_ends_at_its_deadline() -> None:
    async with WireServer() as server:
        port = server.port
    async with link_to(f"http://127.0.0.1:{port}", Ear()) as link:
        with pytest.raises(LinkUnavailable):
            await link.send(take(), deadline_s=0.3)


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/login\r\nContent-Length: 0\r\n\r\n",
        b"\x00\x01\x02 no http at all \xff\xfe",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nlogin!",
        b"",
    ],
    ids=["502", "redirect", "binary", "captive_portal", "closed"],
)
async def test_garbage_in_front_of_the_server_is_waited_out(garbage: bytes) -> None:
    ear = Ear()
    async with WireServer() as server, TcpFaultProxy(server.port) as proxy:
        proxy.garbage = garbage
        async with link_to(f"http://127.0.0.1:{proxy.port}", ear) as link:
            await ear.until(lambda: ear.statuses.count(LinkStatus.OFFLINE) >= 3)
            proxy.garbage = None
            await link.online()


async def test_a_server_that_accepts_and_never_answers_is_given_up_and_tried_again() -> None:
    ear = Ear()
    async with WireServer() as server, TcpFaultProxy(server.port) as proxy:
        proxy.hang_new = True
        url = f"http://127.0.0.1:{proxy.port}"
        async with link_to(url, ear, connect_deadline_s=0.3) as link:
            await ear.until(lambda: ear.statuses.count(LinkStatus.OFFLINE) >= 2)
            proxy.hang_new = False
            await link.online()


async def test_a_half_open_line_is_noticed_and_replaced() -> None:
    ear = Ear()
    async with WireServer() as server, TcpFaultProxy(server.port) as proxy:
        async with link_to(f"http://127.0.0.1:{proxy.port}", ear) as link:
            await link.online()
            proxy.faults.half_open()
            async with awake_watch() as watch:
                await ear.until(lambda: LinkStatus.OFFLINE in ear.statuses)
            proxy.faults.heal()
            await link.online()
    assert watch.passed_s < 12  # 9 s by design; the slack is for a busy machine


async def test_every_attempt_brings_a_fresh_token() -> None:
    given = iter(["expired", "fresh", "fresher"])

    async def token() -> str:
        return next(given)

    ear = Ear()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with WireServer() as server:
        server.refuse_with = lambda hello: "token_expired" if hello.token == "expired" else None
        async with link_to(server.url, ear, token=token, sleep=sleep) as link:
            await link.online()
            assert [h.token for h in server.hellos] == ["expired", "fresh"]
            assert slept == []  # an expired token costs no waiting


async def test_a_token_that_expires_during_the_connection_is_renewed_and_the_command_done() -> None:
    tokens = iter(["old", "new"])

    async def token() -> str:
        return next(tokens)

    async def answer(token: str, message: ClientMessage) -> Answer:
        if token == "old":
            return Refused(code="token_expired")
        return await say_done(token, message)

    async with WireServer(answer=answer) as server:
        async with link_to(server.url, Ear(), token=token) as link:
            assert await link.send(take("op-9")) == Done(op_id="op-9")


async def test_a_refused_connection_says_why_and_is_tried_again() -> None:
    ear = Ear()
    async with WireServer() as server:
        server.refuse_with = lambda _hello: "version_unsupported"
        async with link_to(server.url, ear) as link:
            await ear.until(lambda: "version_unsupported" in ear.codes)
            server.refuse_with = lambda _hello: None
            await link.online()


async def test_failing_tokens_do_not_end_the_link() -> None:
    calls = 0

    async def token() -> str:
        nonlocal calls
        calls += 1
        if calls < 4:
            raise OSError("no route to the token")
        return "token"

    async with WireServer() as server, link_to(server.url, Ear(), token=token) as link:
        await link.online()
        assert calls == 4


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (AttachmentReplaced(), LinkStatus.REPLACED),
        (AccessRevoked(), LinkStatus.REVOKED),
    ],
)
async def test_a_replaced_or_revoked_link_stays_away(
    event: ServerEvent, status: LinkStatus
) -> None:
    ear = Ear()
    async with WireServer() as server, link_to(server.url, ear) as link:
        await link.online()
        await server.push(event)
        await ear.until(lambda: link.status is status)
        with pytest.raises(LinkStopped):
            await link.send(LeaveTicket(op_id=op_id(), ticket_id="t1"))
        assert link.connections == 1


async def test_a_closing_server_says_when_to_come_back() -> None:
    ear = Ear()
    slept: list[float] = []
    proceed = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await proceed.wait()

    async with WireServer() as server, link_to(server.url, ear, sleep=sleep) as link:
        await link.online()
        await server.push(ServerClosing(retry_after_s=7.0))
        await ear.until(lambda: len(ear.events) == 1)
        await server.kick()
        await ear.until(lambda: LinkStatus.OFFLINE in ear.statuses)
        proceed.set()
        await link.online()
    assert 7.0 <= slept[0] <= 7.5


async def test_an_event_handler_that_fails_does_not_stop_the_next_event() -> None:
    seen: list[ServerEvent] = []
    both = asyncio.Event()

    async def fragile(event: ServerEvent) -> None:
        seen.append(event)
        if len(seen) == 1:
            raise ValueError("a fault in the page")
        both.set()

    async with WireServer() as server:
        link = Link(url=server.url, token=a_token, client="test", on_event=fragile)
        async with link:
            await link.online()
            await server.push(Ticked(seq=1, server_time=0.0))
            await server.push(Ticked(seq=2, server_time=0.0))
            async with asyncio.timeout(DEADLINE_S):
                await both.wait()


async def test_closing_is_idempotent_and_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    async with WireServer() as server:
        link = await link_to(server.url, Ear()).__aenter__()
        await link.online()
        closer = asyncio.create_task(link.close())
        await asyncio.sleep(0)
        closer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closer
        await link.close()
        await link.close()
        assert link.status is LinkStatus.CLOSED
    async with asyncio.timeout(DEADLINE_S):
        while leftover := asyncio.all_tasks() - before - {asyncio.current_task()}:
            await asyncio.wait(leftover)


def test_a_ca_file_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Link(
            url="https://127.0.0.1:1",
            token=a_token,
            client="test",
            on_event=Ear().on_event,
            ca_file=tmp_path / "missing.pem",
        )
