"""The clock: one chain of ticks, however many clocks there are."""

import asyncio
import time
from itertools import pairwise

from watched import events_of

from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import StreamReader
from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.streams import CLOCK
from arguslm_scheduler.clock import Clock
from arguslm_testkit.bus import BusForTests


class WallClock:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def now_s(self) -> float:
        return time.time() + self.offset_s


async def start(bus: BusForTests, wall: WallClock) -> asyncio.Task[None]:
    client = await bus.client("scheduler")
    clock = Clock(client, Publisher(client, "scheduler"), now_s=wall.now_s)
    return asyncio.create_task(clock.run())


async def ticks(bus: BusForTests, at_least: int) -> list[ClockTicked]:
    """All ticks, once there are so many."""
    seen = 0
    async with asyncio.timeout(30):
        async for batch in StreamReader(await bus.client(), CLOCK.name, 0).batches():
            seen += len(batch)
            if seen >= at_least:
                break
    found = [event for event in await events_of(bus, CLOCK.name) if isinstance(event, ClockTicked)]
    assert all(after.previous_second == before.second for before, after in pairwise(found))
    return found


async def test_two_clocks_make_one_chain_of_whole_seconds(bus: BusForTests) -> None:
    wall = WallClock()
    clocks = [await start(bus, wall) for _ in range(2)]
    found = await ticks(bus, 4)
    assert [tick.second for tick in found] == [found[0].second + i for i in range(len(found))]
    for clock in clocks:
        clock.cancel()


async def test_one_tick_covers_a_pause_and_none_is_published_while_time_runs_back(
    bus: BusForTests,
) -> None:
    wall = WallClock()
    clock = await start(bus, wall)
    known = len(await ticks(bus, 1))
    wall.offset_s = 600
    # A tick of the old time may have been on its way.
    found = await ticks(bus, known + 2)
    leaps = [tick.second - tick.previous_second for tick in found[1:]]
    assert 599 <= max(leaps) <= 602
    assert sorted(leaps)[-2] <= 2
    before = found[-1]
    wall.offset_s = -600
    later = await start(bus, WallClock())
    done, _ = await asyncio.wait({clock, later}, timeout=2.5)
    assert done == set()
    assert (await ticks(bus, 2))[-1].second <= before.second + 1
    wall.offset_s = 700
    assert (await ticks(bus, 4))[-1].second > before.second
    clock.cancel()
    later.cancel()


async def test_the_chain_goes_on_after_the_broker_was_killed(bus: BusForTests) -> None:
    wall = WallClock()
    clock = await start(bus, wall)
    known = len(await ticks(bus, 2))
    await bus.server.kill()
    await bus.server.start()
    assert len(await ticks(bus, known + 2)) >= known + 2
    assert not clock.done()
    clock.cancel()
