from __future__ import annotations

import jwt
import pytest

from seat_server.tokens import TokenMint
from signaling.protocol.errors import TokenExpired, TokenInvalid
from signaling.protocol.words import Role
from tests.support.hall_builder import HandClock

pytestmark = pytest.mark.unit

KEY = bytes(range(32))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def mint(clock: HandClock) -> TokenMint:
    return TokenMint(KEY, clock)


def issue(mint: TokenMint) -> str:
    return mint.issue(subject="K01", role=Role.KIOSK_PAGE, grant="d.1", lifetime_s=60).token


def test_a_token_says_who_and_by_what_grant(mint: TokenMint) -> None:
    claims = mint.read(issue(mint))
    assert (claims.sub, claims.role, claims.grant) == ("K01", Role.KIOSK_PAGE, "d.1")


def test_a_token_outlives_a_restart(mint: TokenMint, clock: HandClock) -> None:
    assert TokenMint(KEY, clock).read(issue(mint)).sub == "K01"


def test_a_token_is_over_at_its_time(mint: TokenMint, clock: HandClock) -> None:
    token = issue(mint)
    clock.move(59)
    mint.read(token)
    clock.move(1)
    with pytest.raises(TokenExpired):
        mint.read(token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_refused(mint: TokenMint, token: str) -> None:
    with pytest.raises(TokenInvalid):
        mint.read(token)


def test_another_key_makes_no_tokens_of_ours(mint: TokenMint, clock: HandClock) -> None:
    with pytest.raises(TokenInvalid):
        mint.read(issue(TokenMint(bytes(32), clock)))


@pytest.mark.parametrize(
    "change",
    [{"aud": "mail"}, {"iss": "other"}, {"role": "king"}, {"sub": "a b"}, {"extra": 1}],
    ids=str,
)
def test_a_token_made_for_something_else_is_refused(
    mint: TokenMint, change: dict[str, object]
) -> None:
    payload = jwt.decode(
        issue(mint), KEY, ["HS256"], audience="socket", options={"verify_exp": False}
    )
    with pytest.raises(TokenInvalid):
        mint.read(jwt.encode(payload | change, KEY, "HS256"))


def test_a_token_without_a_signature_is_refused(mint: TokenMint) -> None:
    payload = jwt.decode(issue(mint), options={"verify_signature": False})
    with pytest.raises(TokenInvalid):
        mint.read(jwt.encode(payload, "", "none"))
