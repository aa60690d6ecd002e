"""Page and program mean the same: their types are compared, field by field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from kiosk_client.identity.messages import PageMessage, ProgramMessage, page_message
from signaling.protocol.message import Message

pytestmark = pytest.mark.unit

PAGE = Path(__file__).resolve().parents[3] / "kiosk_client/web/src/identity/messages.ts"


def models() -> list[type[Message]]:
    page = get_args(get_args(PageMessage)[0])
    return [*page, *get_args(ProgramMessage)]


def interfaces() -> dict[str, tuple[str, set[str]]]:
    """Name → (type word, fields) of every interface of the page."""
    found = {}
    for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", PAGE.read_text(), re.S):
        fields = set(re.findall(r"^  (\w+)\??:", body, re.M))
        word = re.search(r"type: '([^']+)'", body)
        assert word is not None, name
        found[name] = (word[1], fields)
    return found


def test_every_message_is_known_on_both_sides() -> None:
    assert {model.__name__ for model in models()} == set(interfaces())


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_the_fields_are_the_same_on_both_sides(model: type[Message]) -> None:
    word, fields = interfaces()[model.__name__]
    assert word == model.model_fields["type"].default
    assert fields == set(model.model_fields)


@pytest.mark.parametrize(
    "said",
    [
        '{"type":"identity.start","ticket_id":"t1","way":"force","language":"zh"}',
        '{"type":"identity.start","ticket_id":"../x","way":"face","language":"zh"}',
        '{"type":"identity.agree","text_sha256":"a","read_aloud":true,"face":"ok"}',
        '{"type":"identity.offer_camera","sdp":"' + "x" * 40_000 + '"}',
        '{"type":"identity.result","grade":"clear"}',
    ],
)
def test_what_a_page_may_not_say_is_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        page_message.validate_json(said)


def test_no_message_shows_what_is_personal_in_a_log() -> None:
    said = page_message.validate_json('{"type":"identity.offer_camera","sdp":"v=0 secret"}')
    assert "secret" not in repr(said)
