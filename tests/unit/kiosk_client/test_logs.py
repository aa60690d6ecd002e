import json
import logging

import pytest

from kiosk_client.logs import JsonLines

pytestmark = pytest.mark.unit


def test_a_line_says_what_happened_and_what_was_given_with_it() -> None:
    record = logging.getLogger("kiosk").makeRecord(
        "kiosk", logging.WARNING, "f.py", 1, "refused %s", ("it",), None, extra={"code": "no_way"}
    )
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["event"], line["code"]) == ("warning", "refused it", "no_way")
    assert set(line) == {"timestamp", "level", "logger", "event", "code"}
