"""The wall: steps without a gap, from whatever moment it began to watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service_queue.view_parts import Surroundings
from service_queue.wall_views import wall_view
from signaling.protocol.events import DeskUpdated, Ticked, WallReset, WallUpdated
from signaling.protocol.views import WallView
from tests.support.wire_hall import PATIENCE_S, Client, WireHall, open_wire_hall

pytestmark = pytest.mark.integration


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[WireHall]:
    async with open_wire_hall(tmp_path) as opened:
        yield opened


class Wall:
    """What a wall's page does with what it hears, and whether it ever had to guess."""

    def __init__(self) -> None:
        self.view: WallView | None = None
        self.gaps = 0

    def follow(self, events: list[Any]) -> None:
        self.view, self.gaps = None, 0
        for event in events:
            if isinstance(event, WallReset):
                self.view = event.view
            elif isinstance(event, WallUpdated):
                self._step(event)

    def _step(self, step: WallUpdated) -> None:
        if self.view is None or step.prev_seq != self.view.seq:
            self.gaps += 1
            return
        tickets = {row.id: row for row in self.view.tickets if row.id not in step.tickets_gone}
        tickets |= {row.id: row for row in step.tickets}
        self.view = self.view.model_copy(
            update={
                "seq": step.seq,
                "locations": _merged(self.view.locations, step.locations),
                "seats": _merged(self.view.seats, step.seats),
                "tickets": tuple(sorted(tickets.values(), key=lambda r: (r.arrived_at, r.id))),
                "today": step.today or self.view.today,
            }
        )


def _merged(rows: tuple[Any, ...], changed: tuple[Any, ...]) -> tuple[Any, ...]:
    news = {row.id: row for row in changed}
    return tuple(news.get(row.id, row) for row in rows)


def truth(hall: WireHall) -> WallView:
    """What the wall must show, from the hall itself."""
    around = Surroundings(
        kiosk_online=hall.signaling.is_kiosk_online,
        kiosk_restarts_ice=lambda _: True,
        agent_restarts_ice=lambda _: True,
        ice_servers=lambda _: (),
    )
    view = wall_view(hall.district.hall.mirror, hall.district.clock.now(), around)
    return view.model_copy(update={"server_time": 0.0})


async def converged(hall: WireHall, client: Client) -> Wall:
    """Wait until a wall shows the truth."""
    wall = Wall()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            wall.follow(client.events)
            shown = wall.view and wall.view.model_copy(update={"server_time": 0.0})
            if shown == truth(hall):
                return wall
            await asyncio.sleep(0.02)


async def test_a_wall_follows_a_whole_visit_by_steps_without_a_gap(hall: WireHall) -> None:
    watcher = await hall.wall()
    kiosk, agent, call_id = await hall.ringing()
    await converged(hall, watcher)
    offer = (await agent.wait_for(DeskUpdated, lambda e: e.view.offer is not None)).view.offer
    assert offer is not None
    await agent.send("ticket.accept", offer_id=offer.id, epoch=offer.epoch)
    await converged(hall, watcher)
    await kiosk.send("call.end", call_id=call_id)
    wall = await converged(hall, watcher)
    assert wall.gaps == 0
    assert len(watcher.heard(WallReset)) == 1
    assert watcher.heard(WallUpdated)


async def test_a_wall_that_comes_later_starts_from_the_same_picture(hall: WireHall) -> None:
    first = await hall.wall()
    await (await hall.kiosk(1)).send("ticket.take", item_code="pension")
    second = await hall.wall()
    for n in (2, 3):
        await (await hall.kiosk(n)).send("ticket.take", item_code="pension")
    for watcher in (first, second):
        assert (await converged(hall, watcher)).gaps == 0
    assert isinstance(second.events[1], WallReset)


async def test_changes_in_quick_succession_become_few_steps(hall: WireHall) -> None:
    watcher = await hall.wall()
    kiosk = await hall.kiosk(1)
    await watcher.wait_for(WallReset)
    seq_before = hall.district.hall.mirror.seq
    for _ in range(20):
        taken: Any = await kiosk.send("ticket.take", item_code="pension")
        await kiosk.send("ticket.leave", ticket_id=taken.ticket_id)
    await converged(hall, watcher)
    changes = hall.district.hall.mirror.seq - seq_before
    assert changes >= 40
    assert len(watcher.heard(WallUpdated)) < changes / 2


async def test_a_wall_sees_a_kiosk_come_and_go(hall: WireHall) -> None:
    watcher = await hall.wall()
    kiosk = await hall.kiosk(1)
    await watcher.wait_for(
        WallUpdated, lambda e: any(k.online for row in e.locations for k in row.kiosks)
    )
    await kiosk.close()
    wall = await converged(hall, watcher)
    assert wall.view is not None
    assert not any(k.online for row in wall.view.locations for k in row.kiosks)


async def test_a_wall_is_ticked_with_the_seq_it_must_have(hall: WireHall) -> None:
    watcher = await hall.wall()
    await (await hall.kiosk(1)).send("ticket.take", item_code="pension")
    wall = await converged(hall, watcher)
    assert wall.view is not None
    seq = wall.view.seq
    tick = await watcher.wait_for(Ticked, lambda e: e.seq == seq)
    assert tick.seq == hall.district.hall.mirror.seq


async def test_a_wall_that_asks_gets_the_whole_picture_again(hall: WireHall) -> None:
    watcher = await hall.wall()
    await watcher.wait_for(WallReset)
    await watcher.send_raw({"type": "view.sync"})
    await converged(hall, watcher)
    assert len(watcher.heard(WallReset)) == 2
