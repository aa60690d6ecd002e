"""The hall's end of the wire."""

from signaling.server.ice import TurnSecret
from signaling.server.principal import Principal, TokenVerifier
from signaling.server.settings import SignalingSettings
from signaling.server.signaling import SOCKET_PATH, Signaling, open_signaling
from signaling.server.tuning import LISTEN_BACKLOG, tune_for_many_sockets

__all__ = [
    "LISTEN_BACKLOG",
    "SOCKET_PATH",
    "Principal",
    "Signaling",
    "SignalingSettings",
    "TokenVerifier",
    "TurnSecret",
    "open_signaling",
    "tune_for_many_sockets",
]
