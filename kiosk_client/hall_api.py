"""The server's REST face, as far as a kiosk needs it: enrolment, tokens, identity."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Generic, Self, TypeVar

import aiohttp
from pydantic import ValidationError

from kiosk_client.errors import HallUnreachable
from signaling.protocol.errors import Refusal, rebuild
from signaling.protocol.message import Message

DEADLINE_S: Final = 8.0
M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Told(Generic[M]):
    """An answer, and when the server said it."""

    answer: M
    server_now: float


class HallApi:
    """Sends typed requests; an async context manager."""

    def __init__(
        self,
        server_url: str,
        *,
        ca_file: Path | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Talk to `server_url`."""
        self._server_url = server_url
        self._tls = None if ca_file is None else ssl.create_default_context(cafile=ca_file)
        self._wall_clock = wall_clock
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open."""
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls if self._tls is not None else True),
            timeout=aiohttp.ClientTimeout(total=DEADLINE_S),
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close."""
        if self._http is not None:
            await self._http.close()

    async def post(self, path: str, body: Message, answer: type[M]) -> Told[M]:
        """POST `body`; raises the server's Refusal, or HallUnreachable."""
        async with self._answered(path, body) as response:
            said = await response.json(content_type=None)
            return Told(answer.model_validate(said), self._moment(response))

    async def tell(self, path: str, body: Message) -> None:
        """POST `body`, to which there is nothing to say; raises as `post` does."""
        async with self._answered(path, body):
            return

    @asynccontextmanager
    async def _answered(self, path: str, body: Message) -> AsyncIterator[aiohttp.ClientResponse]:
        assert self._http is not None, "HallApi is not open"
        try:
            async with self._http.post(
                self._server_url + path,
                json=body.model_dump(mode="json", by_alias=True),
                allow_redirects=False,
            ) as response:
                if not response.ok:
                    raise _refusal(response.status, await response.json(content_type=None))
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, ValidationError) as failure:
            raise HallUnreachable(
                f"{self._server_url} does not answer as it should ({type(failure).__name__})"
            ) from failure

    def _moment(self, response: aiohttp.ClientResponse) -> float:
        """The server's time: a booth's own clock may be a day off after a power cut."""
        try:
            return parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError, TypeError):
            return self._wall_clock()


def _refusal(status: int, said: object) -> Refusal | HallUnreachable:
    if isinstance(said, dict) and isinstance(said.get("code"), str):
        return rebuild(said["code"], str(said.get("detail", ""))[:200])
    return HallUnreachable(f"the server answered {status} and no reason that we know")
