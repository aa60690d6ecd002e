"""What names or describes people lies in the database sealed: notes, evidence, names, numbers.

form 2:  02 | name of the key, 4 bytes | nonce, 12 bytes | AES-256-GCM
form 1:  01 | nonce, 12 bytes | AES-256-GCM                 notes of earlier versions
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seat_server.seal_keys import ID_BYTES, SealKeys

NONCE_BYTES: Final = 12
"""NIST SP 800-38D §8.2: 96 bits, random; good for 2^32 texts under one key."""

FORM: Final = b"\x02"
"""First byte, and bound to what follows: tells a later form from this one."""

OLD_FORM: Final = b"\x01"

_HEAD: Final = len(FORM) + ID_BYTES


class SealBroken(Exception):
    """It was sealed under another key or for something else, or changed since."""


class Seal:
    """Seals and opens with AES-256-GCM, each text for its owner alone."""

    def __init__(self, keys: Callable[[], SealKeys], note_key: bytes | None = None) -> None:
        """`keys`: asked anew each time, as they may be changed while the server runs.

        `note_key`: opens the notes that earlier versions sealed.
        """
        self._keys = keys
        self._note_key = note_key

    def seal(self, text: str, about: str = "") -> bytes:
        """Make `text` unreadable without the key, and useless for anything but `about`.

        In the writer's turn only: so a change of keys knows that nothing is sealed with an older
        key once it has had its own turn.
        """
        keys = self._keys()
        head = FORM + keys.current
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = AESGCM(keys.keys[keys.current])
        return head + nonce + cipher.encrypt(nonce, text.encode(), _bound(head, about))

    def open(self, sealed: bytes, about: str = "") -> str:
        """Give back what was sealed for `about`.

        Raises:
            SealBroken: the key or the owner is another one, or a byte was changed.
        """
        if sealed[:1] == OLD_FORM and self._note_key is not None:
            return _opened(self._note_key, sealed[1:], OLD_FORM)
        head = sealed[:_HEAD]
        key = self._keys().keys.get(head[1:])
        if head[:1] != FORM or key is None:
            raise SealBroken(
                "it has a form this build does not know, or its key is not in seal.keys"
            )
        return _opened(key, sealed[_HEAD:], _bound(head, about))


def is_sealed_with(sealed: bytes, key_name: bytes) -> bool:
    """True when the key of this name sealed it."""
    return sealed[:_HEAD] == FORM + key_name


def _bound(head: bytes, about: str) -> bytes:
    return head + about.encode()


def _opened(key: bytes, rest: bytes, bound: bytes) -> str:
    nonce, body = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, body, bound).decode()
    except (InvalidTag, ValueError):  # ValueError: cut short
        raise SealBroken(
            "something sealed cannot be opened: it was changed, or its key is another one"
        ) from None
