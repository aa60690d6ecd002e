"""Who the card names: apart from the verdict, bound to it by a digest that can outlive them."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Final

from signaling.protocol.identity import CardHolder

SALT_BYTES: Final = 32
"""As the number alone could be guessed from its digest, the salt is deleted with it."""

_SHOWN_DIGITS: Final = 4


def card_holder(*, name: str, number: str) -> CardHolder:
    """Name and number with a fresh salt."""
    return CardHolder(name=name, number=number, salt=secrets.token_urlsafe(SALT_BYTES))


def holder_digest(holder: CardHolder) -> str:
    """What the verdict says of the holder: nothing, to whoever has not the salt."""
    written = json.dumps([holder.name, holder.number, holder.salt], ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def mask_name(name: str) -> str:
    """张三丰 → 张**."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def mask_number(number: str) -> str:
    """All but the last four digits as stars."""
    hidden = max(0, len(number) - _SHOWN_DIGITS)
    return "*" * hidden + number[hidden:]
