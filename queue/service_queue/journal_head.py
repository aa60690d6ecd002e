"""The journal's last number, kept while one process has its turn to write.

Numbers are given out under the lock of the writer, one after the last: no gaps, also where a unit
was undone. A database's own sequence leaves gaps then, and a gap must mean that a row is missing.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection

_KEY: Final = "journal_head"
LAST_SEQ: Final = "SELECT max(seq) FROM journal"


class JournalHead:
    """The journal's last number within one transaction of the writer."""

    def __init__(self, connection: Connection, seq: int | None = None) -> None:
        """`seq`: the last number if it is known; else it is read when it is wanted."""
        self._connection = connection
        self._seq = seq

    @property
    def known(self) -> int | None:
        """The last number, or None when nobody has wanted it yet."""
        return self._seq

    def following(self) -> int:
        """The number of a new row."""
        if self._seq is None:
            cursor: Any = self._connection.connection.cursor()
            cursor.execute(LAST_SEQ)
            self._seq = cursor.fetchone()[0] or 0
            cursor.close()
        self._seq += 1
        return self._seq

    def rewind(self, seq: int | None) -> None:
        """Go back to what `known` was before a unit that is undone."""
        self._seq = seq


def begin_journal(connection: Connection, seq: int | None = None) -> JournalHead:
    """The head of a transaction that has just begun."""
    head = JournalHead(connection, seq)
    connection.info[_KEY] = head
    return head


def journal_head(connection: Connection) -> JournalHead:
    """The head of the transaction that runs on `connection`."""
    head: JournalHead | None = connection.info.get(_KEY)
    return JournalHead(connection) if head is None else head
