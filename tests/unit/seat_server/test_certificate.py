from __future__ import annotations

import datetime
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from seat_server.certificate import CertificateInvalid, make_certificate, origins_of

pytestmark = pytest.mark.unit

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)


def test_the_servers_certificate_is_good_under_the_countys_authority(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, hosts=["Hall.Example"], addresses=["10.1.2.3"], now=NOW)
    authority = x509.load_pem_x509_certificate(made.files.authority_certificate.read_bytes())
    server, _ = x509.load_pem_x509_certificates(made.files.server_certificate.read_bytes())
    verifier = PolicyBuilder().store(Store([authority])).time(NOW)
    chain = verifier.build_server_verifier(x509.DNSName("hall.example")).verify(server, [])
    assert len(chain) == 2
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.files.server_certificate, made.files.server_key)


def test_the_certificates_last_as_long_as_they_should(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, hosts=["hall"], addresses=[], now=NOW)
    authority = x509.load_pem_x509_certificate(made.files.authority_certificate.read_bytes())
    assert authority.not_valid_after_utc - NOW == datetime.timedelta(days=3650)
    assert made.expires - NOW == datetime.timedelta(days=397)


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    files = make_certificate(tmp_path, hosts=["hall"], addresses=[], now=NOW).files
    for key in (files.authority_key, files.server_key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    first = make_certificate(tmp_path, hosts=["hall"], addresses=[], now=NOW)
    later = make_certificate(
        tmp_path, hosts=["hall", "other"], addresses=[], now=NOW + datetime.timedelta(days=400)
    )
    assert (first.authority_is_new, later.authority_is_new) == (True, False)
    assert first.fingerprint == later.fingerprint
    assert later.names == ("hall", "other")


def test_an_authority_near_its_end_makes_nothing(tmp_path: Path) -> None:
    make_certificate(tmp_path, hosts=["hall"], addresses=[], now=NOW)
    late = NOW + datetime.timedelta(days=3640)
    with pytest.raises(CertificateInvalid, match="new authority"):
        make_certificate(tmp_path, hosts=["hall"], addresses=[], now=late)


def test_a_lost_authority_key_is_named(tmp_path: Path) -> None:
    files = make_certificate(tmp_path, hosts=["hall"], addresses=[], now=NOW).files
    files.authority_key.unlink()
    with pytest.raises(CertificateInvalid, match=r"county-ca\.key"):
        make_certificate(tmp_path, hosts=["hall"], addresses=[], now=NOW)


@pytest.mark.parametrize(("hosts", "addresses"), [([], []), (["大厅"], []), (["hall"], ["10.1.2"])])
def test_names_that_are_none_are_refused(
    tmp_path: Path, hosts: list[str], addresses: list[str]
) -> None:
    with pytest.raises(CertificateInvalid):
        make_certificate(tmp_path, hosts=hosts, addresses=addresses, now=NOW)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("port", "origins"),
    [
        (8443, {"https://hall.example:8443", "https://10.1.2.3:8443", "https://[::1]:8443"}),
        (443, {"https://hall.example", "https://10.1.2.3", "https://[::1]"}),
    ],
)
def test_pages_are_known_by_the_names_in_the_certificate(
    tmp_path: Path, port: int, origins: set[str]
) -> None:
    made = make_certificate(
        tmp_path, hosts=["hall.example"], addresses=["10.1.2.3", "::1"], now=NOW
    )
    assert origins_of(made.files.server_certificate, port) == origins
