"""The first six digits of a number: where its holder was first registered (GB/T 2260).

A number keeps the code of the day it was given for life, so what counts is every code there ever
was, not today's map. Provinces and prefectures are listed in full; the counties of five decades
(some 6,700 codes, changed every year) are checked by how the standard numbers them: districts from
01, counties from 21 (in a few old prefectures up to 57), cities under a province from 81.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from id_verify.card.words import NumberHolder

PROVINCES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "11": ("北京市", "01-02"),
        "12": ("天津市", "01-02"),
        "13": ("河北省", "01-11 21-30 90"),
        "14": ("山西省", "01-11 21-27 90"),
        "15": ("内蒙古自治区", "01-09 21-30"),
        "21": ("辽宁省", "01-14 21-22 90"),
        "22": ("吉林省", "01-08 21-26 90"),
        "23": ("黑龙江省", "01-12 21-27 90"),
        "31": ("上海市", "01-02"),
        "32": ("江苏省", "01-13 21-27 90"),
        "33": ("浙江省", "01-11 21-28 90"),
        "34": ("安徽省", "01-18 21-29 90"),
        "35": ("福建省", "01-09 21-28 90"),
        "36": ("江西省", "01-11 21-26 90"),
        "37": ("山东省", "01-17 21-29 90"),
        "41": ("河南省", "01-17 21-30 90"),
        "42": ("湖北省", "01-13 21-29 90"),
        "43": ("湖南省", "01-13 21-31 90"),
        "44": ("广东省", "01-20 21-29 51-53 90"),
        "45": ("广西壮族自治区", "01-14 21-28"),
        "46": ("海南省", "00-04 90"),
        "50": ("重庆市", "01-03"),
        "51": ("四川省", "01-39 70 90"),
        "52": ("贵州省", "01-06 21-27"),
        "53": ("云南省", "01-09 21-35"),
        "54": ("西藏自治区", "01-06 21-27"),
        "61": ("陕西省", "01-10 21-27 90"),
        "62": ("甘肃省", "01-12 21-30"),
        "63": ("青海省", "01-02 21-28"),
        "64": ("宁夏回族自治区", "01-05 21-22"),
        "65": ("新疆维吾尔自治区", "01-05 21-32 40-43 90"),
    }
)
"""Two digits → name, and the prefectures (digits three and four) there are or were."""

COUNTIES: Final = "01-57 81-89"
"""Digits five and six, in every prefecture."""

WITHOUT_COUNTIES: Final = frozenset(
    {"4403", "4404", "4419", "4420", "4602", "4603", "4604", "6202"}
)
"""Cities that had no district to register in; their people have 00 there."""

PERMITS: Final[Mapping[str, tuple[str, NumberHolder]]] = MappingProxyType(
    {
        "810000": ("香港特别行政区", NumberHolder.HONG_KONG),
        "820000": ("澳门特别行政区", NumberHolder.MACAO),
        "830000": ("台湾省", NumberHolder.TAIWAN),
    }
)
"""Residence permits since 2018: one code for everybody from there."""

FOREIGNER: Final = "9"
"""Then two digits for the province that gave the card, and three for the country of origin."""


def _ranges(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


_PREFECTURES: Final = {code: _ranges(spans) for code, (_, spans) in PROVINCES.items()}
_COUNTIES: Final = _ranges(COUNTIES)


def holder_of(region: str) -> NumberHolder | None:
    """Return whom six digits belong to; None when no card ever began with them."""
    if region in PERMITS:
        return PERMITS[region][1]
    if region.startswith(FOREIGNER):
        known = region[1:3] in PROVINCES and region[3:] != "000"
        return NumberHolder.FOREIGNER if known else None
    prefecture, county = region[:4], int(region[4:])
    if int(prefecture[2:]) not in _PREFECTURES.get(region[:2], frozenset()):
        return None
    if county in _COUNTIES or (county == 0 and prefecture in WITHOUT_COUNTIES):
        return NumberHolder.CITIZEN
    return None


def province_of(region: str) -> str:
    """Return the name of the province, in Chinese.

    Raises:
        KeyError: no card ever began with these digits.
    """
    if region in PERMITS:
        return PERMITS[region][0]
    if region.startswith(FOREIGNER):
        return PROVINCES[region[1:3]][0]
    return PROVINCES[region[:2]][0]
