"""Agents' notes may name people, so they lie in the database sealed."""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES: Final = 12
"""NIST SP 800-38D §8.2: 96 bits, random; good for 2^32 notes under one key."""

FORM: Final = b"\x01"
"""First byte of a sealed note, and bound to it: tells a later form from this one."""


class NoteUnreadable(Exception):
    """The note was sealed under another key, or changed since."""


class NoteSeal:
    """Seals and opens notes with AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes that are kept outside the database."""
        self._cipher = AESGCM(key)

    def seal(self, text: str) -> bytes:
        """Make `text` unreadable without the key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORM + nonce + self._cipher.encrypt(nonce, text.encode(), FORM)

    def open(self, sealed: bytes) -> str:
        """Give back what was sealed.

        Raises:
            NoteUnreadable: the key is another one, or a byte was changed.
        """
        form, nonce, body = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if form != FORM:
            raise NoteUnreadable("the note has a form this build does not know")
        try:
            return self._cipher.decrypt(nonce, body, FORM).decode()
        except (InvalidTag, ValueError):  # ValueError: cut short
            raise NoteUnreadable(
                "a note cannot be opened: it was changed, or note.key is another one than its own"
            ) from None
