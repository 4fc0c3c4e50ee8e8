"""What a batch of registrations leaves behind: of one thing's events the last one wins, since each
carries the whole state."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.registry import RegistryEvent
from arguslm_contracts.record import Record
from arguslm_query_api import tables
from arguslm_query_api.projections.storable import storable
from arguslm_storage.database import in_chunks, upsert

Row = Mapping[str, Any]

# Lists are stored as plain JSON.
_JSON_FIELDS = {"settings", "metadata", "facts", "price", "channel_ids"}


class Changes:
    """Rows by table and key, None where a thing was removed."""

    def __init__(self) -> None:
        self._rows: dict[Table, dict[Any, Row | None]] = {}

    def place(self, recorded: Recorded, event: RegistryEvent) -> dict[str, Any]:
        """Where the event's aggregate stands after it, noted and given back."""
        position = {"revision": event.revision, "sequence": recorded.sequence}
        if not event.once:
            self.put(tables.aggregates, {"subject": event.aggregate, **position})
        return position

    def put_state(self, table: Table, state: Record, position: Row) -> None:
        self.put(table, {**_columns(table, state), **position})

    def put(self, table: Table, row: Row) -> None:
        self._rows.setdefault(table, {})[row[_key(table)]] = row

    def remove(self, table: Table, key: UUID) -> None:
        self._rows.setdefault(table, {})[key] = None

    def rows(self, table: Table) -> dict[Any, Row | None]:
        """What this batch has put into a table so far, or removed from it."""
        return self._rows.get(table, {})

    async def write(self, connection: AsyncConnection) -> None:
        """Removals first: what this batch put after a removal must stay."""
        for table, rows in self._rows.items():
            removed = [key for key, row in rows.items() if row is None]
            for keys in in_chunks(removed):
                await connection.execute(delete(table).where(table.c[_key(table)].in_(keys)))
            kept = ("created_at",) if table is tables.monitoring_config else ()
            present = [row for row in rows.values() if row is not None]
            await upsert(connection, table, present, keep=kept)


def _key(table: Table) -> str:
    """The name of a table's one key column."""
    return next(iter(table.primary_key.columns)).name


def _columns(table: Table, state: Record) -> dict[str, Any]:
    """The state's fields that the table has a column for."""
    values = {**state.model_dump(), **state.model_dump(mode="json", include=_JSON_FIELDS)}
    return {name: storable(value) for name, value in values.items() if name in table.columns}
