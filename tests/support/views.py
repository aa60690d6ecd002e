"""What the screens of a hall on a temporary database show at this moment."""

from __future__ import annotations

from typing import Final

from service_queue.desk_views import desk_view
from service_queue.kiosk_views import kiosk_view
from service_queue.view_parts import Surroundings
from service_queue.wall_views import wall_view
from signaling.protocol.views import DeskView, KioskView, WallView
from tests.support.hall_builder import HallDriver

AROUND: Final = Surroundings(
    kiosk_online=lambda _kiosk_id: True,
    kiosk_restarts_ice=lambda _kiosk_id: True,
    agent_restarts_ice=lambda _agent_id: True,
    ice_servers=lambda _subject: (),
)


def kiosk_of(d: HallDriver, n: int) -> KioskView:
    view = kiosk_view(d.hall.mirror, f"K{n:02d}", d.clock.now(), AROUND)
    assert view is not None
    return view


def desk_of(d: HallDriver, n: int) -> DeskView:
    view = desk_view(d.hall.mirror, f"{n:02d}", d.clock.now(), AROUND)
    assert view is not None
    return view


def wall_of(d: HallDriver) -> WallView:
    return wall_view(d.hall.mirror, d.clock.now(), AROUND)
