"""The headless kiosk shows a card: real server, real check, no page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from kiosk_client.app import headless_visit
from kiosk_client.identity.unattended import IdentityPlan
from kiosk_client.settings import KioskSettings
from kiosk_client.sources import Sources
from kiosk_client.visit import Outcome, VisitPlan, VisitResult
from seat_server.app import RunningServer
from signaling.protocol.identity import CardSource, IdentityGrade, IdentityWay, Mark
from signaling.protocol.views import DeskView
from signaling.protocol.words import CallState
from tests.conftest import DATA
from tests.support.real_hall import DeskBot, enrolled, open_hall_server
from tests.support.sample_card import NAME, put_card
from xiaowu.commands import kiosk

pytestmark = pytest.mark.integration

KIOSK = "qinghe-1"
PERSON = "621f74a85af9d379642ce38f"
PORTRAIT = np.full((126, 102, 3), 120, np.uint8)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with open_hall_server(tmp_path / "server") as running:
        yield running


@pytest.fixture
async def settings(server: RunningServer, tmp_path: Path) -> KioskSettings:
    return await enrolled(server, KIOSK, tmp_path / "kiosk")


async def visit(
    settings: KioskSettings,
    identity: IdentityPlan,
    *,
    wait_s: float = 6.0,
    video: Path | None = None,
) -> VisitResult:
    plan = VisitPlan(item_code="help", max_wait_s=wait_s)
    return await headless_visit(settings, plan, Sources(video=video), identity=identity)


def _is_over(view: DeskView) -> bool:
    """The evidence is there, and a call that can be ended without coming back."""
    return (
        view.ticket is not None
        and view.ticket.identity is not None
        and view.ticket.identity.evidence is not None
        and view.call is not None
        and view.call.state is CallState.CONNECTED
    )


async def served(
    server: RunningServer,
    settings: KioskSettings,
    identity: IdentityPlan,
    *,
    video: Path | None = None,
) -> tuple[DeskView, VisitResult]:
    """An agent who ends the call when the evidence is there."""
    async with DeskBot(server) as desk:
        visiting = asyncio.create_task(visit(settings, identity, wait_s=30.0, video=video))
        view = await desk.until(_is_over, within_s=90.0)
        await desk.end_call()
        return view, await visiting


async def test_a_card_goes_the_way_without_face_and_the_result_names_nobody(
    settings: KioskSettings, tmp_path: Path
) -> None:
    card = put_card(tmp_path / "card", PORTRAIT)
    result = await visit(settings, IdentityPlan(card=card.parent))
    shown = result.identity
    assert shown is not None
    assert (shown.way, shown.grade, shown.card, shown.code) == (
        IdentityWay.NO_FACE,
        IdentityGrade.MANUAL,
        Mark.GOOD,
        None,
    )
    told = result.model_dump_json()
    assert NAME not in told
    assert json.loads(card.read_text("utf-8"))["number"] not in told


async def test_the_agent_has_what_the_program_showed(
    server: RunningServer, settings: KioskSettings, tmp_path: Path
) -> None:
    card = put_card(tmp_path / "card", PORTRAIT)
    view, result = await served(server, settings, IdentityPlan(card=card))
    assert view.ticket is not None
    assert view.ticket.identity is not None
    assert view.ticket.identity.evidence is not None
    assert view.ticket.identity.evidence.card is not None
    assert view.ticket.identity.evidence.card.source is CardSource.SIMULATED
    assert result.outcome is Outcome.SERVED
    assert result.identity is not None
    assert result.identity.grade is IdentityGrade.MANUAL


async def test_a_card_that_cannot_be_read_is_said_by_code(
    settings: KioskSettings, tmp_path: Path
) -> None:
    (tmp_path / "card.json").write_text("{")
    result = await visit(settings, IdentityPlan(card=tmp_path), wait_s=4.0)
    assert result.outcome is Outcome.NO_AGENT
    assert result.identity is not None
    assert (result.identity.grade, result.identity.code) == (None, "card_unreadable")


@pytest.mark.data
async def test_a_film_as_camera_is_compared_and_never_cleared(
    server: RunningServer, settings: KioskSettings, tmp_path: Path
) -> None:
    portrait = cv2.imread(str(DATA / "faces" / "td_selfie" / f"{PERSON}.jpg"))
    card = put_card(tmp_path / "card", np.asarray(portrait, np.uint8))
    film = DATA / "videos" / f"td_live_{PERSON}.mov"
    _, result = await served(server, settings, IdentityPlan(card=card, face=True), video=film)
    shown = result.identity
    assert shown is not None
    assert shown.way is IdentityWay.FACE, shown
    assert shown.face is Mark.GOOD, shown
    assert shown.grade is IdentityGrade.REFUSED, shown


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--headless", "--item", "help", "--card", "no-such"], "there is no card"),
        (["--headless", "--item", "help", "--face"], "--face needs --card"),
        (["--card", "card.json"], "goes with --headless"),
    ],
)
def test_a_card_that_cannot_be_shown_is_said_before_anything_begins(
    arguments: list[str], why: str
) -> None:
    run = CliRunner().invoke(kiosk.app, [*arguments, "--json"])
    assert run.exit_code == 2
    assert why in json.loads(run.stdout)["detail"]
