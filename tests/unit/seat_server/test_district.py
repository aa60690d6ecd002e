from __future__ import annotations

from collections import Counter

import pytest
from pypinyin import Style, pinyin

from seat_server.catalogue import HELP_CODE, CatalogueItem
from seat_server.district import District, sample_district
from signaling.protocol.words import Role

pytestmark = pytest.mark.unit

FEW_ENOUGH_TO_LOOK_THROUGH = 70


@pytest.fixture(scope="module")
def district() -> District:
    return sample_district()


def readings(character: str) -> set[str]:
    """Return every initial a character may be read with."""
    return {
        letter.lower() for letter in pinyin(character, heteronym=True, style=Style.FIRST_LETTER)[0]
    }


def test_the_district_has_ten_locations_and_twenty_seats(district: District) -> None:
    assert len(district.locations) == 10
    assert len(district.seats) == 20


def test_every_location_has_a_kiosk_and_one_has_several(district: District) -> None:
    kiosks = Counter(kiosk.location_id for kiosk in district.kiosks)
    assert kiosks.keys() == {location.id for location in district.locations}
    assert max(kiosks.values()) > 1


def test_every_location_has_a_letter_of_its_own_that_reads_like_no_digit(
    district: District,
) -> None:
    prefixes = [location.prefix for location in district.locations]
    assert len(set(prefixes)) == len(prefixes)
    assert {len(prefix) for prefix in prefixes} == {1}
    assert not set(prefixes) & {"I", "O"}


def test_there_are_at_least_500_items_and_64_are_frequent(district: District) -> None:
    assert len(district.items) >= 500
    ranks = sorted(item.frequent_rank for item in district.items if item.frequent_rank)
    assert ranks == list(range(1, 65))


def test_codes_and_names_are_unique(district: District) -> None:
    for field in ("code", "name", "name_en"):
        values = Counter(getattr(item, field) for item in district.items)
        assert [value for value, times in values.items() if times > 1] == [], field


def test_english_names_are_english(district: District) -> None:
    names = [item.name_en for item in district.items]
    names += [category.name_en for category in district.categories]
    names += [location.name_en for location in district.locations]
    assert [name for name in names if not name or not name.isascii()] == []


def test_initials_are_a_reading_of_each_character(district: District) -> None:
    def fits(item: CatalogueItem) -> bool:
        characters = [character for character in item.name if character.isalnum()]
        return len(characters) == len(item.initials) and all(
            letter in readings(character)
            for character, letter in zip(characters, item.initials, strict=True)
        )

    assert [item.name for item in district.items if not fits(item)] == []


def test_categories_are_few_and_each_is_short_enough_to_look_through(district: District) -> None:
    assert 12 <= len(district.categories) <= 16
    sizes = Counter(item.category_id for item in district.items)
    assert sizes.keys() == {category.id for category in district.categories}
    assert max(sizes.values()) <= FEW_ENOUGH_TO_LOOK_THROUGH


def test_a_frequent_item_says_what_to_bring_how_long_and_what_it_costs(
    district: District,
) -> None:
    frequent = [item for item in district.items if item.frequent_rank]
    bare = [
        item.name
        for item in frequent
        if not (item.materials and item.time_limit and item.fee and item.basis)
    ]
    assert bare == []


def test_somebody_who_does_not_know_what_to_choose_finds_help(district: District) -> None:
    (item,) = (item for item in district.items if item.code == HELP_CODE)
    assert (item.name, item.name_en) == ("找人帮我办", "Help me choose")


def test_twenty_agents_have_skills_and_two_people_lead(district: District) -> None:
    roles = Counter(agent.role for agent in district.agents)
    assert roles == {Role.AGENT: 20, Role.SUPERVISOR: 1, Role.ADMIN: 1}
    agents = [agent for agent in district.agents if agent.role is Role.AGENT]
    assert all(agent.departments and agent.languages for agent in agents)
    departments = {item.department for item in district.items}
    named = {part for agent in agents for part in agent.departments.split("|")} - {"*"}
    assert named <= departments


def test_every_language_an_item_offers_is_spoken_at_a_seat(district: District) -> None:
    offered = {part for item in district.items for part in item.languages.split("|")}
    spoken = {part for agent in district.agents for part in agent.languages.split("|")}
    assert offered <= spoken
