"""Logs: JSON lines with ids and words, never people, tokens or call set-up."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, Final, TextIO

import structlog

from seat_server.settings import LogSettings

REDACTED: Final = "[redacted]"

PRIVATE_KEYS: Final = frozenset(
    {
        "authorization",
        "candidate",
        "code",
        "cookie",
        "csrf",
        "id_number",
        "login",
        "name",
        "note",
        "password",
        "phone",
        "sdp",
        "secret",
        "signature",
        "text",
        "token",
    }
)
"""Whatever is logged under these is left out. A refusal's stable code goes as `refusal`."""

_PRIVATE_TEXT: Final = (
    re.compile(r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*"),  # a JWT: the header's `{"` in base64
    re.compile(r"(?<!\w)v=0\\?[\s\S]*?(?:m=(?:audio|video)[\s\S]*|$)"),  # SDP, RFC 8866
    re.compile(r"candidate:\S+ \d [\s\S]{0,200}"),  # ICE, RFC 8839
    re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])"),  # GB 11643
    re.compile(r"(?<![0-9A-Za-z.])1[3-9]\d{9}(?![0-9A-Za-z])"),  # mobile numbers
    re.compile(r"(?i)(?:__Host-xiaowu|xiaowu_session)=[\w-]+"),
    re.compile(r"(?i)\b(?:bearer|basic) [\w.+/=-]{8,}"),
    re.compile(r"[?&](?:token|code|key|secret)=[^&\s\"']+"),
)


def redact(
    _logger: object, _method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """Leave out what may be private: by key, and by its shape inside texts."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if key.lower() in PRIVATE_KEYS or isinstance(value, bytes):
        return REDACTED
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        for pattern in _PRIVATE_TEXT:
            value = pattern.sub(REDACTED, value)
        return value
    if isinstance(value, dict):
        return {inner: _clean(str(inner), content) for inner, content in value.items()}
    if isinstance(value, list | tuple):
        return [_clean("", content) for content in value]
    return _clean("", repr(value))


def set_up_logs(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send everything any part logs through one formatter to `stream` (standard error)."""
    common: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
    ]
    renderer: structlog.types.Processor
    if settings.format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=common,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            renderer,
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for chatty in ("aiohttp.access", "engineio", "socketio", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
