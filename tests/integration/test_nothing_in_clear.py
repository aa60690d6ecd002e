"""A whole visit with a planted face, name and number; then every file is searched byte by byte."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from id_verify.alive.words import CueKind
from id_verify.evidence.holder import card_holder
from id_verify.evidence.signature import signed
from id_verify.faces.engine import Picture, open_engine
from kiosk_client.settings import CardSettings
from seat_server.settings import DatabaseSettings
from service_queue.actor import Actor
from service_queue.identity_tables import IdentityVerdictRow
from service_queue.tables import table_of
from signaling.protocol.commands import (
    AcceptTicket,
    DecideIdentity,
    OpenSeat,
    SaveNote,
    SignIn,
    TakeTicket,
    WithdrawIdentity,
)
from signaling.protocol.events import TicketTaken
from signaling.protocol.identity import DecisionReason, IdentityDecision, IdentityGrade
from signaling.protocol.words import Role
from tests.conftest import DATA
from tests.support.databases import EmptyDatabase, PostgresServer
from tests.support.evidence import consent, verdict
from tests.support.follower import Follower, acts_of
from tests.support.identity_page import IdentityPage
from tests.support.leaks import (
    WholeRecords,
    find_in_files,
    ways_to_write,
    ways_to_write_bytes,
)
from tests.support.page_booth import open_page_booth
from tests.support.sample_card import number_born, put_card
from tests.support.server_api import KIOSK, ServerUnderTest, open_server_under_test, unpadded

pytestmark = pytest.mark.integration

NAME = "瞿旖旎"
NUMBER = number_born(date(1956, 3, 8))
NOTE = f"{NAME} {NUMBER} 的女儿陪同"
SALT = "planted-salt-planted-salt-planted-salt-0001"
CUES = (CueKind.TURN_LEFT, CueKind.TURN_RIGHT, CueKind.LOOK_UP)
PERSON = "621f74a85af9d379642ce38f"

OURS = ("seat_server", "service_queue", "signaling", "kiosk_client", "id_verify", "xiaowu")

WORDS = {
    "the name": ways_to_write(NAME),
    "the number": ways_to_write(NUMBER),
    "region and birth of the number": ways_to_write(NUMBER[:14]),
    "the salt": ways_to_write(SALT),
    "the note": ways_to_write("的女儿陪同"),
}


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder that everything is written to: data, logs and temporary files."""
    folder = tmp_path / "searched"
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    log = logging.FileHandler(folder / "everything.log", encoding="utf-8")
    log.setFormatter(WholeRecords())
    root = logging.getLogger()
    root.addHandler(log)
    # Everything of ours; of a library under the media every packet would be a line.
    levels = {"": logging.INFO} | dict.fromkeys(OURS, logging.DEBUG)
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    yield folder
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)
    root.removeHandler(log)
    log.close()


@dataclass
class Desk:
    """An agent in a call with the resident."""

    under_test: ServerUnderTest
    actor: Actor
    call_id: str

    async def works(self) -> None:
        """Write the name down, read the number, decide with a note."""
        hall = self.under_test.server.hall
        await hall.execute(self.actor, SaveNote(op_id="n", call_id=self.call_id, text=NOTE))
        browser = await self.under_test.signed_in("agent")
        body = {"call_id": self.call_id, "reason": "fill_form"}
        shown = await browser.call("POST", "/api/identity/unmask", body)
        assert shown.body == {"name": NAME, "number": NUMBER}
        # What somebody sends by mistake is refused, and not quoted anywhere.
        for wrong in (body | {"reason": NAME}, {"name": NAME, "number": NUMBER}):
            assert (await browser.call("POST", "/api/identity/unmask", wrong)).status == 422
        decide = DecideIdentity(
            op_id="d",
            call_id=self.call_id,
            decision=IdentityDecision.REFUSED,
            reason=DecisionReason.OTHER,
            note=NOTE,
        )
        await hall.execute(self.actor, decide)


async def sit_down(under_test: ServerUnderTest, ticket_id: str) -> Desk:
    agent = await under_test.server.accounts.find_login("agent")
    actor = Actor(role=Role.AGENT, agent_id=agent.id, agent_name=agent.name)
    hall = under_test.server.hall
    await hall.execute(actor, SignIn(op_id="in", seat_id="seat-01"))
    await hall.execute(actor, OpenSeat(op_id="open"))
    ticket = hall.mirror.tickets[ticket_id]
    assert ticket.offer_id is not None
    await hall.execute(actor, AcceptTicket(op_id="a", offer_id=ticket.offer_id, epoch=ticket.epoch))
    return Desk(under_test, actor, ticket.offer_id)


async def sealed_holders(under_test: ServerUnderTest) -> list[bytes]:
    statement = select(table_of(IdentityVerdictRow))
    rows = await under_test.server.ledger.read(lambda tx: tx.every(IdentityVerdictRow, statement))
    return [row.sealed_holder for row in rows if row.sealed_holder is not None]


@asynccontextmanager
async def visit_over_rest(folder: Path, url: str) -> AsyncIterator[tuple[ServerUnderTest, str]]:
    """A booth that hands in a verdict with the planted holder; wrong ones before it."""
    settings = DatabaseSettings(url=url)
    async with open_server_under_test(folder, database=settings) as under_test:
        booth = await under_test.kiosk()
        page = Actor(role=Role.KIOSK_PAGE, kiosk_id=KIOSK)
        taken = await under_test.server.hall.execute(
            page, TakeTicket(op_id="take", item_code="help")
        )
        assert isinstance(taken, TicketTaken)
        token = (await booth.token(KIOSK, "device")).body["token"]
        begun = await booth.browser.call(
            "POST",
            "/api/identity/nonce",
            {
                "token": token,
                "ticket_id": taken.ticket_id,
                "way": "face",
                "consent": consent().model_dump(mode="json"),
            },
            Origin="",
        )
        owner = card_holder(name=NAME, number=NUMBER).model_copy(update={"salt": SALT})
        made = verdict(
            kiosk_id=KIOSK, ticket_id=taken.ticket_id, nonce=begun.body["nonce"], holder=owner
        )
        sent = signed(made, lambda text: unpadded(booth.key.sign(text)), owner)
        body = sent.model_dump(mode="json")
        for wrong in (
            body | {"portrait": NAME},
            body | {"holder": body["holder"] | {"number": NUMBER + NUMBER}},
            body | {"verdict": NAME + NUMBER},
            body | {"signature": NUMBER},
        ):
            answer = await booth.browser.call("POST", "/api/identity/verdicts", wrong, Origin="")
            assert answer.status in (403, 422)
        answer = await booth.browser.call("POST", "/api/identity/verdicts", body, Origin="")
        assert answer.status == 201, answer.body
        yield under_test, taken.ticket_id


def folder_of(database: EmptyDatabase) -> list[Path]:
    """Where a PostgreSQL server keeps its rows and its log of writes."""
    hosts = parse_qs(urlsplit(database.url).query).get("host", [])
    return [Path(host) for host in hosts]


async def test_neither_rows_nor_logs_nor_temporary_files_name_the_resident(
    database: EmptyDatabase, searched: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = database.url
    if database.kind == "sqlite":
        url = f"sqlite:///{searched / 'hall.sqlite3'}"
    folders = [searched, *folder_of(database)]
    async with visit_over_rest(searched / "server", url) as (under_test, ticket_id):
        desk = await sit_down(under_test, ticket_id)
        await desk.works()
        assert len(await sealed_holders(under_test)) == 1
        if database.kind == "sqlite":
            assert (searched / "hall.sqlite3-wal").stat().st_size > 0
        else:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            server.run("CHECKPOINT")
        assert find_in_files(folders, WORDS) == []
    assert find_in_files(folders, WORDS) == []
    assert (searched / "everything.log").stat().st_size > 0


async def test_what_was_withdrawn_is_not_left_over_in_the_file(searched: Path) -> None:
    file = searched / "hall.sqlite3"
    async with visit_over_rest(searched / "server", f"sqlite:///{file}") as (under_test, ticket_id):
        [sealed] = await sealed_holders(under_test)
        needle = {"sealed holder": {"bytes": sealed[20:]}}
        assert find_in_files([searched], needle) != [], "it was there, sealed"
        page = Actor(role=Role.KIOSK_PAGE, kiosk_id=KIOSK)
        await under_test.server.hall.execute(page, WithdrawIdentity(op_id="w", ticket_id=ticket_id))
    assert find_in_files([searched], needle) == [], "not even sealed"


def busiest(picture: Picture) -> bytes:
    """Sixteen pixels in a row that are like no others."""
    rows = picture[:, : picture.shape[1] // 16 * 16].reshape(-1, 48)
    return bytes(rows[rows.astype(np.float32).std(axis=1).argmax()].tobytes())


@pytest.mark.data
async def test_a_face_stays_in_the_memory_of_the_witness(searched: Path, tmp_path: Path) -> None:
    card_dir = tmp_path / "the card itself"
    portrait = np.asarray(
        cv2.imread(str(DATA / "faces" / "td_selfie" / f"{PERSON}.jpg")), dtype=np.uint8
    )
    card = put_card(card_dir, portrait, birth=date(1956, 3, 8))
    card.write_text(json.dumps(json.loads(card.read_text("utf-8")) | {"name": NAME}), "utf-8")
    acts = acts_of(DATA / "videos" / f"td_live_{PERSON}.mov", CUES)
    engine = open_engine()
    vector = engine.embed(portrait, engine.detect(portrait)[0])
    raw = (card_dir / "portrait.jpg").read_bytes()
    needles = {
        **WORDS,
        "the portrait's file": ways_to_write_bytes(raw[len(raw) // 2 :][:48]),
        "the portrait's pixels": ways_to_write_bytes(busiest(portrait)),
        "the live picture's pixels": ways_to_write_bytes(busiest(acts.frames[acts.rest])),
        "the vector": ways_to_write_bytes(vector.vector.tobytes()[:48]),
    }
    assert find_in_files([card_dir], needles) != [], "the search finds what is there"

    async with open_server_under_test(searched / "server") as under_test:
        async with open_page_booth(
            under_test.server,
            kiosk_id=KIOSK,
            data_dir=searched / "kiosk",
            card=CardSettings(reader="simulated", path=card_dir),
            cues=CUES,
        ) as booth:
            async with IdentityPage(booth.kiosk.page_origin, Follower(acts)) as page:
                await page.start(booth.ticket_id)
                result = await page.until("result", "failed", "over")
                if (
                    result["type"] == "failed"
                ):  # a slow machine; the face was looked at all the same
                    await page.say("choose_way", way="no_face")
                    result = await page.until("result", "over")
            assert result["type"] == "result", "\n".join(page.story)
            assert page.told("cue"), "nobody was looked at"
            await booth.graded()
            desk = await sit_down(under_test, booth.ticket_id)
            await desk.works()
            assert len(await sealed_holders(under_test)) == 1
            assert find_in_files([searched], needles) == []
        known = under_test.server.hall.mirror.identities[booth.ticket_id]
        assert known.row.grade is not IdentityGrade.REFUSED
    assert find_in_files([searched], needles) == []
