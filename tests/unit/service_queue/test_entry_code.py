from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_queue.entry_code import check_digit, code_from, is_well_formed

pytestmark = pytest.mark.unit

DRAWN = st.text(alphabet="0123456789", min_size=7, max_size=7)


def test_the_check_digit_is_the_one_of_the_standard() -> None:
    # The worked example of ISO/IEC 7064 for MOD 11,10.
    assert check_digit("0794") == "5"


@given(DRAWN, st.integers(0, 7), st.integers(1, 9))
def test_every_wrong_digit_is_found(drawn: str, place: int, step: int) -> None:
    code = drawn + check_digit(drawn)
    assert is_well_formed(code)
    wrong = str((int(code[place]) + step) % 10)
    assert not is_well_formed(code[:place] + wrong + code[place + 1 :])


@given(st.text(max_size=12))
def test_what_is_no_code_is_refused_without_a_fault(text: str) -> None:
    if is_well_formed(text):
        assert len(text) == 8
        assert text.isascii()
        assert text.isdigit()


@pytest.mark.parametrize("text", ["", "1234567", "123456789", "1234567٣", "²2345678", "abcdefgh"])
def test_other_digits_and_other_lengths_are_no_codes(text: str) -> None:
    assert not is_well_formed(text)


@given(st.text(max_size=40))
def test_a_drawn_code_has_its_form_and_comes_from_its_source_alone(source: str) -> None:
    assert is_well_formed(code_from(source))
    assert code_from(source) == code_from(source)


def test_codes_of_sources_that_count_up_do_not_count_up() -> None:
    codes = [int(code_from(f"id{n}")[:-1]) for n in range(200)]
    assert len(set(codes)) == 200
    steps = {after - before for before, after in pairwise(codes)}
    assert len(steps) > 190
