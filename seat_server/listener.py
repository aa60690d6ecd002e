"""Where the server listens: plain on loopback, TLS everywhere else."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from seat_server.certificate import CertificateFiles, CertificateInvalid, origins_of
from seat_server.settings import PLAIN_PORT, TLS_PORT, Settings
from signaling.server.tuning import LISTEN_BACKLOG


class ListenRefused(Exception):
    """The server will not or cannot listen there; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """A bound socket, and how pages on it are reached."""

    socket: socket.socket
    tls: ssl.SSLContext | None
    origins: frozenset[str]
    """As browsers write them."""
    url: str
    """One of them, to print."""


def open_listener(settings: Settings) -> Listener:
    """Bind what the settings name.

    Raises:
        ListenRefused: plain HTTP off loopback, an unusable certificate, a port that is taken.
    """
    certificate = _certificate(settings)
    if certificate is None and not settings.is_loopback:
        raise ListenRefused(
            f"{settings.host} can be reached from outside, and there is no certificate.\n"
            f"Browsers open a camera only on a secure page, so plain HTTP is for 127.0.0.1 only.\n"
            f"Make a certificate:  xiaowu admin certificate --host NAME --ip ADDRESS\n"
            f"or set tls.certificate_file and tls.key_file."
        )
    tls = None if certificate is None else _tls_context(*certificate)
    default_port = PLAIN_PORT if tls is None else TLS_PORT
    bound = _bind(settings.host, default_port if settings.port is None else settings.port)
    port: int = bound.getsockname()[1]
    try:
        own = _loopback_origins(port) if certificate is None else origins_of(certificate[0], port)
    except CertificateInvalid as invalid:
        bound.close()
        raise ListenRefused(str(invalid)) from invalid
    return Listener(
        socket=bound,
        tls=tls,
        origins=own | frozenset(settings.origins),
        url=f"http://127.0.0.1:{port}" if certificate is None else min(own, default=""),
    )


def _certificate(settings: Settings) -> tuple[Path, Path] | None:
    """Certificate and key: those set, else for outside addresses the ones in the data folder."""
    chosen = (settings.tls.certificate_file, settings.tls.key_file)
    if chosen[0] is not None and chosen[1] is not None:
        return chosen[0], chosen[1]
    if chosen != (None, None):
        raise ListenRefused("set both tls.certificate_file and tls.key_file, or neither")
    made = CertificateFiles.under(settings.data_dir)
    if settings.is_loopback or not made.server_certificate.exists():
        return None
    return made.server_certificate, made.server_key


def _tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except OSError as unusable:  # ssl.SSLError is one
        raise ListenRefused(f"{certificate}, {key}: {unusable}") from unusable
    return context


def _loopback_origins(port: int) -> frozenset[str]:
    return frozenset(f"http://{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]"))


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, port), family=family, backlog=LISTEN_BACKLOG, reuse_port=False
        )
    except OSError as taken:
        raise ListenRefused(f"{host} port {port}: {taken.strerror or taken}") from taken
