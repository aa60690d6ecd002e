"""Several servers on one hall: who is attached to this one, and which of the others are gone.

Only a server knows who is attached to it. When one starts or is lost, everybody counts as away,
and each server that lives answers for its own.
"""

from __future__ import annotations

from service_queue.actor import Actor
from service_queue.store import Store
from service_queue.turn import Reach


class Roll:
    """The servers of a hall, as one of them sees it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._present: dict[str, Actor] = {}
        self._servers: frozenset[int] = frozenset()
        self._called = False

    def came(self, actor: Actor) -> None:
        """Somebody is attached to this server."""
        self._present[actor.subject] = actor

    def went(self, actor: Actor) -> None:
        """Somebody no longer is."""
        self._present.pop(actor.subject, None)

    def call(self) -> None:
        """Another server wrote: it may have marked somebody away who is here."""
        self._called = True

    def answer(self) -> tuple[Actor, ...]:
        """Who is here, if the roll was called since."""
        called, self._called = self._called, False
        return tuple(self._present.values()) if called else ()

    async def join(self) -> None:
        """Count among the servers of the hall, for as long as the store is connected."""
        await self._store.write(self._store.enlist)

    async def is_one_lost(self) -> bool:
        """True, once, when a server is gone and it is for this one to say so."""
        before = self._servers
        own, self._servers = await self._store.write(self._store.servers, reach=Reach.ASIDE)
        return bool(before - self._servers) and own == min(self._servers, default=own)
