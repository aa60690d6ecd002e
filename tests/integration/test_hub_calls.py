"""Signals between the two sides of a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling.protocol.events import (
    DeskUpdated,
    Done,
    KioskUpdated,
    Refused,
    Signalled,
)
from signaling.protocol.words import KioskPhase
from tests.support.wire_hall import WireHall, open_wire_hall

pytestmark = pytest.mark.integration

SDP = (Path(__file__).parents[1] / "support" / "sdp" / "chromium_offer.sdp").read_text()
HOST = "candidate:1 1 udp 2122194687 10.1.2.3 50000 typ host"


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[WireHall]:
    async with open_wire_hall(tmp_path) as opened:
        yield opened


def description(call_id: str, epoch: int = 1, sdp: str = SDP) -> dict[str, Any]:
    said = {"type": "offer", "sdp": sdp}
    return {"type": "call.signal", "call_id": call_id, "media_epoch": epoch, "description": said}


def candidate(call_id: str, text: str, epoch: int = 1) -> dict[str, Any]:
    said = {"candidate": text, "sdp_mid": "0", "sdp_m_line_index": 0}
    return {"type": "call.signal", "call_id": call_id, "media_epoch": epoch, "candidate": said}


async def test_signals_reach_the_other_side_while_it_rings(hall: WireHall) -> None:
    kiosk, agent, call_id = await hall.ringing()
    assert isinstance(await agent.send_raw(description(call_id)), Done)
    heard = await kiosk.wait_for(Signalled)
    assert heard.description is not None
    assert heard.description.sdp.startswith("v=0\r\n")
    assert isinstance(await kiosk.send_raw(candidate(call_id, HOST)), Done)
    assert isinstance(await kiosk.send_raw(candidate(call_id, "")), Done)
    await agent.wait_for(Signalled, lambda e: e.candidate is not None and not e.candidate.candidate)
    texts = [e.candidate.candidate for e in agent.heard(Signalled) if e.candidate is not None]
    assert texts == [HOST, ""]


async def test_signals_of_one_side_arrive_in_their_order(hall: WireHall) -> None:
    kiosk, agent, call_id = await hall.ringing()
    texts = [HOST.replace("50000", str(port)) for port in range(50_000, 50_040)]
    await asyncio.gather(*(agent.send_raw(candidate(call_id, text)) for text in texts))
    await kiosk.wait_for(
        Signalled, lambda e: e.candidate is not None and e.candidate.candidate == texts[-1]
    )
    heard = [e.candidate.candidate for e in kiosk.heard(Signalled) if e.candidate is not None]
    assert heard == texts


async def test_a_signal_for_a_call_that_is_not_the_senders_is_refused(hall: WireHall) -> None:
    _, _, call_id = await hall.ringing()
    stranger, other_agent = await hall.kiosk(2), await hall.agent(2)
    for sender in (stranger, other_agent):
        answer = await sender.send_raw(candidate(call_id, HOST))
        assert isinstance(answer, Refused)
        assert answer.code == "call_unknown"
    answer = await stranger.send_raw(candidate("no.such", HOST))
    assert isinstance(answer, Refused)
    assert answer.code == "call_unknown"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"media_epoch": 2}, "media_epoch_stale"),
        ({"description": None}, "malformed"),
        ({"candidate": {"candidate": HOST}}, "malformed"),
        ({"description": {"type": "offer", "sdp": "v=0\r\nevil"}}, "malformed"),
        ({"description": {"type": "offer", "sdp": "x" * 50_000}}, "malformed"),
        ({"description": None, "candidate": {"candidate": "evil"}}, "malformed"),
        (
            {
                "description": None,
                "candidate": {"candidate": HOST.replace("10.1.2.3", "169.254.169.254")},
            },
            "not_allowed",
        ),
    ],
)
async def test_a_signal_that_may_not_pass_is_refused_and_does_not(
    hall: WireHall, change: dict[str, Any], code: str
) -> None:
    kiosk, agent, call_id = await hall.ringing()
    answer = await agent.send_raw({**description(call_id), **change})
    assert isinstance(answer, Refused)
    assert answer.code == code
    await agent.send_raw(candidate(call_id, ""))
    await kiosk.wait_for(Signalled)
    assert len(kiosk.heard(Signalled)) == 1


async def test_a_signal_for_a_side_that_is_away_is_dropped_and_counted(hall: WireHall) -> None:
    kiosk, agent, call_id = await hall.ringing()
    accept = await agent.wait_for(DeskUpdated, lambda e: e.view.offer is not None)
    assert accept.view.offer is not None
    await agent.send("ticket.accept", offer_id=call_id, epoch=accept.view.offer.epoch)
    await kiosk.close()
    await agent.wait_for(
        DeskUpdated, lambda e: e.view.link is not None and not e.view.link.peer_present
    )
    assert isinstance(await agent.send_raw(candidate(call_id, HOST)), Done)
    assert hall.count("signals_dropped_total") == 1


async def test_a_rebuild_moves_both_sides_to_the_next_epoch_and_old_signals_end(
    hall: WireHall,
) -> None:
    kiosk, agent, call_id = await hall.ringing()
    offer = (await agent.wait_for(DeskUpdated, lambda e: e.view.offer is not None)).view.offer
    assert offer is not None
    await agent.send("ticket.accept", offer_id=offer.id, epoch=offer.epoch)
    await kiosk.send("call.rebuild_media", call_id=call_id, media_epoch=1)
    await kiosk.wait_for(
        KioskUpdated, lambda e: e.view.link is not None and e.view.link.media_epoch == 2
    )
    await agent.wait_for(
        DeskUpdated, lambda e: e.view.link is not None and e.view.link.media_epoch == 2
    )
    stale = await agent.send_raw(candidate(call_id, HOST, epoch=1))
    assert isinstance(stale, Refused)
    assert stale.code == "media_epoch_stale"
    assert isinstance(await agent.send_raw(candidate(call_id, HOST, epoch=2)), Done)


async def test_a_desk_learns_when_the_other_side_comes_back_without_ice_restart(
    hall: WireHall,
) -> None:
    _, agent, _ = await hall.ringing()
    await hall.kiosk(1, restarts_ice=False)
    await agent.wait_for(
        DeskUpdated, lambda e: e.view.link is not None and not e.view.link.peer_restarts_ice
    )


async def test_a_phase_is_shown_to_the_kiosk_it_belongs_to_only(hall: WireHall) -> None:
    await hall.ringing()
    other = await hall.kiosk(2)
    shown = await other.wait_for(KioskUpdated)
    assert shown.view.phase is KioskPhase.IDLE
    assert shown.view.ticket is None
