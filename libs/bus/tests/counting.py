"""A small service for the bus's own tests: it counts the ticks of the clock.

The count is not idempotent, so an event folded twice or not at all shows.
"""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.streams import CLOCK
from arguslm_storage.checkpoints import checkpoint_table
from arguslm_storage.database import upsert

metadata = MetaData()
checkpoints = checkpoint_table(metadata)
minutes = Table(
    "minutes",
    metadata,
    Column("minute", BigInteger, primary_key=True),
    Column("ticks", Integer, nullable=False),
)

POISON_SECOND = 13


async def fold_ticks(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    counted: dict[int, int] = {}
    for recorded in events:
        assert isinstance(recorded.event, ClockTicked)
        if recorded.event.second == POISON_SECOND:
            raise ValueError("thirteen")
        minute = recorded.event.second // 60
        counted[minute] = counted.get(minute, 0) + 1
    known = {
        row.minute: row.ticks
        for row in await connection.execute(
            select(minutes).where(minutes.c.minute.in_(list(counted)))
        )
    }
    await upsert(
        connection,
        minutes,
        [{"minute": m, "ticks": n + known.get(m, 0)} for m, n in counted.items()],
    )


TABLES = ServiceTables(
    service="scheduler",
    version=1,
    metadata=metadata,
    checkpoints=checkpoints,
    folds={CLOCK.name: fold_ticks},
    migrations=Path(__file__).parent / "counting_migrations",
)


def tick(second: int) -> ClockTicked:
    return ClockTicked(second=second, previous_second=second - 1)
