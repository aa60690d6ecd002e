from __future__ import annotations

import pytest

from seat_server.pinyin import initials

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("失业登记", "sydj"),
        ("城乡居民基本医疗保险参保登记", "cxjmjbylbxcbdj"),
        ("80周岁以上老年人高龄津贴发放", "80zsyslnrgljtff"),
        ("《出生医学证明》补发、换发", "csyxzmbfhf"),
        ("人民调解申请", "rmtjsq"),
        ("会计人员继续教育登记", "kjryjxjydj"),
        ("ATM 卡", "atmk"),
        ("", ""),
    ],
)
def test_initials_are_what_a_resident_types(name: str, expected: str) -> None:
    assert initials(name) == expected
