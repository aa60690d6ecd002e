"""A booth that reads the card with a camera: real program, real text reader, made-up cards."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

from id_verify.alive.words import CueKind
from kiosk_client.settings import CardSettings
from seat_server.app import RunningServer
from signaling.protocol.identity import CardSource, IdentityGrade, IdentityWay
from tests.conftest import DATA
from tests.support.card_pictures import (
    FONTS,
    Conditions,
    MadeUpCard,
    Picture,
    draw_back,
    draw_front,
    draw_other,
    make_up,
    photograph,
    table,
)
from tests.support.follower import Follower, acts_of
from tests.support.identity_page import IdentityPage
from tests.support.media_pair import until
from tests.support.page_booth import PageBooth, open_page_booth
from tests.support.real_hall import DeskBot, open_hall_server

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not any(font.exists() for font in FONTS), reason="no Chinese font"),
]

KIOSK = "qinghe-1"
CUES = (CueKind.TURN_LEFT, CueKind.TURN_RIGHT, CueKind.LOOK_UP)
PERSON = "621f74a85af9d379642ce38f"
NO_CAMERA = 63


@dataclass
class Desk:
    """What the camera looks down on."""

    file: Path

    def lay(self, picture: Picture) -> None:
        """The camera's next picture; the file is whole at every moment."""
        fresh = self.file.with_name("fresh.png")
        assert cv2.imwrite(str(fresh), picture)
        fresh.replace(self.file)

    def lay_card(self, seed: int, portrait: Picture | None = None) -> MadeUpCard:
        rng = random.Random(seed)
        card = make_up(rng)
        front = draw_front(card, rng, portrait)
        self.lay(photograph(front, Conditions(turn_deg=4.0, slant=0.05), rng)[0])
        return card

    def lay_other(self, picture: Picture) -> None:
        self.lay(photograph(picture, Conditions(turn_deg=5.0), random.Random(12))[0])

    def clear(self) -> None:
        self.lay(table(random.Random(3), (1600, 1200)))


@dataclass
class Visit:
    """A waiting ticket in a booth with a camera over the desk."""

    server: RunningServer
    booth: PageBooth
    desk: Desk

    def page(self, camera: Follower | None = None) -> IdentityPage:
        return IdentityPage(self.booth.kiosk.page_origin, camera)


@pytest.fixture
async def visit(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Visit]:
    desk = Desk(tmp_path / "desk.png")
    desk.clear()
    camera: int | Path = getattr(request, "param", desk.file)
    async with (
        open_hall_server(tmp_path / "server") as server,
        open_page_booth(
            server,
            kiosk_id=KIOSK,
            data_dir=tmp_path / "kiosk",
            card=CardSettings(reader="camera", camera=camera),
            cues=CUES,
        ) as booth,
    ):
        yield Visit(server, booth, desk)


async def card_told(page: IdentityPage, state: str, advice: str | None = None) -> dict[str, Any]:
    """Wait until the page is told so of the card."""
    while True:
        told = await page.until("card")
        if told["state"] == state and (advice is None or told["advice"] == advice):
            return told


def card_processes() -> list[psutil.Process]:
    """Processes of this program that read cards or look at faces."""
    children = psutil.Process().children()
    return [each for each in children if "spawn_main" in " ".join(each.cmdline())]


async def test_a_card_under_the_camera_reaches_the_agent_as_read_by_a_camera(
    visit: Visit,
) -> None:
    async with visit.page() as page:
        await page.start(visit.booth.ticket_id, "no_face")
        await card_told(page, "put_on")
        true = visit.desk.lay_card(51)
        await card_told(page, "reading")
        read = await card_told(page, "read")
        result = await page.until("result", "failed", "over")
    assert (read["name"][0], read["number"]) == (true.name[0], "*" * 14 + true.number[-4:])
    assert (result["type"], result["way"], result["card"]) == ("result", "no_face", "good")
    async with DeskBot(visit.server) as agent:
        view = await agent.until(lambda v: v.ticket is not None and v.ticket.identity is not None)
    assert view.ticket is not None
    assert view.ticket.identity is not None
    evidence = view.ticket.identity.evidence
    assert evidence is not None
    assert evidence.card is not None
    assert evidence.card.source is CardSource.CAMERA
    assert evidence.card.number_valid
    assert view.ticket.identity.grade is IdentityGrade.MANUAL


async def test_what_lies_wrong_is_said_and_forgotten_when_it_is_taken_away(visit: Visit) -> None:
    async with visit.page() as page:
        await page.start(visit.booth.ticket_id)
        await card_told(page, "put_on")
        visit.desk.lay_other(draw_back(random.Random(7)))
        await card_told(page, "failed", "turn_over")
        visit.desk.clear()
        await card_told(page, "put_on")
        visit.desk.lay_other(draw_other(["某某银行 储蓄卡", "6222 0200 0000"], (214, 224, 232)))
        await card_told(page, "failed", "put_on_id_card")
        visit.desk.lay(np.full((1200, 1600, 3), 9, np.uint8))
        await card_told(page, "failed", "more_light")
        visit.desk.lay_card(52)
        await page.say("choose_way", way="no_face")
        assert (await page.until("result", "failed", "over"))["card"] == "good"


async def test_a_card_without_a_face_on_it_is_nothing_to_compare_with(visit: Visit) -> None:
    visit.desk.lay_card(53)
    async with visit.page() as page:
        await page.start(visit.booth.ticket_id, "face")
        assert (await card_told(page, "failed"))["code"] == "portrait_missing"
        await page.say("choose_way", way="no_face")
        result = await page.until("result", "failed", "over")
    assert (result["way"], result["card"]) == ("no_face", "good")
    assert not page.told("want_camera")


@pytest.mark.parametrize("visit", [NO_CAMERA, Path("/dev/v4l/by-id/unplugged")], indirect=True)
async def test_a_camera_that_is_not_there_is_said_and_the_agents_look_is_left(
    visit: Visit,
) -> None:
    async with visit.page() as page:
        await page.start(visit.booth.ticket_id)
        assert (await card_told(page, "failed"))["code"] == "reader_missing"
        await page.say("skip_card")
        result = await page.until("result", "failed", "over")
    assert (result["way"], result["card"]) == ("no_face", "missing")


async def test_a_reader_that_dies_comes_back(visit: Visit) -> None:
    async with visit.page() as page:
        await page.start(visit.booth.ticket_id, "no_face")
        await until(lambda: len(card_processes()) == 1)
        card_processes()[0].kill()
        assert (await card_told(page, "failed"))["code"] == "reader_missing"
        visit.desk.lay_card(54)
        assert (await page.until("result", "failed", "over"))["card"] == "good"


@pytest.mark.parametrize("end", ["read", "skipped", "cancelled", "page gone"])
async def test_no_camera_looks_on_when_the_card_is_done_with(visit: Visit, end: str) -> None:
    async with visit.page() as page:
        await page.start(visit.booth.ticket_id, "no_face")
        await until(lambda: len(card_processes()) == 1)
        if end == "read":
            visit.desk.lay_card(55)
            await page.until("result")
        elif end == "skipped":
            await page.say("skip_card")
            await page.until("result")
        elif end == "cancelled":
            await page.say("cancel")
            await page.until("over")
    await until(lambda: card_processes() == [])


@pytest.mark.data
async def test_a_face_is_compared_with_the_portrait_that_the_camera_saw(visit: Visit) -> None:
    portrait = cv2.imread(str(DATA / "faces" / "td_selfie" / f"{PERSON}.jpg"))
    visit.desk.lay_card(56, np.asarray(portrait, np.uint8))
    acts = acts_of(DATA / "videos" / f"td_live_{PERSON}.mov", CUES)
    async with visit.page(Follower(acts)) as page:
        page.agrees = {"read_aloud": False, "guardian": None}
        await page.start(visit.booth.ticket_id, "face")
        result = await page.until("result", "failed", "over")
        if result["type"] == "failed":  # a cue was missed: that is not what is asked here
            await page.say("try_again")
            result = await page.until("result", "failed", "over")
    assert result["type"] == "result", "\n".join(page.story)
    assert (result["way"], result["card"], result["face"]) == (IdentityWay.FACE, "good", "good")
