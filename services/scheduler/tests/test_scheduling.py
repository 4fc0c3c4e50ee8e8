"""From registry and clock to check requests, over a real bus and both databases."""

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from watched import (
    NOW,
    SECOND,
    StartScheduler,
    Voice,
    added,
    configured,
    model,
    provider,
    registered,
    requests_in,
)

from arguslm_contracts.events.registry import (
    ModelUpdated,
    MonitoringRunRequested,
    ProviderRemoved,
    ProviderUpdated,
)
from arguslm_contracts.prompt_packs import PROMPT_PACKS
from arguslm_scheduler.model import phase_s
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests


async def test_two_schedulers_at_once_make_one_request_for_each_slot(
    bus: BusForTests, storage: StorageSettings, start_scheduler: StartScheduler, tmp_path: Path
) -> None:
    voice, of = await Voice.on(bus), provider()
    await voice.say(registered(of))
    watched = [model(of, f"m{i}", interval_s=10 + i % 3) for i in range(12)]
    for one in watched:
        last = await voice.say(added(one))
    both = [
        await start_scheduler(storage),
        await start_scheduler(StorageSettings(data_dir=tmp_path / "two", database_url=None)),
    ]
    for scheduler in both:
        await scheduler.has_judged(last)
    for second in range(SECOND + 1, SECOND + 41):
        last = await voice.tick(second)
    for scheduler in both:
        await scheduler.has_judged(last)
    of_slots = [r for r in await requests_in(bus) if r.due_at != NOW]
    found = sorted((str(r.model_id), int(r.due_at.timestamp())) for r in of_slots)
    assert found == sorted(
        (str(one.model_id), second)
        for one in watched
        for second in range(SECOND + 1, SECOND + 41)
        if one.interval_s
        and (second - phase_s(one.model_id, "local", one.interval_s)) % one.interval_s == 0
    )


async def test_what_was_missed_in_a_pause_is_asked_once(
    bus: BusForTests, storage: StorageSettings, start_scheduler: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider()
    await voice.say(registered(of))
    last = await voice.say(added(model(of, "swift", interval_s=10)))
    first_life = await start_scheduler(storage)
    await first_life.has_judged(last)
    await first_life.has_judged(await voice.tick(SECOND))
    await first_life.stop()
    before = len(await requests_in(bus))
    tick = await voice.tick(SECOND + 300, SECOND)
    second_life = await start_scheduler(storage)
    await second_life.has_judged(tick)
    (made_up,) = (await requests_in(bus))[before:]
    assert SECOND + 290 < made_up.due_at.timestamp() <= SECOND + 300


async def test_a_crash_between_publishing_and_committing_repeats_the_same_requests(
    bus: BusForTests, start_scheduler: StartScheduler, tmp_path: Path
) -> None:
    voice, of = await Voice.on(bus), provider()
    await voice.say(registered(of))
    for number in range(5):
        last = await voice.say(added(model(of, f"m{number}", interval_s=10)))
    storage = StorageSettings(data_dir=tmp_path / "data", database_url=None)
    first_life = await start_scheduler(storage)
    await first_life.has_judged(last)
    await first_life.has_judged(await voice.tick(SECOND))
    await first_life.stop()
    before = len(await requests_in(bus))
    # What a crash leaves: the tables of before, and the requests in the stream.
    shutil.copytree(tmp_path / "data", tmp_path / "before")
    second_life = await start_scheduler(storage)
    await second_life.has_judged(await voice.tick(SECOND + 10, SECOND))
    await second_life.stop()
    published = await requests_in(bus)
    assert len(published) == before + 5
    third_life = await start_scheduler(
        StorageSettings(data_dir=tmp_path / "before", database_url=None)
    )
    await third_life.has_judged(await voice.tick(SECOND + 11))
    assert (await requests_in(bus))[: before + 5] == published
    assert len({r.request_id for r in await requests_in(bus)}) == len(await requests_in(bus))


async def test_a_scheduler_that_lost_its_tables_repeats_nothing_and_goes_on(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider()
    await voice.say(registered(of, discover=True))
    await voice.say(added(model(of, "swift", interval_s=10)))
    first = await start_scheduler_on_sqlite("one")
    await first.has_judged(await voice.tick(SECOND + 10, SECOND))
    await first.stop()
    before = await requests_in(bus)
    second = await start_scheduler_on_sqlite("two")
    await second.has_judged(await voice.tick(SECOND + 20, SECOND + 10))
    after = await requests_in(bus)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


async def test_switching_monitoring_on_asks_at_once(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider(enabled=False)
    scheduler = await start_scheduler_on_sqlite("one")
    await voice.say(registered(of))
    quiet = model(of, "quiet", monitored=False)
    loud = quiet.model_copy(update={"monitored": True})
    await voice.say(added(quiet))
    last = await voice.say(ModelUpdated(revision=2, at=NOW, model=loud))
    await scheduler.has_judged(last)
    assert await requests_in(bus) == []  # its provider is disabled

    enabled = of.model_copy(update={"enabled": True})
    await scheduler.has_judged(
        await voice.say(ProviderUpdated(revision=2, at=NOW, provider=enabled))
    )
    assert len(await requests_in(bus)) == 1
    await voice.say(configured(1, enabled=False))
    await voice.say(ModelUpdated(revision=3, at=NOW, model=quiet))
    await voice.say(ModelUpdated(revision=4, at=NOW, model=loud))
    await scheduler.has_judged(await voice.tick(SECOND + 100, SECOND))
    assert len(await requests_in(bus)) == 1  # monitoring is off
    await scheduler.has_judged(await voice.say(configured(2, prompt_pack="shakespeare")))
    requests = await requests_in(bus)
    assert [r.model_id for r in requests] == [loud.model_id] * 2
    assert requests[-1].probe.prompt == PROMPT_PACKS["shakespeare"].prompt
    assert requests[-1].due_at == NOW
    # Renaming is no reason to ask.
    renamed = loud.model_copy(update={"custom_name": "Loud"})
    await scheduler.has_judged(await voice.say(ModelUpdated(revision=5, at=NOW, model=renamed)))
    assert len(await requests_in(bus)) == 2


async def test_a_disabled_or_removed_provider_is_never_asked(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice = await Voice.on(bus)
    disabled, removed = provider(enabled=False), provider()
    scheduler = await start_scheduler_on_sqlite("one")
    models = [model(disabled, "a"), model(removed, "b")]
    await voice.say(registered(disabled))
    await voice.say(registered(removed))
    for one in models:
        await voice.say(added(one))
    gone = await voice.say(ProviderRemoved(revision=2, at=NOW, provider_id=removed.provider_id))
    await scheduler.has_judged(gone)
    before = len(await requests_in(bus))
    run = MonitoringRunRequested(
        revision=1, at=NOW, run_id=uuid4(), model_ids=tuple(one.model_id for one in models)
    )
    await scheduler.has_judged(await voice.say(run))
    await scheduler.has_judged(await voice.tick(SECOND + 300, SECOND))
    assert len(await requests_in(bus)) == before


async def test_a_limit_a_minute_is_kept_by_slots_and_from_the_beginning(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider(requests_per_minute=4, max_concurrent=2)
    scheduler = await start_scheduler_on_sqlite("one", locations=("local", "tokyo"))
    models = [model(of, f"m{number}", interval_s=60) for number in range(6)]
    await voice.say(registered(of))
    for one in models:
        last = await voice.say(added(one))
    await scheduler.has_judged(last)
    assert await requests_in(bus) == []  # all at once would be too many
    for minute in range(3):
        for second in range(SECOND + minute * 60, SECOND + minute * 60 + 60, 5):
            last = await voice.tick(second + 5, second)
        await scheduler.has_judged(last)
        assert len(await requests_in(bus)) == 4 * (minute + 1)
    requests = await requests_in(bus)
    assert len({(r.model_id, r.location) for r in requests}) == 12
    assert {r.target.max_concurrent for r in requests} == {2}
    run = MonitoringRunRequested(
        revision=1, at=NOW, run_id=uuid4(), model_ids=(models[0].model_id,)
    )
    await scheduler.has_judged(await voice.say(run))
    assert len(await requests_in(bus)) == 14  # a person's own wish is no part of it


async def test_run_now_asks_each_model_once_at_each_location_watched_or_not(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider()
    scheduler = await start_scheduler_on_sqlite("one", locations=("local", "tokyo"))
    models = [model(of, name, monitored=False) for name in ("a", "meta-llama/Llama-3-70b")]
    await voice.say(registered(of))
    for one in models:
        await voice.say(added(one))
    run_id = uuid4()
    ids = tuple(one.model_id for one in models)
    run = MonitoringRunRequested(revision=1, at=NOW, run_id=run_id, model_ids=(*ids, uuid4()))
    await scheduler.has_judged(await voice.say(run))
    requests = await requests_in(bus)
    assert {(r.model_id, r.location) for r in requests} == {
        (model_id, location) for model_id in ids for location in ("local", "tokyo")
    }
    assert len(requests) == 4
    assert {(r.purpose, r.run_id, r.due_at) for r in requests} == {("manual", run_id, NOW)}
    assert {r.expires_at for r in requests} == {NOW + timedelta(seconds=60)}
    assert {r.target.model for r in requests} == {"a", "meta-llama/Llama-3-70b"}
