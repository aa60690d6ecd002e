"""A county's own certificate authority, and the server's certificate under it.

A desk may use its camera only on a secure page. A hall without internet cannot get a certificate
from a public authority, so it makes one, and installs the authority's on its desks once.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from seat_server.keyring import write_private

AUTHORITY_DAYS: Final = 3650
"""Installing it again on every desk is the dear part."""

SERVER_DAYS: Final = 397
"""Browsers refuse longer ones from public authorities; some apply it to all."""

BACKDATED: Final = datetime.timedelta(days=1)
"""For desks whose clock is behind."""

RENEW_BEFORE: Final = datetime.timedelta(days=30)
MAX_COMMON_NAME: Final = 64


class CertificateInvalid(Exception):
    """The certificate cannot be made or used; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateFiles:
    """Where a county's certificates lie."""

    authority_certificate: Path
    authority_key: Path
    server_certificate: Path
    server_key: Path

    @classmethod
    def under(cls, data_dir: Path) -> CertificateFiles:
        """The usual places in a data folder."""
        folder = data_dir / "tls"
        return cls(
            authority_certificate=folder / "county-ca.crt",
            authority_key=folder / "county-ca.key",
            server_certificate=folder / "server.crt",
            server_key=folder / "server.key",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateMade:
    """What was made."""

    files: CertificateFiles
    authority_is_new: bool
    fingerprint: str
    """SHA-256 of the authority's certificate, to compare at each desk."""
    names: tuple[str, ...]
    expires: datetime.datetime


def make_certificate(
    data_dir: Path,
    *,
    hosts: Iterable[str],
    addresses: Iterable[str],
    now: datetime.datetime,
) -> CertificateMade:
    """Make a server certificate for `hosts` and IP `addresses`, and an authority if none is there.

    Raises:
        CertificateInvalid: a name or an address is none, or the authority is unreadable or over.
    """
    names = _names(hosts, addresses)
    files = CertificateFiles.under(data_dir)
    is_new = not files.authority_certificate.exists()
    if is_new:
        _make_authority(files, now)
    certificate, key = _authority(files, now)
    server, server_key = _server_certificate(names, certificate, key, now)
    write_private(files.server_key, _key_pem(server_key), replace=True)
    chain = _pem(server) + _pem(certificate)
    write_private(files.server_certificate, chain, replace=True)
    return CertificateMade(
        files=files,
        authority_is_new=is_new,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        names=tuple(str(name.value) for name in names),
        expires=server.not_valid_after_utc,
    )


def origins_of(certificate_file: Path, port: int) -> frozenset[str]:
    """The origins of pages served under a certificate: its names, at `port`.

    Raises:
        CertificateInvalid: the file cannot be read, or names nothing.
    """
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (OSError, ValueError) as unreadable:
        raise CertificateInvalid(f"{certificate_file}: {unreadable}") from unreadable
    except x509.ExtensionNotFound as nameless:
        raise CertificateInvalid(
            f"{certificate_file}: names no host (subjectAltName)"
        ) from nameless
    hosts = [name.lower() for name in extension.value.get_values_for_type(x509.DNSName)]
    hosts += [
        f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004  IPv6
        for address in extension.value.get_values_for_type(x509.IPAddress)
    ]
    suffix = "" if port == 443 else f":{port}"  # noqa: PLR2004  browsers leave out https's own
    return frozenset(f"https://{host}{suffix}" for host in hosts if "*" not in host)


def _names(hosts: Iterable[str], addresses: Iterable[str]) -> list[x509.DNSName | x509.IPAddress]:
    names: list[x509.DNSName | x509.IPAddress] = []
    try:
        names += [x509.DNSName(host.lower()) for host in hosts]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    except ValueError as wrong:
        raise CertificateInvalid(str(wrong)) from wrong
    if not names:
        raise CertificateInvalid("name at least one host or address that desks will open")
    return names


def _make_authority(files: CertificateFiles, now: datetime.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    stamp = f"{now:%Y-%m-%d}"
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Xiaowu"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Xiaowu county authority {stamp}"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + datetime.timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(files.authority_key, _key_pem(key), replace=True)
    write_private(files.authority_certificate, _pem(certificate), replace=True)
    # Desks fetch this one; it holds no secret.
    files.authority_certificate.chmod(0o644)


def _authority(
    files: CertificateFiles, now: datetime.datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate(files.authority_certificate.read_bytes())
        key = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as unreadable:
        raise CertificateInvalid(
            f"{files.authority_key}: {unreadable}; restore it from your backup, or remove both "
            f"county-ca files to begin a new authority (every desk must then install it)"
        ) from unreadable
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != (
        certificate.public_key()
    ):
        raise CertificateInvalid(f"{files.authority_key}: belongs to another certificate")
    if certificate.not_valid_after_utc - now < RENEW_BEFORE:
        raise CertificateInvalid(
            f"{files.authority_certificate}: ends on {certificate.not_valid_after_utc:%Y-%m-%d}; "
            f"remove both county-ca files to begin a new authority"
        )
    return certificate, key


def _server_certificate(
    names: list[x509.DNSName | x509.IPAddress],
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    common_name = str(names[0].value)[:MAX_COMMON_NAME]
    ends = min(now + datetime.timedelta(days=SERVER_DAYS), authority.not_valid_after_utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    return certificate, key


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
