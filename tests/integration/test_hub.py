"""The wire end to end: real sockets, the real hall, a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service_queue.errors import StoreUnavailable
from signaling.protocol.events import (
    DeskUpdated,
    Done,
    KioskUpdated,
    Refused,
    TicketTaken,
    Welcomed,
)
from signaling.protocol.words import CallState, KioskPhase, MediaReport, SeatState, TicketEndReason
from tests.support.wire_hall import Client, ConnectRefused, WireHall, open_wire_hall

pytestmark = pytest.mark.integration


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[WireHall]:
    async with open_wire_hall(tmp_path) as opened:
        yield opened


async def seated(hall: WireHall, n: int) -> Client:
    agent = await hall.agent(n)
    assert isinstance(await agent.send("seat.sign_in", seat_id=f"{n:02d}"), Done)
    assert isinstance(await agent.send("seat.open"), Done)
    return agent


async def in_call(hall: WireHall) -> tuple[Client, Client, str]:
    """A kiosk and a desk in a call; its id."""
    agent, kiosk = await seated(hall, 1), await hall.kiosk(1)
    await kiosk.send("ticket.take", item_code="pension")
    ringing = await agent.wait_for(DeskUpdated, lambda e: e.view.offer is not None)
    assert ringing.view.offer is not None
    offer = ringing.view.offer
    accepted = await agent.send("ticket.accept", offer_id=offer.id, epoch=offer.epoch)
    assert isinstance(accepted, Done)
    return kiosk, agent, offer.id


async def test_a_kiosk_is_greeted_and_shown_where_it_stands(hall: WireHall) -> None:
    kiosk = await hall.kiosk(1)
    shown = await kiosk.wait_for(KioskUpdated)
    greeting = kiosk.events[0]
    assert isinstance(greeting, Welcomed)
    assert greeting.subject == "K01"
    assert greeting.server_version == "9.9"
    assert shown.view.phase is KioskPhase.IDLE


async def test_a_whole_visit_runs_over_the_wire(hall: WireHall) -> None:
    agent, kiosk = await seated(hall, 1), await hall.kiosk(1)
    taken = await kiosk.send("ticket.take", item_code="pension")
    assert isinstance(taken, TicketTaken)
    ringing = await kiosk.wait_for(KioskUpdated, lambda e: e.view.phase is KioskPhase.RINGING)
    assert ringing.view.link is not None
    assert not ringing.view.link.attach
    desk = await agent.wait_for(DeskUpdated, lambda e: e.view.offer is not None)
    offer = desk.view.offer
    assert offer is not None
    assert offer.id == ringing.view.link.call_id
    await agent.send("ticket.accept", offer_id=offer.id, epoch=offer.epoch)
    await kiosk.wait_for(KioskUpdated, lambda e: e.view.link is not None and e.view.link.attach)
    for side in (agent, kiosk):
        report = {"call_id": offer.id, "media_epoch": 1, "media": MediaReport.FLOWING}
        assert isinstance(await side.send("call.report_media", **report), Done)
    await kiosk.wait_for(
        KioskUpdated,
        lambda e: e.view.call is not None and e.view.call.state is CallState.CONNECTED,
    )
    await agent.send("call.end", call_id=offer.id)
    await kiosk.wait_for(KioskUpdated, lambda e: e.view.phase is KioskPhase.RATING)
    await kiosk.send("ticket.rate", ticket_id=taken.ticket_id, score=5)
    done = await kiosk.wait_for(KioskUpdated, lambda e: e.view.phase is KioskPhase.IDLE)
    assert done.view.last_end is TicketEndReason.SERVED
    await agent.wait_for(DeskUpdated, lambda e: e.view.state is SeatState.WRAP_UP)


async def test_a_repeated_operation_gets_the_same_answer_and_no_second_ticket(
    hall: WireHall,
) -> None:
    kiosk = await hall.kiosk(1)
    take = {"type": "ticket.take", "op_id": "once", "item_code": "pension"}
    first = await kiosk.send_raw(take)
    assert await kiosk.send_raw(take) == first
    second = await kiosk.send("ticket.take", item_code="pension")
    assert isinstance(second, Refused)
    assert second.code == "ticket_already_open"
    assert hall.count("refusals_total", code="ticket_already_open") == 1


async def test_a_page_that_comes_back_finds_its_ticket(hall: WireHall) -> None:
    kiosk = await hall.kiosk(1)
    await kiosk.send("ticket.take", item_code="pension")
    await kiosk.close()
    mirror = hall.district.hall.mirror
    await hall.until(lambda: mirror.ticket_of_kiosk("K01").away_since is not None)  # type: ignore[union-attr]  # it was taken above
    again = await hall.kiosk(1)
    shown = await again.wait_for(KioskUpdated)
    assert shown.view.phase is KioskPhase.WAITING
    assert mirror.ticket_of_kiosk("K01").away_since is None  # type: ignore[union-attr]  # as above


async def test_a_kiosk_learns_its_place_when_the_line_moves(hall: WireHall) -> None:
    first, second = await hall.kiosk(1), await hall.kiosk(2)
    taken = await first.send("ticket.take", item_code="pension")
    assert isinstance(taken, TicketTaken)
    hall.district.clock.move(1)
    await second.send("ticket.take", item_code="pension")
    await second.wait_for(
        KioskUpdated, lambda e: e.view.ticket is not None and e.view.ticket.ahead == 1
    )
    await first.send("ticket.leave", ticket_id=taken.ticket_id)
    moved = await second.wait_for(
        KioskUpdated, lambda e: e.view.ticket is not None and e.view.ticket.ahead == 0
    )
    assert moved.view.ticket is not None
    assert moved.view.ticket.soon


async def test_an_equal_view_is_not_sent_again(hall: WireHall) -> None:
    kiosk = await hall.kiosk(1)
    await kiosk.wait_for(KioskUpdated)
    for n in (2, 3):
        await (await hall.kiosk(n)).send("ticket.take", item_code="pension")
    await kiosk.send_raw({"type": "view.sync"})
    shown = kiosk.heard(KioskUpdated)
    # One when it came, one because it asked; none for what does not concern an idle kiosk.
    assert len(shown) == 2
    assert shown[1].view.seq > shown[0].view.seq


async def test_a_desk_that_loses_its_seat_is_told(hall: WireHall) -> None:
    agent = await seated(hall, 1)
    await agent.wait_for(DeskUpdated)
    assert isinstance(await agent.send("seat.sign_out"), Done)
    greeted = await agent.wait_for(Welcomed, lambda e: e is not agent.events[0])
    assert greeted.seat_id is None


async def test_commands_of_one_client_are_carried_out_in_order(hall: WireHall) -> None:
    kiosk = await hall.kiosk(1)
    sent = [kiosk.send("ticket.take", item_code=f"unknown{n}") for n in range(50)]
    answers = await asyncio.gather(*sent)
    assert {type(answer) for answer in answers} == {Refused}
    assert hall.count("refusals_total", code="item_unknown") == 50


async def test_a_message_of_a_megabyte_ends_the_connection_cleanly_and_is_counted(
    hall: WireHall,
) -> None:
    async with hall.raw_socket() as socket:
        await socket.send_str("42" + "x" * 1_000_000)
        message = await socket.receive(timeout=10)
        while not socket.closed:
            message = await socket.receive(timeout=10)
        assert socket.close_code == 1009, message
    await hall.until(lambda: hall.count("refusals_total", code="too_large") == 1)
    await (await hall.kiosk(1)).wait_for(KioskUpdated)


async def test_health_of_a_booth_is_kept_as_the_latest_word(hall: WireHall) -> None:
    device = await hall.client("device:K01")
    report = {
        "type": "kiosk.report_health",
        "version": "1.0",
        "page_attached": True,
        "camera": "ok",
        "microphone": "missing",
        "disk_free_mib": 900,
        "uptime_s": 3.5,
    }
    assert isinstance(await device.send_raw(report), Done)
    health = hall.signaling.kiosk_health()["K01"]
    assert health.report.microphone == "missing"
    assert hall.signaling.is_kiosk_online("K01")
    assert not hall.signaling.is_kiosk_online("K02")


async def test_a_fault_of_ours_is_answered_counted_and_logged_without_the_payload(
    hall: WireHall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk = await hall.kiosk(1)

    async def fail(*_: object) -> None:
        raise RuntimeError("parameters: SECRET")

    monkeypatch.setattr(hall.district.hall, "execute", fail)
    answer = await kiosk.send("ticket.take", item_code="pension")
    assert isinstance(answer, Refused)
    assert (answer.code, answer.detail) == ("internal", "")
    assert hall.count("refusals_total", code="internal") == 1
    assert "RuntimeError" in caplog.text
    assert "SECRET" not in caplog.text
    monkeypatch.undo()
    assert isinstance(await kiosk.send("ticket.take", item_code="pension"), TicketTaken)


async def test_a_hall_that_cannot_attach_refuses_the_connect_with_a_code(
    hall: WireHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(hall.district.hall, "attached", fail)
    with pytest.raises(ConnectRefused, match="store_unavailable"):
        await hall.kiosk(1)
    assert hall.signaling.connections == 0


async def test_a_silent_client_is_ended(tmp_path: Path) -> None:
    async with (
        open_wire_hall(tmp_path, ping_interval_s=0.1, ping_timeout_s=0.5) as hall,
        hall.raw_socket() as socket,
    ):
        await socket.send_str('40{"token":"kiosk:K01","protocol":1}')
        while not socket.closed:
            await socket.receive(timeout=15)  # pings among it, which it does not answer
        await hall.until(lambda: hall.count("drops_total", cause="silent") == 1)
        await hall.until(lambda: hall.signaling.connections == 0)
