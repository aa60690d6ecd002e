"""Session descriptions: parsed into a model and rebuilt from a list of what is known.

A browser believes what a remote description says, so a relay that passed text through would pass
whatever a broken or hostile peer wrote. Here a description becomes a model, the model is checked
as a whole, and the other side gets text written by us: one audio and one video line at most, one
transport for both, known attributes only. What is not on the list is left out; what breaks the
shape is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from signaling.protocol.errors import MessageMalformed, MessageTooLarge, NotAllowed, WireError
from signaling.server.candidate import AddressPolicy, IceCandidate, parse_candidate

MAX_SDP_BYTES: Final = 48 * 1024
_MAX_LINES: Final = 1200
_MAX_CANDIDATES: Final = 32
"""A line each; a machine with ten interfaces has about twenty."""

_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")
_ORIGIN: Final = re.compile(r"\S+ (?P<id>[0-9]{1,20}) (?P<version>[0-9]{1,20}) IN IP[46] \S+")
_MEDIA: Final = re.compile(
    r"(?P<kind>audio|video) (?P<port>[0-9]{1,5}) UDP/TLS/RTP/SAVPF"
    r"(?P<payloads>(?: [0-9]{1,3}){1,64})"
)
_GROUP: Final = re.compile(r"BUNDLE(?P<mids>(?: [A-Za-z0-9_+-]{1,32}){0,4})")
_DIRECTIONS: Final = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})

_TOKEN: Final = r"[!#$%&'*+.^_`{|}~A-Za-z0-9-]"
_HEX: Final = r"[0-9A-Fa-f]{2}"
_MSID: Final = rf"(?:-|{_TOKEN}{{1,64}})(?: {_TOKEN}{{1,64}})?"

_ICE: Final = {
    "ice-ufrag": re.compile(r"[A-Za-z0-9+/]{4,256}"),
    "ice-pwd": re.compile(r"[A-Za-z0-9+/]{22,256}"),
    "ice-options": re.compile(
        r"(?:trickle|renomination|ice2)(?: (?:trickle|renomination|ice2)){0,2}"
    ),
    "fingerprint": re.compile(
        rf"(?:sha-256 {_HEX}(?::{_HEX}){{31}}"
        rf"|sha-384 {_HEX}(?::{_HEX}){{47}}|sha-512 {_HEX}(?::{_HEX}){{63}})"
    ),
    "setup": re.compile(r"actpass|active|passive"),
}
"""What describes the transport; at session level it holds for every line."""

_SESSION: Final = {
    **_ICE,
    "extmap-allow-mixed": re.compile(r""),
    "msid-semantic": re.compile(rf" ?WMS(?: (?:\*|{_TOKEN}{{1,64}})){{0,4}}"),
}
_MEDIA_ATTRIBUTES: Final = {
    **_ICE,
    "extmap-allow-mixed": re.compile(r""),
    "bundle-only": re.compile(r""),
    "end-of-candidates": re.compile(r""),
    "rtcp-mux": re.compile(r""),
    "rtcp-rsize": re.compile(r""),
    "rtcp-xr": re.compile(r"rcvr-rtt=(?:all|sender)(?::[0-9]{1,6})?"),
    "ptime": re.compile(r"[0-9]{1,4}"),
    "maxptime": re.compile(r"[0-9]{1,4}"),
    "msid": re.compile(_MSID),
    "extmap": re.compile(
        r"(?:[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])(?:/(?:sendrecv|sendonly|recvonly))?"
        r" (?:urn:[A-Za-z0-9:._-]{1,128}|https?://[A-Za-z0-9:/._-]{1,160})"
    ),
    "ssrc": re.compile(
        rf"[0-9]{{1,10}} (?:cname:[A-Za-z0-9+/={{}}._-]{{1,64}}|msid:{_MSID}"
        rf"|mslabel:{_TOKEN}{{1,64}}|label:{_TOKEN}{{1,64}})"
    ),
    "ssrc-group": re.compile(r"(?:FID|FEC-FR)(?: [0-9]{1,10}){2}"),
}
_PER_PAYLOAD: Final = {
    "rtpmap": re.compile(r"(?P<pt>[0-9]{1,3}) [A-Za-z0-9_-]{1,32}/[0-9]{1,7}(?:/[1-8])?"),
    "rtcp-fb": re.compile(
        r"(?P<pt>[0-9]{1,3}|\*)"
        r" (?:nack(?: pli| rpsi| sli)?|goog-remb|transport-cc|ccm (?:fir|tmmbr)|rrtr)"
    ),
    "fmtp": re.compile(r"(?P<pt>[0-9]{1,3}) [A-Za-z0-9_.=;/,+: -]{1,512}"),
}
"""Lines about one payload type, which must be one of the media line's."""

_REPEATED: Final = frozenset({"fingerprint", "msid", "extmap", "ssrc", "ssrc-group", *_PER_PAYLOAD})
"""Of all others the first one counts, so that two readers cannot take different ones."""


@dataclass(slots=True)
class MediaSection:
    """One media line and what belongs to it."""

    kind: Literal["audio", "video"]
    rejected: bool
    """Port 0: the line is refused, or bundled and waiting for its first one."""
    payloads: tuple[str, ...]
    mid: str = ""
    direction: str = "sendrecv"
    attributes: list[tuple[str, str]] = field(default_factory=list)
    candidates: list[IceCandidate] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """True when an attribute of that name is present."""
        return any(known == name for known, _ in self.attributes)

    def render(self) -> Iterator[str]:
        """The lines of this section. Addresses are blank: candidates carry them."""
        port, payloads = 0 if self.rejected else 9, " ".join(self.payloads)
        yield f"m={self.kind} {port} UDP/TLS/RTP/SAVPF {payloads}"
        yield "c=IN IP4 0.0.0.0"
        yield "a=rtcp:9 IN IP4 0.0.0.0"
        yield f"a=mid:{self.mid}"
        yield f"a={self.direction}"
        for name, value in self.attributes:
            yield f"a={name}:{value}" if value else f"a={name}"
        for candidate in self.candidates:
            yield f"a={candidate.render()}"


@dataclass(slots=True)
class SessionDescription:
    """A description, as parsed."""

    id: str
    version: str
    bundle: tuple[str, ...] = ()
    attributes: list[tuple[str, str]] = field(default_factory=list)
    media: list[MediaSection] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """True when an attribute of that name holds for the whole session."""
        return any(known == name for known, _ in self.attributes)

    def render(self) -> str:
        """The text the other side gets."""
        lines = [
            "v=0",
            f"o=- {self.id} {self.version} IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            f"a=group:BUNDLE {' '.join(self.bundle)}".rstrip(),
        ]
        lines += [f"a={name}:{value}" if value else f"a={name}" for name, value in self.attributes]
        for section in self.media:
            lines += section.render()
        return "\r\n".join(lines) + "\r\n"


def rebuild_sdp(text: str, policy: AddressPolicy) -> str:
    """The description `text` says, in our own words.

    Raises:
        MessageTooLarge: longer than MAX_SDP_BYTES.
        MessageMalformed: not the description of one call with one transport.
    """
    return parse_sdp(text, policy).render()


def parse_sdp(text: str, policy: AddressPolicy) -> SessionDescription:
    """Read a description, leaving out what is not on the list.

    Raises:
        MessageTooLarge: longer than MAX_SDP_BYTES.
        MessageMalformed: not the description of one call with one transport.
    """
    lines = _split(text)
    if next(lines, None) != "v=0":
        raise MessageMalformed("not a session description")
    found = _ORIGIN.fullmatch(next(lines, "").removeprefix("o="))
    if found is None:
        raise MessageMalformed("a session description without an origin")
    description = SessionDescription(found["id"], found["version"])
    for line in lines:
        key, _, value = line.partition("=")
        if key == "m":
            description.media.append(_media(value))
        elif key == "a" and description.media:
            _read_media_attribute(description.media[-1], value, policy)
        elif key == "a":
            _read_session_attribute(description, value)
        elif key not in ("s", "t", "c", "b"):
            raise MessageMalformed("a session description with an unknown line")
    _check(description)
    return description


def _split(text: str) -> Iterator[str]:
    if len(text) > MAX_SDP_BYTES:
        raise MessageTooLarge("a session description longer than the limit")
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) > _MAX_LINES:
        raise MessageTooLarge("a session description with too many lines")
    for line in lines:
        if not _PRINTABLE.fullmatch(line) or line[1:2] != "=":
            raise MessageMalformed("a session description with a broken line")
    return iter(lines)


def _media(value: str) -> MediaSection:
    found = _MEDIA.fullmatch(value)
    if found is None:
        raise MessageMalformed("a media line that is neither audio nor video over DTLS-SRTP")
    kind: Literal["audio", "video"] = "audio" if found["kind"] == "audio" else "video"
    return MediaSection(kind, int(found["port"]) == 0, tuple(found["payloads"].split()))


def _read_session_attribute(description: SessionDescription, line: str) -> None:
    name, _, value = line.partition(":")
    if name == "group":
        found = _GROUP.fullmatch(value)
        if found is None or description.bundle:
            raise MessageMalformed("a group that is not the one bundle")
        description.bundle = tuple(found["mids"].split())
    elif _is_wanted(name, value, _SESSION, description):
        description.attributes.append((name, value))


def _read_media_attribute(section: MediaSection, line: str, policy: AddressPolicy) -> None:
    name, _, value = line.partition(":")
    if name == "candidate":
        _read_candidate(section, line, policy)
    elif name == "mid":
        if section.mid or not re.fullmatch(r"[A-Za-z0-9_+-]{1,32}", value):
            raise MessageMalformed("a media line with a wrong mid")
        section.mid = value
    elif name in _DIRECTIONS and not value:
        section.direction = name
    elif name in _PER_PAYLOAD:
        found = _PER_PAYLOAD[name].fullmatch(value)
        if found is not None and (found["pt"] in section.payloads or found["pt"] == "*"):
            section.attributes.append((name, value))
    elif _is_wanted(name, value, _MEDIA_ATTRIBUTES, section):
        section.attributes.append((name, value))


def _is_wanted(
    name: str,
    value: str,
    known: dict[str, re.Pattern[str]],
    holder: SessionDescription | MediaSection,
) -> bool:
    """True for an attribute on the list, well formed, and the first of those that stand alone."""
    return (
        name in known
        and known[name].fullmatch(value) is not None
        and (name in _REPEATED or not holder.has(name))
    )


def _read_candidate(section: MediaSection, line: str, policy: AddressPolicy) -> None:
    """Keep a candidate that may pass; one that may not is left out, the others still serve."""
    if len(section.candidates) >= _MAX_CANDIDATES:
        return
    try:
        section.candidates.append(parse_candidate(line, policy))
    except (WireError, NotAllowed):
        return


def _check(description: SessionDescription) -> None:
    kinds = [section.kind for section in description.media]
    if not kinds or len(set(kinds)) != len(kinds):
        raise MessageMalformed("one audio and one video line at most, and one at least")
    mids = [section.mid for section in description.media]
    if "" in mids or len(set(mids)) != len(mids):
        raise MessageMalformed("media lines without mids of their own")
    used = {s.mid for s in description.media if not s.rejected or s.has("bundle-only")}
    if not used <= set(description.bundle) or not set(description.bundle) <= set(mids):
        raise MessageMalformed("a media line outside the bundle")
    for section in description.media:
        if section.rejected:
            continue
        for needed in ("ice-ufrag", "ice-pwd", "fingerprint", "setup"):
            if not (section.has(needed) or description.has(needed)):
                raise MessageMalformed("a media line without its transport")
        if not section.has("rtcp-mux"):
            raise MessageMalformed("a media line with a second transport for RTCP")
