"""What bots tell the demo that started them: one JSON object a line, on standard output."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from signaling.protocol.message import Message
from signaling.protocol.words import Party


class BotReady(Message):
    """A bot is connected and in its place."""

    type: Literal["bot.ready"] = "bot.ready"
    bot: str


class TicketAcknowledged(Message):
    """A kiosk was told its number."""

    type: Literal["ticket.acknowledged"] = "ticket.acknowledged"
    bot: str
    ticket_id: str
    number: str


class TicketOver(Message):
    """A kiosk is idle again after a ticket."""

    type: Literal["ticket.over"] = "ticket.over"
    bot: str
    ticket_id: str


class CallHeard(Message):
    """What one side of a call received, told when the call is over for it.

    Moments are of the machine's monotonic clock, which all processes share.
    """

    type: Literal["call.heard"] = "call.heard"
    bot: str
    party: Party
    call_id: str
    video_frames: int
    audio_frames: int
    tone_hz: float | None
    """What the other side sends; None where it is a person."""
    tone_share: float
    """How much of what was heard was that tone, at its clearest half second."""
    accepted_at: float | None
    """When the agent said yes; only its own side knows."""
    first_picture_at: float | None


class BotRefused(Message):
    """The server refused a command of a bot, or the line failed for good."""

    type: Literal["bot.refused"] = "bot.refused"
    bot: str
    command: str
    code: str


BotReport = Annotated[
    BotReady | TicketAcknowledged | TicketOver | CallHeard | BotRefused,
    Field(discriminator="type"),
]
bot_report: TypeAdapter[BotReport] = TypeAdapter(BotReport)
"""Parses a line of a bot; raises pydantic.ValidationError."""
