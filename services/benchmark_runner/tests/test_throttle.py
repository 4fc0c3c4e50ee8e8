"""The throttle: the limit is reached, never passed, and nobody waits with a place in hand."""

import asyncio
from collections import Counter
from collections.abc import Hashable, Sequence

import pytest

from arguslm_benchmark_runner.throttle import Cap, Throttle


class Watched:
    """Holders by key, and the most there ever were."""

    def __init__(self) -> None:
        self.throttle = Throttle()
        self.now: Counter[Hashable] = Counter()
        self.peak: Counter[Hashable] = Counter()

    async def hold(self, caps: Sequence[Cap], turns: int = 3) -> None:
        async with self.throttle.slot(caps):
            for cap in caps:
                self.now[cap.key] += 1
                self.peak[cap.key] = max(self.peak[cap.key], self.now[cap.key])
            for _ in range(turns):
                await asyncio.sleep(0)
            for cap in caps:
                self.now[cap.key] -= 1


def levels(provider: str, model: str) -> tuple[Cap, ...]:
    return (Cap("all", 50), Cap(provider, 10), Cap(f"{provider}/{model}", 3))


@pytest.mark.parametrize(
    ("providers", "models", "peaks"),
    [(6, 5, {"all": 50}), (3, 5, {"all": 30, "p0": 10}), (2, 2, {"all": 12, "p0": 6, "p0/m0": 3})],
)
async def test_the_peak_is_the_cap_of_the_narrowest_level(
    providers: int, models: int, peaks: dict[str, int]
) -> None:
    watched = Watched()
    wanted = [
        levels(f"p{provider}", f"m{model}")
        for model in range(models)
        for provider in range(providers)
        for _ in range(20)
    ]
    await asyncio.gather(*(watched.hold(caps) for caps in wanted))
    assert {key: watched.peak[key] for key in peaks} == peaks
    assert max(watched.peak[f"p{i}"] for i in range(providers)) <= 10
    assert max(watched.peak[f"p{i}/m{j}"] for i in range(providers) for j in range(models)) == 3
    assert +watched.now == Counter()


async def test_who_waits_for_its_provider_takes_no_place_of_the_whole() -> None:
    watched = Watched()
    busy, free = Cap("busy", 1), Cap("free", 10)
    waiting = [asyncio.create_task(watched.hold([Cap("all", 4), busy], 50)) for _ in range(20)]
    await asyncio.sleep(0)
    await asyncio.gather(*(watched.hold([Cap("all", 4), free]) for _ in range(6)))
    assert watched.peak["free"] == 3
    assert watched.peak["all"] == 4
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_waiters_are_served_in_order() -> None:
    throttle, served = Throttle(), list[int]()

    async def one(number: int) -> None:
        async with throttle.slot([Cap("one", 1)]):
            served.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(10)))
    assert served == list(range(10))


@pytest.mark.parametrize("turns", range(6))
async def test_cancelling_at_any_moment_leaks_no_place(turns: int) -> None:
    watched, cap = Watched(), Cap("one", 1)
    tasks = [asyncio.create_task(watched.hold([cap], 1)) for _ in range(4)]
    for _ in range(turns):
        await asyncio.sleep(0)
    for task in tasks[:3]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(20), watched.throttle.slot([cap]):
        pass
