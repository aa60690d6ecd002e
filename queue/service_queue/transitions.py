"""A state machine as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from service_queue.errors import TransitionRefused

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class Transitions(Generic[S, E]):
    """Which event moves which state where; everything not listed is refused."""

    def __init__(self, noun: str, moves: Mapping[tuple[S, E], S]) -> None:
        self.noun = noun
        self.moves: Mapping[tuple[S, E], S] = MappingProxyType(dict(moves))

    def after(self, state: S, event: E) -> S:
        """The state after `event`.

        Raises:
            TransitionRefused: `event` cannot happen in `state`.
        """
        try:
            return self.moves[state, event]
        except KeyError:
            raise TransitionRefused(f"{self.noun}: {state} --{event}--> nowhere") from None

    def chart(self) -> Iterator[str]:
        """The table as the lines of a Mermaid state diagram."""
        yield "stateDiagram-v2"
        for (state, event), target in self.moves.items():
            yield f"    {state} --> {target}: {event}"
