import pytest

from service_queue.actor import Actor
from signaling.protocol.words import Role
from signaling.server.principal import Principal

pytestmark = pytest.mark.unit


def test_the_hall_hears_what_an_agent_may_serve() -> None:
    principal = Principal(
        role=Role.AGENT,
        agent_id="a01",
        agent_name="坐席01",
        departments="人社局|税务局",
        languages="zh|en",
        session_id="s1",
        expires_at=1.0,
    )
    assert principal.actor == Actor(
        role=Role.AGENT,
        agent_id="a01",
        agent_name="坐席01",
        departments="人社局|税务局",
        languages="zh|en",
    )
