"""The words in which a card is described; free of numpy, so that every program may use them."""

from __future__ import annotations

from enum import StrEnum


class NumberFault(StrEnum):
    """Why eighteen characters are no citizen identity number."""

    LENGTH = "length"
    """Not eighteen characters; the fifteen of before 1999 are void since 2013."""
    CHARACTERS = "characters"
    """Something else than seventeen digits and a digit or X."""
    REGION = "region"
    """No province, or no prefecture of it, ever had these digits."""
    DATE = "date"
    """There is no such day, or nobody living was born on it."""
    SEQUENCE = "sequence"
    """000 was never given to anybody."""
    CHECK_DIGIT = "check_digit"


class NumberHolder(StrEnum):
    """Whom a number was given to, which its first digits say."""

    CITIZEN = "citizen"
    HONG_KONG = "hong_kong"
    MACAO = "macao"
    TAIWAN = "taiwan"
    FOREIGNER = "foreigner"
    """A permanent resident from abroad, with the card of 2023."""


class Sex(StrEnum):
    """As printed on the card and said by the number's seventeenth digit."""

    FEMALE = "female"
    MALE = "male"


class CardSource(StrEnum):
    """How the data came off the card; it decides how much it is worth."""

    CHIP = "chip"
    """From the chip, which only the police can write."""
    CAMERA = "camera"
    """Read off a picture, which a good printer can make."""
    SIMULATED = "simulated"
    """From a file: demonstrations and tests."""


class CardField(StrEnum):
    """What is written on the front of a card."""

    NAME = "name"
    SEX = "sex"
    NATIONALITY = "nationality"
    BIRTH = "birth"
    ADDRESS = "address"
    NUMBER = "number"
    PORTRAIT = "portrait"


class Contradiction(StrEnum):
    """Where two things on one card do not agree."""

    NUMBER_INVALID = "number_invalid"
    """The number was read, but no such number is ever given."""
    BIRTH_NUMBER = "birth_number"
    SEX_NUMBER = "sex_number"
    NOT_YET_BORN = "not_yet_born"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"


class CardOutcome(StrEnum):
    """What is to be said of one picture of a card."""

    READ = "read"
    """Everything was read, each field with confidence."""
    PARTLY_READ = "partly_read"
    """A card, but not every field could be read well enough to rely on it."""
    BACK = "back"
    """An identity card from behind: the emblem, the office, the dates."""
    NOT_AN_ID_CARD = "not_an_id_card"
    UNREADABLE = "unreadable"
    """It may be a card, but the picture is too poor to say."""


class CardAdvice(StrEnum):
    """What the resident is asked to do; the sentences are in the kiosk's catalogues."""

    MOVE_CARD = "move_card"
    """Glare or a shadow lies on it, or part of it is outside: shift it a little."""
    COME_CLOSER = "come_closer"
    HOLD_STILL = "hold_still"
    UNCOVER_CARD = "uncover_card"
    TURN_OVER = "turn_over"
    PUT_ON_ID_CARD = "put_on_id_card"
    """What lies there is something else."""
    PUT_ON_AGAIN = "put_on_again"
    MORE_LIGHT = "more_light"
