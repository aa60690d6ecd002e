"""The kiosk's check of identity: real server, real witness process, a real track over aiortc."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import psutil
import pytest

from id_verify.alive.words import CueKind
from kiosk_client.settings import CardSettings
from signaling.protocol.identity import IdentityGrade, IdentityWay
from tests.conftest import DATA
from tests.support.follower import Acts, Follower, acts_of, held_up
from tests.support.identity_page import IdentityPage
from tests.support.media_pair import until
from tests.support.page_booth import PageBooth, open_page_booth
from tests.support.real_hall import open_hall_server
from tests.support.sample_card import put_card

pytestmark = [pytest.mark.integration, pytest.mark.data]

KIOSK = "qinghe-1"
CUES = (CueKind.TURN_LEFT, CueKind.TURN_RIGHT, CueKind.LOOK_UP)
PERSON, OTHER = "621f74a85af9d379642ce38f", "62421a6b74c10315675b9eb3"


@dataclass
class Visit:
    """A booth with a card on its reader or none, and a ticket that waits."""

    booth: PageBooth
    card_dir: Path
    database: Path

    @property
    def ticket_id(self) -> str:
        return self.booth.ticket_id

    @property
    def origin(self) -> str:
        return self.booth.kiosk.page_origin

    @asynccontextmanager
    async def page(self, acts: Acts | None = None) -> AsyncIterator[IdentityPage]:
        pictures = None if acts is None else Follower(acts)
        async with IdentityPage(self.origin, pictures) as page:
            yield page

    def put_card_of(self, person: str) -> None:
        portrait = cv2.imread(str(DATA / "faces" / "td_selfie" / f"{person}.jpg"))
        put_card(self.card_dir, np.asarray(portrait, np.uint8))

    def journal(self, kind: str) -> list[dict[str, Any]]:
        """What the hall's journal says beside the kind, the oldest first."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as read:
            rows = read.execute("SELECT detail FROM journal WHERE kind = ? ORDER BY seq", (kind,))
            return [json.loads(detail) for (detail,) in rows]


@pytest.fixture(scope="module")
def live() -> Acts:
    return acts_of(DATA / "videos" / f"td_live_{PERSON}.mov", CUES)


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    card_dir = tmp_path / "card"
    card_dir.mkdir()
    card = CardSettings(reader="simulated", path=card_dir)
    async with (
        open_hall_server(tmp_path / "server") as server,
        open_page_booth(
            server, kiosk_id=KIOSK, data_dir=tmp_path / "kiosk", card=card, cues=CUES
        ) as booth,
    ):
        yield Visit(booth, card_dir, tmp_path / "server" / "xiaowu.sqlite3")


async def test_who_follows_the_cues_with_an_own_card_is_cleared(visit: Visit, live: Acts) -> None:
    visit.put_card_of(PERSON)
    async with visit.page(live) as page:
        await page.start(visit.ticket_id)
        result = await page.until("result", "failed", "over")
    assert result["type"] == "result", "\n".join(page.story)
    assert (result["face"], result["alive"]) == ("good", "good")
    assert [cue["kind"] for cue in page.told("cue")] == [str(kind) for kind in CUES]
    assert [over["outcome"] for over in page.told("cue_over")] == ["seen"] * 3
    [read] = [card for card in page.told("card") if card["state"] == "read"]
    assert read["number"].startswith("*" * 14)
    view = await visit.booth.graded()
    assert view.identity is not None
    assert (view.identity.way, view.identity.grade) == (IdentityWay.FACE, result["grade"])


async def test_who_shows_somebody_elses_card_is_not_taken_for_them(
    visit: Visit, live: Acts
) -> None:
    visit.put_card_of(OTHER)
    async with visit.page(live) as page:
        await page.start(visit.ticket_id)
        result = await page.until("result", "failed", "over")
    assert result["type"] == "result", "\n".join(page.story)
    assert (result["face"], result["grade"]) == ("bad", "refused")


@pytest.mark.parametrize("sequence", ["nuaa_print_0001_p04_s03", "nuaa_print_0005_p01_s03"])
async def test_a_print_that_is_held_up_is_refused_however_often(
    visit: Visit, sequence: str
) -> None:
    pictures = sorted((DATA / "sequences" / sequence).glob("*.jpg"))
    visit.put_card_of(PERSON)
    prints = held_up([np.asarray(cv2.imread(str(each)), np.uint8) for each in pictures])
    async with visit.page(prints) as page:
        await page.start(visit.ticket_id)
        said = await page.until("result", "failed", "over")
        if said["type"] == "failed":  # nothing that was asked was done: asked once more
            await page.say("try_again")
            said = await page.until("result", "failed", "over")
    assert said["type"] == "result", "\n".join(page.story)
    assert (said["alive"], said["grade"]) == ("bad", "refused")


async def test_a_witness_that_dies_is_asked_again_once_and_then_the_agent_looks(
    visit: Visit, live: Acts
) -> None:
    visit.put_card_of(PERSON)
    async with visit.page(live) as page:
        await page.start(visit.ticket_id)
        await page.until("watching")
        kill_witness()
        failed = await page.until("failed", "result", "over")
        assert (failed["type"], failed["code"], failed["again"]) == ("failed", "witness_lost", True)
        await page.say("try_again")
        await page.until("watching")
        kill_witness()
        result = await page.until("failed", "result", "over")
    assert (result["type"], result["grade"]) == ("result", "manual")
    wanted = page.told("want_camera")
    assert [(want["code"], want["slow"]) for want in wanted] == [
        (None, False),
        ("witness_lost", True),
    ]


async def test_a_camera_that_falls_silent_is_said_and_the_other_way_stays_open(
    visit: Visit, live: Acts
) -> None:
    visit.put_card_of(PERSON)
    async with visit.page(live) as page:
        await page.start(visit.ticket_id)
        await page.until("watching")
        await page.lose_camera()
        failed = await page.until("failed", "result", "over")
        assert (failed["type"], failed["code"]) == ("failed", "camera_lost")
        await page.say("choose_way", way="no_face")
        result = await page.until("result", "failed", "over")
    assert (result["type"], result["way"], result["grade"]) == ("result", "no_face", "manual")


async def test_breaking_off_tells_the_hall_and_leaves_no_witness(visit: Visit, live: Acts) -> None:
    visit.put_card_of(PERSON)
    async with visit.page(live) as page:
        await page.start(visit.ticket_id)
        await page.until("watching")
        await page.say("cancel")
        assert (await page.until("over", "result"))["why"] == "cancelled"
    await until(lambda: not witnesses())
    assert len(visit.journal("identity.ended")) == 1


async def test_the_way_without_face_reaches_the_desk_with_the_card_and_no_look(
    visit: Visit,
) -> None:
    visit.put_card_of(PERSON)
    async with visit.page() as page:
        await page.start(visit.ticket_id, "no_face")
        result = await page.until("result", "failed", "over")
    assert result["type"] == "result", "\n".join(page.story)
    assert (result["way"], result["card"], result["face"]) == ("no_face", "good", "missing")
    assert not page.told("want_camera")
    assert not page.told("ask_consent")
    view = await visit.booth.graded()
    assert view.identity is not None
    assert (view.identity.way, view.identity.grade) == (
        IdentityWay.NO_FACE,
        IdentityGrade.MANUAL,
    )


async def test_without_a_card_the_agents_look_is_left(visit: Visit) -> None:
    async with visit.page() as page:
        await page.start(visit.ticket_id)
        assert (await page.until("card"))["state"] == "put_on"
        await page.say("skip_card")
        result = await page.until("result", "failed", "over")
    assert (result["type"], result["way"], result["card"]) == ("result", "no_face", "missing")


async def test_the_other_way_is_open_while_consent_is_asked(visit: Visit) -> None:
    visit.put_card_of(PERSON)
    async with visit.page() as page:
        page.agrees = None
        await page.start(visit.ticket_id)
        await page.until("ask_consent")
        await page.say("choose_way", way="no_face")
        result = await page.until("result", "failed", "over")
    assert (result["type"], result["way"], result["card"]) == ("result", "no_face", "good")
    assert not page.told("want_camera")


async def test_nobody_is_looked_at_by_words_that_were_not_shown(visit: Visit) -> None:
    visit.put_card_of(PERSON)
    async with visit.page() as page:
        page.agrees = None
        await page.start(visit.ticket_id)
        asked = await page.until("ask_consent")
        await page.say("agree", text_sha256="0" * 64, read_aloud=True)
        refused = await page.until("failed", "want_camera")
        assert (refused["type"], refused["code"]) == ("failed", "consent_text_unknown")
        await page.say("agree", text_sha256=asked["text_sha256"], read_aloud=True)
        assert (await page.until("failed", "want_camera"))["type"] == "want_camera"
    assert [each["way"] for each in visit.journal("identity.begun")] == ["face"]


async def test_a_child_is_looked_at_only_when_a_guardian_agreed(visit: Visit) -> None:
    today = datetime.now(UTC).date()
    portrait = cv2.imread(str(DATA / "faces" / "td_selfie" / f"{PERSON}.jpg"))
    put_card(
        visit.card_dir, np.asarray(portrait, np.uint8), birth=today.replace(year=today.year - 9)
    )
    async with visit.page() as page:
        await page.start(visit.ticket_id)
        refused = await page.until("failed", "want_camera")
        assert (refused["type"], refused["code"]) == ("failed", "guardian_missing")
        [asked] = page.told("ask_consent")
        assert asked["guardian"]
        await page.say(
            "agree", text_sha256=asked["text_sha256"], read_aloud=False, guardian="parent"
        )
        await page.until("want_camera")


async def test_a_card_that_cannot_be_read_is_read_again_when_it_lies_better(visit: Visit) -> None:
    (visit.card_dir / "card.json").write_text("{")
    async with visit.page() as page:
        page.agrees = None
        await page.start(visit.ticket_id)
        while (failed := await page.until("card"))["state"] != "failed":
            pass
        assert failed["code"] == "card_unreadable"
        visit.put_card_of(PERSON)
        await page.until("ask_consent")


async def test_the_newest_page_has_the_check_and_the_older_one_is_told(visit: Visit) -> None:
    async with visit.page() as first:
        await first.start(visit.ticket_id)
        await first.until("card")
        async with visit.page() as second:
            over = await first.until("over")
            assert over["why"] == "stopped"
            assert (await first.until("over"))["why"] == "replaced"
            await second.start(visit.ticket_id)
            await second.until("card")


async def test_a_foreign_ticket_gets_no_camera(visit: Visit) -> None:
    visit.put_card_of(PERSON)
    async with visit.page() as page:
        await page.start("not-ours")
        failed = await page.until("failed", "want_camera")
    assert (failed["type"], failed["again"]) == ("failed", False)
    assert failed["code"] == "ticket_unknown"


def witnesses() -> list[psutil.Process]:
    """The witness processes of this program that live."""
    children = psutil.Process().children()
    return [each for each in children if "spawn_main" in " ".join(each.cmdline())]


def kill_witness() -> None:
    """As a crash of a library ends it."""
    [witness] = witnesses()
    witness.send_signal(signal.SIGKILL)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
async def test_nobody_but_the_page_gets_through_the_door(
    visit: Visit, headers: dict[str, str], status: int
) -> None:
    given = {"Origin": visit.origin, **headers} if headers else {}
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{visit.origin}/identity", headers=given)
    assert refused.value.status == status


@pytest.mark.parametrize("said", ["{", "[]", '{"type":"identity.verdict","grade":"clear"}'])
async def test_whoever_says_something_else_is_hung_up_on(visit: Visit, said: str) -> None:
    async with aiohttp.ClientSession(headers={"Origin": visit.origin}) as http:
        async with http.ws_connect(f"{visit.origin}/identity") as line:
            await line.send_str(said)
            assert (await line.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
