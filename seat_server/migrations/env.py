"""Run by Alembic with a connection handed over by `seat_server.database`."""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

# Their tables register themselves on the one metadata.
from seat_server import tables as _server_tables  # noqa: F401
from service_queue import chain_tables as _chain_tables  # noqa: F401
from service_queue import line_tables as _line_tables  # noqa: F401
from service_queue.tables import Word


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own text types as what they are in the database, so that no migration needs us."""
    if kind == "type" and isinstance(item, AutoString | Word):
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
