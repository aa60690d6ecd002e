from __future__ import annotations

import logging

import pytest

from signaling.server.fault import log_fault

pytestmark = pytest.mark.unit


def test_a_fault_is_logged_with_its_place_and_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ValueError, match="张三") as raised:
        int("张三 12345")
    log_fault(logging.getLogger("test"), "a command failed", raised.value)
    assert "ValueError" in caplog.text
    assert "test_fault.py" in caplog.text
    assert "张三" not in caplog.text
