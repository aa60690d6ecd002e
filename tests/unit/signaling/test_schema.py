from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from signaling.protocol import commands, events, schema, views

pytestmark = pytest.mark.unit


def test_the_committed_schema_is_the_protocol_as_it_is_now() -> None:
    assert not schema.is_stale()


def test_a_schema_that_says_something_else_is_stale(tmp_path: Path) -> None:
    other = tmp_path / "protocol.schema.json"
    assert schema.is_stale(other)
    other.write_text(schema.rendered().replace("ticket.take", "ticket.grab"), "utf-8")
    assert schema.is_stale(other)
    other.write_text(schema.rendered(), "utf-8")
    assert not schema.is_stale(other)


@pytest.mark.parametrize("module", [commands, events, views])
def test_every_model_of_the_wire_is_in_the_schema(module: object) -> None:
    defined = {
        name
        for name, kind in vars(module).items()
        if isinstance(kind, type)
        and issubclass(kind, BaseModel)
        and kind.__module__ == getattr(module, "__name__", "")
    }
    bases = {"Command"}
    assert defined - bases <= schema.protocol_schema()["$defs"].keys()


def test_the_tag_of_a_message_is_never_left_out() -> None:
    for definition in schema.protocol_schema()["$defs"].values():
        tag = definition.get("properties", {}).get("type", {})
        if "const" in tag:
            assert "type" in definition["required"]


def test_what_the_server_sends_is_complete_and_what_a_client_sends_may_leave_defaults_out() -> None:
    defs = schema.protocol_schema()["$defs"]
    assert set(defs["KioskView"]["required"]) == set(defs["KioskView"]["properties"])
    assert "restarts_ice" not in defs["Hello"]["required"]


def test_the_command_line_tells_apart_writing_and_checking(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert schema.main(["--check"]) == 0
    assert schema.main(["--what"]) == 2
    assert "usage" in capsys.readouterr().out
