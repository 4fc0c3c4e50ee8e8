"""How we are: bus, database, and how far each projection is behind its stream."""

import asyncio

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from arguslm_contracts.rest.system import Component, HealthResponse
from arguslm_query_api.door import Door

_DATABASE_WITHIN_S = 3.0
# A projection that is further behind shows people yesterday's world.
_MOST_LAG = 1_000


async def health_of(door: Door, version: str) -> HealthResponse:
    """`unhealthy` when reading or writing is not possible, `degraded` when the tables are old."""
    components = [_bus(door), await _database(door), *_projections(door)]
    vital = components[:2]
    status = "healthy" if all(one.healthy for one in components) else "degraded"
    if not all(one.healthy for one in vital) or not _ready(door):
        status = "unhealthy"
    return HealthResponse.model_validate(
        {
            "status": status,
            "version": version,
            "components": components,
            "projection_lag": door.projector.lag,
        }
    )


def summary(door: Door) -> dict[str, str]:
    """The same for the operators' port, without asking the database."""
    parts = [_bus(door), *_projections(door)]
    return {one.name: "ok" if one.healthy else one.message for one in parts}


def _bus(door: Door) -> Component:
    connected = door.bus_connected()
    return Component(
        name="bus", healthy=connected, message="connected" if connected else "not connected"
    )


async def _database(door: Door) -> Component:
    try:
        async with asyncio.timeout(_DATABASE_WITHIN_S), door.database.reading() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        # The text of a database error may hold an address: its kind has to do.
        return Component(name="database", healthy=False, message=type(error).__name__)
    return Component(name="database", healthy=True, message="answers")


def _projections(door: Door) -> list[Component]:
    trouble, lag = door.projector.trouble, door.projector.lag
    return [
        Component(
            name=f"projection {stream}",
            healthy=stream not in trouble and behind <= _MOST_LAG,
            # Anybody may read this: what is wrong in detail is for the log.
            message=trouble.get(stream, f"{behind} events behind").split(":")[0],
        )
        for stream, behind in lag.items()
    ]


def _ready(door: Door) -> bool:
    """Whether the tables hold what was there when we started."""
    return all(
        door.projector.position(stream) >= sequence for stream, sequence in door.ready_at.items()
    )
