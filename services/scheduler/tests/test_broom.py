"""Given up checks leave the stream, and nothing else does."""

from datetime import UTC, datetime, timedelta

from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import read_until, stream_state
from arguslm_contracts.events.history import HourClosed
from arguslm_contracts.streams import CHECKS
from arguslm_scheduler.broom import Broom
from arguslm_testkit.bus import BusForTests

HOUR = datetime(2026, 11, 1, 12, tzinfo=UTC)
SUBJECTS = ("check.completed.local.a", "check.summarized.local.a", "discovery.completed.p")


async def left(bus: BusForTests) -> list[tuple[int, str]]:
    client = await bus.client()
    until = (await stream_state(client, CHECKS.name)).last_sequence
    return [
        (message.sequence, message.subject)
        async for batch in read_until(client, CHECKS.name, after=0, until=until)
        for message in batch
    ]


async def fill(bus: BusForTests, given_up_through: int) -> None:
    """Nine events, every third of them a check, and the closing that gives some up."""
    client = await bus.client()
    for number in range(9):
        await client.jetstream().publish(SUBJECTS[number % 3], b"{}")
    closed = HourClosed(
        hour=HOUR,
        summaries=1,
        checks=3,
        through_sequence=7,
        given_up_through=given_up_through,
        given_up_before=HOUR,
    )
    await Publisher(client, "query-api").append(closed)


async def test_given_up_checks_go_and_all_else_stays(bus: BusForTests) -> None:
    await fill(bus, given_up_through=4)
    before = await left(bus)
    broom = Broom(await bus.client("scheduler"), least_age=timedelta(0))
    later = datetime.now(UTC) + timedelta(minutes=1)
    # Somebody may just have begun to read where it is to sweep.
    assert await broom.sweep(later) == 0
    assert await left(bus) == before
    later += timedelta(hours=1)
    assert await broom.sweep(later) == 4
    gone = {1: SUBJECTS[0], 4: SUBJECTS[0]}
    assert await left(bus) == [one for one in before if one[0] not in gone]
    # Again, and by another one: nothing more happens.
    assert await broom.sweep(later) == 4
    another = Broom(await bus.client("scheduler"), timedelta(0))
    for at in (later, later + timedelta(hours=1)):
        await another.sweep(at)
    assert len(await left(bus)) == len(before) - 2


async def test_what_is_young_stays_whatever_is_said_of_it(bus: BusForTests) -> None:
    await fill(bus, given_up_through=1_000)
    before = await left(bus)
    broom = Broom(await bus.client("scheduler"), least_age=timedelta(days=2))
    for at in (datetime.now(UTC), datetime.now(UTC) + timedelta(hours=2)):
        assert await broom.sweep(at) == 0
    assert await left(bus) == before


async def test_nothing_is_closed_yet(bus: BusForTests) -> None:
    broom = Broom(await bus.client("scheduler"), least_age=timedelta(0))
    assert await broom.sweep(datetime.now(UTC)) == 0
