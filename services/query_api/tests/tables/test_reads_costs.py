"""Costs: by model, provider and day, of checks and benchmarks; what has no price is never 0."""

from datetime import timedelta

import pytest
from door_events import (
    OTHER,
    T0,
    Streams,
    added,
    benchmark,
    checked,
    measured,
    minute,
    model,
    provider,
    registered,
    sample,
)

from arguslm_contracts.events.benchmarks import BenchmarkRemoved
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Cost, Usage
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.rest.costs import CostsBy, CostsResponse
from arguslm_query_api.reads.costs import costs
from arguslm_storage.database import Database

GPT, LLAMA, GONE = model("gpt-4.1"), model("llama3", OTHER), model("gone")
RUN = derive("run")
TOMORROW = T0 + timedelta(days=1)
USAGE = Usage(input_tokens=10, output_tokens=5, reasoning_tokens=3, cached_tokens=2)


@pytest.fixture
async def spent(database: Database) -> Database:
    streams = Streams()
    streams.say(registered(provider()), added(GPT))
    streams.say(registered(provider(OTHER, display_name="Other")), added(LLAMA))
    cheap, dear = (measured(cost=Cost(usd=usd), usage=USAGE) for usd in (0.000000001, 0.25))
    unpriced = measured(cost=Cost(unpriced="no_price"), usage=USAGE)
    never_sent = measured(Outcome.EXPIRED, cost=None, usage=Usage())
    streams.say(checked(GPT, minute(0), cheap), checked(GPT, TOMORROW, dear, location="other"))
    streams.say(checked(LLAMA, minute(0), unpriced), checked(LLAMA, minute(1), never_sent))
    streams.say(checked(GONE, minute(0), dear))
    streams.say(benchmark(RUN, [GPT]), sample(RUN, GPT, 0, dear), sample(RUN, GPT, 0, dear))
    streams.say(sample(RUN, GPT, 0, cheap, warmup=True))
    await streams.fold_into(database)
    # The bill stays when the run is gone.
    streams = Streams()
    streams.say(BenchmarkRemoved(run_id=RUN, removed_by="ada", removed_at=T0))
    await streams.fold_into(database)
    return database


async def asked(database: Database, by: CostsBy, days: int = 2) -> CostsResponse:
    async with database.reading() as connection:
        return await costs(connection, by=by, days=days, now=TOMORROW)


async def test_by_model_the_dearest_first_and_no_price_is_no_zero(spent: Database) -> None:
    answer = await asked(spent, "model")
    assert [(one.model_name, one.provider_name, one.usd) for one in answer.items] == [
        ("gpt-4.1", "Acme", 0.500000002),
        (None, None, 0.25),
        ("llama3", "Other", None),
    ]
    assert [(one.priced, one.unpriced) for one in answer.items] == [(4, 0), (1, 0), (0, 1)]
    assert answer.total.usd == 0.750000002
    assert (answer.total.input_tokens, answer.total.output_tokens) == (60, 30)
    assert (answer.total.reasoning_tokens, answer.total.cached_tokens) == (18, 12)


async def test_by_provider_what_is_removed_is_one_line(spent: Database) -> None:
    lines = (await asked(spent, "provider")).items
    assert [(one.provider_name, one.usd) for one in lines] == [
        ("Acme", 0.500000002),
        (None, 0.25),
        ("Other", None),
    ]


async def test_days_are_those_of_utc_in_order(spent: Database) -> None:
    answer = await asked(spent, "day")
    midnight = T0.replace(hour=0, microsecond=0)
    assert [(one.day, one.usd) for one in answer.items] == [
        (midnight, 0.500000002),
        (midnight + timedelta(days=1), 0.25),
    ]
    assert (answer.start, answer.end) == (midnight, midnight + timedelta(days=2))
    assert (await asked(spent, "day", days=1)).total.usd == 0.25


async def test_nothing_asked_is_nothing_spent(database: Database) -> None:
    answer = await asked(database, "model")
    assert (answer.items, answer.total.usd) == ([], None)
