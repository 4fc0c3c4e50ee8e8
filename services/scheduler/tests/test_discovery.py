"""From a new provider to its models."""

import asyncio
from uuid import uuid4

from watched import (
    NOW,
    StartScheduler,
    Voice,
    added,
    discoveries_in,
    model,
    provider,
    registered,
    registrations_in,
    requests_in,
)

from arguslm_contracts.events.checks import DiscoveredModel, DiscoveryCompleted
from arguslm_contracts.events.registry import ModelRemoved, Provider, ProviderUpdated
from arguslm_contracts.identity import model_uuid
from arguslm_contracts.outcomes import Outcome
from arguslm_testkit.bus import BusForTests


def found(of: Provider, *names: str) -> DiscoveryCompleted:
    return DiscoveryCompleted(
        request_id=uuid4(),
        provider_id=of.provider_id,
        outcome=Outcome.OK,
        models=tuple(DiscoveredModel(name=name, metadata={"owner": "us"}) for name in names),
        completed_at=NOW,
    )


async def test_a_new_provider_and_a_new_address_are_discovered_and_a_new_name_is_not(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of, silent = await Voice.on(bus), provider(), provider()
    scheduler = await start_scheduler_on_sqlite("one")
    await voice.say(registered(silent, discover=False))
    await scheduler.has_judged(await voice.say(registered(of, discover=True)))
    assert [d.provider_id for d in await discoveries_in(bus)] == [of.provider_id]
    renamed = of.model_copy(update={"display_name": "Renamed"})
    moved = renamed.model_copy(update={"base_url": "http://127.0.0.1:10/v1"})
    await voice.say(ProviderUpdated(revision=2, at=NOW, provider=renamed))
    await scheduler.has_judged(await voice.say(ProviderUpdated(revision=3, at=NOW, provider=moved)))
    discoveries = await discoveries_in(bus)
    assert [d.target.base_url for d in discoveries] == [of.base_url, moved.base_url]
    assert all(d.target.model is None and d.target.credentials == "sealed" for d in discoveries)


async def test_found_models_are_registered_once_and_those_to_be_watched_are_asked(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider(monitor_discovered=True)
    both = [await start_scheduler_on_sqlite(name) for name in ("one", "two")]
    await voice.say(registered(of))
    by_hand = model(of, "llama3:8b", monitored=False)
    known = await voice.say(added(by_hand))
    for scheduler in both:
        await scheduler.has_judged(known)
    await voice.say(found(of, "gpt-4.1", "llama3:8b", "gpt-4.1"))
    for scheduler in both:
        await scheduler.has_judged(await voice.say(found(of, "gpt-4.1")))
    (discovered,) = await registrations_in(bus, model_uuid(of.provider_id, "gpt-4.1"))
    assert discovered.actor == "discovery"
    assert discovered.at == NOW
    assert discovered.model.source == "discovered"
    assert discovered.model.monitored
    assert discovered.model.metadata == {"owner": "us"}
    assert len(await registrations_in(bus, by_hand.model_id)) == 1
    last = await voice.say(added(model(of, "last", monitored=False)))
    for scheduler in both:
        await scheduler.has_judged(last)
    assert [r.model_id for r in await requests_in(bus)] == [discovered.model.model_id]


async def test_a_model_that_a_person_removed_stays_removed(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider()
    scheduler = await start_scheduler_on_sqlite("one")
    unwanted = model(of, "unwanted", monitored=False)
    await voice.say(registered(of))
    await voice.say(added(unwanted))
    gone = ModelRemoved(revision=2, at=NOW, model_id=unwanted.model_id)
    await scheduler.has_judged(await voice.say(gone))
    await scheduler.has_judged(await voice.say(found(of, "unwanted", "wanted")))
    registered_names = [event.model.name for event in await registrations_in(bus)]
    assert registered_names == ["unwanted", "wanted"]


async def test_a_discovery_heard_before_its_provider_is_not_lost(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider()
    await voice.say(found(of, "early"))
    stray = await voice.say(found(provider(), "stray"))
    await voice.say(registered(of))
    for number in range(250):  # more than one batch: the roster takes a while
        await voice.say(added(model(of, f"m{number}", monitored=False)))
    scheduler = await start_scheduler_on_sqlite("one")
    async with asyncio.timeout(60):
        await scheduler.has_judged(stray)
    assert len(await registrations_in(bus, model_uuid(of.provider_id, "early"))) == 1
    names = {event.model.name for event in await registrations_in(bus)}
    assert "stray" not in names
