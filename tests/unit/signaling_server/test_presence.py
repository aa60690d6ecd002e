from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from service_queue.actor import Actor
from service_queue.errors import StoreUnavailable
from service_queue.hall import Hall
from signaling.protocol.events import Hello
from signaling.protocol.words import Role
from signaling.server.connection import Connection
from signaling.server.presence import Presence
from signaling.server.principal import Principal
from signaling.server.rate import TokenBucket

pytestmark = pytest.mark.unit


class SlowHall:
    """Writes down who came and went, and takes its time when told to.

    As the real one it skips what it believes to be so already.
    """

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.told: list[str] = []
        self.fails = False
        self.may_finish = asyncio.Event()
        self.may_finish.set()

    async def attached(self, actor: Actor) -> None:
        if self.fails:
            raise StoreUnavailable
        if actor.subject not in self.there:
            await self.may_finish.wait()
            self.there.add(actor.subject)
        self.told.append(f"+{actor.subject}")

    async def detached(self, actor: Actor) -> None:
        if actor.subject in self.there:
            await self.may_finish.wait()
            self.there.discard(actor.subject)
        self.told.append(f"-{actor.subject}")


def connection(sid: str, role: Role = Role.KIOSK_PAGE, subject: str = "K01") -> Connection:
    ids: dict[str, Any] = (
        {"kiosk_id": subject}
        if role in (Role.KIOSK_PAGE, Role.KIOSK_DEVICE)
        else {"agent_id": subject, "session_id": f"session-{subject}"}
    )
    principal = Principal(role=role, expires_at=1.0, **ids)
    return Connection.open(sid, principal, Hello(token="t", protocol=1), TokenBucket(1, 1))


@pytest.fixture
def hall() -> SlowHall:
    return SlowHall()


@pytest.fixture
def presence(hall: SlowHall) -> Presence:
    return Presence(cast(Hall, hall))


async def test_the_newest_holds_the_place_and_the_older_one_is_named(presence: Presence) -> None:
    first, second = connection("1"), connection("2")
    assert await presence.attach(first) is None
    assert await presence.attach(second) is first
    assert presence.kiosk_page("K01") is second
    assert not presence.holds(first)
    assert presence.holds(second)


async def test_the_end_of_a_replaced_one_is_no_news_to_the_hall(
    presence: Presence, hall: SlowHall
) -> None:
    await presence.attach(connection("1"))
    await presence.attach(connection("2"))
    await presence.detach("1")
    assert hall.told == ["+kiosk:K01", "+kiosk:K01"]
    await presence.detach("2")
    await presence.detach("2")
    assert hall.told[2:] == ["-kiosk:K01"]
    assert len(presence) == 0


async def test_who_comes_back_while_the_goodbye_is_being_written_counts_as_there(
    presence: Presence, hall: SlowHall
) -> None:
    """The hall skips an arrival of who is there by its book; so it must hear of the leave first."""
    await presence.attach(connection("1"))
    hall.may_finish.clear()
    leaving = asyncio.create_task(presence.detach("1"))
    await asyncio.sleep(0)
    coming = asyncio.create_task(presence.attach(connection("2")))
    await asyncio.sleep(0)
    hall.may_finish.set()
    await asyncio.gather(leaving, coming)
    assert hall.there == {"kiosk:K01"}


async def test_when_the_hall_cannot_take_the_newer_one_the_older_one_stays(
    presence: Presence, hall: SlowHall
) -> None:
    first = connection("1")
    await presence.attach(first)
    hall.fails = True
    with pytest.raises(StoreUnavailable):
        await presence.attach(connection("2"))
    assert presence.kiosk_page("K01") is first
    assert presence.holds(first)
    assert presence.find("2") is None


async def test_a_place_nobody_got_counts_as_empty(presence: Presence, hall: SlowHall) -> None:
    hall.fails = True
    with pytest.raises(StoreUnavailable):
        await presence.attach(connection("1"))
    assert presence.kiosk_page("K01") is None
    assert hall.told == ["-kiosk:K01"]


async def test_page_and_program_of_a_kiosk_have_a_place_each(
    presence: Presence, hall: SlowHall
) -> None:
    page, device = connection("1"), connection("2", Role.KIOSK_DEVICE)
    await presence.attach(page)
    assert await presence.attach(device) is None
    assert presence.kiosk_page("K01") is page
    assert presence.kiosk_device("K01") is device
    await presence.detach("2")
    assert hall.told == ["+kiosk:K01"]


async def test_walls_replace_nobody(presence: Presence, hall: SlowHall) -> None:
    walls = [connection(sid, Role.SUPERVISOR, "s01") for sid in ("1", "2")]
    for wall in walls:
        assert await presence.attach(wall) is None
    assert presence.walls() == walls
    await presence.detach("1")
    assert presence.walls() == walls[1:]
    assert hall.told == []


async def test_a_server_that_goes_down_sends_nobody_away(
    presence: Presence, hall: SlowHall
) -> None:
    await presence.attach(connection("1"))
    presence.close()
    await presence.detach("1")
    assert hall.there == {"kiosk:K01"}


async def test_connections_are_found_by_what_they_stand_on(presence: Presence) -> None:
    page, desk = connection("1"), connection("2", Role.AGENT, "a01")
    for each in (page, desk):
        await presence.attach(each)
    assert presence.granted_by("K01") == [page]
    assert presence.granted_by("session-a01") == [desk]
    assert presence.granted_by("a01") == []
    assert presence.desk("a01") is desk
