from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from signaling.server.ice import TurnSecret, ice_servers

pytestmark = pytest.mark.unit

TURN = TurnSecret(urls=("turn:10.1.2.3:3478",), secret="s3cret", lifetime_s=600)


def test_a_closed_network_has_no_servers() -> None:
    assert ice_servers((), None, "K01", 0.0) == ()


def test_credentials_are_what_coturn_computes_from_the_same_secret() -> None:
    (server,) = ice_servers((), TURN, "K01", 1_000_000.0)
    assert server.username is not None
    expires, _, subject = server.username.partition(":")
    assert subject == "K01"
    assert 600 <= int(expires) - 1_000_000 <= 750
    digest = hmac.new(b"s3cret", server.username.encode(), hashlib.sha1).digest()
    assert server.credential == base64.b64encode(digest).decode()


def test_credentials_stay_the_same_for_a_while_so_that_views_do() -> None:
    assert ice_servers((), TURN, "K01", 900.0) == ice_servers((), TURN, "K01", 1049.0)
    assert ice_servers((), TURN, "K01", 900.0) != ice_servers((), TURN, "K01", 1050.0)


def test_the_secret_is_in_no_text() -> None:
    (server,) = ice_servers((), TURN, "K01", 0.0)
    assert "s3cret" not in repr(TURN)
    assert server.credential is not None
    assert server.credential not in repr(server)
