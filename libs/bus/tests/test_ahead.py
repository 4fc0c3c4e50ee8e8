"""Reading ahead keeps the order, stays one batch ahead, and ends what it reads from."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from arguslm_bus.ahead import Ahead


class Source:
    def __init__(self, *, fails: bool = False, waits: bool = False) -> None:
        self.read = 0
        self.ended = False
        self._fails, self._waits = fails, waits

    async def batches(self) -> AsyncGenerator[int]:
        try:
            for number in range(5):
                self.read = number + 1
                yield number
            if self._fails:
                raise ConnectionError("gone")
            if self._waits:
                await asyncio.Event().wait()
        finally:
            self.ended = True


async def tenfold(number: int) -> int:
    return number * 10


async def test_every_batch_comes_in_order_and_one_is_ready_before_it_is_wanted() -> None:
    source, seen = Source(), []
    async with aclosing(Ahead(source.batches(), tenfold)) as prepared:
        async for batch in prepared:
            await asyncio.sleep(0)
            seen.append((batch, source.read))
    assert seen == [(0, 2), (10, 3), (20, 4), (30, 5), (40, 5)]
    assert source.ended


async def test_a_failure_comes_after_what_was_read_before_it() -> None:
    source, seen = Source(fails=True), []
    with pytest.raises(ConnectionError, match="gone"):
        async with aclosing(Ahead(source.batches(), tenfold)) as prepared:
            async for batch in prepared:
                seen.append(batch)
    assert seen == [0, 10, 20, 30, 40]


async def test_who_leaves_early_leaves_nothing_running() -> None:
    source = Source(waits=True)
    async with aclosing(Ahead(source.batches(), tenfold)) as prepared:
        async for batch in prepared:
            if batch == 40:
                break
    assert source.ended
    assert asyncio.all_tasks() == {asyncio.current_task()}
