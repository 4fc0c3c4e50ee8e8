"""The shadow: a service's tables built again from the streams, beside the live ones."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from nats.aio.client import Client

from arguslm_bus.ahead import Ahead
from arguslm_bus.folding import BATCH_LIMIT, Folding, fold_first, together
from arguslm_bus.reader import read_until, stream_state
from arguslm_bus.tables import ServiceTables
from arguslm_storage.database import Database
from arguslm_storage.locks import exclusive
from arguslm_storage.migrate import upgrade

Progress = Callable[[str, int, int], None]
"""Called with stream, events folded, events to fold."""


@asynccontextmanager
async def empty_shadow(shadow: Database, tables: ServiceTables) -> AsyncIterator[None]:
    """Migrated and empty at the start, gone at the end, and ours alone in between.

    Raises:
        InUse: somebody else rebuilds or verifies this service right now.
    """
    async with exclusive(shadow):
        await shadow.drop()
        await upgrade(shadow, tables.migrations, tables.metadata)
        try:
            yield
        finally:
            await shadow.drop()


async def fill(
    client: Client,
    shadow: Database,
    tables: ServiceTables,
    stream: str,
    *,
    after: int = 0,
    until: int,
    progress: Progress,
) -> None:
    """Fold a part of a stream into the shadow."""
    if until <= after:
        return
    folding = Folding(client, tables, stream, buries=False)
    first = max((await stream_state(client, stream)).first_sequence, after + 1)
    to_fold, done = until - first + 1, 0
    subjects = tables.subjects.get(stream, ())
    batches = read_until(
        client, stream, after=after, until=until, subjects=subjects, limit=BATCH_LIMIT
    )
    if after == 0:
        async with shadow.writing() as connection:
            await fold_first(client, connection, tables, stream)
    async with aclosing(Ahead(batches, folding.decode)) as decoded:
        async for batch in decoded:
            async with shadow.writing() as connection:
                async for some in together(batch, decoded):
                    await folding.fold(connection, some)
                    done += len(some)
                    progress(stream, done, max(to_fold, done))
                await folding.settle(connection)
