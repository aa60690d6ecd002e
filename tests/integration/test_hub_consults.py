"""Three in a call: what each screen is told, and who may send signals to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling.protocol.events import Answer, DeskUpdated, Done, KioskUpdated, Refused, Signalled
from signaling.protocol.views import DeskView, KioskView
from signaling.protocol.words import CallState, ConsultEnd, ConsultState, Party, SeatState
from tests.support.wire_hall import Client, WireHall, open_wire_hall

pytestmark = pytest.mark.integration

HOST = "candidate:1 1 udp 2122194687 10.1.2.3 50000 typ host"


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[WireHall]:
    async with open_wire_hall(tmp_path) as opened:
        yield opened


def candidate(call_id: str, epoch: int = 1) -> dict[str, Any]:
    said = {"candidate": HOST, "sdp_mid": "0", "sdp_m_line_index": 0}
    return {"type": "call.signal", "call_id": call_id, "media_epoch": epoch, "candidate": said}


async def desk(client: Client, that: Any) -> DeskView:
    return (await client.wait_for(DeskUpdated, lambda e: that(e.view))).view


async def booth(client: Client, that: Any) -> KioskView:
    return (await client.wait_for(KioskUpdated, lambda e: that(e.view))).view


async def invited(hall: WireHall) -> tuple[Client, Client, Client, str]:
    """Kiosk 1 in a call with agent 1, who asked agent 2; the invitation's id."""
    kiosk, host, call_id = await hall.ringing()
    ring = (await desk(host, lambda v: v.offer is not None)).offer
    assert ring is not None
    await host.send("ticket.accept", offer_id=call_id, epoch=ring.epoch)
    for side in (kiosk, host):
        await side.send("call.report_media", call_id=call_id, media_epoch=1, media="flowing")
    guest = await hall.agent(2)
    await guest.send("seat.sign_in", seat_id="02")
    await guest.send("seat.open")
    answer = await host.send(
        "consult.invite", call_id=call_id, reason="needs_specialist", to_seat="02"
    )
    assert isinstance(answer, Done), answer
    asked = (await desk(guest, lambda v: v.consult is not None)).consult
    assert asked is not None
    assert (asked.state, asked.host, asked.link) == (ConsultState.RINGING, False, None)
    return kiosk, host, guest, asked.id


async def joined(hall: WireHall) -> tuple[Client, Client, Client, str]:
    kiosk, host, guest, consult_id = await invited(hall)
    assert isinstance(await guest.send("consult.join", consult_id=consult_id), Done)
    return kiosk, host, guest, consult_id


async def test_all_three_are_told_who_is_asked_and_who_is_there(hall: WireHall) -> None:
    kiosk, host, guest, consult_id = await invited(hall)
    rings = await desk(guest, lambda v: v.consult is not None)
    assert rings.state is SeatState.RESERVED
    assert rings.ticket is not None
    assert (rings.offer, rings.link, rings.call) == (None, None, None)
    waits = await booth(kiosk, lambda v: v.colleague is not None)
    assert waits.colleague is not None
    assert waits.colleague.link is None
    await guest.send("consult.join", consult_id=consult_id)
    seen = (await booth(kiosk, lambda v: v.colleague and v.colleague.link)).colleague
    assert seen is not None
    assert seen.link is not None
    assert (seen.link.call_id, seen.link.you_are) == (consult_id, Party.RESIDENT)
    there = await desk(guest, lambda v: v.call is not None)
    assert there.link is not None
    assert there.call is not None
    assert there.consult is not None
    assert there.consult.link is not None
    assert (there.link.call_id, there.link.you_are) == (consult_id, Party.AGENT)
    assert (there.call.id, there.call.state) == (consult_id, CallState.CONNECTING)
    mine = (await desk(host, lambda v: v.consult and v.consult.link)).consult
    assert mine is not None
    assert mine.link is not None
    assert mine.link.call_id == there.consult.link.call_id != consult_id
    assert (mine.link.you_are, there.consult.link.you_are) == (Party.AGENT, Party.RESIDENT)


async def test_signals_stay_within_their_pair(hall: WireHall) -> None:
    kiosk, host, guest, consult_id = await joined(hall)
    consult = (await desk(host, lambda v: v.consult and v.consult.link)).consult
    assert consult is not None
    assert consult.link is not None
    desks_id = consult.link.call_id

    async def passes(sender: Client, link_id: str, to: Client) -> None:
        assert isinstance(await sender.send_raw(candidate(link_id)), Done)
        await to.wait_for(Signalled, lambda e: e.call_id == link_id)

    await passes(guest, consult_id, kiosk)
    await passes(kiosk, consult_id, guest)
    await passes(host, desks_id, guest)
    await passes(guest, desks_id, host)
    stranger = await hall.kiosk(2)
    for sender, link_id in ((host, consult_id), (kiosk, desks_id), (stranger, consult_id)):
        refused = await sender.send_raw(candidate(link_id))
        assert _code(refused) == "call_unknown"
    assert _code(await guest.send_raw(candidate(consult_id, 2))) == "media_epoch_stale"
    assert {e.call_id for e in host.heard(Signalled)} == {desks_id}
    assert {e.call_id for e in kiosk.heard(Signalled)} == {consult_id}


async def test_the_names_of_the_pairs_outlive_the_hand_over(hall: WireHall) -> None:
    kiosk, host, guest, consult_id = await joined(hall)
    for sender in (kiosk, guest):
        await sender.send("call.report_media", call_id=consult_id, media_epoch=1, media="flowing")
    await desk(host, lambda v: v.consult and v.consult.ready)
    assert isinstance(await host.send("consult.hand_over", consult_id=consult_id), Done)
    shown = await booth(kiosk, lambda v: v.link and v.link.call_id == consult_id)
    assert shown.link is not None
    assert shown.call is not None
    assert (shown.link.media_epoch, shown.call.id, shown.colleague) == (1, consult_id, None)
    left = await desk(host, lambda v: v.wrap_up is not None)
    assert (left.link, left.consult) == (None, None)
    has = await desk(guest, lambda v: v.consult is None and v.call is not None)
    assert has.call is not None
    assert has.call.id == consult_id
    assert has.ticket is not None
    assert has.ticket.hand_overs == 1
    assert isinstance(await guest.send_raw(candidate(consult_id)), Done)


async def test_who_invited_is_told_why_nobody_came(hall: WireHall) -> None:
    kiosk, host, guest, consult_id = await invited(hall)
    await guest.send("consult.decline", consult_id=consult_id, reason="not_my_field")
    told = (await desk(host, lambda v: v.consult and v.consult.end_reason)).consult
    assert told is not None
    assert told.end_reason is ConsultEnd.DECLINED
    await booth(kiosk, lambda v: v.colleague is None and v.call is not None)
    idle = await desk(guest, lambda v: v.state is SeatState.IDLE and v.ticket is None)
    assert idle.consult is None


async def test_a_booth_that_comes_back_is_told_to_both_agents(hall: WireHall) -> None:
    kiosk, host, guest, consult_id = await joined(hall)
    await desk(guest, lambda v: v.call is not None)
    await kiosk.close()
    await desk(guest, lambda v: v.link is not None and not v.link.peer_present)
    await hall.kiosk(1, restarts_ice=False)
    for client in (host, guest):
        await desk(
            client, lambda v: v.link and v.link.peer_present and not v.link.peer_restarts_ice
        )
    assert consult_id


def _code(answer: Answer) -> str:
    assert isinstance(answer, Refused)
    return answer.code
