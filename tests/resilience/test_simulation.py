"""Some simulated houses; `just simulate` builds thousands."""

import random
from dataclasses import replace
from multiprocessing import get_context

import pytest
from fake_broker import Chances, FakeBroker
from simulate import House, simulate
from virtual_time import run_virtually

from arguslm_bus.publisher import Conflict, NotStored, Publisher
from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.streams import ALERTS, CHECKS, CLOCK

_SEEDS = 150


@pytest.mark.timeout(1_200)
def test_every_house_decides_once_and_its_tables_are_what_the_streams_say() -> None:
    with get_context("spawn").Pool(2) as pool:
        broken = dict(enumerate(pool.map(simulate, range(1, _SEEDS + 1), chunksize=5), start=1))
    assert {seed: faults for seed, faults in broken.items() if faults} == {}


def test_the_same_seed_plays_the_same_house() -> None:
    def ids(seed: int) -> list[tuple[str, float]]:
        async def live() -> list[tuple[str, float]]:
            house = House(seed)
            await house.live()
            return [
                (message.headers["Nats-Msg-Id"], message.at_s)
                for stream in (CLOCK, CHECKS, ALERTS)
                for message in house.broker.streams[stream.name].messages
            ]

        return run_virtually(live())

    assert ids(3) == ids(3)


def test_the_broker_refuses_what_jetstream_refuses() -> None:
    async def speak() -> None:
        broker = FakeBroker(random.Random(1), Chances(0, 0, 0, 0, 0, 0))
        publisher = Publisher(broker.client(), "scheduler")  # type: ignore[arg-type]
        tick, other = (ClockTicked(second=s, previous_second=s - 1) for s in (7, 8))
        first = await publisher.append(tick, expected_sequence=0)
        twin = await publisher.append(tick, expected_sequence=0)
        assert (twin.sequence, twin.duplicate) == (first.sequence, True)
        with pytest.raises(Conflict):
            await publisher.append(other, expected_sequence=0)
        broker.chances = replace(broker.chances, ack_lost=1.0)
        with pytest.raises(NotStored):
            await publisher.append(other, expected_sequence=1, attempts=1)
        assert len(broker.streams[CLOCK.name].messages) == 2

    run_virtually(speak())
