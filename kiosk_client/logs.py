"""The kiosk's log: one JSON object a line on standard error, with ids and codes, never people."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
LIBRARIES: Final = ("aiortc", "aioice", "aiohttp", "socketio", "engineio", "libav", "asyncio")
"""They may quote addresses and SDP when they talk; only their errors are kept."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON: what happened, and what was given with it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        given = {name: value for name, value in vars(record).items() if name not in _OWN}
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "timestamp": moment,
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **given,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up_logs(level: int = logging.WARNING) -> None:
    """Write everything from `level` on to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(max(level, logging.ERROR))
