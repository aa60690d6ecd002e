"""The protocol as JSON Schema, from which the browser side's types are generated.

`python -m signaling.protocol.schema` writes `protocol.schema.json` beside this file;
`--check` writes nothing and fails when the file is stale.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from signaling.protocol.commands import ClientMessage
from signaling.protocol.events import Answer, Hello, ServerEvent
from signaling.protocol.identity import UnmaskReason
from signaling.protocol.version import MAX_MESSAGE_BYTES, PROTOCOL_VERSION
from signaling.protocol.words import Role

SCHEMA_FILE: Final = Path(__file__).with_name("protocol.schema.json")

JsonSchema = dict[str, Any]
_REF: Final = "#/$defs/"


def protocol_schema() -> JsonSchema:
    """One schema whose `$defs` hold every message, view, shape and word of the wire."""
    received = _definitions(
        {
            "ServerEvent": ServerEvent,
            "Answer": Answer,
            "Role": Role,
            "UnmaskReason": UnmaskReason,
        }
    )
    sent = _definitions({"ClientMessage": ClientMessage, "Hello": Hello})
    for name, definition in received.items():
        if name not in sent:  # the server writes every field; a client may leave defaults out
            _require_all(definition)
    definitions = received | sent
    for definition in definitions.values():
        _tidy(definition)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Protocol",
        "description": "The wire between kiosks, seats, walls and the server.",
        "x-protocol-version": PROTOCOL_VERSION,
        "x-max-message-bytes": MAX_MESSAGE_BYTES,
        "$defs": dict(sorted(definitions.items())),
    }


def _definitions(roots: dict[str, Any]) -> dict[str, JsonSchema]:
    """The schema of each root and of everything it is made of, by name."""
    found: dict[str, JsonSchema] = {}
    for name, kind in roots.items():
        schema = TypeAdapter(kind).json_schema(ref_template=_REF + "{model}")
        found |= schema.pop("$defs", {})
        found[name] = schema
    return found


def _require_all(definition: JsonSchema) -> None:
    if "properties" in definition:
        definition["required"] = sorted(definition["properties"])


def _tidy(definition: JsonSchema) -> None:
    """Drop what says nothing to a reader of types, and make the tag of a message required."""
    definition.pop("title", None)
    properties: JsonSchema = definition.get("properties", {})
    for part in properties.values():
        part.pop("title", None)
        part.pop("default", None)
        part.pop("maxItems", None)  # the TypeScript compiler would write a tuple for each length
        if "prefixItems" in part:  # draft 7, which the TypeScript compiler reads, calls it `items`
            part["items"] = part.pop("prefixItems")
    if "type" in properties and "const" in properties["type"]:
        definition["required"] = sorted({*definition.get("required", ()), "type"})


def rendered() -> str:
    """The text of the schema file."""
    return json.dumps(protocol_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def is_stale(file: Path = SCHEMA_FILE) -> bool:
    """True when `file` does not hold the protocol as it is now."""
    return not file.exists() or file.read_text("utf-8") != rendered()


def main(arguments: list[str]) -> int:
    """Write the schema file, or with `--check` only compare it."""
    if arguments == ["--check"]:
        if is_stale():
            print(f"{SCHEMA_FILE.name} is stale: run python -m signaling.protocol.schema")
            return 1
        return 0
    if arguments:
        print("usage: python -m signaling.protocol.schema [--check]")
        return 2
    SCHEMA_FILE.write_text(rendered(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
