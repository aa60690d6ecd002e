"""Cards are read off pictures by the real text reader: made-up ones, a sample, and what is none."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from id_verify.card.camera_reader import CameraReader
from id_verify.card.errors import CardAbsent, CardUnreadable, ReaderTimeout
from id_verify.card.reading import CardPictureReader
from id_verify.card.words import CardAdvice, CardField, CardOutcome, Contradiction, Sex
from id_verify.documents.scan import scan
from id_verify.documents.text import TextReader
from id_verify.documents.words import ScanFault
from tests.support.card_pictures import (
    FONTS,
    Conditions,
    MadeUpCard,
    Picture,
    draw_back,
    draw_conditions,
    draw_front,
    draw_other,
    make_up,
    photograph,
)
from tests.support.paper_pictures import draw_page
from xiaowu.commands import documents, identity_card

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not any(font.exists() for font in FONTS), reason="no Chinese font"),
]

SAMPLE = Path(__file__).parents[3] / "shared/data/docs/idcard_chineseocr_demo.jpeg"


@pytest.fixture(scope="module")
def reader() -> CardPictureReader:
    return CardPictureReader.open()


@pytest.fixture(scope="module")
def text() -> TextReader:
    return TextReader()


def made_up(seed: int, **changed: float) -> tuple[Picture, MadeUpCard]:
    rng = random.Random(seed)
    card = make_up(rng)
    conditions = replace(draw_conditions(rng), **changed)  # type: ignore[arg-type]  # by name
    return photograph(draw_front(card, rng), conditions, rng)[0], card


@pytest.mark.parametrize(("seed", "turn_deg"), [(41, 6.0), (42, 184.0), (43, 93.0)])
def test_a_card_is_read_whichever_way_up_it_lies(
    reader: CardPictureReader, seed: int, turn_deg: float
) -> None:
    picture, true = made_up(seed, turn_deg=turn_deg)
    reading = reader.read(picture)
    card = reading.card
    assert card is not None
    assert (card.name, card.nationality, card.number) == (true.name, true.people, true.number)
    assert (card.birth, card.address) == (true.birth, true.address)
    assert card.sex is (Sex.MALE if true.sex == "男" else Sex.FEMALE)
    assert card.contradictions() == ()
    assert set(card.doubtful()) <= {CardField.PORTRAIT}


def test_under_glare_nothing_wrong_is_sure_and_the_card_is_to_be_moved(
    reader: CardPictureReader,
) -> None:
    picture, true = made_up(2004, glare=True, turn_deg=0.0)
    reading = reader.read(picture)
    assert reading.outcome is CardOutcome.PARTLY_READ
    assert reading.advice is CardAdvice.MOVE_CARD
    card = reading.card
    assert card is not None
    sure = set(CardField) - set(card.doubtful())
    truth = {
        CardField.NAME: true.name,
        CardField.ADDRESS: true.address,
        CardField.NUMBER: true.number,
    }
    for word, value in truth.items():
        assert word not in sure or getattr(card, word.value) == value


def test_the_back_is_to_be_turned_over(reader: CardPictureReader) -> None:
    rng = random.Random(7)
    reading = reader.read(photograph(draw_back(rng), Conditions(turn_deg=5), rng)[0])
    assert (reading.outcome, reading.advice) == (CardOutcome.BACK, CardAdvice.TURN_OVER)
    assert reading.card is None


OTHERS = {
    "bank card": ["某某银行 储蓄卡", "6222 0200 0000 0000 123", "VALID THRU 09/31"],
    "licence": [
        "中华人民共和国机动车驾驶证", "证号 11010519491231002X", "姓名 某某 性别 女 国籍 中国",
        "住址 北京市朝阳区示例路1号", "出生日期 1949-12-31", "准驾车型 C1",
    ],
    "blank": [],
}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS)
def test_something_else_is_not_an_id_card(reader: CardPictureReader, other: str) -> None:
    rng = random.Random(len(other))
    picture = photograph(draw_other(OTHERS[other], (214, 224, 232)), Conditions(), rng)[0]
    reading = reader.read(picture)
    assert reading.outcome is CardOutcome.NOT_AN_ID_CARD
    assert reading.card is None


def test_in_the_dark_more_light_is_asked_for(reader: CardPictureReader) -> None:
    reading = reader.read(np.full((480, 640, 3), 9, np.uint8))
    assert (reading.outcome, reading.advice) == (CardOutcome.UNREADABLE, CardAdvice.MORE_LIGHT)


@pytest.mark.data
@pytest.mark.skipif(not SAMPLE.exists(), reason="no ../shared/data")
def test_the_sample_card_is_read_upside_down_and_its_forgery_is_named() -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    identity_card.register(app)
    run = CliRunner().invoke(app, ["read-card", str(SAMPLE), "--json"])
    assert run.exit_code == 0
    told = json.loads(run.stdout)
    values = {word: field["value"] for word, field in told["fields"].items()}
    assert values["name"] == "代用名"
    assert (values["sex"], values["nationality"], values["birth"]) == ("male", "汉", "2013-05-06")
    assert values["address"] == "湖南省长沙市开福区巡道街幸福小区居民组"
    assert values["number"] == "430512198908131367"
    assert told["number"]["fault"] == "check_digit"
    assert {Contradiction.NUMBER_INVALID, Contradiction.BIRTH_NUMBER} <= set(told["contradictions"])


@pytest.fixture
async def camera(tmp_path: Path) -> AsyncIterator[tuple[CameraReader, Path]]:
    file = tmp_path / "still.png"
    camera = CameraReader(file)
    yield camera, file
    await camera.close()


def show(picture: Picture, file: Path) -> None:
    assert cv2.imwrite(str(file), picture)


async def test_a_camera_reads_a_card_and_says_when_there_is_none(
    camera: tuple[CameraReader, Path],
) -> None:
    reader, file = camera
    assert not await reader.present()
    with pytest.raises(CardAbsent):
        await reader.read()
    picture, true = made_up(44, turn_deg=3.0, slant=0.05)
    show(picture, file)
    assert await reader.present()
    card = await reader.read(timeout_s=60.0)
    assert (card.name, card.number) == (true.name, true.number)
    show(np.full((600, 800, 3), 120, np.uint8), file)
    assert not await reader.present()
    with pytest.raises(CardAbsent):
        await reader.read(timeout_s=60.0)
    rng = random.Random(11)
    show(photograph(draw_other(OTHERS["bank card"], (214, 224, 232)), Conditions(), rng)[0], file)
    assert await reader.present()
    with pytest.raises(CardUnreadable) as unreadable:
        await reader.read(timeout_s=60.0)
    assert unreadable.value.advice is CardAdvice.PUT_ON_ID_CARD


async def test_a_camera_that_is_late_is_given_up_and_comes_back(
    camera: tuple[CameraReader, Path],
) -> None:
    reader, file = camera
    picture, true = made_up(45, turn_deg=0.0)
    show(picture, file)
    assert await reader.present()
    began = time.monotonic()
    with pytest.raises(ReaderTimeout):
        await reader.read(timeout_s=0.01)
    assert time.monotonic() - began < 30
    assert (await reader.read(timeout_s=60.0)).number == true.number


def test_a_page_upside_down_is_set_upright(text: TextReader, tmp_path: Path) -> None:
    rng = random.Random(9)
    picture, corners = photograph(
        draw_page(rng), Conditions(turn_deg=176, slant=0.1, fill=0.6), rng, round_px=1
    )
    photo, out = tmp_path / "photo.png", tmp_path / "scan.png"
    show(picture, photo)
    run = CliRunner().invoke(documents.app, ["scan", str(photo), "-o", str(out), "--json"])
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert told["found"]
    assert told["complete"]
    assert told["width"] / told["height"] == pytest.approx(2**-0.5, rel=0.05)
    assert (
        np.abs(np.array(told["corners"]) - corners).max() < 12
    )  # named from the sheet's own upper left
    again = scan(np.asarray(cv2.imread(str(out)), np.uint8), text)
    assert again.quarter_turns == 0


def test_a_page_that_reaches_out_of_the_picture_is_not_complete(text: TextReader) -> None:
    rng = random.Random(10)
    picture, corners = photograph(draw_page(rng), Conditions(fill=0.6), rng, round_px=1)
    cut = picture[:, : int(corners[:, 0].max() * 0.8 + corners[:, 0].min() * 0.2)]
    found = scan(np.ascontiguousarray(cut), text)
    assert not found.is_complete
    assert set(found.faults) & {ScanFault.CUT_OFF, ScanFault.NO_SHEET}


def test_what_is_no_picture_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "page.jpg"
    file.write_bytes(b"no picture")
    run = CliRunner().invoke(documents.app, ["scan", str(file), "--json"])
    assert run.exit_code == 2
    assert json.loads(run.stdout)["refused"]


def test_a_portrait_is_not_turned_over_for_what_looks_like_letters(
    text: TextReader, data_folder: Path
) -> None:
    for file in sorted((data_folder / "faces" / "td_selfie").iterdir()):
        found = scan(np.asarray(cv2.imread(str(file)), np.uint8), text)
        assert (found.quarter_turns, found.upright_certainty) == (0, 0.0)
        assert ScanFault.SIDE_UNKNOWN in found.faults


def test_a_scan_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    photo = tmp_path / "white.png"
    show(np.full((90, 120, 3), 250, np.uint8), photo)
    for out in (tmp_path / "scan.xyz", tmp_path / "nowhere" / "scan.png"):
        run = CliRunner().invoke(documents.app, ["scan", str(photo), "-o", str(out), "--json"])
        assert run.exit_code == 2
        assert json.loads(run.stdout) == {"refused": "cannot_write"}
    run = CliRunner().invoke(documents.app, ["scan", str(tmp_path / "none.png"), "--json"])
    assert (run.exit_code, json.loads(run.stdout)) == (2, {"refused": "unreadable_file"})
