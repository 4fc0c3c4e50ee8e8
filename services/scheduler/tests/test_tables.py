"""The tables: migrations give what is declared, and the streams give the rows again."""

from watched import (
    NOW,
    SECOND,
    StartScheduler,
    Voice,
    added,
    completed,
    configured,
    model,
    provider,
    registered,
    requests_in,
)

from arguslm_bus.rebuild import rebuild, verify
from arguslm_contracts.events.registry import ModelRemoved, ModelUpdated, ProviderUpdated
from arguslm_scheduler.projections import SERVICE_TABLES
from arguslm_storage.database import open_database
from arguslm_storage.migrate import differences
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests


def silently(stream: str, done: int, of: int) -> None:
    """No progress bar in a test."""


async def test_live_tables_equal_the_declared_and_the_rebuilt_ones(
    bus: BusForTests, storage: StorageSettings, start_scheduler: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider(settings={"region": "eu-west-1"})
    scheduler = await start_scheduler(storage)
    assert await differences(scheduler.database, SERVICE_TABLES.metadata) == []
    await voice.say(registered(of))
    for number in range(30):
        await voice.say(added(model(of, f"m{number}", interval_s=10 + number)))
    await voice.say(configured(1, enabled=False))
    await voice.say(configured(2, interval_s=45))
    quiet = model(of, "m3", monitored=False)
    await voice.say(ModelUpdated(revision=2, at=NOW, model=quiet))
    removed = model(of, "m4")
    await voice.say(ModelRemoved(revision=2, at=NOW, model_id=removed.model_id))
    renamed = of.model_copy(update={"display_name": "Renamed"})
    last = await voice.say(ProviderUpdated(revision=2, at=NOW, provider=renamed))
    await scheduler.has_judged(last)
    await scheduler.has_judged(await voice.tick(SECOND))
    await scheduler.has_judged(await voice.say(completed((await requests_in(bus))[0])))
    client = await bus.client("scheduler")
    shadow = open_database("scheduler", storage, shadow=True)
    try:
        assert await verify(client, scheduler.database, shadow, SERVICE_TABLES, silently) == []
        rows = await rebuild(client, scheduler.database, shadow, SERVICE_TABLES, silently)
        filled = {table: n for table, n in rows.items() if n}
        assert filled == {"providers": 1, "models": 29, "monitoring": 1, "open_requests": 30}
        assert await verify(client, scheduler.database, shadow, SERVICE_TABLES, silently) == []
    finally:
        await shadow.close()
