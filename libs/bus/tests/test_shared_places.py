"""Limits that hold over all processes on the bus, on a real broker."""

import asyncio

import pytest
from nats.errors import Error as NatsError
from tasks import duty, publish, settled, working

from arguslm_bus import shared_places
from arguslm_bus.shared_places import SharedPlaces
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.places import STREAM, place_subject
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until

OF, LIMIT = "prober-local.acme", 3


@pytest.fixture
def places_last_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_places, "LASTS_S", 1)
    monkeypatch.setattr(shared_places, "_RENEWED_S", 0.3)


@pytest.fixture
async def one_place(
    bus: BusForTests, places_last_a_second: None
) -> tuple[SharedPlaces, SharedPlaces]:
    """Two probers' places of a short life."""
    return SharedPlaces(await bus.client("prober")), SharedPlaces(await bus.client("prober"))


class AtOnce:
    """How many are at it, and were at most."""

    def __init__(self) -> None:
        self.now = self.peak = self.done = 0

    async def work(self) -> None:
        self.now += 1
        self.peak = max(self.peak, self.now)
        await asyncio.sleep(0.05)
        self.now -= 1
        self.done += 1


async def taken(bus: BusForTests) -> int:
    info = await (await bus.client()).jetstream().stream_info(STREAM)
    return info.state.messages


async def test_no_more_than_the_limit_over_all_processes(bus: BusForTests) -> None:
    at_once = AtOnce()

    async def asker(places: SharedPlaces) -> None:
        async with places.place(OF, LIMIT):
            await at_once.work()

    probers = [SharedPlaces(await bus.client("prober")) for _ in range(3)]
    await asyncio.gather(*(asker(prober) for prober in probers for _ in range(10)))
    assert (at_once.peak, at_once.done) == (LIMIT, 30)
    assert await taken(bus) == 0


async def test_other_keys_have_places_of_their_own(bus: BusForTests) -> None:
    places = SharedPlaces(await bus.client("prober"))
    async with places.place(OF, 1), places.place("prober-local.other", 1):
        assert await taken(bus) == 2


async def test_who_works_for_long_keeps_its_place(
    bus: BusForTests, one_place: tuple[SharedPlaces, SharedPlaces]
) -> None:
    first, second = one_place
    order: list[str] = []

    async def next_one() -> None:
        async with second.place(OF, 1):
            order.append("second")

    async with first.place(OF, 1):
        waiting = asyncio.create_task(next_one())
        await asyncio.sleep(2.5)
        order.append("first")
    await asyncio.wait_for(waiting, 30)
    assert order == ["first", "second"]


async def test_the_place_of_the_dead_is_free_again(
    bus: BusForTests, places_last_a_second: None
) -> None:
    dying = await bus.client("prober")
    await SharedPlaces(dying)._take(OF, 1)
    await dying.close()
    async with asyncio.timeout(30), SharedPlaces(await bus.client("prober")).place(OF, 1):
        assert await taken(bus) == 1


async def test_a_place_outlives_the_broker(
    bus: BusForTests, one_place: tuple[SharedPlaces, SharedPlaces]
) -> None:
    """However long it was away: who held one takes it anew."""
    first, second = one_place

    async def taken_again() -> bool:
        try:
            info = await (await bus.client()).jetstream().stream_info(STREAM)
        except NatsError:
            return False
        return info.state.messages == 1 and info.state.last_seq > 1

    async with first.place(OF, 1):
        await bus.server.kill()
        await asyncio.sleep(1.5)
        await bus.server.restart()
        await until(taken_again, "the place to be taken anew")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2), second.place(OF, 1):
                pass
    assert await taken(bus) == 0


async def test_workers_on_one_durable_share_what_a_task_allows(bus: BusForTests) -> None:
    at_once = AtOnce()

    async def task(recorded: Recorded) -> None:
        await at_once.work()

    on = duty(
        task, concurrency=8, key=lambda _: "acme", concurrency_per_key=8, key_limit=lambda _: 2
    )
    await publish(bus, 20)
    async with working(bus, on), working(bus, on), working(bus, on):
        await settled(bus)
    assert (at_once.peak, at_once.done) == (2, 20)
    assert await taken(bus) == 0


def test_a_place_is_a_subject_of_its_own() -> None:
    assert place_subject(OF, 2) == "place.prober-local.acme.2"
