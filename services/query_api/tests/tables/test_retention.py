"""Checks go, their hours stay: what is read years later is what was read at the time.

The stream holds three days of checks under the times they were made at, so that hours close and
checks are given up without anybody waiting for them.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from door_events import T0, checked, decided_again, measured, model, rows_of
from nats.aio.client import Client

from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Conflict, Publisher, Stored
from arguslm_bus.reader import read_until, stream_state
from arguslm_bus.rebuild import rebuild, verify
from arguslm_contracts.envelope import Recorded, decode, encode
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import CheckSummarized, HourClosed
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.streams import CHECKS
from arguslm_query_api.books import Books
from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_query_api.reads.series import series
from arguslm_query_api.tables import LASTING_WIDTHS_S, PASSING_WIDTHS_S
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests

GPT, LLAMA = model("gpt-4.1"), model("llama-3")
# T0 is noon; the checks begin at the full hour before, and are half an hour apart.
START = T0.replace(microsecond=0)
HOURS = 60
LONG_TABLES = ("model_states", "summarized", "given_up", "discoveries", "reclassified")
OUTCOMES = (Outcome.OK, Outcome.OK, Outcome.OK, Outcome.SERVER_ERROR, Outcome.AUTH, Outcome.EMPTY)


def ignore_progress(_stream: str, _done: int, _of: int) -> None:
    """Nobody watches a test."""


def story(seed: int = 1) -> list[CheckCompleted]:
    """Checks of two models at two places; some over an hour's end, some late, some twice."""
    dice = random.Random(seed)
    said: list[CheckCompleted] = []
    for number in range(HOURS * 2):
        at = START + timedelta(minutes=30 * number, seconds=dice.choice((0, 0, 1_799.5)))
        for one, location in ((GPT, "local"), (GPT, "east"), (LLAMA, "local")):
            measurement = measured(
                dice.choice(OUTCOMES),
                ttft_ms=dice.lognormvariate(5, 1),
                tokens_per_s=dice.uniform(5, 200),
                total_ms=dice.lognormvariate(7, 1),
                trustworthy=dice.random() > 0.1,
            )
            said.append(checked(one, at, measurement, location=location))
        if number % 20 == 7:
            said.append(checked(GPT, at + timedelta(seconds=1), purpose="connection_test"))
        if number % 25 == 9:
            said.append(checked(LLAMA, at - timedelta(hours=3, seconds=7)))
    return said


async def store(client: Client, events: list[CheckCompleted]) -> None:
    """Under the time of their completion, as if they had been stored then."""
    for event in events:
        headers, body = encode(event, source="prober", time=event.completed_at)
        await client.jetstream().publish(event.subject, body, headers=headers)


def books_of(client: Client, *, days: int = 0) -> Books:
    return Books(client, Publisher(client, "query-api"), timedelta(days=days))


async def stored(client: Client, kind: type[Event]) -> list[Recorded]:
    until = (await stream_state(client, CHECKS.name)).last_sequence
    pattern = (f"{kind.name}.>",)
    return [
        decode(m.headers, m.body, stream=CHECKS.name, sequence=m.sequence, subject=m.subject)
        async for batch in read_until(client, CHECKS.name, after=0, until=until, subjects=pattern)
        for m in batch
    ]


async def purge(client: Client, *, but: int = 0) -> int:
    """What the broom does, but for the last sequences; gives how many checks are left."""
    (*_, last) = await stored(client, HourClosed)
    assert isinstance(last.event, HourClosed)
    operator = client.jetstream()
    through = last.event.given_up_through - but
    await operator.purge_stream(CHECKS.name, seq=through + 1, subject="check.completed.>")
    left = await stored(client, CheckCompleted)
    assert all(check.sequence > through for check in left)
    return len(left)


async def project(client: Client, database: Database) -> None:
    projector = Projector(client, database, SERVICE_TABLES)
    running = asyncio.create_task(projector.run())
    last = (await stream_state(client, CHECKS.name)).last_sequence
    assert await projector.wait_for(CHECKS.name, last, 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def think_again(client: Client, checks: list[CheckCompleted]) -> None:
    """Some of the checks are decided to have been something else, by a later taxonomy."""
    publisher = Publisher(client, "operator")
    for check in checks:
        failed = check.measurement.outcome is not Outcome.OK
        await publisher.append(decided_again(check, OUTCOMES[0 if failed else -1], 3))


async def long_history(database: Database) -> dict[str, Any]:
    found = await rows_of(database, *LONG_TABLES, "rollups")
    return {**found, "rollups": [r for r in found["rollups"] if r["width_s"] in LASTING_WIDTHS_S]}


async def test_a_rebuild_without_the_checks_gives_the_same_long_history(
    bus: BusForTests, database: Database, shadow: Database
) -> None:
    client = await bus.client()
    said = story()
    await store(client, said[: len(said) // 2])
    await project(client, database)
    scheduled = [check for check in said if check.purpose == "scheduled"]
    await think_again(client, scheduled[3:60:7])
    await store(client, said[len(said) // 2 :])
    # Nothing is old enough yet.
    assert await books_of(client, days=90).close_hours() > HOURS - 2
    await think_again(client, scheduled[4:60:7])
    await project(client, database)
    kept = await rows_of(database)
    assert await verify(client, database, shadow, SERVICE_TABLES, ignore_progress) == []

    # Now single checks are kept for two days: the next hour to close gives up the oldest.
    await store(client, [checked(GPT, START + timedelta(hours=HOURS, minutes=30))])
    await store(client, [checked(GPT, START + timedelta(hours=HOURS + 1, minutes=30))])
    assert await books_of(client, days=2).close_hours() == 2
    # Hours that are closed, and checks that are given up, are decided again all the same.
    await think_again(client, scheduled[5:300:7])
    await project(client, database)
    live = await rows_of(database)
    assert 0 < len(live["checks"]) < len(kept["checks"])
    assert len(live["connection_tests"]) < len(kept["connection_tests"])
    (horizon,) = live["given_up"]
    narrow = [row for row in live["rollups"] if row["width_s"] in PASSING_WIDTHS_S]
    assert narrow
    assert min(row["start"] for row in narrow) >= horizon["before"]
    # With all the checks still there, without some of an hour (as one who reads while they are
    # purged finds them), and without all that were given up: the same rows.
    assert await verify(client, database, shadow, SERVICE_TABLES, ignore_progress) == []
    for but in (11, 5, 4, 1):
        await purge(client, but=but)
        assert await verify(client, database, shadow, SERVICE_TABLES, ignore_progress) == []
    assert await purge(client) < len(said)
    assert await verify(client, database, shadow, SERVICE_TABLES, ignore_progress) == []
    await rebuild(client, database, shadow, SERVICE_TABLES, ignore_progress)
    assert await rows_of(database) == live


async def test_a_rebuild_without_any_check_gives_the_same_long_history(
    bus: BusForTests, database: Database, shadow: Database
) -> None:
    client = await bus.client()
    await store(client, story(2))
    await think_again(client, story(2)[:40:3])
    await books_of(client).close_hours()
    await think_again(client, story(2)[1:40:3])
    await project(client, database)
    (*_, last) = await stored(client, HourClosed)
    assert isinstance(last.event, HourClosed)
    # All that is summed up goes; the last hour is still open.
    through = last.event.through_sequence
    before = await long_history(database)
    async with database.reading() as connection:
        shown = await series(
            connection,
            model_id=GPT.model_id,
            start=START,
            end=START + timedelta(hours=48),
            buckets=20,
        )
    await client.jetstream().purge_stream(CHECKS.name, seq=through + 1, subject="check.completed.>")
    await rebuild(client, database, shadow, SERVICE_TABLES, ignore_progress)
    assert await long_history(database) == before
    async with database.reading() as connection:
        again = await series(
            connection,
            model_id=GPT.model_id,
            start=START,
            end=START + timedelta(hours=48),
            buckets=20,
        )
    assert again == shown
    assert sum(bucket.checks for bucket in again.buckets) > 150


async def test_two_that_close_at_once_and_one_that_dies_half_way_write_each_hour_once(
    bus: BusForTests,
) -> None:
    client, other = await bus.client(), await bus.client("query-api")
    await store(client, story(3))

    class Dies(Exception):
        pass

    class Dying(Publisher):
        """Ends after some publications, acknowledged or not."""

        def __init__(self, client: Client, lives: int) -> None:
            super().__init__(client, "query-api")
            self.lives = lives

        async def append(self, event: Event, **options: Any) -> Stored:
            self.lives -= 1
            if self.lives < 0:
                raise Dies
            found = await super().append(event, **options)
            if self.lives == 0:
                raise Dies
            return found

    for lives in (1, 2, 3, 5, 8):
        with pytest.raises(Dies):
            await Books(client, Dying(client, lives), timedelta(0)).close_hours()

    async def to_the_end(books: Books) -> None:
        while True:
            try:
                await books.close_hours()
            except Conflict:
                continue
            return

    await asyncio.gather(to_the_end(books_of(client)), to_the_end(books_of(other)))
    hours = [r.event for r in await stored(client, CheckSummarized)]
    closed = [r.event.hour for r in await stored(client, HourClosed)]  # type: ignore[attr-defined]
    assert closed == sorted(set(closed))
    assert len({hour.event_id for hour in hours}) == len(hours)
    await _equals_one_undisturbed(bus, hours)


async def _equals_one_undisturbed(bus: BusForTests, hours: list[Event]) -> None:
    """The same checks in a stream made anew, summed up in one go."""
    operator = (await bus.client()).jetstream()
    config = (await operator.stream_info(CHECKS.name)).config
    await operator.delete_stream(CHECKS.name)
    await operator.add_stream(config)
    client = await bus.client()
    await store(client, story(3))
    await books_of(client).close_hours()
    undisturbed = [r.event for r in await stored(client, CheckSummarized)]

    def by_id(events: list[Event]) -> list[str]:
        return sorted(event.event_id + event.model_dump_json() for event in events)

    assert by_id(undisturbed) == by_id(hours)


async def test_a_twin_that_comes_when_the_broker_has_forgotten_counts_once(
    bus: BusForTests, database: Database, shadow: Database
) -> None:
    client = await bus.client()
    first, later = story(4)[:12], story(4)[12:40]
    await store(client, first)
    # The broker knows ids for an hour; a twin under a name of its own stands for one that is late.
    twin = first[0]
    headers, body = encode(twin, source="prober", time=later[0].completed_at)
    headers["Nats-Msg-Id"] += "-late"
    await store(client, later[:1])
    await client.jetstream().publish(twin.subject, body, headers=headers)
    await store(client, later[1:])
    await project(client, database)
    assert await books_of(client).close_hours() > 0
    await project(client, database)
    summed = sum(
        r.event.checks  # type: ignore[attr-defined]
        for r in await stored(client, CheckSummarized)
    )
    closed = [r.event for r in await stored(client, HourClosed)]
    (*_, last) = closed
    assert isinstance(last, HourClosed)
    done = [r for r in await stored(client, CheckCompleted) if r.sequence <= last.through_sequence]
    tests = sum(r.event.purpose == "connection_test" for r in done)  # type: ignore[attr-defined]
    assert summed == len(done) - tests - 1
    assert await verify(client, database, shadow, SERVICE_TABLES, ignore_progress) == []


async def test_an_old_range_is_read_from_the_hours(
    bus: BusForTests, database: Database, shadow: Database
) -> None:
    """Narrow buckets of a time whose checks are gone would be empty: wider ones are shown."""
    client = await bus.client()
    await store(client, story(5))
    await books_of(client, days=2).close_hours()
    await project(client, database)

    async def shown(hours: int) -> tuple[int, int]:
        async with database.reading() as connection:
            found = await series(
                connection,
                model_id=GPT.model_id,
                start=START,
                end=START + timedelta(hours=hours),
                buckets=100,
            )
        return found.bucket_s, sum(bucket.checks for bucket in found.buckets)

    asked = [c for c in story(5) if c.model_id == GPT.model_id and c.purpose == "scheduled"]
    for hours, until in ((2, 3), (12, 12)):
        end = START + timedelta(hours=until)
        assert await shown(hours) == (10_800, sum(c.completed_at < end for c in asked))


Closing = Callable[[], Awaitable[int]]


def test_the_story_is_in_the_past() -> None:
    assert START + timedelta(hours=HOURS + 2) < datetime.now(UTC)
