"""What a list says of models that are known: gone, back, or otherwise than before."""

from datetime import datetime, timedelta
from uuid import uuid4

from watched import (
    NOW,
    SECOND,
    StartScheduler,
    Voice,
    added,
    discoveries_in,
    events_of,
    model,
    provider,
    registered,
    requests_in,
)

from arguslm_contracts.events.checks import ClockTicked, DiscoveredModel, DiscoveryCompleted
from arguslm_contracts.events.registry import (
    ModelListed,
    ModelRegistered,
    ModelRetired,
    ModelUpdated,
)
from arguslm_contracts.model_facts import ModelFacts
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.streams import REGISTRY
from arguslm_scheduler.model import Row, evolve_model, listing_due, relistings
from arguslm_testkit.bus import BusForTests


def lists(*names: str, at: datetime, **fields: object) -> DiscoveryCompleted:
    values: dict[str, object] = {"complete": True} | fields
    return DiscoveryCompleted.model_validate(
        {
            "request_id": uuid4(),
            "provider_id": uuid4(),
            "outcome": Outcome.OK,
            "models": [DiscoveredModel(name=name) for name in names],
            "completed_at": at,
        }
        | values
    )


def known(**fields: object) -> Row:
    """A discovered model `swift` as it stands since NOW, with its last event at 41."""
    one = model(provider(), "swift", **{"source": "discovered"} | fields)
    row = evolve_model(None, ModelRegistered(revision=3, at=NOW, model=one), 41)
    assert row is not None
    return row


LATER = NOW + timedelta(seconds=1)


def test_a_model_that_is_no_longer_listed_retires_and_comes_back() -> None:
    ((retired, expected),) = relistings(lists("other", at=LATER), [known()])
    assert isinstance(retired, ModelRetired)
    assert (retired.revision, retired.actor, expected) == (4, "discovery", 41)
    assert retired.model.retired_at == LATER
    assert retired.model.monitored
    assert not retired.model.watched
    ((back, _),) = relistings(lists("swift", at=LATER), [known(retired_at=NOW)])
    assert isinstance(back, ModelListed)
    assert back.model.watched
    assert back.changed == ("retired_at",)


def test_what_a_list_does_not_say() -> None:
    """Nobody retires by a list that was not read to its end, that is older than what is known, or
    where a person vouches for the model; nor twice."""
    assert not [*relistings(lists("other", at=LATER, complete=False), [known()])]
    for at in (NOW, NOW - timedelta(days=1)):
        assert not [*relistings(lists("other", at=at), [known()])]
        assert not [*relistings(lists("swift", at=at), [known(retired_at=NOW)])]
    assert not [*relistings(lists("other", at=LATER), [known(source="manual")])]
    assert not [*relistings(lists("other", at=LATER), [known(retired_at=NOW)])]
    assert not [*relistings(lists("swift", at=LATER), [known()])]


def test_new_facts_are_kept_and_a_list_without_any_takes_none_away() -> None:
    facts = ModelFacts(context_length=8192)
    told = lists(at=LATER, models=[DiscoveredModel(name="swift", facts=facts)])
    ((listed, _),) = relistings(told, [known(source="manual")])
    assert isinstance(listed, ModelListed)
    assert (listed.changed, listed.model.facts) == (("facts",), facts)
    assert not [*relistings(told, [known(facts=facts)])]
    assert not [*relistings(lists("swift", at=LATER), [known(facts=facts)])]


def test_a_provider_is_listed_again_once_in_each_interval() -> None:
    one = uuid4()
    (due_s,) = {
        due_s
        for second in range(SECOND, SECOND + 3600, 60)
        if (
            due_s := listing_due(one, 3600, ClockTicked(second=second + 60, previous_second=second))
        )
    }
    both = ClockTicked(second=SECOND + 7200, previous_second=SECOND)
    assert listing_due(one, 3600, both) == due_s + 3600


async def test_a_model_that_has_vanished_is_not_asked_until_it_is_back(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    """Two schedulers hear of it, and a third one long after it; each thing is said once."""
    voice, of = await Voice.on(bus), provider()
    one = model(of, "swift", source="discovered")
    away, back = (
        lists(*names, at=NOW + timedelta(minutes=minute), provider_id=of.provider_id)
        for minute, names in ((1, ["other"]), (2, ["other", "swift"]))
    )
    both = [await start_scheduler_on_sqlite(name) for name in ("one", "two")]
    await voice.say(registered(of))
    stands = await voice.say(added(one))
    for scheduler in both:
        await scheduler.has_judged(stands)
    asked_before = len(await requests_in(bus))
    gone = await voice.say(away)
    for scheduler in both:
        await scheduler.has_judged(gone)
        await scheduler.has_judged(await voice.say(lists(at=LATER, provider_id=of.provider_id)))
        await scheduler.has_judged(await voice.tick(SECOND + 60, SECOND))
    assert len(await requests_in(bus)) == asked_before
    again = await voice.say(back)
    for scheduler in both:
        await scheduler.has_judged(again)
    last = await voice.say(added(model(of, "last", monitored=False)))
    for scheduler in both:
        await scheduler.has_judged(last)
    assert len(await requests_in(bus)) == asked_before + 1
    late = await start_scheduler_on_sqlite("late")
    await late.has_judged(again)
    said = [type(e) for e in await events_of(bus, REGISTRY.name) if e.key == str(one.model_id)]
    assert said == [ModelRegistered, ModelRetired, ModelListed]


async def test_a_person_is_not_overruled(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider()
    scheduler = await start_scheduler_on_sqlite("one")
    one = model(of, "swift", source="discovered")
    await voice.say(registered(of))
    await voice.say(added(one))
    kept = one.model_copy(update={"source": "manual"})
    await scheduler.has_judged(await voice.say(ModelUpdated(revision=2, at=NOW, model=kept)))
    await scheduler.has_judged(
        await voice.say(lists("other", at=LATER, provider_id=of.provider_id))
    )
    assert not [e for e in await events_of(bus, REGISTRY.name) if isinstance(e, ModelRetired)]


async def test_providers_are_listed_again_unless_nobody_wanted_their_models(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, wanted, unwanted = await Voice.on(bus), provider(), provider()
    scheduler = await start_scheduler_on_sqlite("one")
    await voice.say(registered(unwanted, discover=False))
    stands = await voice.say(registered(wanted, discover=True))
    await scheduler.has_judged(stands)
    await scheduler.has_judged(await voice.tick(SECOND + 6 * 3600, SECOND))
    assert [d.provider_id for d in await discoveries_in(bus)] == [wanted.provider_id] * 2
