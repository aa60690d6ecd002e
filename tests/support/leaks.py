"""Searches files byte by byte for what must not lie there in clear, however it may be written."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

_SHORTEST = 6
"""Bytes: anything shorter is found by chance in some gigabyte."""


def ways_to_write(text: str) -> dict[str, bytes]:
    """Every form in which a text could have ended up in a file."""
    plain = text.encode()
    escaped = json.dumps(text)[1:-1]
    ways = {
        "UTF-8": plain,
        "UTF-16 LE": text.encode("utf-16-le"),
        "UTF-16 BE": text.encode("utf-16-be"),
        "GB 18030": text.encode("gb18030"),
        "JSON escapes": escaped.encode(),
        "JSON escapes, upper case": escaped.upper().replace("\\U", "\\u").encode(),
        "URL": quote(text).encode(),
        "hex": plain.hex().encode(),
        "hex, upper case": plain.hex().upper().encode(),
        **_in_base64(plain),
    }
    return {way: written for way, written in ways.items() if len(written) >= _SHORTEST}


def ways_to_write_bytes(raw: bytes) -> dict[str, bytes]:
    """As `ways_to_write`, for a piece of a picture or a vector."""
    return {"bytes": raw, "hex": raw.hex().encode(), **_in_base64(raw)}


def find_in_files(folders: Iterable[Path], needles: Mapping[str, Mapping[str, bytes]]) -> list[str]:
    """Where a needle lies: `file: what, how it is written`."""
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            content = path.read_bytes()
            found += [
                f"{path}: {what}, {way}"
                for what, ways in needles.items()
                for way, written in ways.items()
                if written in content
            ]
    return found


class WholeRecords(logging.Formatter):
    """Everything a log record carries, not only what a formatter of ours would print."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {vars(record)!r}"


def _in_base64(raw: bytes) -> dict[str, bytes]:
    """At each of the three places it may begin in a longer text; the edges depend on neighbours."""
    found = {}
    for shift in range(3):
        for kind, encode in (("", base64.b64encode), (", URL", base64.urlsafe_b64encode)):
            written = encode(bytes(shift) + raw)
            inside = written[4 if shift else 0 : len(written) - 4]
            if len(inside) >= _SHORTEST:
                found[f"base64{kind} +{shift}"] = inside
    return found
