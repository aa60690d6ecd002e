"""Three pages of one hall, open side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.support.browser import Watch
from tests.support.pages import DeskPage, KioskPage, WallPage
from tests.support.running_hall import Booth, RunningHall

KIOSK: Final = "qinghe-1"
LOCATION: Final = "qinghe"
SEAT: Final = "seat-01"
AGENT: Final = "agent01"
SECOND_SEAT: Final = "seat-02"
SECOND_AGENT: Final = "agent02"
THIRD_SEAT: Final = "seat-03"
THIRD_AGENT: Final = "agent03"


@dataclass(kw_only=True)
class Floor:
    """A kiosk's page, a desk and the wall, open and signed in."""

    hall: RunningHall
    booth: Booth
    kiosk: KioskPage
    desk: DeskPage
    wall: WallPage
    watch: Watch

    async def call(self) -> str:
        """From rest into a call with pictures both ways; returns the ticket's number."""
        await self.kiosk.choose("pension", "sb001")
        number = await self.desk.rings()
        await self.desk.accept()
        await self.kiosk.is_on("call")
        await self.kiosk.flows()
        await self.desk.flows()
        return number

    async def rest(self) -> None:
        """Back to rest, by touch and by key."""
        await self.kiosk.home()
        await self.desk.idle()
