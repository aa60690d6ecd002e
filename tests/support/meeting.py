"""Who is on the other side: the right person's face and voice, and nobody else's."""

from __future__ import annotations

from typing import Final

from tests.support.clips import Person
from tests.support.faces import SAME_PERSON, STRANGER, FaceReader, Picture, likeness
from tests.support.pages import Screen
from tests.support.senses import listen, look

TONE_WITHIN_HZ: Final = 20.0
OVER_THE_REST_DB: Final = 25.0


def face_is(picture: Picture, person: Person, *, stranger: Person, reader: FaceReader) -> None:
    """`picture` shows `person`, and not `stranger`."""
    face = reader.describe(picture)
    assert likeness(face, person.faces) > SAME_PERSON
    assert likeness(face, stranger.faces) < STRANGER


async def meets(screen: Screen, person: Person, *, stranger: Person, reader: FaceReader) -> None:
    """`screen` shows and plays `person`, and not `stranger`."""
    picture = await look(screen.page)
    assert picture is not None, "the page shows nobody"
    face_is(picture, person, stranger=stranger, reader=reader)
    heard = await listen(screen.page)
    assert heard is not None, "the page plays nobody"
    assert abs(heard.hz - person.tone_hz) < TONE_WITHIN_HZ
    assert heard.above_db > OVER_THE_REST_DB
