from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from seat_server.logs import set_up_logs
from seat_server.settings import LogSettings

pytestmark = pytest.mark.unit

ID_NUMBER = "11010519491231002X"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJLMDEifQ.c2lnbmF0dXJl"
SDP = "v=0\r\no=- 46117 2 IN IP4 127.0.0.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:pLnt"
CANDIDATE = "candidate:842163049 1 udp 1677729535 192.168.7.7 46154 typ srflx"
PLANTED = {
    "id number": f"card {ID_NUMBER} read",
    "token": f"hello with {TOKEN}",
    "sdp": f"relay {SDP}",
    "candidate": f"got {CANDIDATE}",
    "mobile": "call 13912345678 back",
    "cookie": "sent xiaowu_session=abcDEF123",
    "bearer": "Authorization: Bearer abcdef123456",
    "query": "GET /page?token=abcdef",
}
LEAKS = (ID_NUMBER, "eyJ", "ice-ufrag", "192.168.7.7", "13912345678", "abcDEF123", "abcdef")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    set_up_logs(LogSettings(level="debug"), stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED)
def test_nothing_private_gets_through_however_it_is_logged(stream: io.StringIO, text: str) -> None:
    log = logging.getLogger("some.library")
    log.info(text)
    log.info("formatted %s", text)
    log.info("extra", extra={"detail": text, "deep": {"list": [text]}, "thing": ValueError(text)})
    structlog.get_logger("ours").info("event", reason=text)
    try:
        int(text)  # its error quotes the text
    except ValueError:
        log.exception("failed")
    written = stream.getvalue()
    assert len(lines(stream)) == 5
    assert not [leak for leak in LEAKS if leak in written]


@pytest.mark.parametrize("key", ["password", "token", "name", "login", "sdp", "note", "Password"])
def test_private_fields_are_left_out(stream: io.StringIO, key: str) -> None:
    logging.getLogger("ours").info("event", extra={"inner": {key: "planted"}})
    structlog.get_logger("ours").info("event", **{key.lower(): "planted"})
    assert "planted" not in stream.getvalue()


def test_ids_and_figures_stay(stream: io.StringIO) -> None:
    logging.getLogger("ours").info(
        "ticket offered", extra={"ticket_id": "T.1", "seat_id": "seat-07", "took_ms": 1.5}
    )
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("ticket offered", "info", "ours")
    assert (line["ticket_id"], line["seat_id"], line["took_ms"]) == ("T.1", "seat-07", 1.5)


def test_what_is_bound_to_the_context_is_on_every_line(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(call_id="c.1"):
        logging.getLogger("ours").warning("media stalled")
    assert lines(stream)[0]["call_id"] == "c.1"


def test_ordinary_words_are_not_taken_for_secrets(stream: io.StringIO) -> None:
    text = "seat-01 took 1795303831.75 s, rev=0, 12345678901234567890"
    logging.getLogger("ours").info(text)
    assert lines(stream)[0]["event"] == text
