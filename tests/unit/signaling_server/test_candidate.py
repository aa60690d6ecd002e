from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.protocol.errors import MessageMalformed, NotAllowed
from signaling.server.candidate import AddressPolicy, parse_candidate

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).parents[2] / "support" / "sdp"
CHROMIUM = [
    entry["candidate"] for entry in json.loads((FOLDER / "chromium_candidates.json").read_text())
]
LAN = AddressPolicy()
ONE_MACHINE = AddressPolicy(allow_loopback=True)


def host(address: str, port: int = 5000) -> str:
    return f"candidate:1 1 udp 2122194687 {address} {port} typ host"


@pytest.mark.parametrize("text", CHROMIUM)
def test_chromiums_candidates_pass_word_for_word(text: str) -> None:
    words = parse_candidate(text, LAN).render().split()
    assert sorted(words) == sorted(text.split())


@pytest.mark.parametrize(
    "text",
    [
        host("3b3f8f2e-9c9c-4a51-8f2f-1d6d1d0d9d3a.local"),
        host("10.1.2.3"),
        host("192.168.1.9"),
        host("fe80::1"),
        host("fd12::9"),
        host("100.64.0.1"),
        host("2001:db8::7"),
        "candidate:f957a2332b1715da3b0ef8ba684454eb 1 udp 2130706431 10.0.0.2 43582 typ host",
    ],
)
def test_what_an_agent_on_a_network_binds_passes(text: str) -> None:
    assert parse_candidate(text, LAN).render() == text


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "::",
        "224.0.0.251",
        "ff02::fb",
        "255.255.255.255",
        "240.0.0.1",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "hall.example",
        "localhost",
        "evil.local.example",
        "1.2.3",
        "0x7f000001",
        "2130706433",
    ],
)
def test_an_address_no_peer_may_be_sent_to_is_refused(address: str) -> None:
    with pytest.raises(NotAllowed):
        parse_candidate(host(address), LAN)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_passes_where_both_ends_may_be_one_machine(address: str) -> None:
    assert parse_candidate(host(address), ONE_MACHINE).address == address


@pytest.mark.parametrize("port", [0, 1, 22, 80, 443, 1023, 65536, 99999])
def test_a_port_an_agent_does_not_bind_is_refused(port: int) -> None:
    with pytest.raises(NotAllowed):
        parse_candidate(host("10.0.0.1", port), LAN)


def test_only_an_active_tcp_candidate_may_quote_port_nine() -> None:
    active = "candidate:1 1 tcp 1518214911 10.0.0.1 9 typ host tcptype active"
    assert parse_candidate(active, LAN).render() == active
    with pytest.raises(NotAllowed):
        parse_candidate(active.replace("active", "passive"), LAN)


def test_the_related_address_tells_nothing() -> None:
    text = "candidate:1 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.17 rport 46154"
    assert "10.0.0.17" not in parse_candidate(text, LAN).render()
    assert parse_candidate(text, LAN).render().endswith("raddr 0.0.0.0 rport 0")


def test_unknown_extensions_are_left_out() -> None:
    text = host("10.0.0.1") + " generation 0 x-odd value network-cost 50"
    rendered = parse_candidate(text, LAN).render()
    assert rendered == host("10.0.0.1") + " generation 0 network-cost 50"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "candidate:",
        "candidate:1 3 udp 1 10.0.0.1 5000 typ host",
        "candidate:1 1 sctp 1 10.0.0.1 5000 typ host",
        "candidate:1 1 udp 0 10.0.0.1 5000 typ host",
        "candidate:1 1 udp 4294967296 10.0.0.1 5000 typ host",
        "candidate:1 1 udp 1 10.0.0.1 5000 typ odd",
        "candidate:1 1 udp 1 10.0.0.1 5000",
        "candidate:1 1 tcp 1 10.0.0.1 5000 typ host",
        "candidate:1 1 udp 1 10.0.0.1 5000 typ host generation",
        "candidate:1 1 udp 1 10.0.0.1 5000 typ host generation x",
        "candidate:1 1 udp 1 10.0.0.1 5000 typ host network-id 999999",
        "candidate:1 1 udp 1 10.0.0.1 5000 typ host\r\na=evil",
        "candidate:1 1 udp 1 10.0.0.1 5000 typ host\n",
        "candidate:1 1 udp 1 fe80::1%eth0 5000 typ host",
        "candidate:" + "a" * 33 + " 1 udp 1 10.0.0.1 5000 typ host",
    ],
)
def test_what_is_not_a_candidate_is_refused(text: str) -> None:
    with pytest.raises(MessageMalformed):
        parse_candidate(text, LAN)


def test_an_address_stays_out_of_logs() -> None:
    assert "10.0.0.1" not in repr(parse_candidate(host("10.0.0.1"), LAN))


@given(st.sampled_from([*CHROMIUM, host("10.0.0.1")]), st.data())
def test_a_changed_candidate_is_refused_or_stays_one_line(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    changed = (
        text[:at] + data.draw(st.text(max_size=12)) + text[at + data.draw(st.integers(0, 4)) :]
    )
    try:
        rendered = parse_candidate(changed, LAN).render()
    except (MessageMalformed, NotAllowed):
        return
    assert rendered.isascii()
    assert rendered.isprintable()
    assert parse_candidate(rendered, LAN).render() == rendered
