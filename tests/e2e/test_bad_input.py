"""What does not fit is refused by a stable code, changes nothing, and is counted."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio

from kiosk_client.device_key import DeviceKey
from kiosk_client.hall_api import HallApi
from kiosk_client.tokens import Tokens
from seat_server.keyring import open_keyring
from signaling.protocol.version import PROTOCOL_VERSION
from tests.support.floor import KIOSK
from tests.support.media_pair import until
from tests.support.running_hall import RunningHall, open_running_hall
from xiaowu.demo.agent_session import AgentSession

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_S = 40.0


class RawSocket:
    """Socket.IO over a WebSocket, by hand: nothing between the test and the server."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._calls = 0

    async def connect(self, token: str, *, protocol: int = PROTOCOL_VERSION) -> str | None:
        """Introduce oneself; returns the code of a refusal, None when let in."""
        hello = {"token": token, "protocol": protocol, "client": "test"}
        await self._socket.send_str(f"40{json.dumps(hello)}")
        while True:
            said = await self._next()
            if said.startswith("40"):
                return None
            if said.startswith("44"):
                code: str = json.loads(said[2:])["message"]
                return code

    async def command(self, payload: Any) -> dict[str, Any]:
        """Send a command; returns its answer."""
        return await self.raw_command(json.dumps(["command", payload]))

    async def raw_command(self, text: str) -> dict[str, Any]:
        """Send what stands in a command's place."""
        self._calls += 1
        await self._socket.send_str(f"42{self._calls}{text}")
        while True:
            said = await self._next()
            if said.startswith(f"43{self._calls}["):
                answer: dict[str, Any] = json.loads(said[2 + len(str(self._calls)) :])[0]
                return answer

    async def send(self, text: str) -> None:
        """Send a packet as it stands."""
        await self._socket.send_str(text)

    async def closed(self) -> bool:
        """Wait until the server ends the connection."""
        async with asyncio.timeout(PATIENCE_S):
            async for _ in self._socket:
                pass
        return True

    async def _next(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            said = await self._socket.receive_str()
        if said == "2":
            await self._socket.send_str("3")
        return said


@asynccontextmanager
async def raw_socket(hall: RunningHall, origin: str | None = None) -> AsyncIterator[RawSocket]:
    headers = {} if origin is None else {"Origin": origin}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.ws_connect(f"{hall.url}/socket.io/?EIO=4&transport=websocket") as socket,
    ):
        assert (await socket.receive_str()).startswith("0{")
        yield RawSocket(socket)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def quiet_hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHall]:
    """A hall in which nothing happens but what a test does."""
    async with open_running_hall(tmp_path_factory.mktemp("quiet"), kiosks=(KIOSK,)) as hall:
        yield hall


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page_token(quiet_hall: RunningHall) -> str:
    """A good token for the page of a booth that is enrolled for real."""
    booth = await quiet_hall.enrol(KIOSK)
    device = DeviceKey.load(quiet_hall.folder / booth.kiosk_id)
    async with HallApi(quiet_hall.url) as api:
        return await Tokens(api, device, "page").token()


@asynccontextmanager
async def refused(hall: RunningHall, code: str) -> AsyncIterator[None]:
    """Whatever happens inside writes nothing and is counted once as `code`."""
    before = hall.journal_end(), hall.metric("xiaowu_wire_refusals_total", code=code)
    yield
    assert hall.journal_end() == before[0]
    assert hall.metric("xiaowu_wire_refusals_total", code=code) == before[1] + 1


def take(item: str) -> dict[str, str]:
    return {"type": "ticket.take", "op_id": secrets.token_hex(8), "item_code": item}


async def test_a_kiosk_gets_typed_refusals_and_one_ticket_at_a_time(
    quiet_hall: RunningHall, page_token: str
) -> None:
    hall = quiet_hall
    async with raw_socket(hall) as kiosk:
        assert await kiosk.connect(page_token) is None
        for payload, code in (
            (take("no-such-item"), "item_unknown"),
            ({"type": "ticket.take"}, "malformed"),
            ({"type": "no.such.thing", "op_id": "x"}, "malformed"),
            ({**take("sb001"), "surprise": 1}, "malformed"),
            ("a text", "malformed"),
            (
                {"type": "ticket.accept", "op_id": "y", "offer_id": "o", "epoch": 1},
                "not_allowed",
            ),
            ({"type": "ticket.leave", "op_id": "z", "ticket_id": "nobodys"}, "ticket_unknown"),
            ({"type": "call.end", "op_id": "w", "call_id": "nobodys"}, "call_unknown"),
        ):
            async with refused(hall, code):
                answer = await kiosk.command(payload)
                assert answer["type"] == "refused", payload
                assert answer["code"] == code, payload
        taken = await kiosk.command(take("sb001"))
        assert taken["type"] == "ticket.taken"
        async with refused(hall, "ticket_already_open"):
            answer = await kiosk.command(take("sb002"))
            assert answer["code"] == "ticket_already_open"
        leave = {"type": "ticket.leave", "op_id": secrets.token_hex(8)}
        left = await kiosk.command({**leave, "ticket_id": taken["ticket_id"]})
        assert left["type"] == "done"


async def test_the_same_command_twice_has_the_same_answer_and_one_effect(
    quiet_hall: RunningHall, page_token: str
) -> None:
    async with raw_socket(quiet_hall) as kiosk:
        assert await kiosk.connect(page_token) is None
        command = take("sb001")
        first = await kiosk.command(command)
        end = quiet_hall.journal_end()
        assert await kiosk.command(command) == first
        assert quiet_hall.journal_end() == end
        await kiosk.command(
            {"type": "ticket.leave", "op_id": "leave", "ticket_id": first["ticket_id"]}
        )


@asynccontextmanager
async def desk(hall: RunningHall, login: str, seat_id: str) -> AsyncIterator[RawSocket]:
    """An agent at a seat, by hand."""
    async with (
        AgentSession(hall.url, login, hall.passwords[login]) as session,
        raw_socket(hall, origin=hall.url) as desk,
    ):
        assert await desk.connect(await session.token()) is None
        sit = {"type": "seat.sign_in", "op_id": secrets.token_hex(8), "seat_id": seat_id}
        assert (await desk.command(sit))["type"] == "done"
        yield desk
        out = {"type": "seat.sign_out", "op_id": secrets.token_hex(8)}
        assert (await desk.command(out))["type"] == "done"


async def test_a_foreign_and_a_late_accept_are_refused(
    quiet_hall: RunningHall, page_token: str
) -> None:
    hall = quiet_hall
    async with (
        raw_socket(hall) as kiosk,
        desk(hall, "agent01", "seat-01") as holder,
        desk(hall, "agent02", "seat-02") as stranger,
    ):
        assert await kiosk.connect(page_token) is None
        await holder.command({"type": "seat.open", "op_id": secrets.token_hex(8)})
        taken = await kiosk.command(take("sb001"))
        await until(lambda: bool(hall.rows("SELECT id FROM ticket_offer")), within_s=PATIENCE_S)
        [(offer_id, epoch)] = hall.rows("SELECT id, epoch FROM ticket_offer")
        accept = {"type": "ticket.accept", "offer_id": offer_id}
        for who, quoted, code in (
            (stranger, epoch, "offer_foreign"),
            (holder, epoch + 1, "offer_stale"),
        ):
            async with refused(hall, code):
                said = await who.command({**accept, "op_id": secrets.token_hex(8), "epoch": quoted})
                assert said["code"] == code
        leave = {"type": "ticket.leave", "op_id": secrets.token_hex(8)}
        await kiosk.command({**leave, "ticket_id": taken["ticket_id"]})
        async with refused(hall, "offer_stale"):
            late = {**accept, "op_id": secrets.token_hex(8), "epoch": epoch}
            assert (await holder.command(late))["code"] == "offer_stale"


@pytest.mark.parametrize("how", ["version_unsupported", "token_invalid", "token_expired"])
async def test_who_may_not_come_in_is_told_by_a_code(
    quiet_hall: RunningHall, page_token: str, how: str
) -> None:
    hall = quiet_hall
    token, protocol = page_token, PROTOCOL_VERSION
    if how == "version_unsupported":
        protocol += 1
    elif how == "token_invalid":
        token = f"{page_token[:-4]}AAAA"
    else:
        claims = jwt.decode(page_token, options={"verify_signature": False})
        key = open_keyring(hall.settings.data_dir).token_key
        header = jwt.get_unverified_header(page_token)
        stale = {**claims, "iat": claims["iat"] - 90_000, "exp": claims["exp"] - 90_000}
        if "nbf" in stale:
            stale["nbf"] -= 90_000
        token = jwt.encode(stale, key, algorithm="HS256", headers=header)
    async with refused(hall, how), raw_socket(hall) as stranger:
        assert await stranger.connect(token, protocol=protocol) == how


async def test_a_megabyte_ends_the_connection_and_nothing_else(
    quiet_hall: RunningHall, page_token: str
) -> None:
    hall = quiet_hall
    end = hall.journal_end()
    dropped = hall.metric("xiaowu_wire_drops_total")
    async with raw_socket(hall) as kiosk:
        assert await kiosk.connect(page_token) is None
        # The server hangs up in the middle of it, so that the rest may find nobody to take it.
        with suppress(ConnectionError):
            await kiosk.send(f'421["command",{{"type":"ticket.take","op_id":"{"x" * 1_000_000}"}}]')
        assert await kiosk.closed()
    assert hall.metric("xiaowu_wire_drops_total") > dropped
    moved = hall.rows("SELECT kind FROM journal WHERE seq > ?", end)
    assert {kind for (kind,) in moved} <= {"kiosk.attached", "kiosk.detached"}, moved
    async with raw_socket(hall) as kiosk:
        assert await kiosk.connect(page_token) is None
