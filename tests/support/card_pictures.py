"""Pictures of cards that never were: drawn fronts, laid on tables and photographed.

The layout is that of a resident identity card; the people, numbers and addresses are made up. What
the camera does to it (angle, turn, distance, glare, a finger, blur, noise, compression) is drawn by
a seeded random, so that every picture can be made again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from id_verify.card.number import check_character

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

CARD: Final = (1027, 648)
"""Pixels: 12 a millimetre."""

FONTS: Final = tuple(
    Path("/usr/share/fonts/opentype/noto") / name
    for name in ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Regular.ttc")
)
SIMPLIFIED: Final = 2
"""The mainland's face in Noto's collections."""

SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN: Final = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍红建国志梅文辉鑫宇浩然子涵雨欣别藏宁"
)
PEOPLES: Final = ("汉",) * 6 + (
    "藏",
    "彝",
    "回",
    "满",
    "壮",
    "苗",
    "土家",
    "维吾尔",
    "蒙古",
    "朝鲜",
    "羌",
    "傈僳",
)
PLACES: Final = (
    ("510104", "四川省成都市锦江区"),
    ("513321", "四川省康定县炉城镇"),
    ("110105", "北京市朝阳区建国路"),
    ("440106", "广东省广州市天河区"),
    ("540102", "西藏拉萨市城关区"),
    ("650102", "新疆乌鲁木齐市天山区"),
    ("330106", "浙江省杭州市西湖区"),
    ("610113", "陕西省西安市雁塔区"),
    ("520102", "贵州省贵阳市南明区"),
    ("220104", "吉林省长春市朝阳区"),
    ("450103", "广西南宁市青秀区"),
    ("511602", "四川省广安市广安区"),
)
STREETS: Final = (
    "人民路",
    "幸福村",
    "解放大道",
    "和平镇新建村",
    "东风街",
    "滨河南路",
    "团结乡光明村",
    "学府路",
)


@dataclass(frozen=True, slots=True)
class MadeUpCard:
    """What is printed on one."""

    name: str
    sex: str
    people: str
    birth: date
    address: str
    number: str


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture, and the truth about it."""

    picture: Picture = field(repr=False)
    card: MadeUpCard
    corners: Floats


def make_up(rng: random.Random) -> MadeUpCard:
    """Make up a person who never was, with a number that could be."""
    region, place = rng.choice(PLACES)
    birth = date(1940, 1, 1) + timedelta(days=rng.randrange(25_000))
    sequence = rng.randrange(1, 1000)
    digits = f"{region}{birth:%Y%m%d}{sequence:03d}"
    name = rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2, 2))))
    address = f"{place}{rng.choice(STREETS)}{rng.randrange(1, 300)}号"
    if rng.random() < 0.6:
        address += f"{rng.randrange(1, 30)}栋{rng.randrange(1, 7)}单元{rng.randrange(1, 40)}号"
    return MadeUpCard(
        name,
        "男" if sequence % 2 else "女",
        rng.choice(PEOPLES),
        birth,
        address,
        digits + check_character(digits),
    )


def draw_front(card: MadeUpCard, rng: random.Random, portrait: Picture | None = None) -> Picture:
    """Draw the front of a card as it is printed."""
    pixels = np.asarray(_ground(rng))
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    face = rng.choice([font for font in FONTS if font.exists()])
    label, text = _font(face, 32), _font(face, 38)
    blue, black = (60, 120, 170), (30, 30, 34)

    def put(x: float, y: float, words: str, font: ImageFont.FreeTypeFont, ink: object) -> None:
        pen.text((x * 12, y * 12), words, font=font, fill=ink, anchor="lm")  # type: ignore[arg-type]

    rows = (9.5, 16.5, 23.0, 30.0)
    for y, words in zip(rows, ("姓  名", "性  别", "出  生", "住  址"), strict=True):
        put(6.5, y, words, label, blue)
    put(16.0, rows[0], " ".join(card.name) if len(card.name) == 2 else card.name, text, black)
    put(16.0, rows[1], card.sex, text, black)
    put(25.0, rows[1], "民  族", label, blue)
    put(33.5, rows[1], card.people, text, black)
    put(16.0, rows[2], str(card.birth.year), text, black)
    put(25.0, rows[2], "年", label, blue)
    put(29.5, rows[2], str(card.birth.month), text, black)
    put(33.5, rows[2], "月", label, blue)
    put(38.0, rows[2], str(card.birth.day), text, black)
    put(42.0, rows[2], "日", label, blue)
    for at in range(0, len(card.address), 11):
        put(16.0, rows[3] + at / 11 * 4.6, card.address[at : at + 11], text, black)
    put(6.5, 47.0, "公民身份号码", label, blue)
    spaced = _font(face, 44)
    for at, digit in enumerate(card.number):
        put(29.5 + at * 2.62, 47.0, digit, spaced, black)
    drawn = np.asarray(image).copy()
    if portrait is not None:
        _put_portrait(drawn, portrait)
    return np.ascontiguousarray(drawn[..., ::-1])


def _font(face: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(face), size, index=SIMPLIFIED)


def _ground(rng: random.Random) -> Picture:
    """Draw the fine waves and pale colours of the ground."""
    width, height = CARD
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bend = np.sin(x / 60 + rng.random() * 6) * 14 + np.sin(x / 23) * 4
    waves = np.sin((y + bend) / 3.2) * 5
    tint = np.stack([214 + 18 * x / width, 228 - 6 * y / height, 236 - 14 * x / width], axis=-1)
    return np.asarray(np.clip(tint + waves[..., None], 0, 255), np.uint8)


def _put_portrait(drawn: Picture, portrait: Picture) -> None:
    left, top, width, height = 650, 90, 300, 370
    rows, columns = portrait.shape[:2]
    wide = min(columns, round(rows * width / height))
    start = (columns - wide) // 2
    cut = portrait[: round(wide * height / width), start : start + wide]
    drawn[top : top + height, left : left + width] = cv2.resize(cut, (width, height))[..., ::-1]


def table(rng: random.Random, size: tuple[int, int]) -> Picture:
    """Draw something a card may lie on: wood, cloth, a plain or a patterned desk."""
    width, height = size
    noise = np.random.default_rng(rng.randrange(2**32))
    base = np.array([rng.randrange(20, 230) for _ in range(3)], np.float32)
    if rng.random() < 0.5:
        base[:] = base.mean() + np.array([-12, 0, 14]) * rng.random()
    grain = noise.normal(0, 1, (height // 4 + 1, width // 40 + 1)).astype(np.float32)
    grain = np.asarray(
        cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )
    light = np.linspace(rng.uniform(-25, 0), rng.uniform(0, 25), width, dtype=np.float32)[None, :]
    ground = base + (grain * rng.uniform(1, 14) + light)[..., None]
    if rng.random() < 0.3:
        cv2.line(
            ground, (0, rng.randrange(height)), (width, rng.randrange(height)), (90, 90, 90), 5
        )
    ground += noise.normal(0, rng.uniform(1, 5), ground.shape)
    return np.clip(ground, 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What happens to a card before and in the camera."""

    turn_deg: float = 0.0
    slant: float = 0.0
    """How much nearer one edge is than the other."""
    fill: float = 0.6
    """The card's width by the picture's."""
    glare: bool = False
    finger: bool = False
    blur: float = 0.6
    noise: float = 3.0
    quality: int = 88
    size: tuple[int, int] = (1600, 1200)


def draw_conditions(rng: random.Random) -> Conditions:
    """Draw what may happen at a kiosk: any side up, a slant, near or far."""
    return Conditions(
        turn_deg=rng.choice((0, 0, 180, 90, 270)) + rng.gauss(0, 8),
        slant=rng.uniform(0, 0.18),
        fill=rng.uniform(0.42, 0.85),
        blur=rng.uniform(0.3, 1.3),
        noise=rng.uniform(1, 7),
        quality=rng.randrange(55, 95),
    )


def photograph(
    front: Picture, conditions: Conditions, rng: random.Random, *, round_px: int = 38
) -> tuple[Picture, Floats]:
    """Lay a card or a sheet on a table and photograph it; return the picture and its corners."""
    width, height = conditions.size
    ground = table(rng, conditions.size)
    corners = _placed(front, conditions, rng)
    rows, columns = front.shape[:2]
    flat = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    warp = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
    mask = _rounded(columns, rows, round_px)
    shown = cv2.warpPerspective(front, warp, (width, height), flags=cv2.INTER_AREA)
    alpha = cv2.warpPerspective(mask, warp, (width, height)).astype(np.float32)[..., None] / 255
    shadow = cv2.GaussianBlur(np.roll(alpha[..., 0], (7, 6), axis=(0, 1)), (0, 0), 6)[..., None]
    scene = np.asarray(ground * (1 - 0.4 * shadow) * (1 - alpha) + shown * alpha, np.float64)
    if conditions.glare:
        scene = _glare(scene, corners, rng)
    if conditions.finger:
        scene = _finger(scene, corners, rng)
    noise = np.random.default_rng(rng.randrange(2**32))
    scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), max(conditions.blur, 0.1)), np.float64)
    scene = np.clip(scene + noise.normal(0, conditions.noise, scene.shape), 0, 255)
    coded = cv2.imencode(
        ".jpg", scene.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, conditions.quality]
    )[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8), corners


def _placed(front: Picture, conditions: Conditions, rng: random.Random) -> Floats:
    width, height = conditions.size
    rows, columns = front.shape[:2]
    half = conditions.fill * min(width, height * 1.25) / 2
    shape = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) * [
        half,
        half * rows / columns,
    ]
    near = (
        1
        + conditions.slant
        * shape
        @ np.array([np.cos(rng.random() * 6), np.sin(rng.random() * 6)])
        / half
    )
    shape /= near[:, None]
    angle = np.deg2rad(conditions.turn_deg)
    spin = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    placed = shape @ spin
    reach = np.abs(placed).max(axis=0)
    placed /= max(1.0, float((reach / (np.array([width, height]) / 2 - 12)).max()))
    room = np.maximum(np.array([width, height]) / 2 - np.abs(placed).max(axis=0) - 10, 1)
    middle = np.array([width, height]) / 2 + room * [rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5)]
    return np.asarray(placed + middle, np.float64)


def _rounded(columns: int, rows: int, round_px: int) -> Picture:
    mask = np.zeros((rows, columns), np.uint8)
    cv2.rectangle(mask, (round_px, 0), (columns - round_px, rows), 255, -1)
    cv2.rectangle(mask, (0, round_px), (columns, rows - round_px), 255, -1)
    for x in (round_px, columns - round_px - 1):
        for y in (round_px, rows - round_px - 1):
            cv2.circle(mask, (x, y), round_px, 255, -1)
    return mask


def _glare(scene: Floats, corners: Floats, rng: random.Random) -> Floats:
    u, v = rng.uniform(0.15, 0.6), rng.uniform(0.15, 0.9)
    at = corners[0] + u * (corners[1] - corners[0]) + v * (corners[3] - corners[0])
    size = np.hypot(*(corners[1] - corners[0]))
    y, x = np.mgrid[0 : scene.shape[0], 0 : scene.shape[1]]
    far = ((x - at[0]) / (0.13 * size)) ** 2 + ((y - at[1]) / (0.07 * size)) ** 2
    return np.asarray(scene + 420 * np.exp(-far)[..., None])


def _finger(scene: Floats, corners: Floats, rng: random.Random) -> Floats:
    side = rng.randrange(4)
    a, b = corners[side], corners[(side + 1) % 4]
    at = a + rng.uniform(0.2, 0.8) * (b - a)
    middle = corners.mean(axis=0)
    tip = at + (middle - at) * 0.45
    size = float(np.hypot(*(corners[1] - corners[0])))
    skin = np.zeros(scene.shape[:2], np.uint8)
    start = at - (middle - at) * 0.6
    cv2.line(
        skin,
        tuple(np.rint(start).astype(int).tolist()),
        tuple(np.rint(tip).astype(int).tolist()),
        255,
        round(size * 0.14),
    )
    alpha = cv2.GaussianBlur(skin, (0, 0), 3).astype(np.float32)[..., None] / 255
    return np.asarray(scene * (1 - alpha) + np.array([120, 150, 205]) * alpha)


def draw_back(rng: random.Random) -> Picture:
    """Draw the back of a card: the state's name, the office, the dates."""
    image = Image.fromarray(_ground(rng))
    pen = ImageDraw.Draw(image)
    face = next(font for font in FONTS if font.exists())
    pen.text((330, 80), "中华人民共和国", font=_font(face, 70), fill=(30, 30, 40))
    pen.text((330, 200), "居 民 身 份 证", font=_font(face, 80), fill=(30, 30, 40))
    pen.ellipse((80, 60, 260, 260), fill=(180, 40, 40))
    pen.text((160, 480), "签发机关  某某市公安局", font=_font(face, 38), fill=(30, 30, 40))
    pen.text((160, 550), "有效期限  2016.01.05-2036.01.05", font=_font(face, 38), fill=(30, 30, 40))
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])


def draw_other(words: list[str], ground: tuple[int, int, int]) -> Picture:
    """Draw some other card: rows of words on one colour."""
    image = Image.new("RGB", CARD, ground)
    pen = ImageDraw.Draw(image)
    face = next(font for font in FONTS if font.exists())
    for at, row in enumerate(words):
        pen.text((60, 50 + 78 * at), row, font=_font(face, 42), fill=(20, 20, 30))
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])
