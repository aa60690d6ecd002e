from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.protocol.errors import MessageMalformed, MessageTooLarge
from signaling.server.candidate import AddressPolicy
from signaling.server.sdp import MAX_SDP_BYTES, parse_sdp, rebuild_sdp

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).parents[2] / "support" / "sdp"
GOLDEN = sorted(file.stem for file in FOLDER.glob("*.sdp"))
POLICY = AddressPolicy()


def golden(name: str) -> str:
    """A description as its maker wrote it (addresses replaced by documentation ones)."""
    return (FOLDER / f"{name}.sdp").read_text().replace("\n", "\r\n")


def attributes(sdp: str) -> list[list[str]]:
    """The attribute lines of each section, without candidates, which are compared apart."""
    sections = sdp.split("\r\nm=")
    return [
        sorted(
            line
            for line in section.split("\r\n")
            if line.startswith("a=") and not line.startswith("a=candidate:")
        )
        for section in sections
    ]


def without(sdp: str, *starts: str) -> str:
    return "".join(f"{line}\r\n" for line in sdp.splitlines() if not line.startswith(tuple(starts)))


@pytest.mark.parametrize("name", GOLDEN)
def test_nothing_a_real_browser_or_aiortc_says_is_lost(name: str) -> None:
    """Every attribute line, each payload type, each candidate: 156 of Chromium, 1.16 of aiortc."""
    sdp = golden(name)
    rebuilt = rebuild_sdp(sdp, POLICY)
    assert attributes(rebuilt)[1:] == attributes(sdp)[1:]
    assert {line.replace(" ", "") for line in attributes(rebuilt)[0]} == {
        line.replace(" ", "") for line in attributes(sdp)[0]
    }
    assert rebuilt.count("a=candidate:") == sdp.count("a=candidate:")


@pytest.mark.parametrize("name", GOLDEN)
def test_a_rebuilt_description_rebuilds_to_itself(name: str) -> None:
    once = rebuild_sdp(golden(name), POLICY)
    assert rebuild_sdp(once, POLICY) == once


def test_addresses_of_the_default_candidate_do_not_pass() -> None:
    rebuilt = rebuild_sdp(golden("chromium_offer_gathered"), POLICY)
    lines = [line for line in rebuilt.splitlines() if line[:2] in ("c=", "o=")]
    assert lines
    assert all(line.endswith("IN IP4 0.0.0.0") for line in lines)
    assert "m=audio 9 " in rebuilt


def test_a_start_bitrate_hint_passes() -> None:
    sdp = golden("chromium_offer").replace(
        "profile-id=0", "profile-id=0;x-google-start-bitrate=2500"
    )
    assert "x-google-start-bitrate=2500" in rebuild_sdp(sdp, POLICY)


def test_a_rejected_media_line_stays_rejected() -> None:
    sdp = golden("chromium_answer").replace("m=video 9 ", "m=video 0 ")
    sdp = sdp.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0")
    assert "m=video 0 " in rebuild_sdp(sdp, POLICY)


@pytest.mark.parametrize(
    "line",
    [
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        "a=simulcast:send h;l",
        "a=rid:h send",
        "a=x-secret:1",
        "a=ice-lite",
        "a=candidate:1 1 udp 1 169.254.169.254 5000 typ host",
        "a=candidate:nonsense",
        "a=rtpmap:77 evil/90000",
        "a=fmtp:77 x=1",
        "a=fingerprint:sha-1 00:11",
        "a=extmap:999 urn:x",
        "a=ssrc:1 cname:a b",
        "b=AS:1",
        "a=setup:active",
    ],
)
def test_what_is_not_on_the_list_is_left_out(line: str) -> None:
    sdp = golden("chromium_offer")
    assert rebuild_sdp(f"{sdp}{line}\r\n", POLICY) == rebuild_sdp(sdp, POLICY)


def test_only_so_many_candidates_pass() -> None:
    line = "a=candidate:1 1 udp 2122194687 198.51.100.7 {} typ host\r\n"
    many = "".join(line.format(port) for port in range(5000, 5100))
    assert rebuild_sdp(golden("chromium_offer") + many, POLICY).count("a=candidate:") <= 32


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0", "v=1"),
        ("m=video", "m=application"),
        ("m=video", "m=audio"),
        ("UDP/TLS/RTP/SAVPF 96", "RTP/AVP 96"),
        ("a=mid:1", "a=mid:0"),
        ("a=mid:1", "a=mid:one two"),
        ("a=mid:1\r\n", ""),
        ("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"),
        ("a=group:BUNDLE 0 1", "a=group:BUNDLE 0 1 2"),
        ("a=group:BUNDLE 0 1", "a=group:LS 0 1"),
        ("a=group:BUNDLE 0 1\r\n", ""),
        ("o=- ", "o="),
        ("s=-", "z=0"),
        ("s=-", "s=\x00"),
        ("s=-", "s=a\rb"),
        ("s=-", "s=中"),
        ("s=-", ""),
        ("a=mid:1", "a=mid:1\r\r\na=evil"),
    ],
)
def test_a_description_that_breaks_the_shape_is_refused(old: str, new: str) -> None:
    sdp = golden("chromium_offer")
    assert old in sdp
    with pytest.raises(MessageMalformed):
        rebuild_sdp(sdp.replace(old, new), POLICY)


@pytest.mark.parametrize("needed", ["ice-ufrag", "ice-pwd", "fingerprint", "setup", "rtcp-mux"])
def test_a_media_line_without_its_transport_is_refused(needed: str) -> None:
    with pytest.raises(MessageMalformed):
        rebuild_sdp(without(golden("chromium_offer"), f"a={needed}"), POLICY)


def test_a_transport_given_once_for_the_session_is_enough() -> None:
    sdp = golden("chromium_offer")
    prints = next(line for line in sdp.splitlines() if line.startswith("a=fingerprint"))
    moved = without(sdp, "a=fingerprint").replace("t=0 0\r\n", f"t=0 0\r\n{prints}\r\n")
    assert prints in rebuild_sdp(moved, POLICY).split("\r\nm=")[0]


def test_a_third_media_line_is_refused() -> None:
    sdp = golden("chromium_offer")
    with pytest.raises(MessageMalformed):
        rebuild_sdp(sdp + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\n", POLICY)


def test_one_media_line_alone_may_be() -> None:
    audio = golden("chromium_offer").split("m=video")[0].replace("BUNDLE 0 1", "BUNDLE 0")
    assert len(parse_sdp(audio, POLICY).media) == 1


def test_a_description_without_media_is_refused() -> None:
    with pytest.raises(MessageMalformed):
        rebuild_sdp("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", POLICY)


@pytest.mark.parametrize("filler", ["a=x:1\r\n", "a=" + "x" * 5000 + "\r\n"])
def test_a_description_longer_than_the_limit_is_refused(filler: str) -> None:
    sdp = golden("chromium_offer") + filler * (MAX_SDP_BYTES // len(filler))
    with pytest.raises(MessageTooLarge):
        rebuild_sdp(sdp, POLICY)


LINES = st.sampled_from(
    [line for name in GOLDEN for line in golden(name).splitlines()]
    + ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=group:BUNDLE 0 1", "v=0", "a=candidate:x", "a=evil"]
)


@given(st.lists(LINES | st.text(max_size=40), max_size=60), st.sampled_from(["\r\n", "\n", "\r"]))
def test_whatever_comes_is_refused_or_made_safe(lines: list[str], end: str) -> None:
    head = golden("chromium_offer").splitlines()[:5]
    try:
        rebuilt = rebuild_sdp(end.join([*head, *lines]), POLICY)
    except (MessageMalformed, MessageTooLarge):
        return
    assert_safe(rebuilt)


@given(st.data())
def test_a_real_description_with_a_line_changed_is_refused_or_made_safe(
    data: st.DataObject,
) -> None:
    lines = golden(data.draw(st.sampled_from(GOLDEN))).splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    action = data.draw(st.sampled_from(["drop", "double", "swap", "text"]))
    if action == "drop":
        del lines[at]
    elif action == "double":
        lines.insert(at, lines[at])
    elif action == "swap":
        lines[at] = data.draw(LINES)
    else:
        cut = data.draw(st.integers(0, len(lines[at])))
        lines[at] = lines[at][:cut] + data.draw(st.text(max_size=20)) + lines[at][cut:]
    try:
        rebuilt = rebuild_sdp("\r\n".join(lines) + "\r\n", POLICY)
    except (MessageMalformed, MessageTooLarge):
        return
    assert_safe(rebuilt)


def assert_safe(sdp: str) -> None:
    """Properties of everything that leaves."""
    assert rebuild_sdp(sdp, POLICY) == sdp
    assert sdp.endswith("\r\n")
    lines = sdp.split("\r\n")[:-1]
    assert all(line.isascii() and line.isprintable() and line[1] == "=" for line in lines)
    assert sum(line.startswith("m=") for line in lines) <= 2
    assert "evil" not in sdp
    assert "169.254" not in sdp
