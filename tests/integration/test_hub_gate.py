"""Who is let in over real sockets, and who is shown out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from signaling.protocol.events import (
    AccessRevoked,
    AttachmentReplaced,
    KioskUpdated,
    Refused,
    ServerClosing,
)
from tests.support.wire_hall import (
    OWN_ORIGIN,
    Client,
    ConnectRefused,
    WireHall,
    open_wire_hall,
)

pytestmark = pytest.mark.integration


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[WireHall]:
    async with open_wire_hall(tmp_path, connect_deadline_s=2.0) as opened:
        yield opened


@pytest.mark.parametrize(
    ("token", "options", "code"),
    [
        ("nonsense", {}, "token_invalid"),
        ("kiosk:K01", {"protocol": 99}, "version_unsupported"),
        ("kiosk:K01", {"protocol": 0}, "version_unsupported"),
        ("kiosk:K01", {"protocol": "one"}, "malformed"),
        ("kiosk:K01", {"surprise": 1}, "malformed"),
        ("kiosk:K01", {"origin": "http://127.0.0.1:9999"}, "origin_refused"),
        ("kiosk:K01", {"origin": OWN_ORIGIN}, "origin_refused"),
        ("agent:a01", {}, "origin_refused"),
        ("agent:a01", {"origin": "http://127.0.0.1:7180"}, "origin_refused"),
        ("supervisor:s01", {}, "origin_refused"),
        ("admin:x01", {}, "origin_refused"),
    ],
)
async def test_a_connect_that_may_not_be_is_refused_with_its_code(
    hall: WireHall, token: str, options: dict[str, object], code: str
) -> None:
    with pytest.raises(ConnectRefused, match=f"^{code}$"):
        await hall.client(token, **options)
    assert hall.count("refusals_total", code=code) == 1
    assert hall.signaling.connections == 0


async def test_an_expired_token_is_refused_as_expired(hall: WireHall) -> None:
    hall.verifier.expired.add("kiosk:K01")
    with pytest.raises(ConnectRefused, match="token_expired"):
        await hall.kiosk(1)


async def test_an_unknown_hello_is_refused_without_one(hall: WireHall) -> None:
    async with hall.raw_socket() as socket:
        await socket.send_str("40")
        assert await socket.receive_str() == '44{"message":"malformed"}'


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{OWN_ORIGIN}.evil.example"},
        {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"},
        {
            "Origin": "https://evil.example",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
            "Host": "evil.example",
        },
    ],
)
async def test_a_foreign_page_cannot_even_open_a_socket(
    hall: WireHall, headers: dict[str, str]
) -> None:
    url = f"{hall.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession(headers=headers) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(url)
    assert refused.value.status == 400


async def test_long_polling_is_not_spoken(hall: WireHall) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{hall.url}/socket.io/?EIO=4&transport=polling") as response,
    ):
        assert response.status == 400


async def test_a_socket_that_never_introduces_itself_is_ended(hall: WireHall) -> None:
    async with hall.raw_socket() as socket:
        while not socket.closed:
            await socket.receive(timeout=15)
    await hall.until(lambda: hall.count("drops_total", cause="no_connect") == 1)


async def test_a_refused_socket_does_not_stay_open(hall: WireHall) -> None:
    async with hall.raw_socket() as socket:
        await socket.send_str('40{"token":"nonsense","protocol":1}')
        assert await socket.receive_str() == '44{"message":"token_invalid"}'
        while not socket.closed:
            await socket.receive(timeout=15)


@pytest.mark.parametrize("attempt", range(10))
async def test_the_newest_page_of_a_kiosk_wins_and_the_older_one_learns_why(
    hall: WireHall, attempt: int
) -> None:
    older = await hall.kiosk(1)
    await older.send("ticket.take", item_code="pension")
    newer = await hall.kiosk(1)
    await older.until_gone()
    assert isinstance(older.events[-1], AttachmentReplaced)
    shown = await newer.wait_for(KioskUpdated)
    assert shown.view.ticket is not None
    await hall.until(lambda: hall.signaling.connections == 1)
    ticket = hall.district.hall.mirror.ticket_of_kiosk("K01")
    assert ticket is not None
    assert ticket.away_since is None, f"marked as away in attempt {attempt}"


async def test_of_a_hundred_replaced_pages_every_one_learns_why(tmp_path: Path) -> None:
    async with open_wire_hall(tmp_path, kiosks=100) as hall:
        older = await asyncio.gather(*(hall.kiosk(n) for n in range(1, 101)))
        await asyncio.gather(*(hall.kiosk(n) for n in range(1, 101)))
        await asyncio.gather(*(client.until_gone() for client in older))
        told = [client for client in older if isinstance(client.events[-1], AttachmentReplaced)]
        assert len(told) == 100


async def test_a_kiosks_page_and_its_program_do_not_replace_each_other(hall: WireHall) -> None:
    page, device = await hall.kiosk(1), await hall.client("device:K01")
    await page.send_raw({"type": "view.sync"})
    await device.send_raw({"type": "view.sync"})
    assert not page.gone.is_set()
    assert not device.gone.is_set()


async def test_several_walls_may_watch(hall: WireHall) -> None:
    first, second = await hall.wall(), await hall.wall()
    await second.send_raw({"type": "view.sync"})
    assert not first.gone.is_set()


async def test_revoking_a_session_ends_its_connections_and_says_why(hall: WireHall) -> None:
    agent, other = await hall.agent(1), await hall.agent(2)
    assert hall.signaling.revoke("session-a01") == 1
    await agent.until_gone()
    assert isinstance(agent.events[-1], AccessRevoked)
    assert not other.gone.is_set()


async def test_revoking_a_kiosk_ends_its_page_and_its_program(hall: WireHall) -> None:
    page, device = await hall.kiosk(1), await hall.client("device:K01")
    assert hall.signaling.revoke("K01") == 2
    await page.until_gone()
    await device.until_gone()
    assert isinstance(page.events[-1], AccessRevoked)


@pytest.mark.parametrize("role", ["kiosk:K01", "device:K01", "supervisor:s01", "admin:x01"])
async def test_nobody_but_an_agent_sits_down(hall: WireHall, role: str) -> None:
    person = role.startswith(("supervisor", "admin"))
    client = await hall.client(role, origin=OWN_ORIGIN if person else None)
    answer = await client.send("seat.sign_in", seat_id="01")
    assert isinstance(answer, Refused)
    assert answer.code == "not_allowed"
    assert answer.op_id is not None


@pytest.mark.parametrize(
    "payload",
    [
        None,
        17,
        "ticket.take",
        [],
        {},
        {"type": "no.such"},
        {"type": "ticket.take"},
        {"type": "ticket.take", "op_id": "x y", "item_code": "pension"},
        {"type": "ticket.take", "op_id": "x", "item_code": "pension", "extra": 1},
        {"type": "ticket.rate", "op_id": "x", "ticket_id": "t", "score": 9},
        {"type": "call.signal", "call_id": "c", "media_epoch": 1, "candidate": {"candidate": 3}},
    ],
    ids=str,
)
async def test_a_malformed_message_gets_a_typed_answer(hall: WireHall, payload: object) -> None:
    kiosk = await hall.kiosk(1)
    answer = await kiosk.send_raw(payload)
    assert isinstance(answer, Refused)
    assert answer.code == "malformed"
    assert hall.count("refusals_total", code="malformed") == 1
    assert isinstance(await kiosk.wait_for(KioskUpdated), KioskUpdated)


@pytest.mark.parametrize("event", ["connect", "disconnect", "message", "event", "*"])
async def test_an_event_by_another_name_is_refused_and_ends_nothing(
    hall: WireHall, event: str
) -> None:
    async with hall.raw_socket() as socket:
        await socket.send_str('40{"token":"kiosk:K01","protocol":1}')
        assert (await socket.receive_str()).startswith("40{")
        await socket.send_str(f'427["{event}",{{}}]')
        while not (text := await socket.receive_str()).startswith("43"):
            pass
        assert '"code":"malformed"' in text
        assert hall.signaling.connections == 1


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "x",
        "9",
        "0",
        "6",
        "b4AAA",
        "²",
        "4",
        "49",
        "4x",
        '451-["command",{"_placeholder":true,"num":0}]',
        '461-[{"_placeholder":true,"num":0}]',
        "42",
        "42{",
        '42{"a":1}',
        "42" + "[" * 60_000,
        "42" + "9" * 200 + "[]",
        '44{"message":"x"}',
        '42["command",{}]',
    ],
)
async def test_a_frame_that_makes_no_sense_ends_only_its_sender(
    hall: WireHall, frame: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Before CONNECT even a command makes none."""
    neighbour = await hall.kiosk(2)
    with caplog.at_level(logging.DEBUG):
        async with hall.raw_socket() as socket:
            await socket.send_str(frame)
            while not socket.closed:
                await socket.receive(timeout=15)
    await hall.until(lambda: hall.count("refusals_total", code="malformed") == 1)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert isinstance(await neighbour.send_raw({"type": "nothing"}), Refused)


async def test_a_binary_frame_ends_its_sender(hall: WireHall) -> None:
    async with hall.raw_socket() as socket:
        await socket.send_bytes(b"\x00" * 1000)
        while not socket.closed:
            await socket.receive(timeout=15)
    await hall.until(lambda: hall.count("drops_total", cause="malformed") == 1)


async def test_who_sends_too_fast_is_told_so_and_later_heard_again(tmp_path: Path) -> None:
    async with open_wire_hall(tmp_path, message_burst=5, messages_per_s=1.0) as hall:
        kiosk = await hall.kiosk(1)
        codes = [await kiosk.send("ticket.take", item_code="none") for _ in range(8)]
        assert [answer.code for answer in codes if isinstance(answer, Refused)] == [
            *["item_unknown"] * 5,
            *["too_many_messages"] * 3,
        ]
        hall.district.clock.move(2)
        heard = await kiosk.send("ticket.take", item_code="none")
        assert isinstance(heard, Refused)
        assert heard.code == "item_unknown"


async def test_a_flood_of_frames_ends_its_sender(hall: WireHall) -> None:
    async with hall.raw_socket() as socket:
        for _ in range(3_000):
            if socket.closed:
                break
            await socket.send_str("3")
        while not socket.closed:
            await socket.receive(timeout=15)
    await hall.until(lambda: hall.count("drops_total", cause="flood") == 1)


async def test_compression_is_not_negotiated(hall: WireHall) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{hall.url}/socket.io/?EIO=4&transport=websocket", compress=15) as socket,
    ):
        assert socket.compress == 0


async def test_a_stop_tells_everybody_and_is_over_in_time(tmp_path: Path) -> None:
    clients: list[Client] = []
    async with open_wire_hall(tmp_path, kiosks=30) as hall:
        clients += await asyncio.gather(*(hall.kiosk(n) for n in range(1, 31)))
        async with hall.raw_socket(), asyncio.timeout(10):
            await hall.signaling.close()
        await asyncio.gather(*(client.until_gone() for client in clients))
        assert hall.signaling.connections == 0
    notices = [client.events[-1] for client in clients]
    spread = {notice.retry_after_s for notice in notices if isinstance(notice, ServerClosing)}
    assert len(spread) > 10
    assert max(spread) <= 1.0


async def test_tokens_and_payloads_stay_out_of_the_logs(
    hall: WireHall, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        kiosk = await hall.kiosk(1)
        await kiosk.send_raw({"type": "ticket.take", "op_id": "x", "item_code": "SECRET-1"})
        with pytest.raises(ConnectRefused):
            await hall.client("SECRET-2")
        await kiosk.send_raw({"type": "call.signal", "call_id": "SECRET-3"})
    ours = [record for record in caplog.records if not record.name.endswith(".client")]
    assert "SECRET" not in "\n".join(record.getMessage() for record in ours)
