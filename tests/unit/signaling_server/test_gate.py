from __future__ import annotations

import pytest

from signaling.protocol.errors import (
    MessageMalformed,
    OriginRefused,
    TokenInvalid,
    VersionUnsupported,
)
from signaling.protocol.words import Role
from signaling.server.gate import Gate, is_loopback_origin
from signaling.server.principal import Principal
from signaling.server.settings import SignalingSettings

pytestmark = pytest.mark.unit

OWN = "https://hall.example:8443"
PAGE = "http://127.0.0.1:7180"


class OneToken:
    """A verifier that knows one principal by the token `good`."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    async def verify(self, token: str) -> Principal:
        if token != "good":
            raise TokenInvalid
        return self._principal


def principal(role: Role) -> Principal:
    if role in (Role.KIOSK_PAGE, Role.KIOSK_DEVICE):
        return Principal(role=role, kiosk_id="K01", page_origin=PAGE, expires_at=1.0)
    return Principal(role=role, agent_id="a01", session_id="s1", expires_at=1.0)


def gate(role: Role = Role.KIOSK_PAGE) -> Gate:
    return Gate(OneToken(principal(role)), {OWN})


HELLO = {"token": "good", "protocol": 1}
KIOSKS = [Role.KIOSK_PAGE, Role.KIOSK_DEVICE]
PEOPLE = [Role.AGENT, Role.SUPERVISOR, Role.ADMIN]


@pytest.mark.parametrize("role", KIOSKS)
@pytest.mark.parametrize("origin", [None, PAGE])
async def test_a_kiosk_comes_from_its_own_page_or_without_a_browser(
    role: Role, origin: str | None
) -> None:
    _, admitted = await gate(role).admit(HELLO, origin)
    assert admitted.subject == "K01"


@pytest.mark.parametrize("role", KIOSKS)
@pytest.mark.parametrize("origin", [OWN, "http://127.0.0.1:7181", "https://evil.example", ""])
async def test_a_kiosk_from_another_page_is_refused(role: Role, origin: str) -> None:
    with pytest.raises(OriginRefused):
        await gate(role).admit(HELLO, origin)


@pytest.mark.parametrize("role", PEOPLE)
async def test_people_come_from_our_own_pages(role: Role) -> None:
    _, admitted = await gate(role).admit(HELLO, OWN)
    assert admitted.subject == "a01"


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize("origin", [None, PAGE, "https://hall.example", "https://evil.example"])
async def test_people_from_anywhere_else_are_refused(role: Role, origin: str | None) -> None:
    with pytest.raises(OriginRefused):
        await gate(role).admit(HELLO, origin)


@pytest.mark.parametrize("version", [0, 2, 99, -1])
async def test_another_version_is_refused_before_the_token_is_looked_at(version: int) -> None:
    with pytest.raises(VersionUnsupported):
        await gate().admit({"token": "bad", "protocol": version, "new_field": 1}, None)


@pytest.mark.parametrize(
    "auth",
    [None, [], "good", {}, {"token": "good"}, {**HELLO, "x": 1}, {**HELLO, "token": "x" * 3000}],
)
async def test_a_hello_that_does_not_fit_is_malformed_and_quotes_nothing(auth: object) -> None:
    with pytest.raises(MessageMalformed) as refused:
        await gate().admit(auth, None)
    assert "good" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:7180", "http://[::1]:7180", "http://127.0.0.9:1"]
)
def test_a_page_of_this_machine_may_knock(origin: str) -> None:
    assert is_loopback_origin(origin)
    assert gate().may_knock(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://127.0.0.1",
        "http://127.0.0.1:7180/",
        "http://127.0.0.1:7180@evil.example",
        "http://127.0.0.1.evil.example:7180",
        "http://localhost.evil.example:7180",
        "http://127.0.0.1:port",
        "http://10.0.0.1:7180",
        "https://evil.example",
        "https://hall.example",
        "https://HALL.example:8443",
    ],
)
def test_any_other_page_may_not_even_knock(origin: str) -> None:
    assert not gate().may_knock(origin)


@pytest.mark.parametrize(
    "origins", [[], ["*"], ["https://*.example"], ["https://hall.example/"], ["hall.example"]]
)
def test_an_open_door_is_refused_in_the_settings(origins: list[str]) -> None:
    with pytest.raises(ValueError, match="origin"):
        SignalingSettings(own_origins=frozenset(origins))


def test_a_principal_is_a_kiosk_or_a_person() -> None:
    with pytest.raises(ValueError, match="principal"):
        Principal(role=Role.AGENT, kiosk_id="K01", expires_at=1.0)
    with pytest.raises(ValueError, match="principal"):
        Principal(role=Role.KIOSK_PAGE, kiosk_id="K01", agent_id="a01", expires_at=1.0)
