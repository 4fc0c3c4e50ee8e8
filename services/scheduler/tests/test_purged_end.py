"""The last thing that REGISTRY held was an account event, and left for ACCOUNTS: the stream's last
sequence holds nothing, and the scheduler waits for the last that does."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from watched import (
    SECOND,
    StartScheduler,
    Voice,
    added,
    model,
    provider,
    registered,
    requests_in,
)

from arguslm_bus.reader import last_held, stream_state
from arguslm_bus.rebuild import rebuild, verify
from arguslm_bus.topology import apply_topology
from arguslm_contracts.events.accounts import SessionEnded
from arguslm_contracts.events.base import Event
from arguslm_contracts.streams import REGISTRY
from arguslm_scheduler.projections import SERVICE_TABLES
from arguslm_storage.database import open_shadow
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.older import make_older, say_as_before

AT = datetime(2026, 11, 1, tzinfo=UTC)


def signed_out(number: int) -> Event:
    return SessionEnded(revision=1, at=AT, session_id=UUID(int=number), expires_at=AT)


async def older_house(bus: BusForTests) -> int:
    """A watched model, between sessions that ended; gives the last sequence."""
    of = provider()
    client = await bus.client()
    await make_older(client)
    watched = [registered(of), signed_out(1), added(model(of, "m", interval_s=10))]
    return (await say_as_before(client, [*watched, signed_out(2), signed_out(3)]))[-1]


@pytest.mark.parametrize("read_before", [False, True], ids=["new tables", "old tables"])
async def test_the_roster_reaches_the_end_of_a_registry_whose_end_was_purged(
    bus: BusForTests,
    storage: StorageSettings,
    start_scheduler: StartScheduler,
    read_before: bool,
) -> None:
    last = await older_house(bus)
    if read_before:
        first_life = await start_scheduler(storage)
        assert await first_life.decider.wait_for(REGISTRY.name, last, 60)
        await first_life.stop()
    client = await bus.client()
    await apply_topology(client)
    assert (await stream_state(client, REGISTRY.name)).last_sequence == last == 5
    assert await last_held(client, REGISTRY.name) == 3
    scheduler = await start_scheduler(storage)
    # The first tick is judged by the whole roster, or not at all.
    await scheduler.has_judged(await (await Voice.on(bus)).tick(SECOND + 20, SECOND))
    assert len({request.due_at for request in await requests_in(bus)}) == 2
    assert scheduler.decider.position(REGISTRY.name) == (last if read_before else 3)
    assert scheduler.decider.trouble == {}
    shadow = open_shadow(scheduler.database)
    where = (client, scheduler.database, shadow, SERVICE_TABLES, lambda *_: None)
    assert await verify(*where) == []
    await rebuild(*where)
    await scheduler.has_judged(await (await Voice.on(bus)).tick(SECOND + 21, SECOND + 20))
    assert await verify(*where) == []
    await shadow.close()


async def test_an_emptied_registry_is_a_whole_one(
    bus: BusForTests, storage: StorageSettings, start_scheduler: StartScheduler
) -> None:
    client = await bus.client()
    await make_older(client)
    await say_as_before(client, [signed_out(1)])
    await apply_topology(client)
    scheduler = await start_scheduler(storage)
    voice = await Voice.on(bus)
    await scheduler.has_judged(await voice.tick(SECOND))
    await scheduler.has_judged(await voice.say(registered(provider())))
    assert scheduler.decider.position(REGISTRY.name) == 2
