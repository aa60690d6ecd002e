"""Passwords: kept as argon2id hashes, checked off the event loop."""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from seat_server.errors import PasswordWeak

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 128
"""Longer ones would only cost hashing time."""

AT_ONCE: Final = 2
"""Each hashing holds 64 MiB for a fifth of a second; a crowd that signs in waits in line."""

COMMON: Final = frozenset(
    {
        "12345678",
        "123456789",
        "1234567890",
        "87654321",
        "88888888",
        "66666666",
        "00000000",
        "11111111",
        "password",
        "password1",
        "qwertyui",
        "qwerty123",
        "1qaz2wsx",
        "abc12345",
        "admin123",
        "admin888",
        "woaini1314",
        "5201314520",
        "xiaowu123",
    }
)
"""What is tried first. The try limit does the rest."""

_READABLE: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        """`hasher`: other costs than argon2-cffi's defaults (RFC 9106, low memory)."""
        self._hasher = hasher or argon2.PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)
        # Checked when the login is unknown, so that an answer takes as long as for a known one.
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """What to keep of a password."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, kept: str | None, password: str) -> bool:
        """True when `password` is the one `kept` was made from; never for `None`."""
        if kept is None:
            self._nobody = self._nobody or await self.hash(secrets.token_urlsafe())
            await self.matches(self._nobody, password)
            return False
        async with self._slots:
            return await asyncio.to_thread(self._verify, kept, password)

    def is_outdated(self, kept: str) -> bool:
        """True when the hash was made at other costs than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def require_strong(password: str, *, login: str) -> None:
    """Refuse what is guessed first.

    Raises:
        PasswordWeak: it is.
    """
    plain = password.lower()
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise PasswordWeak(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    if plain in COMMON or len(set(plain)) == 1:
        raise PasswordWeak("this password is one that everybody tries first")
    if plain == login.lower():
        raise PasswordWeak("the password must not be the login")


def make_password() -> str:
    """A password to hand over, readable aloud; 59 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3))
